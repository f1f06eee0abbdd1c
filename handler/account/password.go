package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/secure/precis"
)

// A password has PasswordBytesMin to PasswordBytesMax bytes of UTF-8 once it is prepared.
const (
	PasswordBytesMin = 8
	PasswordBytesMax = 128
)

// passwordBytesAsked is the longest password in bytes that is looked at: preparing shortens no text to less than a third.
const passwordBytesAsked = 4 * PasswordBytesMax

const (
	saltBytes = 16
	tagBytes  = 32
)

// What a stored hash may ask for. The work that it takes is written in the hash itself, and whoever can write a row of
// the database must not be able to take the server's memory with it.
const (
	memoryMax  = 1 << 20 // KiB
	timeMax    = 16
	threadsMax = 16
)

// ErrPassword is returned for a text that can't be a password.
var ErrPassword = fmt.Errorf("a password has %d to %d bytes and no control characters", PasswordBytesMin, PasswordBytesMax)

// Prepare returns the form of a new password that is hashed: PRECIS OpaqueString (RFC 8265), so that keyboards which
// write the same characters in other ways give the same password. It reports false for what is too short or too long in
// that form, or has characters that no password has. What it returns is prepared already. Any goroutine.
func Prepare(password string) (string, bool) {
	prepared, ok := prepare(password)
	return prepared, ok && len(prepared) >= PasswordBytesMin
}

// prepare takes shorter passwords too: one that was set under another rule still is the password.
func prepare(password string) (string, bool) {
	if len(password) > passwordBytesAsked || !utf8.ValidString(password) {
		return "", false // PRECIS would take all bytes that are no UTF-8 for the same character
	}
	prepared, err := precis.OpaqueString.String(password)
	return prepared, err == nil && len(prepared) <= PasswordBytesMax
}

// Hasher turns passwords into argon2id hashes (RFC 9106) that take this much work each. Its methods may be called from
// any goroutine; each call takes the memory for as long as it runs, so the caller bounds how many run at a time.
type Hasher struct {
	Memory  uint32 // KiB, 8 for each thread to memoryMax
	Time    uint32 // passes over the memory, 1 to timeMax
	Threads uint8  // that may run at a time, 1 to threadsMax
}

// DefaultHasher does the work that OWASP recommends at least: 19 MiB, two passes, one thread.
// https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
var DefaultHasher = Hasher{Memory: 19 * 1024, Time: 2, Threads: 1}

// Hash returns the hash of a new password with a random salt, as a PHC string. It returns ErrPassword for what Prepare
// refuses, and an error for a Hasher out of bounds.
func (h Hasher) Hash(password string) (phc string, err error) {
	if err := h.check(); err != nil {
		return "", err
	}
	prepared, ok := Prepare(password)
	if !ok {
		return "", ErrPassword
	}
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails
	return hash{h, salt, h.tag(prepared, salt, tagBytes)}.String(), nil
}

// Verify reports whether a password is the one of a hash, in a time that does not tell how nearly it is, and whether
// the hash is stale: made by a Hasher with other parameters, so that the right password should be hashed again. It
// returns an error for a hash that is broken or asks for too much work. A text that can't be a password is refused at
// once, as by VerifyNobody.
func (h Hasher) Verify(phc, password string) (ok, stale bool, err error) {
	stored, err := parse(phc)
	if err != nil {
		return false, false, err
	}
	stale = stored.Hasher != h || len(stored.salt) != saltBytes || len(stored.tag) != tagBytes
	prepared, ok := prepare(password)
	if !ok {
		return false, stale, nil
	}
	tag := stored.Hasher.tag(prepared, stored.salt, len(stored.tag))
	return subtle.ConstantTimeCompare(tag, stored.tag) == 1, stale, nil
}

// VerifyNobody does the work of Verify for an account that does not exist, so that the time of a refusal does not tell
// which names are accounts. That holds for accounts whose hash is not stale. The Hasher must be within bounds.
func (h Hasher) VerifyNobody(password string) {
	if prepared, ok := prepare(password); ok {
		h.tag(prepared, make([]byte, saltBytes), tagBytes)
	}
}

func (h Hasher) tag(prepared string, salt []byte, length int) []byte {
	return argon2.IDKey([]byte(prepared), salt, h.Time, h.Memory, h.Threads, uint32(length))
}

func (h Hasher) check() error {
	switch {
	case h.Threads < 1 || h.Threads > threadsMax:
		return fmt.Errorf("argon2id with %d threads; 1 to %d are possible", h.Threads, threadsMax)
	case h.Time < 1 || h.Time > timeMax:
		return fmt.Errorf("argon2id with %d passes; 1 to %d are possible", h.Time, timeMax)
	case h.Memory < 8*uint32(h.Threads) || h.Memory > memoryMax:
		return fmt.Errorf("argon2id with %d KiB; %d, which are 8 for each thread, to %d are possible",
			h.Memory, 8*h.Threads, memoryMax)
	}
	return nil
}

// hash is what a PHC string says.
type hash struct {
	Hasher
	salt, tag []byte
}

// String returns the PHC string, as the reference implementation writes it.
func (h hash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.Memory, h.Time, h.Threads,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.tag))
}

// phcBytesMax is longer than any PHC string within the bounds.
const phcBytesMax = 256

var errBroken = errors.New("the stored hash of the password is no PHC string of argon2id; set a new password")

// parse reads a PHC string. There is one way to write each hash, and anything else is broken.
func parse(phc string) (h hash, err error) {
	fields := strings.Split(phc, "$")
	if len(phc) > phcBytesMax || len(fields) != 6 {
		return hash{}, errBroken
	}
	if _, err = fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &h.Memory, &h.Time, &h.Threads); err != nil {
		return hash{}, errBroken
	}
	if h.salt, err = base64.RawStdEncoding.DecodeString(fields[4]); err != nil {
		return hash{}, errBroken
	}
	if h.tag, err = base64.RawStdEncoding.DecodeString(fields[5]); err != nil {
		return hash{}, errBroken
	}
	// Sscanf and base64 let signs, spaces and line feeds through, and nothing above has looked at the first fields.
	if h.String() != phc || len(h.salt) < 8 || len(h.salt) > 64 || len(h.tag) < 16 || len(h.tag) > 64 {
		return hash{}, errBroken
	}
	if err := h.check(); err != nil {
		return hash{}, fmt.Errorf("the stored hash of the password asks for %w; set a new password", err)
	}
	return h, nil
}
