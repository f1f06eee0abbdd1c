// Readme writes the README's table of settings from the tags of server.Config, so that the two can't disagree. Run it
// with
//
//	go generate ./internal/readme
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"
)

//go:generate go run . -root ../..

// page is where the table stands.
const page = "README.md"

func main() {
	log.SetFlags(0)
	root := flag.String("root", ".", "the module's `directory`")
	flag.Parse()
	if err := rewrite(filepath.Join(*root, page)); err != nil {
		log.Fatal(err)
	}
}

func rewrite(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fresh, err := refresh(text)
	if err != nil {
		return err
	}
	return os.WriteFile(path, fresh, 0o644)
}
