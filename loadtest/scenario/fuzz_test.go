package scenario

import (
	"reflect"
	"testing"
)

// FuzzParse: no text makes the parser panic. It gives an error or a plan, and the plan is valid and survives its own
// text.
func FuzzParse(f *testing.F) {
	for _, p := range Builtins() {
		f.Add([]byte(p.YAML()))
		text, err := files.ReadFile("builtin/" + p.Name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range []string{"", "#", "- - [", "name: &a [*a]", "? {a: b}\n: c", "<<: *x", "name: |\n  x\n\n", "a: 'b", "\x00", "!!set {a}"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse("fuzz.yaml", text)
		if (p == nil) == (err == nil) {
			t.Fatalf("there are a plan %v and an error %v", p, err)
		}
		if err != nil {
			return
		}
		if err := p.Check(1); err != nil {
			t.Fatalf("the plan is not valid: %v", err)
		}
		if again, err := Parse("again.yaml", []byte(p.YAML())); err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("%+v\nis written as\n%s\nand read as\n%+v, %v", p, p.YAML(), again, err)
		}
	})
}
