package testenv

// Unwatched are packages that the race detector does not instrument, in `make race` as in programs that tests build: SQLite
// and the C library below it, which were translated from C and guard what they share with locks of their own, and the password
// hash. With the detector they take five times as long, which was most of what whole servers did in the tests. The code that
// calls them is instrumented: the driver, database/sql and everything of this repository.
var Unwatched = []string{
	"modernc.org/sqlite/lib", "modernc.org/libc", "golang.org/x/crypto/argon2", "golang.org/x/crypto/blake2b",
}

// RaceFlags are go build's flags for a program with the race detector. They are those of `make race`, whose compiled packages
// serve again.
func RaceFlags() []string {
	flags := []string{"-race"}
	for _, path := range Unwatched {
		flags = append(flags, "-gcflags="+path+"=-race=false")
	}
	return flags
}
