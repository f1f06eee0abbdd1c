package tidy

import (
	"os"
	"testing"
)

// TestHouseRules holds the module against every rule.
func TestHouseRules(t *testing.T) {
	tree, err := Load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.goFiles()) < 10 || tree.Module != "hubbub" {
		t.Fatalf("found %d Go files of module %q: this is not the whole tree", len(tree.goFiles()), tree.Module)
	}
	for _, rule := range Rules {
		t.Run(rule.Name, func(t *testing.T) {
			for _, finding := range rule.Check(tree) {
				t.Error(finding)
			}
		})
	}
}
