package scenario

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// fileMax is the longest scenario file in bytes: room for every plan that Check lets through, and not for more, because
// the parser's memory grows with the square of a file's nesting.
const fileMax = 32 << 10

// Load returns the built-in scenario of that name, or else the one in the file of that path. So that a file may have the
// name of a built-in scenario, write its path with a directory, as in ./lobby.
func Load(source string) (*Plan, error) {
	if p, ok := Builtin(source); ok {
		return p, nil
	}
	text, err := os.ReadFile(source)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("no scenario is called %q and there is no such file; %s", source, suggest(source, builtins))
	}
	if err != nil {
		return nil, fmt.Errorf("read the scenario: %w", err)
	}
	return Parse(source, text)
}

// Parse reads a scenario file, whose name stands in errors. The error has a line for everything that is wrong; a plan
// comes without one and is valid but for the least size of a message, which Check knows of.
func Parse(name string, text []byte) (*Plan, error) {
	root, err := document(name, text)
	if err != nil {
		return nil, err
	}
	var p Plan
	r := reader{file: name}
	r.plan(root, &p)
	if len(r.errs) == 0 {
		for _, fault := range p.faults(1) {
			r.errs = append(r.errs, fmt.Errorf("%s: %w", name, fault))
		}
	}
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	return &p, nil
}

// document returns the root of the file's only YAML document.
func document(name string, text []byte) (ast.Node, error) {
	if len(text) > fileMax {
		return nil, fmt.Errorf("%s has %d bytes and a scenario at most %d: is it the right file?", name, len(text), fileMax)
	}
	file, err := parser.ParseBytes(text, 0)
	if syntax := yaml.Error(nil); errors.As(err, &syntax) {
		return nil, fmt.Errorf("%s:%d: %s", name, syntax.GetToken().Position.Line, syntax.GetMessage())
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s is no scenario, or more than one: write one YAML document of the form that "+
			"hubbub loadtest show lobby prints", name)
	}
	return file.Docs[0].Body, nil
}

// reader turns the nodes of a file into fields of a plan, and keeps everything that is wrong with them.
type reader struct {
	file string
	errs []error
}

func (r *reader) failf(at ast.Node, format string, args ...any) {
	where := fmt.Sprintf("%s:%d: ", r.file, at.GetToken().Position.Line)
	r.errs = append(r.errs, errors.New(where+fmt.Sprintf(format, args...)))
}

func (r *reader) plan(root ast.Node, p *Plan) {
	sections := r.mapping(root, "a scenario", p.fields, usersSection, phasesSection)
	p.Users = []Users{everyone}
	if users, ok := sections[usersSection]; ok {
		p.Users = nil
		for _, node := range r.list(users, usersSection) {
			var u Users
			r.mapping(node, "a kind of users", u.fields)
			p.Users = append(p.Users, u)
		}
	}
	if phases, ok := sections[phasesSection]; ok {
		for i, node := range r.list(phases, phasesSection) {
			p.Phases = append(p.Phases, Phase{})
			r.mapping(node, "a phase", func() []field { return p.phaseFields(i) })
		}
	} else if sections != nil {
		r.failf(root, "a scenario needs phases: without any nothing happens")
	}
}

// mapping sets the fields that a mapping has, and the others to what they are unset. It returns all that the mapping
// has, by name, the sections which it may have besides among it; nil if the node is none.
func (r *reader) mapping(node ast.Node, what string, fields func() []field, sections ...string) map[string]ast.Node {
	var names []string
	for _, f := range fields() {
		names = append(names, f.name)
	}
	given := r.entries(node, what, append(names, sections...))
	for i := range fields() {
		f := fields()[i] // anew, because what it is unset may follow from the fields before it
		if at, ok := given[f.name]; ok {
			r.set(f, at)
		} else if f.required && given != nil {
			r.failf(node, "%s needs a field %s", what, f.name)
		} else if f.unset != "" {
			_ = f.value.UnmarshalText([]byte(f.unset)) // a test reads every one
		}
	}
	return given
}

// entries returns what a mapping has under the names; nil if the node is none.
func (r *reader) entries(node ast.Node, what string, names []string) map[string]ast.Node {
	mapping, ok := node.(ast.MapNode)
	if !ok {
		r.failf(node, "%s is written as fields, name: value, of which there are %s", what, strings.Join(names, ", "))
		return nil
	}
	given := map[string]ast.Node{}
	for entry := mapping.MapRange(); entry.Next(); {
		name := entry.Key().GetToken().Value
		if !slices.Contains(names, name) {
			r.failf(entry.Key(), "%s has no field %q; %s", what, name, suggest(name, names))
			continue
		}
		given[name] = entry.Value()
	}
	return given
}

func (r *reader) list(node ast.Node, name string) []ast.Node {
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		r.failf(node, "%s is a list: begin each line of it with a dash, as in - {name: steady, duration: 60s}", name)
		return nil
	}
	return sequence.Values
}

func (r *reader) set(f field, node ast.Node) {
	var text string
	switch node := node.(type) {
	case *ast.StringNode:
		text = node.Value
	case *ast.LiteralNode:
		text = node.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		text = node.GetToken().Value
	case *ast.NullNode:
		r.failf(node, "%s has no value: write one or leave the field out", f.name)
		return
	default:
		r.failf(node, "%s: write one plain value; lists, anchors and tags mean nothing here", f.name)
		return
	}
	if err := f.value.UnmarshalText([]byte(text)); err != nil {
		r.failf(node, "%s: %v", f.name, err)
	}
}

// suggest helps somebody who wrote what isn't among the names.
func suggest(wrong string, names []string) string {
	nearest := slices.MinFunc(names, func(a, b string) int { return distance(wrong, a) - distance(wrong, b) })
	if distance(wrong, nearest) <= max(1, len(nearest)/3) {
		return "did you mean " + nearest + "?"
	}
	return "there are " + strings.Join(names, ", ")
}

// distance is Levenshtein's: how many bytes must be put in, left out or replaced to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0]++
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
