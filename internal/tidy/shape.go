package tidy

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
)

const (
	fileMax     = 500 // lines of a Go file, tests included
	functionMax = 70  // lines of a function, signature and brace included
	docMax      = 60  // lines of a package's comment
)

// vague are package names that say nothing about what is inside, so that everything ends there.
var vague = []string{"util", "utils", "common", "helper", "helpers", "manager", "misc", "shared", "base"}

func checkFileLength(t *Tree) (findings []string) {
	for _, f := range t.goFiles() {
		if n := strings.Count(f.Text, "\n"); n > fileMax {
			findings = append(findings, fmt.Sprintf("%s:%d: the file has %d lines, more than %d", f.Path, fileMax, n, fileMax))
		}
	}
	return findings
}

func checkFunctionLength(t *Tree) (findings []string) {
	for _, f := range t.goFiles() {
		for _, decl := range f.Syntax.Decls {
			start, name := decl.Pos(), "a declaration's function"
			ast.Inspect(decl, func(n ast.Node) bool {
				var body *ast.BlockStmt
				switch n := n.(type) {
				case *ast.FuncDecl:
					body, name = n.Body, n.Name.Name
				case *ast.FuncLit:
					start, body = n.Pos(), n.Body
				}
				if body == nil {
					return true
				}
				if lines := t.line(body.End()) - t.line(start) + 1; lines > functionMax {
					findings = append(findings, t.finding(f, start, "%s has %d lines, more than %d", name, lines, functionMax))
					return false // what is inside is told with it
				}
				return true
			})
		}
	}
	return findings
}

func checkPackageNames(t *Tree) (findings []string) {
	for _, f := range t.goFiles() {
		name := strings.TrimSuffix(f.Syntax.Name.Name, "_test")
		if slices.Contains(vague, name) || slices.Contains(vague, path.Base(f.Dir())) {
			findings = append(findings, t.finding(f, f.Syntax.Package, "a package called %s says nothing about what is inside", name))
		}
	}
	return findings
}

// checkDocs: a package opens with its sentence, in doc.go or in its only file. A main package's is its command's help.
func checkDocs(t *Tree) (findings []string) {
	packages := map[string][]*File{}
	for _, f := range t.goFiles() {
		if !f.Test() && f.Syntax.Name.Name != "main" {
			packages[f.Dir()] = append(packages[f.Dir()], f)
		}
	}
	for dir, files := range packages {
		doc := files[0]
		if at := slices.IndexFunc(files, func(f *File) bool { return path.Base(f.Path) == "doc.go" }); at >= 0 {
			doc = files[at]
		} else if len(files) > 1 {
			findings = append(findings, fmt.Sprintf("%s:1: the package has %d files and no doc.go", dir, len(files)))
			continue
		}
		findings = append(findings, t.checkDoc(doc)...)
	}
	slices.Sort(findings)
	return findings
}

func (t *Tree) checkDoc(f *File) []string {
	comment := f.Syntax.Doc
	if comment == nil {
		return []string{t.finding(f, f.Syntax.Package, "package %s has no comment", f.Syntax.Name.Name)}
	}
	if lines := t.line(comment.End()) - t.line(comment.Pos()) + 1; lines > docMax {
		return []string{t.finding(f, comment.Pos(), "the package's comment has %d lines, more than %d", lines, docMax)}
	}
	return nil
}

// rootNames is everything that may lie at the module's root.
var rootNames = strings.Fields(`cmd server codec session handler loadtest client store cluster web internal
	docs deploy go.mod go.sum Makefile Dockerfile README.md LICENSE CHANGELOG.md
	.ci .gitignore .dockerignore staticcheck.conf`)

func checkRoot(t *Tree) (findings []string) {
	for _, f := range t.Files {
		top, _, _ := strings.Cut(f.Path, "/")
		finding := top + ":1: the root holds only what internal/tidy lists"
		if !slices.Contains(rootNames, top) && !slices.Contains(findings, finding) {
			findings = append(findings, finding)
		}
	}
	return findings
}
