package tidy

import (
	"go/ast"
	"strconv"
	"strings"
)

// layer says what a package of the module may import.
type layer struct {
	dir      string   // the package and what lies below it
	module   []string // packages of the module, with what lies below them
	tests    []string // what its tests may import besides
	external []string // third-party modules; nil: any that checkHomes lets in
}

var (
	stdOnly  = []string{}
	belowAll = []string{"codec", "session", "handler", "store", "cluster", "client", "web"}
)

// layers is the direction of all imports: cmd → server → handler → codec, session; client → codec; loadtest → client,
// codec. A package may always import what lies below itself. The first row that fits holds, so special packages stand
// before general ones; a package without a row is a finding.
var layers = []layer{
	{dir: "codec", external: stdOnly},
	{dir: "session", external: stdOnly},
	{dir: "handler", module: []string{"codec", "session"}, external: []string{"golang.org/x/text", "golang.org/x/crypto", "github.com/mtibben/confusables"}},
	{dir: "store", module: []string{"codec", "handler"}},
	{dir: "cluster", module: []string{"codec", "session", "handler"}},
	{dir: "server", module: []string{"codec", "session", "handler", "web"}, tests: []string{"client", "store", "cluster"}},
	{dir: "client/term", module: []string{"client", "codec"}, tests: []string{"server", "store"}},
	{dir: "client", module: []string{"codec"}, tests: []string{"handler", "session", "server", "store"}},
	{dir: "loadtest/audit", module: []string{"codec"}, external: stdOnly},
	{dir: "loadtest/scenario", external: []string{"github.com/goccy/go-yaml", "github.com/dustin/go-humanize"}},
	{dir: "loadtest/plot", external: stdOnly},
	{dir: "loadtest/report", module: []string{"loadtest/audit", "loadtest/plot"}},
	{dir: "loadtest/live", module: []string{"loadtest/audit", "loadtest/report"}},
	{dir: "loadtest/swarm", module: []string{"codec", "loadtest/audit", "loadtest/scenario"}, tests: []string{"server", "handler", "session"}},
	{dir: "loadtest", module: []string{"client", "codec"}, tests: []string{"server", "handler", "session"}},
	{dir: "web", external: stdOnly, tests: []string{"codec", "server", "handler", "session"}},
	{dir: "cmd", module: append([]string{"server", "loadtest"}, belowAll...)},
	{dir: "internal/vectors", external: stdOnly},
	{dir: "internal/tidy", external: stdOnly},
	{dir: "internal/protocoldoc", module: []string{"codec", "internal/vectors"}, external: stdOnly},
	{dir: "internal/perfdoc", module: []string{"loadtest/plot"}, external: []string{"github.com/goccy/go-yaml"}},
	{dir: "internal/testenv"},
	{dir: "internal", module: append([]string{"server", "internal/testenv"}, belowAll...)}, // tests and generators, in no binary
}

// testExternal is what every test may import: it never reaches a binary.
var testExternal = []string{"pgregory.net/rapid", "go.uber.org/goleak"}

func checkLayers(t *Tree) (findings []string) {
	for _, f := range t.goFiles() {
		l := layerOf(f.Dir())
		if l == nil {
			findings = append(findings, t.finding(f, f.Syntax.Package, "package %s has no row in internal/tidy's layers", f.Dir()))
			continue
		}
		for _, spec := range f.Syntax.Imports {
			target := imported(spec)
			inside, ours := strings.CutPrefix(target, t.Module+"/")
			switch {
			case ours && !l.allows(f, inside):
				findings = append(findings, t.finding(f, spec.Pos(), "%s may not import %s", f.Dir(), inside))
			case !ours && thirdParty(target) && !l.allowsExternal(f, target):
				findings = append(findings, t.finding(f, spec.Pos(), "%s may not import %s", f.Dir(), target))
			}
		}
	}
	return findings
}

func layerOf(dir string) *layer {
	for i := range layers {
		if within(dir, layers[i].dir) {
			return &layers[i]
		}
	}
	return nil
}

func (l *layer) allows(f *File, target string) bool {
	if within(target, f.Dir()) || withinAny(target, l.module) {
		return true
	}
	// Tests are not built into anything that they could turn upside down; what internal/ holds is mostly there for them.
	return f.Test() && (within(target, "internal") || withinAny(target, l.tests) || within(target, l.dir))
}

func (l *layer) allowsExternal(f *File, target string) bool {
	return l.external == nil || withinAny(target, l.external) || f.Test() && withinAny(target, testExternal)
}

// home is where a dependency may appear, so that replacing it is a matter of one package.
type home struct {
	module string
	dirs   []string
}

var homes = []home{
	{"github.com/panjf2000/gnet", []string{"server", "loadtest"}},
	{"github.com/panjf2000/ants", []string{"server"}},
	{"go.uber.org/zap", []string{"server", "cmd", "loadtest", "internal/chattest"}},
	{"github.com/prometheus", []string{"server", "loadtest"}},
	{"github.com/charmbracelet", []string{"client/term", "loadtest/live"}},
	{"charm.land", []string{"client/term", "loadtest/live"}},
	{"modernc.org/sqlite", []string{"store"}},
	{"github.com/jackc", []string{"store"}},
	{"github.com/pressly/goose", []string{"store"}},
	{"github.com/nats-io", []string{"cluster"}},
}

func checkHomes(t *Tree) (findings []string) {
	for _, f := range t.goFiles() {
		for _, spec := range f.Syntax.Imports {
			target := imported(spec)
			for _, h := range homes {
				if within(target, h.module) && !withinAny(f.Dir(), h.dirs) {
					findings = append(findings, t.finding(f, spec.Pos(), "%s belongs to %s only",
						target, strings.Join(h.dirs, ", ")))
				}
			}
		}
	}
	return findings
}

func withinAny(dir string, tops []string) bool {
	for _, top := range tops {
		if within(dir, top) {
			return true
		}
	}
	return false
}

func imported(spec *ast.ImportSpec) string {
	target, _ := strconv.Unquote(spec.Path.Value) // the parser has seen that it is a string
	return target
}

// thirdParty: a path of the standard library has no dot in its first element.
func thirdParty(target string) bool {
	first, _, _ := strings.Cut(target, "/")
	return strings.Contains(first, ".")
}
