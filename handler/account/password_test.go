package account

import (
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/secure/precis"
	"pgregory.net/rapid"
)

// cheap takes a fraction of a millisecond.
var cheap = Hasher{Memory: 64, Time: 1, Threads: 1}

// reference are hashes that the reference implementation (libargon2 20171227) made.
var reference = []struct {
	password, phc string
	made          Hasher
}{
	{"correct horse", "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$rk2Mi3E4dgRMg0fHaYaptWVZRKqs//6b6k3/nntqGJk",
		Hasher{19456, 2, 1}},
	{"password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$2mzTAI85jwP6+k/mHDeH3OgNt7E86G5W", Hasher{65536, 2, 1}},
	{"password", "$argon2id$v=19$m=256,t=1,p=2$c29tZXNhbHQ$cKde9qahYjVDImuETuuwA9DMmLam2kFe", Hasher{256, 1, 2}},
	{"pässword Ω", "$argon2id$v=19$m=100,t=3,p=4$//79/Pv6+fgAAQIDBAUGBw$N9QooJiYMhmaLN5FJEOdOQ", Hasher{100, 3, 4}},
}

func TestHashesOfTheReferenceAreRead(t *testing.T) {
	for _, r := range reference {
		parsed, err := parse(r.phc)
		if err != nil || parsed.Hasher != r.made {
			t.Errorf("%s: read as %+v, %v", r.phc, parsed.Hasher, err)
		}
		if ok, _, err := r.made.Verify(r.phc, r.password); !ok || err != nil {
			t.Errorf("%s: %q is refused, %v", r.phc, r.password, err)
		}
		if ok, _, err := r.made.Verify(r.phc, r.password+"."); ok || err != nil {
			t.Errorf("%s: a wrong password is accepted, %v", r.phc, err)
		}
	}
}

func TestHash(t *testing.T) {
	const password = "correct horse"
	first, err := cheap.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	if second, _ := cheap.Hash(password); second == first {
		t.Error("the salt of two hashes is the same:", first)
	}
	if ok, stale, err := cheap.Verify(first, password); !ok || stale || err != nil {
		t.Errorf("the password itself: %t, stale %t, %v", ok, stale, err)
	}
	if _, err := cheap.Hash("short"); !errors.Is(err, ErrPassword) {
		t.Error("a short password:", err)
	}
	if _, err := (Hasher{}).Hash(password); err == nil {
		t.Error("a Hasher that does no work made a hash")
	}
}

// An account that does not exist costs what a wrong password does, of which the memory can be told exactly.
func TestNobodyTakesAsMuchWork(t *testing.T) {
	phc, err := DefaultHasher.Hash("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	taken := func(verify func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		verify()
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) >> 20
	}
	somebody := taken(func() { _, _, _ = DefaultHasher.Verify(phc, "wrong horse") })
	if nobody := taken(func() { DefaultHasher.VerifyNobody("wrong horse") }); nobody != somebody || nobody < 19 {
		t.Errorf("nobody's password takes %d MiB, a wrong one %d MiB", nobody, somebody)
	}
}

// OWASP's parameters are a number that somebody could change without noticing what for.
func TestDefaultHasher(t *testing.T) {
	phc, err := DefaultHasher.Hash("correct horse")
	if err != nil || !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("%q, %v", phc, err)
	}
}

// A hash is stale whenever the Hasher would make another one now, whether the password is right or wrong.
func TestStaleHashes(t *testing.T) {
	for _, other := range []Hasher{{72, 1, 1}, {64, 2, 1}, {64, 1, 2}} {
		phc, err := other.Hash("correct horse")
		if err != nil {
			t.Fatal(err)
		}
		for _, password := range []string{"correct horse", "wrong horse"} {
			if ok, stale, err := cheap.Verify(phc, password); ok != (password == "correct horse") || !stale || err != nil {
				t.Errorf("%s: %q: %t, stale %t, %v", phc, password, ok, stale, err)
			}
		}
	}
	for _, phc := range []string{ // a salt of 8 bytes, a tag of 16
		hash{cheap, make([]byte, 8), make([]byte, tagBytes)}.String(),
		hash{cheap, make([]byte, saltBytes), make([]byte, 16)}.String(),
	} {
		if _, stale, err := cheap.Verify(phc, "correct horse"); !stale || err != nil {
			t.Errorf("%s: stale %t, %v", phc, stale, err)
		}
	}
}

func TestBrokenHashes(t *testing.T) {
	const good = "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$rk2Mi3E4dgRMg0fHaYaptWVZRKqs//6b6k3/nntqGJk"
	if _, err := parse(good); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"argon2id", "argon2i"}, {"argon2id", "scrypt"}, {"v=19", "v=16"}, {"v=19$", ""}, {"m=64", "m=064"},
		{"m=64", "m=+64"}, {"m=64", "m= 64"}, {"m=64", "m=-1"}, {"m=64", "m=4294967360"}, {"t=1,p=1", "p=1,t=1"},
		{"t=1", "t=1,t=1"}, {"p=1$", "p=1,x=2$"}, {"p=1", "p=257"}, {"RlZg$", "RlZg\n$"},
		{"RlZg$", "RlZg==$"}, {"RlZg$", "RlZh$"}, {"$rk2M", "$\r\nrk2M"}, {"6b6k", "6b_k"},
		{"GJk", "G"}, {"GJk", "GJk$"}, {"MDEyMzQ1Njc4OWFiY2RlZg", "MDEy"}, {"$rk2Mi3E4dgRMg0fHaYaptWVZRKqs//6b6k3/nntqGJk", "$rk2M"},
		{"MDEyMzQ1Njc4OWFiY2RlZg", strings.Repeat("MDEy", 1<<20)}, {"$argon2id", ""}, {good, ""},
	} {
		broken := strings.Replace(good, change[0], change[1], 1)
		if broken == good {
			t.Errorf("%q does not occur", change[0])
		}
		if ok, _, err := cheap.Verify(broken, "correct horse"); ok || !errors.Is(err, errBroken) {
			t.Errorf("%.120q: %t, %v", broken, ok, err)
		}
	}
}

