package tidy

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
)

// checkSleep: a test that sleeps is slow on a good day and wrong on a bad one. Inside synctest.Test the clock is not the
// machine's, and a Sleep there is how time passes.
func checkSleep(t *Tree) (findings []string) {
	for _, f := range t.goFiles() {
		if !f.Test() {
			continue
		}
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			switch {
			case called(n, "synctest", "Test"):
				return false
			case called(n, "time", "Sleep"):
				findings = append(findings, t.finding(f, n.Pos(), "a test waits for what it expects, it does not sleep"))
			}
			return true
		})
	}
	return findings
}

// skips is where tests are skipped: what a machine lacks is told in one way.
const skips = "internal/testenv/testenv.go"

// checkSkip: a test that may be left out is left out.
func checkSkip(t *Tree) (findings []string) {
	for _, f := range t.goFiles() {
		if f.Path == skips {
			continue
		}
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			if called(n, "", "Skip", "Skipf", "SkipNow") {
				findings = append(findings, t.finding(f, n.Pos(), "a test is never skipped; for what a machine may lack there is testenv.NotRun"))
			}
			return true
		})
	}
	return findings
}

// called reports whether n calls one of the functions, or methods, of the package or variable; "" stands for a t, b, f
// or tb, as tests call them, or a field of that name.
func called(n ast.Node, of string, names ...string) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return false
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains(names, selector.Sel.Name) {
		return false
	}
	if of == "" {
		return isT(selector.X)
	}
	x, ok := selector.X.(*ast.Ident)
	return ok && x.Name == of
}

// The words are put together here so that this file does not contain them.
var (
	leftovers = regexp.MustCompile(`\b(` + "TO" + `DO|` + "FIX" + `ME|` + "XX" + `X)\b`)
	// A path in an address, as in https://host/home/page, is no machine's.
	machinePaths = regexp.MustCompile(`(^|[^\w.~-])/(` + "ro" + `ot|` + "wo" + `rk|` + "ho" + `me/[a-z][\w-]*)(/|$)`)
)

func checkLeftovers(t *Tree) []string {
	return t.grep(leftovers, func(f *File) bool { return true }, "%q is left for later: do it now or say it in docs")
}

func checkMachinePaths(t *Tree) []string {
	return t.grep(machinePaths, func(f *File) bool { return f.Path != "go.sum" }, "%q exists on one machine only")
}

// grep finds a pattern in the lines of all text files that wanted lets through.
func (t *Tree) grep(pattern *regexp.Regexp, wanted func(*File) bool, format string) (findings []string) {
	for _, f := range t.Files {
		if !wanted(f) {
			continue
		}
		n := 0
		for line := range strings.Lines(f.Text) {
			n++
			if hit := pattern.FindString(strings.TrimRight(line, "\n")); hit != "" {
				findings = append(findings, fmt.Sprintf("%s:%d: ", f.Path, n)+fmt.Sprintf(format, strings.TrimSpace(hit)))
			}
		}
	}
	return findings
}
