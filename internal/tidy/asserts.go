package tidy

import (
	"go/ast"
	"path"
	"slices"
	"strings"
)

var failing = []string{"Error", "Errorf", "Fatal", "Fatalf", "Fail", "FailNow"}

// checkAsserts: a test that can't fail, but for what it prepares, proves nothing. A test decides something if it, or a
// helper that it calls, makes it fail. A helper that returns more than numbers prepares something, and so does not count.
func checkAsserts(t *Tree) (findings []string) {
	deciding := t.deciding()
	for _, f := range t.goFiles() {
		for _, decl := range f.Syntax.Decls {
			test, ok := decl.(*ast.FuncDecl)
			if !ok || !f.Test() || test.Recv != nil || !runAsTest(test.Name.Name) {
				continue
			}
			if !decides(f.Dir(), test.Body, deciding) {
				findings = append(findings, t.finding(f, test.Pos(), "%s asserts nothing: it fails only for what it prepares", test.Name.Name))
			}
		}
	}
	return findings
}

func runAsTest(name string) bool {
	return testName.MatchString(name) && !strings.HasPrefix(name, "Example") && name != "TestMain"
}

// deciding returns the helpers that make a test fail, as directory/name. Methods of one name in a package are one helper:
// it counts if none of them returns more than numbers.
func (t *Tree) deciding() map[string]bool {
	bodies := map[string][]*ast.BlockStmt{}
	prepares := map[string]bool{}
	for _, f := range t.goFiles() {
		if !f.Test() && !within(f.Dir(), "internal") {
			continue
		}
		for _, decl := range f.Syntax.Decls {
			if helper, ok := decl.(*ast.FuncDecl); ok && helper.Body != nil && !runAsTest(helper.Name.Name) {
				name := path.Join(f.Dir(), helper.Name.Name)
				bodies[name] = append(bodies[name], helper.Body)
				prepares[name] = prepares[name] || !returnsNumbers(helper.Type.Results)
			}
		}
	}
	names := map[string]bool{}
	for grown := true; grown; {
		grown = false
		for name, bodies := range bodies {
			if names[name] || prepares[name] {
				continue
			}
			if slices.ContainsFunc(bodies, func(b *ast.BlockStmt) bool { return decides(path.Dir(name), b, names) }) {
				names[name], grown = true, true
			}
		}
	}
	return names
}

// returnsNumbers reports whether there are no other results.
func returnsNumbers(results *ast.FieldList) bool {
	if results == nil {
		return true
	}
	return !slices.ContainsFunc(results.List, func(result *ast.Field) bool {
		basic, ok := result.Type.(*ast.Ident)
		return !ok || !slices.Contains([]string{"int", "int64", "uint64"}, basic.Name)
	})
}

// decides reports whether a body in a directory makes a test fail, or calls a helper that does: one of the same package,
// or of one below internal.
func decides(dir string, body *ast.BlockStmt, helpers map[string]bool) (yes bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || yes {
			return !yes
		}
		fun := call.Fun
		switch generic := fun.(type) { // helper[T](t)
		case *ast.IndexExpr:
			fun = generic.X
		case *ast.IndexListExpr:
			fun = generic.X
		}
		switch fun := fun.(type) {
		case *ast.Ident:
			yes = helpers[path.Join(dir, fun.Name)]
		case *ast.SelectorExpr:
			of, _ := fun.X.(*ast.Ident)
			yes = helpers[path.Join(dir, fun.Sel.Name)] ||
				of != nil && helpers[path.Join("internal", of.Name, fun.Sel.Name)] ||
				slices.Contains(failing, fun.Sel.Name) && isT(fun.X)
		}
		return !yes
	})
	return yes
}

// isT reports whether an expression is a test, by its name: t, or a field of that name.
func isT(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return slices.Contains(tNames, x.Name)
	case *ast.SelectorExpr:
		return slices.Contains(tNames, x.Sel.Name)
	}
	return false
}

// tNames are the names that tests give to their *testing.T and the like.
var tNames = []string{"t", "b", "f", "tb", "r"}
