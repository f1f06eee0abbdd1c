// Scriptextensions writes handler/account's table of the property Script_Extensions from the files of the Unicode Character
// Database beside it, which neither package unicode nor golang.org/x/text has. Run it with
//
//	go generate ./internal/scriptextensions
//
// The files are of the version that package unicode has. When that changes, the test says so: fetch those of the new version
// from unicode.org, or from Debian's package unicode-data.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"
)

//go:generate go run . -root ../..

// table is where the table stands.
const table = "handler/account/scriptextensions.go"

func main() {
	log.SetFlags(0)
	root := flag.String("root", ".", "the module's `directory`")
	flag.Parse()
	text, err := generate()
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*root, table), text, 0o644); err != nil {
		log.Fatal(err)
	}
}
