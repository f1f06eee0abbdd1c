package tidy

import "testing"

func TestCheckRuns(t *testing.T) {
	const test = "package a\n\nfunc TestA(t *testing.T) {}\n"
	f := func(file, content, want string) {
		t.Helper()
		check(t, checkRuns, want, file, content)
	}
	f("a/a_test.go", test, "")
	f("a/a_linux_test.go", test, "")
	f("a/linux_test.go", test, "")
	f("a/windows_test.go", test, "") // go build does not take the first word for a platform
	f("a/a_test.go", "//go:build !race\n\n"+test, "")
	f("a/a_test.go", "//go:build linux && !race\n\n"+test, "")
	f("a/a_test.go", "// Words first.\n\n//go:build race && go1.21\n\n"+test, "")
	f("a/a_windows_test.go", test, "a/a_windows_test.go:3: TestA is never run: CI does not run on windows")
	f("a/a_darwin_amd64_test.go", test, "a/a_darwin_amd64_test.go:3: TestA is never run: CI does not run on darwin")
	f("a/a_linux_amd64_test.go", test, "")
	f("a/a_test.go", "//go:build integration\n\n"+test, "a/a_test.go:5: TestA is never run: no run builds //go:build integration")
	f("a/a_test.go", "//go:build !(race || windows)\n\n"+test,
		"a/a_test.go:5: TestA is never run: no run builds //go:build !(race || windows)") // the Makefile looks for !race
	f("a/_b/a_test.go", test, "a/_b/a_test.go:3: TestA is never run: ./... does not reach a/_b")
	f("a/a_test.go", "package a\n\nfunc (s) TestA(t *testing.T) {}\n", "a/a_test.go:3: TestA is never run: it is a method")
	f("a/a.go", test, "a/a.go:3: TestA is never run: its file's name does not end in _test.go")
	f("a/a.go", "package a\n\nfunc TestA(n int) {}\n\nfunc Test() {}\n", "")
	f("a/a_test.go", "package a\n\nfunc Testing(t *testing.T) {}\n", "")
	f("a/a_test.go", "//go:build ignore\n\npackage a\n\nfunc helper() {}\n", "") // no test is in it
	f("a/a_test.go", "package a\n\nfunc Example() {\n\t// Output:\n\t// x\n}\n", "")
	f("a/a_test.go", "package a\n\nfunc ExampleA() {\n\tb()\n}\n", "a/a_test.go:3: ExampleA is never run: it has no Output")
	f("a/go.mod", "module b", "a/go.mod:1: ./... does not reach the tests of a module within the module")
}

func TestCheckPrograms(t *testing.T) {
	const (
		head    = "package a\n\nimport \"hubbub/internal/pgtest\"\n\n"
		test    = head + "func TestA(t *testing.T) { pgtest.Start(t) }\n"
		finding = "a/a_test.go:1: it needs PostgreSQL: have its package's TestMain call pgtest.Main, or testenv.Require(pgtest.Program)"
	)
	check(t, checkPrograms, finding, "a/a_test.go", test)
	check(t, checkPrograms, finding, "a/a_test.go", test, "b/b_test.go", "package b\n\nfunc TestMain(m *testing.M) { pgtest.Main(m) }\n")
	check(t, checkPrograms, "", "a/a_test.go", test, "a/b_test.go", "package a\n\nfunc TestMain(m *testing.M) { pgtest.Main(m) }\n")
	check(t, checkPrograms, "", "a/a_test.go", test+"\nfunc TestMain(m *testing.M) { testenv.Require(pgtest.Program) }\n")
	check(t, checkPrograms, "", "a/a_test.go", head+"func BenchmarkA(b *testing.B) { pgtest.Start(b) }\n")
	check(t, checkPrograms, "", "a/a_test.go", "package a\n\nfunc TestA(t *testing.T) {}\n")
}
