package tidy

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"
)

// Tree is the module's files.
type Tree struct {
	Module string // its path, from go.mod
	Files  []*File
	fset   *token.FileSet
}

// File is one file of the tree.
type File struct {
	Path   string // from the root, with slashes
	Text   string // empty for a binary file
	Syntax *ast.File
}

// Rule is one rule of the house.
type Rule struct {
	Name  string
	Check func(*Tree) []string
}

// Rules lists all of them.
var Rules = []Rule{
	{"imports point down", checkLayers},
	{"dependencies have a home", checkHomes},
	{"files are short", checkFileLength},
	{"functions are short", checkFunctionLength},
	{"packages have names", checkPackageNames},
	{"packages are documented", checkDocs},
	{"tests don't sleep", checkSleep},
	{"tests don't skip", checkSkip},
	{"tests are run", checkRuns},
	{"tests assert something", checkAsserts},
	{"tests say which programs they need", checkPrograms},
	{"what pages name as tests exists", checkEvidence},
	{"nothing is left for later", checkLeftovers},
	{"no machine's paths", checkMachinePaths},
	{"the root is a closed list", checkRoot},
}

// Load reads the tree of a module.
func Load(fsys fs.FS) (*Tree, error) {
	t := &Tree{fset: token.NewFileSet()}
	ignored, err := readIgnored(fsys)
	if err != nil {
		return nil, err
	}
	err = fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path.Base(name) == ".git" || ignored.match(name):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !entry.Type().IsRegular():
			return nil
		}
		return t.add(fsys, name)
	})
	if err == nil && t.Module == "" {
		err = fmt.Errorf("there is no go.mod")
	}
	return t, err
}

func (t *Tree) add(fsys fs.FS, name string) error {
	content, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	file := &File{Path: name}
	if utf8.Valid(content) && !bytes.Contains(content, []byte{0}) {
		file.Text = string(content)
	}
	t.Files = append(t.Files, file)
	if name == "go.mod" {
		first, _, _ := strings.Cut(file.Text, "\n")
		t.Module = strings.TrimSpace(strings.TrimPrefix(first, "module"))
	}
	if path.Ext(name) == ".go" && !strings.Contains("/"+name, "/testdata/") {
		file.Syntax, err = parser.ParseFile(t.fset, name, content, parser.ParseComments)
	}
	return err
}

// goFiles returns the files with Go syntax.
func (t *Tree) goFiles() []*File {
	var files []*File
	for _, f := range t.Files {
		if f.Syntax != nil {
			files = append(files, f)
		}
	}
	return files
}

// Dir is the file's package within the module; "." at its root.
func (f *File) Dir() string { return path.Dir(f.Path) }

// Test reports whether only tests see the file.
func (f *File) Test() bool { return strings.HasSuffix(f.Path, "_test.go") }

// line returns the line of a position.
func (t *Tree) line(pos token.Pos) int { return t.fset.Position(pos).Line }

func (t *Tree) finding(f *File, pos token.Pos, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: ", f.Path, t.line(pos)) + fmt.Sprintf(format, args...)
}

// within reports whether dir is top or lies below it.
func within(dir, top string) bool { return dir == top || strings.HasPrefix(dir, top+"/") }

// ignored is a .gitignore of plain names and globs, without "!" and "**".
type ignored []string

func readIgnored(fsys fs.FS) (ignored, error) {
	content, err := fs.ReadFile(fsys, ".gitignore")
	if err != nil {
		return nil, nil // a tree without one ignores nothing
	}
	var patterns ignored
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if _, err := path.Match(line, ""); err != nil || line[0] == '!' || strings.Contains(line, "**") {
			return nil, fmt.Errorf(".gitignore: %q is more than this test understands", line)
		}
		patterns = append(patterns, strings.TrimSuffix(line, "/"))
	}
	return patterns, nil
}

func (patterns ignored) match(name string) bool {
	for _, p := range patterns {
		subject := path.Base(name)
		if strings.Contains(p, "/") { // a slash ties the pattern to the root
			subject, p = name, strings.TrimPrefix(p, "/")
		}
		if ok, _ := path.Match(p, subject); ok {
			return true
		}
	}
	return false
}
