// Package tidy is the rules of the house as a test: what a reviewer would otherwise have to remember.
//
//	Load(module) ──► Tree ──► every Rule ──► findings; the test fails when there is one
//
// A rule is a function over the whole tree and reports findings as "path:line: what is wrong". Each has a test of its
// own that feeds it a small bad tree, so that a rule which can't fail any more is noticed. The rules about imports are
// the tables in imports.go: a new package, or a new dependency with one home, is one more row there.
//
// The tree is what lies below the module's root without what .gitignore names; git itself is not asked, so that the
// test also runs on an unpacked archive.
package tidy
