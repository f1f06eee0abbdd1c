package tidy

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"strings"
)

// evidence is a test that a page names, with its package or alone, or a script of the chat.
var evidence = regexp.MustCompile("`(?:(?:([a-z][a-z/]*)\\.)?(Test[A-Z]\\w*)|(\\w+\\.chat))`")

// checkEvidence: what a page says is held by a test must be held by one that exists.
func checkEvidence(t *Tree) (findings []string) {
	there := t.tests()
	for _, f := range t.Files {
		if path.Ext(f.Path) != ".md" {
			continue
		}
		n := 0
		for line := range strings.Lines(f.Text) {
			n++
			for _, named := range evidence.FindAllStringSubmatch(line, -1) {
				if !there[path.Join(named[1:]...)] {
					findings = append(findings, fmt.Sprintf("%s:%d: there is no test %s", f.Path, n, named[0]))
				}
			}
		}
	}
	return findings
}

// tests returns every test of the tree, by its name alone and behind its directory, and every script.
func (t *Tree) tests() map[string]bool {
	there := map[string]bool{}
	for _, f := range t.Files {
		if path.Ext(f.Path) == ".chat" {
			there[path.Base(f.Path)] = true
		}
		if f.Syntax == nil || !f.Test() {
			continue
		}
		for _, decl := range f.Syntax.Decls {
			if test, ok := decl.(*ast.FuncDecl); ok && test.Recv == nil {
				there[test.Name.Name] = true
				there[path.Join(f.Dir(), test.Name.Name)] = true
			}
		}
	}
	return there
}
