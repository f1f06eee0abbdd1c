package scenario

import (
	"embed"
	"slices"
)

//go:embed builtin/*.yaml
var files embed.FS

// builtins are the names of the files, in the order in which somebody new meets them.
var builtins = []string{"lobby", "whispers", "churn", "storm", "soak"}

// Builtin returns a scenario that comes with the binary, a copy of the caller's own.
func Builtin(name string) (*Plan, bool) {
	if !slices.Contains(builtins, name) {
		return nil, false
	}
	text, err := files.ReadFile("builtin/" + name + ".yaml")
	if err != nil {
		panic(err) // it was there when this was built
	}
	p, err := Parse(name+".yaml", text)
	if err != nil {
		panic(err) // a test parses each
	}
	return p, true
}

// Builtins returns the scenarios that come with the binary, copies of the caller's own.
func Builtins() []*Plan {
	plans := make([]*Plan, len(builtins))
	for i, name := range builtins {
		plans[i], _ = Builtin(name)
	}
	return plans
}
