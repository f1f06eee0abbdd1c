package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"hubbub/handler/account"
	"hubbub/store"
)

// memory keeps accounts until the test ends.
type memory struct {
	accounts map[string]account.Account
	opened   []string // database and directory, each time
	closed   int
	err      error // what every method returns, when it is set
}

func newMemory() *memory { return &memory{accounts: map[string]account.Account{}} }

func (m *memory) open(_ context.Context, database, dataDir string, _ bool) (accounts, error) {
	m.opened = append(m.opened, database+" "+dataDir)
	return m, nil
}

func (m *memory) Close() error { m.closed++; return nil }

func (m *memory) Find(_ context.Context, name account.Name) (account.Account, error) {
	if a, ok := m.accounts[name.Key]; ok || m.err != nil {
		return a, m.err
	}
	return account.Account{}, account.ErrUnknown
}

func (m *memory) Alike(_ context.Context, name account.Name) (bool, error) {
	for _, a := range m.accounts {
		if (account.Name{Display: a.Name, Key: a.Key}).Look().Like(name.Look()) {
			return true, m.err
		}
	}
	return false, m.err
}

func (m *memory) Create(_ context.Context, name account.Name, hash string) (account.Account, error) {
	if _, ok := m.accounts[name.Key]; ok {
		return account.Account{}, account.ErrTaken
	}
	created := time.Date(2026, 11, 23, 4, 0, 0, 0, time.FixedZone("", 3600))
	m.accounts[name.Key] = account.Account{
		ID: int64(len(m.accounts) + 1), Name: name.Display, Key: name.Key, Hash: hash, Created: created,
	}
	return m.accounts[name.Key], nil
}

func (m *memory) change(name string, do func(*account.Account)) error {
	a, ok := m.accounts[name]
	if !ok {
		return account.ErrUnknown
	}
	do(&a)
	m.accounts[name] = a
	return nil
}

func (m *memory) SetPassword(_ context.Context, name account.Name, hash string) error {
	return m.change(name.Key, func(a *account.Account) { a.Hash = hash })
}

func (m *memory) SetBan(_ context.Context, name account.Name, ban *account.Ban) error {
	return m.change(name.Key, func(a *account.Account) { a.Ban = ban })
}

func (m *memory) Remove(_ context.Context, name account.Name) error {
	if _, ok := m.accounts[name.Key]; !ok {
		return account.ErrUnknown
	}
	delete(m.accounts, name.Key)
	return nil
}

func (m *memory) List(_ context.Context, after string, limit int) (page []account.Account, err error) {
	for _, name := range slices.Sorted(maps.Keys(m.accounts)) {
		if name > after && len(page) < limit {
			page = append(page, m.accounts[name])
		}
	}
	return page, m.err
}

func (m *memory) Rehash(context.Context, int64, string, string) error { return errors.ErrUnsupported }

func (m *memory) ChangePassword(context.Context, int64, string, string) error {
	return errors.ErrUnsupported
}

func (m *memory) Names(context.Context, int64, int) ([]account.Registered, error) {
	return nil, errors.ErrUnsupported
}

func (m *memory) Revocations(context.Context, int64) ([]account.Revocation, error) {
	return nil, errors.ErrUnsupported
}

// hubbub runs a command line whose standard input is a file of these bytes.
func (m *memory) hubbub(t *testing.T, input string, args ...string) (out, notes string, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "input")
	if err := os.WriteFile(path, []byte(input), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var printed, noted bytes.Buffer
	err = m.run(t.Context(), &console{in, &printed, &noted}, args...)
	return printed.String(), noted.String(), err
}

func (m *memory) run(ctx context.Context, console *console, args ...string) error {
	var c cli
	parser, err := kong.New(&c, append(options(newConfigFile()), kong.Bind(opener(m.open), console))...)
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	if err != nil {
		return err
	}
	command.BindTo(ctx, (*context.Context)(nil))
	return command.Run()
}