// A row of the database must not be able to take gigabytes, nor hours.
func TestHashesThatAskForTooMuch(t *testing.T) {
	for parameters, names := range map[string]string{
		"m=1048577,t=1,p=1":    "1048577 KiB",
		"m=4294967295,t=1,p=1": "4294967295 KiB",
		"m=64,t=17,p=1":        "17 passes",
		"m=64,t=0,p=1":         "0 passes",
		"m=256,t=1,p=17":       "17 threads",
		"m=64,t=1,p=0":         "0 threads",
		"m=15,t=1,p=2":         "15 KiB",
	} {
		phc := fmt.Sprintf("$argon2id$v=19$%s$MDEyMzQ1Njc4OWFiY2RlZg$rk2Mi3E4dgRMg0fHaYaptWVZRKqs//6b6k3/nntqGJk", parameters)
		if _, _, err := cheap.Verify(phc, "correct horse"); err == nil || !strings.Contains(err.Error(), names) {
			t.Errorf("%s: %v", parameters, err)
		}
	}
	for _, parameters := range []string{"m=1048576,t=16,p=16", "m=8,t=1,p=1"} {
		if _, err := parse("$argon2id$v=19$" + parameters + "$MDEyMzQ1Njc4OWFiY2RlZg$rk2Mi3E4dgRMg0fHaYapt2VZRKqs"); err != nil {
			t.Errorf("%s: %v", parameters, err)
		}
	}
}

func TestPrepare(t *testing.T) {
	for _, test := range []struct {
		password, prepared string
		ok                 bool
	}{
		{"seven77", "seven77", false},
		{"eight888", "eight888", true},
		{"äöüß", "äöüß", true}, // 8 bytes
		{"a\u0308o\u0308u\u0308ß", "äöüß", true},
		{"four\u3000and\u00A0two", "four and two", true}, // any space is a space
		{"PassWord", "PassWord", true},
		{strings.Repeat("x", 128), strings.Repeat("x", 128), true},
		{strings.Repeat("\u3000", 128), strings.Repeat(" ", 128), true},
		{strings.Repeat("x", 129), strings.Repeat("x", 129), false},
		{"tab\tulator", "", false},
		{"not \xff UTF-8", "", false},
		{"", "", false},
	} {
		prepared, ok := Prepare(test.password)
		if ok != test.ok || ok && prepared != test.prepared {
			t.Errorf("Prepare(%q) = %q, %t", test.password, prepared, ok)
		}
	}
	long := strings.Repeat("e\u0301", 1300)
	if allocs := testing.AllocsPerRun(10, func() { Prepare(long) }); allocs != 0 {
		t.Errorf("a password of %d bytes is looked at: %v allocations", len(long), allocs)
	}
}

// Whoever prepares a password first, and hashes it then, gets the same.
func TestPreparingTwiceIsPreparingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		password := rapid.String().Draw(t, "password")
		once, ok := Prepare(password)
		if !ok {
			return
		}
		if twice, ok := Prepare(once); !ok || twice != once {
			t.Fatalf("%q became %q, and that %q, %t", password, once, twice, ok)
		}
		if opaque, err := precis.OpaqueString.String(password); err != nil || opaque != once {
			t.Fatalf("%q became %q, PRECIS says %q, %v", password, once, opaque, err)
		}
	})
}

// A password that was set when shorter ones were allowed still is the password, and is prepared like a new one.
func TestVerifyPreparesToo(t *testing.T) {
	salt := []byte("0123456789abcdef")
	short := hash{cheap, salt, cheap.tag("äh", salt, tagBytes)}.String()
	for password, want := range map[string]bool{"äh": true, "a\u0308h": true, "Äh": false, "": false, "äh\x00": false} {
		if ok, stale, err := cheap.Verify(short, password); ok != want || stale || err != nil {
			t.Errorf("%q: %t, stale %t, %v", password, ok, stale, err)
		}
	}
}

// FuzzParse: what is read is within the bounds, and written as it was read.
func FuzzParse(f *testing.F) {
	for _, r := range reference {
		f.Add(r.phc)
	}
	f.Add("$argon2id$v=19$m=+64,t=1 ,p=1$MDEyMzQ1Njc4OWFi\n$rk2Mi3E4dgRMg0fHaYaptWVZRKqs")
	f.Fuzz(func(t *testing.T, phc string) {
		h, err := parse(phc)
		if err != nil {
			return
		}
		if h.Memory > memoryMax || h.Time > timeMax || h.Threads > threadsMax || h.check() != nil {
			t.Errorf("%q asks for %+v", phc, h.Hasher)
		}
		fields := strings.Split(phc, "$")
		salt, err := base64.RawStdEncoding.Strict().DecodeString(fields[4])
		if err != nil || !slices.Equal(salt, h.salt) || h.String() != phc {
			t.Errorf("%q was read as %q", phc, h)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	phc, err := DefaultHasher.Hash("correct horse")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if ok, _, err := DefaultHasher.Verify(phc, "wrong horse"); ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

func BenchmarkVerifyNobody(b *testing.B) {
	for b.Loop() {
		DefaultHasher.VerifyNobody("wrong horse")
	}
}
