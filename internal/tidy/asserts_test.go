package tidy

import "testing"

func TestCheckAsserts(t *testing.T) {
	f := func(good bool, body, helpers string) {
		t.Helper()
		want := "a/a_test.go:3: TestA asserts nothing: it fails only for what it prepares"
		if good {
			want = ""
		}
		check(t, checkAsserts, want, "a/a_test.go", "package a\n\nfunc TestA(t *testing.T) {\n"+body+"\n}\n", "a/b_test.go", "package a\n\n"+helpers,
			"internal/script/run.go", "package script\n\nfunc Run(t *testing.T) { t.Error() }\n\nfunc Start(t *testing.T) error { t.Fatal() }\n",
			"c/c_test.go", "package c\n\nfunc elsewhere(t *testing.T) { t.Error() }\n")
	}
	f(true, "t.Error()", "")
	f(true, `t.Run("", func(t *testing.T) { t.Fatalf("") })`, "")
	f(true, "rapid.Check(t, func(r *rapid.T) { r.Errorf() })", "")
	f(true, "x.t.Error()", "")
	f(false, "", "")
	f(false, "t.Log(); log.Fatal(); err.Error()", "")
	f(false, "check(t)", "")
	f(true, "check(t)", "func check(t *testing.T) { t.Error() }")
	f(true, "check[int](t)", "func check[T any](t *testing.T) { t.Error() }")
	f(true, "check(t)", "func check(t *testing.T) { again(t) }\n\nfunc again(t *testing.T) int { t.Error(); return 1 }")
	f(false, "check(t)", "func check(t *testing.T) { start(t) }\n\nfunc start(t *testing.T) (*server, error) { t.Fatal() }")
	f(true, "s.shows()", "func (s *screen) shows() { s.t.Error() }")
	f(false, "s.open()", "func (s *screen) open() { s.t.Error() }\n\nfunc (h *hub) open() *conn { h.t.Error() }")
	f(true, "script.Run(t)", "")
	f(false, "script.Start(t)", "")
	f(false, "elsewhere(t)", "")
}
