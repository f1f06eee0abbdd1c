package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"pgregory.net/rapid"
)

// serveFlags returns the flags that a settings file may have.
func serveFlags(t testing.TB) map[string]*kong.Flag {
	t.Helper()
	var c cli
	parser, err := kong.New(&c, options(newConfigFile())...)
	if err != nil {
		t.Fatal(err)
	}
	command, err := kong.Trace(parser, []string{"serve"})
	if err != nil {
		t.Fatal(err)
	}
	return settingsFlags(command)
}

func settingsFile(t testing.TB, text string) string {
	t.Helper()
	return writeFile(t, "hubbub.yaml", text)
}

// TestSettingsOfAWrongKind: what is not of its flag's kind is refused with file, line, column, name, what was expected and
// what was found.
func TestSettingsOfAWrongKind(t *testing.T) {
	flags := serveFlags(t)
	f := func(text string, want ...string) {
		t.Helper()
		file := settingsFile(t, text)
		values, err := readSettings(file, flags)
		if err == nil {
			t.Errorf("%q: %v", text, values)
			return
		}
		if got := strings.Split(strings.ReplaceAll(err.Error(), file, "f"), "\n"); !slices.Equal(got, want) {
			t.Errorf("%q says\n%s\ninstead of\n%s", text, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	const (
		text     = `f:1:11: data-dir: expected text, found `
		nothing  = `nothing: write "" for an empty text, or leave the line away for the default`
		quote    = `: put it in quotation marks`
		number   = `f:1:8: loops: expected a whole number in decimal digits, such as 20, found `
		duration = `f:1:8: drain: expected a time with its unit, such as 90s or 24h, found `
		size     = `f:1:15: outbox-bytes: expected a size, such as 64KiB or 1MiB, found `
		truth    = `f:1:8: pprof: expected true or false, found `
	)
	for value, found := range map[string]string{"~": nothing, "null": nothing, "[x]": "a list", "[]": "a list", "{a: b}": "a map",
		"010": "the number 010" + quote, "2024": "the number 2024" + quote, "1.5": "the number 1.5" + quote, "0x1f": "the number 0x1f" + quote, ".inf": "the number .inf" + quote,
		"true": "the truth value true" + quote, "&a x": "an anchor (&), which settings can't have", "*a": "an alias (*), which settings can't have",
		"!!str 10": "a tag (!), which settings can't have"} {
		f("data-dir: "+value, text+found)
	}
	f("data-dir:", "f:1:1: data-dir: expected text, found "+nothing)
	f("data-dir: # /var/lib/hubbub", "f:1:1: data-dir: expected text, found "+nothing)
	f("data-dir:\n  - x", "f:2:3: data-dir: expected text, found a list")
	f("data-dir:\n  x: y", "f:2:4: data-dir: expected text, found a map")
	f("admin:", "f:1:1: admin: expected text, found "+nothing)
	f("listen: [x]", "f:1:9: listen: expected text, found a list")
	f("admin-hosts: [a, b]", "f:1:14: admin-hosts: expected text, found a list")
	for value, found := range map[string]string{"~": "nothing: leave the line away for the default", "[1]": "a list", "{a: 1}": "a map", "010": "010", "08": `the text "08"`, "00": "00",
		"0o10": "0o10", "0x1f": "0x1f", "0b1": "0b1", "1_000": "1_000", "+5": "+5", "1.5": "the number 1.5", "1e3": `the text "1e3"`, ".nan": "the number .nan",
		"true": "the truth value true", "yes": `the text "yes"`, `"20"`: `the text "20": leave the quotation marks away`, "'20'": `the text "20": leave the quotation marks away`,
		`"many"`: `the text "many"`, "1,000": `the text "1,000"`, "99999999999999999999": `the text "99999999999999999999"`, "20s": `the text "20s"`, "2024-01-01": `the text "2024-01-01"`} {
		f("loops: "+value, number+found)
	}
	for value, found := range map[string]string{"10": "10", "1.5": "the number 1.5", "10 s": "10 s", "1:30": "1:30", "soon": "soon", "010": "010", "true": "the truth value true",
		"[1s]": "a list", `"10"`: "10", "~": "nothing: leave the line away for the default"} {
		f("drain: "+value, duration+found)
	}
	for value, found := range map[string]string{"010": "010", "-1": "-1", "1.5": "the number 1.5", "1XiB": "1XiB", "0x10": "0x10", "1_000": "1_000", "010KiB": "010KiB",
		"9999999TiB": "9999999TiB", "false": "the truth value false", "~": "nothing: leave the line away for the default"} {
		f("outbox-bytes: "+value, size+found)
	}
	for value, found := range map[string]string{"yes": `the text "yes"`, "on": `the text "on"`, "off": `the text "off"`, "1": "the number 1", `"true"`: `the text "true": leave the quotation marks away`,
		"[true]": "a list", "~": "nothing: leave the line away for the default"} {
		f("pprof: "+value, truth+found)
	}
	f("auth: yes", "f:1:7: auth: expected one of open, accounts, found yes")
	f("auth: on", "f:1:7: auth: expected one of open, accounts, found on")
	f(`auth: ""`, "f:1:7: auth: expected one of open, accounts, found ")
	f("data-dir: |\n  x\n", "f:1:11: data-dir: expected one line, found several, or a control character: write it in one line")
	f("data-dir: x\n  y\n", "f:1:11: data-dir: expected one line, found several, or a control character: write it in one line")
	f("data-dir: \"x\\0\"\n", "f:1:11: data-dir: expected one line, found several, or a control character: write it in one line")
	f("loops: 1\nworkers:\ndrain: x\n", "f:2:1: workers: expected a whole number in decimal digits, such as 20, found nothing: leave the line away for the default",
		"f:3:8: drain: expected a time with its unit, such as 90s or 24h, found x")
}

// TestSettingsOfAWrongShape: a file that is no map of names and values is refused, and so are names that are none.
func TestSettingsOfAWrongShape(t *testing.T) {
	flags := serveFlags(t)
	f := func(text, want string) {
		t.Helper()
		file := settingsFile(t, text)
		values, err := readSettings(file, flags)
		if err == nil {
			t.Errorf("%q: %v", text, values)
		} else if got := strings.ReplaceAll(err.Error(), file, "f"); !strings.HasPrefix(got, want) {
			t.Errorf("%q says %q instead of %q", text, got, want)
		}
	}
	f("- loops\n", "f:1:1: expected lines such as max-sessions: 1000, found a list")
	f("loops\n", "f:1:1: expected lines such as max-sessions: 1000, found text")
	f("loops:1\n", "f:1:1: expected lines such as max-sessions: 1000, found text")
	f("10\n", "f:1:1: expected lines such as max-sessions: 1000, found the number 10")
	f("!!map\nloops: 1\n", "f:1:1: expected lines such as max-sessions: 1000, found a tag (!), which settings can't have")
	f("loops: 1\n---\nworkers: 2\n", "f:3:1: a second document begins here: settings are one")
	f("loops: 1\nworkers: 2\nloops: 3\n", "f:3:1: loops: stands in line 1 already: leave one of them away")
	f("<<: {loops: 1}\n", "f:1:1: expected the name of a setting, found a merge key (<<), which settings can't have")
	f("1: 2\n", "f:1:1: expected the name of a setting, found the number 1")
	f("~: 2\n", "f:1:1: expected the name of a setting, found nothing")
	f("&x loops: 2\n", "f:1:1: expected the name of a setting, found an anchor (&), which settings can't have")
	f("? loops\n: 2\n", "f:1:1: expected the name of a setting")
	f("max-mesage: 500\n", `f:1:1: unknown setting "max-mesage": is max-message meant?; see hubbub serve --help for what there is`)
	f("\n  data_dir: x\n", `f:2:3: unknown setting "data_dir": is data-dir meant?; see`)
	f("DataDir: x\n", `f:1:1: unknown setting "DataDir": is data-dir meant?; see`)
	f("--listen: x\n", `f:1:1: unknown setting "--listen": is listen meant?; see`)
	f("config: x\n", `f:1:1: unknown setting "config"; see`)
	f("zzzzzz: x\n", `f:1:1: unknown setting "zzzzzz"; see`)
	f("\tloops: 1\n", "f:1:6: this is no YAML: tab character")
	f("loops: 1\n\tworkers: 1\n", "f:2:1: this is no YAML: found character '\t'")
	f("loops: \"1\n", "f:1:8: this is no YAML: could not find end character of double-quoted text")
	f("\xff\xfel\x00o\x00", "f: this is UTF-16: save it as UTF-8")
	f("\xfe\xff\x00l\x00o", "f: this is UTF-16: save it as UTF-8")
	f("loops: 1\nworkers: \xff\n", "f: line 2 is no text in UTF-8")
	f("loops: 1\nworkers: 2\x00\n", "f: line 2 is no text in UTF-8")
	f(strings.Repeat("#", settingsMax+1), "read the settings of --config: f has more than")
}

// TestSettingsAreReadAsWritten: what is of its flag's kind is taken as it stands there.
func TestSettingsAreReadAsWritten(t *testing.T) {
	flags := serveFlags(t)
	f := func(text string, want map[string]string) {
		t.Helper()
		values, err := readSettings(settingsFile(t, text), flags)
		if err != nil || !maps.Equal(values, want) {
			t.Errorf("%q: %q, %v", text, values, err)
		}
	}
	f("", map[string]string{})
	f("# nothing\n", map[string]string{})
	f("---\n", map[string]string{})
	f("%YAML 1.2\n---\nloops: 1\n...\n", map[string]string{"loops": "1"})
	f("\ufeffloops: 1\nadmin: \"\"\n", map[string]string{"loops": "1", "admin": ""})
	f("loops: 1\r\nworkers: 0 # two\r\n", map[string]string{"loops": "1", "workers": "0"})
	f("{loops: 1, 'workers': 2}\n", map[string]string{"loops": "1", "workers": "2"})
	f("history-count: 9223372036854775807\nloops: -1\n", map[string]string{"history-count": "9223372036854775807", "loops": "-1"})
	f("drain: 0\nlogin-timeout: 1m30s\nhistory-age: '24h'\n", map[string]string{"drain": "0", "login-timeout": "1m30s", "history-age": "24h"})
	f("outbox-bytes: 1048576\nlane-bytes: 16MiB\nstrand-bytes: 1.5 MB\n", map[string]string{"outbox-bytes": "1048576", "lane-bytes": "16MiB", "strand-bytes": "1.5 MB"})
	f("pprof: true\nhistory: off\n", map[string]string{"pprof": "true", "history": "off"})
	f("data-dir: '010'\nadmin-hosts: \"true\"\n", map[string]string{"data-dir": "010", "admin-hosts": "true"})
	f("data-dir: 2024-01-01\nlisten: ':9000'\n", map[string]string{"data-dir": "2024-01-01", "listen": ":9000"})
	f("data-dir: >-\n  x\n", map[string]string{"data-dir": "x"})
	f("listen: :9000\n", map[string]string{"listen": ":9000"})
}

// TestSettingsKeepSecrets: no error about the database's address quotes it.
func TestSettingsKeepSecrets(t *testing.T) {
	flags := serveFlags(t)
	const url = "postgres://u:s3cret@h/d"
	for _, text := range []string{"database: [" + url + "]", "database: {a: " + url + "}", "database: " + url + "\ndatabase: " + url, "database: |\n  " + url + "\n  x",
		"database: \"" + url, "database: " + url + ": x", "database: 's3cret' x", "database: @s3cret", "database: &s3cret x", "database: *s3cret", "database: !s3cret x", "database:\n  " + url + "\n x: 1"} {
		values, err := readSettings(settingsFile(t, text), flags)
		if err == nil {
			t.Errorf("%q: %v", text, values)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q says %q", text, err)
		}
	}
}

// TestPrintedSettingsReadBack: a file of what --print-config prints is the same settings, whatever text they are.
func TestPrintedSettingsReadBack(t *testing.T) {
	flags := serveFlags(t)
	check := func(t interface{ Fatalf(string, ...any) }, file, text string) {
		line := "data-dir: " + yamlScalar(flags["data-dir"], text) + "  # " + oneLine("file "+text) + "\n"
		if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
			t.Fatalf("%v", err)
		}
		values, err := readSettings(file, flags)
		if err != nil || values["data-dir"] != text {
			t.Fatalf("%q is printed as %q and read as %q: %v", text, line, values["data-dir"], err)
		}
	}
	for _, text := range []string{"", "./data", "010", "1e3", "true", "Null", "~", "off", "a: b", "a #b", "#a", " a ", "*a", "&a", "!a", "%a", "@a", "`a", "'a", `"a`, `a\b`, "- a", "-", "?", ".inf", ".5", "0x1f",
		"<nil>", "[a]", "{a}", "a,b", "ä", "\u2028", "😀", "=", "<<", "2024-01-01", "a\u00a0b"} {
		check(t, filepath.Join(t.TempDir(), "f"), text)
	}
	file := filepath.Join(t.TempDir(), "f")
	rapid.Check(t, func(t *rapid.T) {
		check(t, file, rapid.StringMatching(`[^\x00-\x1f\x7f-\x9f\x{feff}\x{fffe}\x{ffff}]*`).Draw(t, "text"))
	})
}

// TestEveryKindOfSettingIsKnown: a flag of another type would be taken for text.
func TestEveryKindOfSettingIsKnown(t *testing.T) {
	for name, flag := range serveFlags(t) {
		if kindFor(flag).name == "text" && flag.Target.Kind().String() != "string" {
			t.Errorf("--%s is a %s, of which readSettings knows nothing", name, flag.Target.Type())
		}
	}
}

// TestNoVariableChangesTheCommand: an image that pins its tag with HUBBUB_VERSION must not have every command print the
// version and end with status 0, the health check among them.
func TestNoVariableChangesTheCommand(t *testing.T) {
	for _, name := range []string{"HUBBUB_VERSION", "HUBBUB_PRINT_CONFIG", "HUBBUB_HELP"} {
		t.Setenv(name, "true")
	}
	for _, arguments := range [][]string{{"health"}, {"serve"}, {"user", "list"}} {
		file := newConfigFile()
		var c cli
		parser, err := kong.New(&c, append(options(file), kong.Exit(func(int) { t.Errorf("%v ended while it was parsed", arguments) }))...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(arguments); err != nil {
			t.Errorf("%v: %v", arguments, err)
		}
		if c.Serve.PrintConfig {
			t.Errorf("%v would print its settings and end", arguments)
		}
	}
}

func TestScrub(t *testing.T) {
	var out bytes.Buffer
	fmt.Fprint(scrubbed{&out}, `unexpected argument postgres://u:s3cret@h/d, "postgres://u:s3/cret@h/d" or http://u:s3cret@h, say postgres://user:password@host:5432/name`)
	const want = `unexpected argument postgres://u:***@h/d, "***" or *** say postgres://user:password@host:5432/name`
	if out.String() != want {
		t.Errorf("%s", out.String())
	}
}
