// Protocoldoc writes docs/PROTOCOL.md from codec's tables, its result codes and its golden vectors, so that the page and
// the code can't disagree. The prose is protocol.md.tmpl. Run it with
//
//	go generate ./codec
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"
)

const (
	pageFile    = "docs/PROTOCOL.md"
	vectorsFile = "codec/testdata/vectors.txt"
)

func main() {
	log.SetFlags(0)
	root := flag.String("root", ".", "the module's `directory`")
	flag.Parse()
	if err := rewrite(*root); err != nil {
		log.Fatal(err)
	}
}

func rewrite(root string) error {
	page, err := generate(filepath.Join(root, vectorsFile))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, pageFile), page, 0o644)
}
