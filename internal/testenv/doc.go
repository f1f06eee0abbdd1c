// Package testenv says what a machine must have for the tests, and what happens where it does not.
//
// Programs are installed by `make deps`; without them the tests of a package that needs them end at once, in one sentence
// (Require). What no package brings, such as terminals or user namespaces in a chroot, is missing in some places where
// tests should pass all the same: the tests that need it are not run there, and `make test` closes with their names and
// the reasons (NotRun). In CI, where the variable CI is set, everything must be there.
package testenv