// must runs a command that succeeds, and returns what it prints.
func (m *memory) must(t *testing.T, input string, args ...string) (out string) {
	t.Helper()
	out, _, err := m.hubbub(t, input, args...)
	if err != nil {
		t.Fatalf("hubbub %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// fails runs a command that fails with these words.
func (m *memory) fails(t *testing.T, words, input string, args ...string) {
	t.Helper()
	out, _, err := m.hubbub(t, input, args...)
	if err == nil || !strings.Contains(err.Error(), words) || out != "" {
		t.Errorf("hubbub %s: printed %q, %v, want %q", strings.Join(args, " "), out, err, words)
	}
}

// opens reports whether a password is an account's.
func (m *memory) opens(t *testing.T, name, password string) bool {
	t.Helper()
	ok, stale, err := account.DefaultHasher.Verify(m.accounts[name].Hash, password)
	if err != nil || stale {
		t.Errorf("the hash of %s: stale %t, %v", name, stale, err)
	}
	return ok
}

func TestUserAddAndPasswd(t *testing.T) {
	m := newMemory()
	m.must(t, "correct horse\nbattery staple\n", "user", "add", "ＡＬice")
	if !m.opens(t, "alice", "correct horse") {
		t.Error("the password is another one")
	}
	m.must(t, "battery staple\r\n", "user", "passwd", "Alice")
	if m.opens(t, "alice", "correct horse") || !m.opens(t, "alice", "battery staple") {
		t.Error("the password is not the new one")
	}
	m.must(t, "no end of line", "user", "passwd", "alice")
	if !m.opens(t, "alice", "no end of line") {
		t.Error("a line without an end is not read")
	}
	if _, notes, err := m.hubbub(t, "correct horse\n", "user", "add", "bob"); notes != "database: "+store.Where("sqlite", "data")+"\nbob is an account now\n" || err != nil {
		t.Errorf("%q, %v", notes, err)
	}
	if m.closed != len(m.opened) {
		t.Errorf("%d times opened, %d times closed", len(m.opened), m.closed)
	}
}

func TestUserGeneratesPasswords(t *testing.T) {
	m := newMemory()
	added := m.must(t, "", "user", "add", "alice", "--generate")
	if !m.opens(t, "alice", strings.TrimSuffix(added, "\n")) {
		t.Errorf("%q is not the password", added)
	}
	if changed := m.must(t, "", "user", "passwd", "alice", "--generate"); changed == added || !m.opens(t, "alice", strings.TrimSpace(changed)) {
		t.Errorf("%q is not the new password", changed)
	}
	count := map[rune]int{}
	for range 29_000 {
		password := generate()
		if len(password) != 20 || strings.Trim(password, alphabet) != "" {
			t.Fatalf("%q", password)
		}
		for _, c := range password {
			count[c]++
		}
	}
	for _, c := range alphabet { // each comes 10,000 times, give or take 100; eight of those are beyond chance
		if n := count[c]; n < 9200 || n > 10_800 {
			t.Errorf("%c came %d times of 580,000", c, n)
		}
	}
}

func TestUserErrors(t *testing.T) {
	m := newMemory()
	m.must(t, "correct horse\n", "user", "add", "alice")
	m.fails(t, "alice is an account already; hubbub user passwd alice gives it", "correct horse\n", "user", "add", "ALICE")
	m.fails(t, `" alice" can't be a name`, "correct horse\n", "user", "add", " alice")
	m.fails(t, `"" can't be a name`, "", "user", "ban", "")
	m.fails(t, "8 to 128 bytes", "short\n", "user", "add", "bob")
	m.fails(t, "8 to 128 bytes", strings.Repeat("x", 5000), "user", "add", "bob")
	m.fails(t, "no password in its first line", "\n", "user", "passwd", "alice")
	m.fails(t, "the standard input has no password", "", "user", "add", "bob")
	m.fails(t, "say --yes", "alice\n", "user", "remove", "alice")
	for _, d := range []string{"0", "0s", "-1h", "999ms", "1ns"} {
		m.fails(t, "--for must be at least 1s", "", "user", "ban", "alice", "--for="+d)
	}
	for _, reason := range []string{"", " ", "\u3000"} {
		m.fails(t, "--reason is empty", "", "user", "ban", "alice", "--reason="+reason)
	}
	m.fails(t, "--reason must be one line", "", "user", "ban", "alice", "--reason=a\nb")
	m.fails(t, "--reason must be one line", "", "user", "ban", "alice", "--reason="+strings.Repeat("x", 201))
	m.fails(t, "has no accounts", "", "user", "list", "--database=none")
	for _, command := range []string{"passwd", "ban", "unban", "remove"} {
		m.fails(t, "there is no account nobody", "correct horse\n", "user", command, "nobody")
	}
	if len(m.accounts) != 1 || !m.opens(t, "alice", "correct horse") || m.accounts["alice"].Ban != nil {
		t.Errorf("a failure changed something: %+v", m.accounts)
	}
	m.err = errors.New("the disk is gone")
	m.fails(t, "the disk is gone", "correct horse\n", "user", "add", "bob")
	if _, _, err := m.hubbub(t, "", "user", "list"); !errors.Is(err, m.err) {
		t.Error("list:", err)
	}
	if _, _, err := m.hubbub(t, "", "user", "list", "--json"); !errors.Is(err, m.err) {
		t.Error("list --json:", err)
	}
	if m.closed != len(m.opened) {
		t.Errorf("%d times opened, %d times closed", len(m.opened), m.closed)
	}
}

func TestUserBans(t *testing.T) {
	m := newMemory()
	m.must(t, "correct horse\n", "user", "add", "alice")
	m.must(t, "", "user", "ban", "Alice", "--reason", "spam")
	if ban := m.accounts["alice"].Ban; ban == nil || *ban != (account.Ban{Reason: "spam"}) {
		t.Errorf("%+v", ban)
	}
	before := time.Now()
	m.must(t, "", "user", "ban", "alice", "--for", "24h")
	ban := m.accounts["alice"].Ban
	if ban == nil || ban.Reason != "" || ban.Until.Before(before.Add(24*time.Hour)) || ban.Until.After(time.Now().Add(24*time.Hour)) {
		t.Errorf("%+v", ban)
	}
	m.must(t, "", "user", "unban", "alice")
	if m.accounts["alice"].Ban != nil {
		t.Error("still banned")
	}
	m.must(t, "", "user", "remove", "alice", "--yes")
	if len(m.accounts) != 0 {
		t.Error("still there")
	}
}

func TestUserList(t *testing.T) {
	m := newMemory()
	for _, name := range []string{"carol", "al", "bob", "dave"} {
		m.must(t, "", "user", "add", name, "--generate")
	}
	m.must(t, "", "user", "ban", "bob", "--reason", "spam")
	over := account.Ban{Until: time.Now().Add(-time.Second)}
	holds := account.Ban{Until: time.Date(2999, 1, 2, 3, 4, 0, 0, time.UTC), Reason: "lies"}
	for name, ban := range map[string]*account.Ban{"carol": &over, "dave": &holds} {
		if err := m.SetBan(t.Context(), account.Name{Display: name, Key: name}, ban); err != nil {
			t.Fatal(err)
		}
	}
	const table = `NAME   CREATED (UTC)     BANNED (UTC)
al     2026-11-23 03:00  no
bob    2026-11-23 03:00  for good: spam
carol  2026-11-23 03:00  no
dave   2026-11-23 03:00  until 2999-01-02 03:04: lies
`
	if out := m.must(t, "", "user", "list"); out != table {
		t.Errorf("got\n%swant\n%s", out, table)
	}
	const lines = `{"name":"al","created":"2026-11-23T03:00:00Z"}
{"name":"bob","created":"2026-11-23T03:00:00Z","ban":{"reason":"spam"}}
{"name":"carol","created":"2026-11-23T03:00:00Z"}
{"name":"dave","created":"2026-11-23T03:00:00Z","ban":{"until":"2999-01-02T03:04:00Z","reason":"lies"}}
`
	if out := m.must(t, "", "user", "list", "--json"); out != lines {
		t.Errorf("got\n%swant\n%s", out, lines)
	}
}

// All pages are listed, the last one full or not.
func TestUserListPages(t *testing.T) {
	for _, n := range []int{0, accountsPerPage - 1, accountsPerPage, 2*accountsPerPage + 1} {
		m := newMemory()
		for i := range n {
			m.accounts[fmt.Sprint("user", i)] = account.Account{Name: fmt.Sprint("user", i), Key: fmt.Sprint("user", i)}
		}
		if got := strings.Count(m.must(t, "", "user", "list", "--json"), "\n"); got != n {
			t.Errorf("%d of %d accounts are listed", got, n)
		}
	}
}

// The user commands find the server's database where the server does.
func TestUserSettings(t *testing.T) {
	// What is the server's alone is no error here.
	file := writeFile(t, "hubbub.yaml", "data-dir: from-file\nmax-message: 100\ndatabase: postgres://file\n")
	m := newMemory()
	m.must(t, "", "user", "list")
	m.must(t, "", "user", "list", "--config", file)
	t.Setenv("HUBBUB_DATA_DIR", "from-environment")
	m.must(t, "", "user", "--config", file, "list")
	m.must(t, "", "user", "list", "--config", file, "--data-dir=from-flag", "--database=sqlite")
	t.Setenv("HUBBUB_CONFIG", file)
	t.Setenv("HUBBUB_DATABASE", "postgres://environment")
	m.must(t, "", "user", "list")
	want := []string{
		"sqlite ./data", "postgres://file from-file", "postgres://file from-environment", "sqlite from-flag",
		"postgres://environment from-environment",
	}
	if !slices.Equal(m.opened, want) {
		t.Errorf("opened %q, want %q", m.opened, want)
	}
	// A file says where accounts are, not what is done to them.
	for _, setting := range []string{"yes", "generate", "for", "json", "config", "databse"} {
		rewrite(t, file, setting+": true\n")
		m.fails(t, `unknown setting "`+setting+`"`, "", "user", "list")
	}
}
