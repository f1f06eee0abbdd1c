package tidy

import (
	"go/ast"
	"go/build/constraint"
	"go/doc"
	"path"
	"regexp"
	"slices"
	"strings"
)

// `make test` runs all tests with the race detector, and once more, without it, those whose files ask for that by
// "!race" (the Makefile finds them by the same word). CI does both, on Linux. The lists say what is built there.
var (
	raceTags   = []string{"linux", "amd64", "unix", "cgo", "gc", "race"}
	noRaceTags = []string{"linux", "amd64", "unix", "cgo", "gc"}
)

// platforms are the operating systems and processors, besides CI's, that the end of a file's name can ask for.
var platforms = strings.Fields(`aix android darwin dragonfly freebsd illumos ios js netbsd openbsd plan9 solaris wasip1
	windows 386 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm`)

var testName = regexp.MustCompile(`^(Test|Fuzz|Example)([A-Z_]\w*)?$`)

// checkRuns: a test that neither run executes proves nothing, and looks as if it did.
func checkRuns(t *Tree) (findings []string) {
	for _, f := range t.Files {
		if path.Base(f.Path) == "go.mod" && f.Dir() != "." {
			findings = append(findings, f.Path+":1: ./... does not reach the tests of a module within the module")
		}
	}
	for _, f := range t.goFiles() {
		why := unreached(f)
		for _, decl := range f.Syntax.Decls {
			test, ok := decl.(*ast.FuncDecl)
			switch {
			case !ok || !testName.MatchString(test.Name.Name) || !f.Test() && !takesT(test):
			case !f.Test():
				findings = append(findings, t.finding(f, test.Pos(), "%s is never run: its file's name does not end in _test.go", test.Name.Name))
			case test.Recv != nil:
				findings = append(findings, t.finding(f, test.Pos(), "%s is never run: it is a method", test.Name.Name))
			case why != "":
				findings = append(findings, t.finding(f, test.Pos(), "%s is never run: %s", test.Name.Name, why))
			}
		}
		for _, example := range doc.Examples(f.Syntax) {
			if f.Test() && example.Output == "" && !example.EmptyOutput {
				findings = append(findings, t.finding(f, example.Code.Pos(), "Example%s is never run: it has no Output", example.Name))
			}
		}
	}
	return findings
}

// unreached says why neither run executes the tests of a file; "" if one does.
func unreached(f *File) string {
	for dir := range strings.SplitSeq(f.Dir(), "/") {
		if dir != "." && strings.HasPrefix(dir, ".") || strings.HasPrefix(dir, "_") {
			return "./... does not reach " + f.Dir()
		}
	}
	words := strings.Split(strings.TrimSuffix(strings.TrimSuffix(path.Base(f.Path), "_test.go"), "_amd64"), "_")
	if end := words[len(words)-1]; len(words) > 1 && slices.Contains(platforms, end) {
		return "CI does not run on " + end
	}
	for _, group := range f.Syntax.Comments {
		if group.Pos() > f.Syntax.Package {
			break
		}
		for _, line := range group.List {
			if !constraint.IsGoBuild(line.Text) {
				continue
			}
			want, err := constraint.Parse(line.Text)
			if err != nil {
				return err.Error()
			}
			built := func(tags []string) bool {
				return want.Eval(func(tag string) bool { return slices.Contains(tags, tag) || strings.HasPrefix(tag, "go1.") })
			}
			if !built(raceTags) && !(built(noRaceTags) && strings.Contains(line.Text, "!race")) {
				return "no run builds " + line.Text
			}
		}
	}
	return ""
}

// takesT reports whether a function looks like a test: its only parameter is a *testing.T or *testing.F.
func takesT(f *ast.FuncDecl) bool {
	if f.Recv != nil || len(f.Type.Params.List) != 1 {
		return false
	}
	pointer, ok := f.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	of, ok := pointer.X.(*ast.SelectorExpr)
	return ok && slices.Contains([]string{"T", "F"}, of.Sel.Name)
}

// checkPrograms: tests that need PostgreSQL say so before any of them runs, where it is missing.
func checkPrograms(t *Tree) (findings []string) {
	needs, says := map[string]*File{}, map[string]bool{}
	for _, f := range t.goFiles() {
		if !f.Test() {
			continue
		}
		uses := slices.ContainsFunc(f.Syntax.Imports, func(spec *ast.ImportSpec) bool { return imported(spec) == t.Module+"/internal/pgtest" })
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			if test, ok := n.(*ast.FuncDecl); ok && uses && needs[f.Dir()] == nil && runAsTest(test.Name.Name) {
				needs[f.Dir()] = f
			}
			says[f.Dir()] = says[f.Dir()] || called(n, "pgtest", "Main") || called(n, "testenv", "Require")
			return true
		})
	}
	for dir, f := range needs {
		if !says[dir] {
			findings = append(findings, f.Path+":1: it needs PostgreSQL: have its package's TestMain call pgtest.Main, or testenv.Require(pgtest.Program)")
		}
	}
	slices.Sort(findings)
	return findings
}
