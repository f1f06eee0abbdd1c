package tidy

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// tree builds a module from name, content pairs.
func tree(t *testing.T, files ...string) *Tree {
	t.Helper()
	fsys := fstest.MapFS{"go.mod": {Data: []byte("module hubbub\n\ngo 1.26\n")}}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	tr, err := Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// check holds a tree of the given files against one rule; want is empty for a good tree.
func check(t *testing.T, rule func(*Tree) []string, want string, files ...string) {
	t.Helper()
	if got := strings.Join(rule(tree(t, files...)), "\n"); got != want {
		t.Errorf("found\n%s\nwant\n%s", got, want)
	}
}

func TestCheckLayers(t *testing.T) {
	f := func(file, target, want string) {
		t.Helper()
		if want != "" {
			want = file + ":3: " + want
		}
		check(t, checkLayers, want, file, "package x\n\nimport _ \""+target+"\"\n")
	}
	f("codec/a.go", "encoding/binary", "")
	f("codec/a.go", "hubbub/session", "codec may not import session")
	f("codec/a.go", "golang.org/x/text/width", "codec may not import golang.org/x/text/width")
	f("codec/a_test.go", "pgregory.net/rapid", "")
	f("codec/a_test.go", "hubbub/internal/vectors", "")
	f("codec/a.go", "hubbub/internal/vectors", "codec may not import internal/vectors")
	f("session/a.go", "sync", "")
	f("session/a.go", "hubbub/codec", "session may not import codec")
	f("session/a_test.go", "hubbub/codec", "session may not import codec")
	f("session/a.go", "github.com/google/btree", "session may not import github.com/google/btree")
	f("handler/a.go", "hubbub/codec", "")
	f("handler/a.go", "hubbub/session", "")
	f("handler/a.go", "golang.org/x/text/secure/precis", "")
	f("handler/a.go", "hubbub/store", "handler may not import store")
	f("handler/a.go", "hubbub/cluster", "handler may not import cluster")
	f("handler/a.go", "hubbub/server", "handler may not import server")
	f("handler/a.go", "github.com/panjf2000/gnet/v2", "handler may not import github.com/panjf2000/gnet/v2")
	f("handler/a_test.go", "hubbub/internal/chattest", "")
	f("server/a.go", "hubbub/handler", "")
	f("server/a.go", "hubbub/store", "server may not import store")
	f("server/a.go", "hubbub/client", "server may not import client")
	f("server/a_test.go", "hubbub/client", "")
	f("server/a.go", "hubbub/cmd/hubbub", "server may not import cmd/hubbub")
	f("client/a.go", "hubbub/codec", "")
	f("client/a.go", "hubbub/handler", "client may not import handler")
	f("client/term/a.go", "hubbub/client", "")
	f("loadtest/a.go", "hubbub/client", "")
	f("loadtest/a.go", "hubbub/server", "loadtest may not import server")
	f("cmd/hubbub/a.go", "hubbub/loadtest", "")
	f("cmd/hubbub/a.go", "hubbub/internal/chattest", "cmd/hubbub may not import internal/chattest")
	f("internal/chattest/a.go", "hubbub/handler", "")
	f("internal/chattest/a.go", "hubbub/server", "")
	f("codec/inner/a.go", "hubbub/codecs", "codec/inner may not import codecs") // a prefix is not a parent
	check(t, checkLayers, "new/a.go:1: package new has no row in internal/tidy's layers", "new/a.go", "package x\n")
}

func TestCheckHomes(t *testing.T) {
	f := func(file, target, want string) {
		t.Helper()
		if want != "" {
			want = file + ":3: " + target + " belongs to " + want + " only"
		}
		check(t, checkHomes, want, file, "package x\n\nimport _ \""+target+"\"\n")
	}
	f("server/a.go", "github.com/panjf2000/gnet/v2", "")
	f("loadtest/a.go", "github.com/panjf2000/gnet/v2/pkg/logging", "")
	f("client/a.go", "github.com/panjf2000/gnet/v2", "server, loadtest")
	f("client/a_test.go", "github.com/panjf2000/gnet/v2", "server, loadtest")
	f("loadtest/a.go", "github.com/panjf2000/ants/v2", "server")
	f("store/a.go", "go.uber.org/zap", "server, cmd, loadtest, internal/chattest")
	f("cmd/hubbub/a.go", "go.uber.org/zap", "")
	f("cmd/hubbub/a.go", "github.com/prometheus/client_golang/prometheus", "server, loadtest")
	f("client/term/a.go", "github.com/charmbracelet/bubbletea", "")
	f("client/a.go", "github.com/charmbracelet/lipgloss", "client/term, loadtest/live")
	f("cmd/hubbub/a.go", "charm.land/bubbles/v2", "client/term, loadtest/live")
	f("store/sqlite/a.go", "modernc.org/sqlite", "")
	f("server/a.go", "modernc.org/sqlite", "store")
	f("server/a.go", "github.com/jackc/pgx/v5", "store")
	f("server/a.go", "github.com/nats-io/nats.go", "cluster")
	f("cluster/a.go", "github.com/nats-io/nats.go", "")
}

func TestCheckFileLength(t *testing.T) {
	f := func(name string, lines int, want string) {
		t.Helper()
		check(t, checkFileLength, want, name, "package x\n"+strings.Repeat("\n", lines-1))
	}
	f("codec/a.go", 500, "")
	f("codec/a.go", 501, "codec/a.go:500: the file has 501 lines, more than 500")
	f("codec/a_test.go", 501, "codec/a_test.go:500: the file has 501 lines, more than 500")
	f("docs/a.md", 501, "")
}

func TestCheckFunctionLength(t *testing.T) {
	f := func(head string, lines int, tail, want string) {
		t.Helper()
		check(t, checkFunctionLength, want, "codec/a.go", "package x\n\n"+head+strings.Repeat("\n", lines-1)+tail)
	}
	f("func a() {", 70, "}", "")
	f("func a() {", 71, "}", "codec/a.go:3: a has 71 lines, more than 70")
	f("func (x *T) b() {", 71, "}", "codec/a.go:3: b has 71 lines, more than 70")
	f("// A comment does not count.\nfunc a() {", 70, "}", "")
	f("var f = func() {", 71, "}", "codec/a.go:3: a declaration's function has 71 lines, more than 70")
	f("var table = []int{", 200, "}", "")
}

func TestCheckPackageNames(t *testing.T) {
	f := func(dir, name string, good bool) {
		t.Helper()
		want := dir + "/a.go:1: a package called " + name + " says nothing about what is inside"
		if good {
			want = ""
		}
		check(t, checkPackageNames, want, dir+"/a.go", "package "+name+"\n")
	}
	f("internal/util", "util", false)
	f("internal/x", "helpers", false)
	f("internal/common", "x", false)
	f("internal/manager", "manager", false)
	f("internal/vectors", "vectors", true)
	f("internal/utility", "utility", true)
}

func TestCheckDocs(t *testing.T) {
	check(t, checkDocs, "", "codec/doc.go", "// Package codec.\npackage codec", "codec/a.go", "package codec")
	check(t, checkDocs, "", "codec/a.go", "// Package codec.\npackage codec", "codec/a_test.go", "package codec")
	check(t, checkDocs, "", "cmd/hubbub/a.go", "package main", "cmd/hubbub/b.go", "package main")
	check(t, checkDocs, "codec:1: the package has 2 files and no doc.go",
		"codec/a.go", "// Package codec.\npackage codec", "codec/b.go", "package codec")
	check(t, checkDocs, "codec/a.go:1: package codec has no comment", "codec/a.go", "package codec")
	check(t, checkDocs, "codec/doc.go:3: package codec has no comment",
		"codec/doc.go", "// Detached.\n\npackage codec", "codec/a.go", "// Package codec.\npackage codec")
	long := strings.Repeat("// x\n", 60) + "package codec"
	check(t, checkDocs, "", "codec/doc.go", long)
	check(t, checkDocs, "codec/doc.go:1: the package's comment has 61 lines, more than 60", "codec/doc.go", "// x\n"+long)
}

func TestCheckSleepAndSkip(t *testing.T) {
	body := func(s string) string { return "package x\n\nfunc a() {\n" + s + "\n}\n" }
	const sleep = "codec/a_test.go:4: a test waits for what it expects, it does not sleep"
	check(t, checkSleep, sleep, "codec/a_test.go", body("time.Sleep(1)"))
	check(t, checkSleep, "", "codec/a.go", body("time.Sleep(1)"))
	check(t, checkSleep, "", "codec/a_test.go", body("synctest.Test(t, func(t *testing.T) { time.Sleep(1) })"))
	const skip = "codec/a_test.go:4: a test is never skipped; for what a machine may lack there is testenv.NotRun"
	check(t, checkSkip, skip, "codec/a_test.go", body("t.Skip()"))
	check(t, checkSkip, skip, "codec/a_test.go", body(`b.Skipf("")`))
	check(t, checkSkip, skip, "codec/a_test.go", body(`func() { tb.SkipNow() }()`))
	check(t, checkSkip, "", "codec/a_test.go", body("list.Skip(3)"))
	check(t, checkSkip, skip, "codec/a_test.go", body("s.t.Skip()"))
	check(t, checkSkip, strings.Replace(skip, "codec/a_test.go", "internal/a/a.go", 1), "internal/a/a.go", body("t.Skip()"))
	check(t, checkSkip, "", skips, body("t.Skip()"))
}

func TestCheckWords(t *testing.T) {
	f := func(rule func(*Tree) []string, line string, want string) {
		t.Helper()
		if want != "" {
			want = "docs/a.md:2: " + want
		}
		check(t, rule, want, "docs/a.md", "first\n"+line+"\n")
	}
	for _, word := range []string{"TO" + "DO", "FIX" + "ME", "XX" + "X"} {
		f(checkLeftovers, "// "+word+": later", `"`+word+`" is left for later: do it now or say it in docs`)
		f(checkLeftovers, strings.ToLower(word)+" and A"+word, "")
	}
	f(checkMachinePaths, "see /ho"+"me/ann/x", `"/ho`+`me/ann/" exists on one machine only`)
	f(checkMachinePaths, "/ro"+"ot/go", `"/ro`+`ot/" exists on one machine only`)
	f(checkMachinePaths, `"/wo`+`rk/main"`, `"\"/wo`+`rk/" exists on one machine only`)
	f(checkMachinePaths, "cd /wo"+"rk", `"/wo`+`rk" exists on one machine only`)
	f(checkMachinePaths, "https://example.org/ho"+"me/page", "")
	f(checkMachinePaths, "/wo"+"rkers/ and $HOME/x and /homepage", "")
}

func TestCheckEvidence(t *testing.T) {
	f := func(line, missing string) {
		t.Helper()
		if missing != "" {
			missing = "docs/a.md:2: there is no test `" + missing + "`"
		}
		check(t, checkEvidence, missing, "docs/a.md", "first\n"+line+"\n", "handler/testdata/mail.chat", "", "store/b.go", "package a\n\nfunc TestB() {}\n",
			"codec/a_test.go", "package a\n\nfunc (x) TestMethod() {}\nfunc TestDecode(*testing.T) {}\n")
	}
	f("held by `TestDecode`, `codec.TestDecode` and `mail.chat`", "")
	f("`codec.TestDecode` and `store.TestDecode`", "store.TestDecode")
	f("`TestEncode`, as it was", "TestEncode")
	f("`handler/testdata.TestDecode`", "handler/testdata.TestDecode")
	f("`TestB` is no test, nor is `Testing`", "TestB")
	f("`TestMethod`", "TestMethod")
	f("`post.chat`", "post.chat")
	f("TestEncode in words", "")
}

func TestCheckRoot(t *testing.T) {
	check(t, checkRoot, "", "README.md", "", "cmd/hubbub/main.go", "package main\n", ".ci/check.yml", "")
	check(t, checkRoot, "notes.txt:1: the root holds only what internal/tidy lists", "notes.txt", "")
	check(t, checkRoot, "pkg:1: the root holds only what internal/tidy lists", "pkg/a.go", "package a\n", "pkg/b.go", "package a\n")
}

func TestLoad(t *testing.T) {
	tr := tree(t, ".gitignore", "# built\n/bin/\n*.out\ntestdata/rapid/\n", "bin/x.go", "not Go", "a/bin/x.md", "kept",
		"a/c.out", "", "codec/testdata/bad.go", "not Go", ".git", "gitdir: elsewhere", "a/logo.png", "\x89PNG\x00")
	var paths []string
	for _, f := range tr.Files {
		paths = append(paths, f.Path)
		if f.Path == "a/logo.png" && f.Text != "" {
			t.Error("a binary file has text")
		}
	}
	if want := []string{".gitignore", "a/bin/x.md", "a/logo.png", "codec/testdata/bad.go", "go.mod"}; !slices.Equal(paths, want) {
		t.Errorf("loaded %q, want %q", paths, want)
	}
	for _, bad := range []string{"!keep", "a/**/b", "[", "[a"} {
		fsys := fstest.MapFS{"go.mod": {Data: []byte("module x")}, ".gitignore": {Data: []byte(bad)}}
		if _, err := Load(fsys); err == nil {
			t.Errorf(".gitignore %q is understood", bad)
		}
	}
	if _, err := Load(fstest.MapFS{}); err == nil {
		t.Error("a tree without go.mod loads")
	}
	if _, err := Load(fstest.MapFS{"go.mod": {Data: []byte("module x")}, "a.go": {Data: []byte("nonsense")}}); err == nil {
		t.Error("a file that is not Go loads")
	}
}
