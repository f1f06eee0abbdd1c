package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"hubbub/server"
)

// settingsMax bounds a settings file: all settings with a comment each are a tenth of it.
const settingsMax = 256 << 10

// readSettings reads a YAML map of settings, and returns each as it is written on the command line. Nothing is guessed: a
// value of another kind than its flag's, such as a list, nothing at all or 010, is an error that says where it stands. No
// error quotes a secret.
func readSettings(path string, flags map[string]*kong.Flag) (map[string]string, error) {
	text, err := readBounded(path, settingsMax)
	if err != nil {
		return nil, fmt.Errorf("read the settings of --config: %w", err)
	}
	s := &settings{path: path, flags: flags, values: map[string]string{}, first: map[string]*token.Position{}}
	if text, err = plainText(text); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if syntax := (*yaml.SyntaxError)(nil); errors.As(err, &syntax) {
		at := syntax.GetToken().Position // its message has no values in it, its source has
		return nil, fmt.Errorf("%s:%d:%d: this is no YAML: %s", path, at.Line, at.Column, syntax.GetMessage())
	} else if err != nil {
		return nil, fmt.Errorf("%s: this is no YAML map of names and values", path)
	}
	s.read(file)
	slices.SortStableFunc(s.wrong, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.at.Line, b.at.Line), cmp.Compare(a.at.Column, b.at.Column))
	})
	var all []error
	for _, f := range s.wrong {
		all = append(all, fmt.Errorf("%s:%d:%d: %s", path, f.at.Line, f.at.Column, f.text))
	}
	return s.values, errors.Join(all...)
}

// readBounded returns what is in a file, which may be a pipe.
func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s has more than %d bytes", path, most)
	}
	return text, err
}

var byteOrderMark = []byte("\ufeff")

// plainText returns UTF-8 without a byte order mark, with lines that end in \n.
func plainText(text []byte) ([]byte, error) {
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
		return nil, errors.New("this is UTF-16: save it as UTF-8")
	}
	text = bytes.TrimPrefix(text, byteOrderMark)
	if at := bytes.IndexByte(text, 0); at >= 0 || !utf8.Valid(text) {
		line := 1
		for row := range bytes.Lines(text) {
			if !utf8.Valid(row) || bytes.IndexByte(row, 0) >= 0 {
				break
			}
			line++
		}
		return nil, fmt.Errorf("line %d is no text in UTF-8: save the file as UTF-8", line)
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(text, []byte("\r"), []byte("\n")), nil
}

// settings is a file that is being read.
type settings struct {
	path   string
	flags  map[string]*kong.Flag // by name
	values map[string]string
	first  map[string]*token.Position // where each name stood first
	wrong  []finding
}

// finding is what is wrong, and where.
type finding struct {
	at   *token.Position
	text string
}

func (s *settings) fail(at *token.Position, format string, args ...any) {
	s.wrong = append(s.wrong, finding{at, fmt.Sprintf(format, args...)})
}

func (s *settings) read(file *ast.File) {
	seen := false
	for _, document := range file.Docs {
		switch body := document.Body.(type) {
		case *ast.DirectiveNode: // %YAML 1.2
		case *ast.MappingNode:
			if seen {
				s.fail(beginning(body), "a second document begins here: settings are one")
				return
			}
			seen = true
			for _, pair := range body.Values {
				s.setting(pair)
			}
		case nil: // nothing but comments
		default:
			s.fail(body.GetToken().Position, "expected lines such as max-sessions: 1000, found %s", kindOf(body))
			return
		}
	}
}

// beginning returns where a map begins: its own token is the first colon.
func beginning(m *ast.MappingNode) *token.Position {
	if len(m.Values) > 0 && m.Values[0].Key.GetToken() != nil {
		return m.Values[0].Key.GetToken().Position
	}
	return m.GetToken().Position
}

// setting reads a name and its value.
func (s *settings) setting(pair *ast.MappingValueNode) {
	at := pair.Key.GetToken().Position
	key, ok := pair.Key.(*ast.StringNode)
	if !ok {
		s.fail(at, "expected the name of a setting, found %s", kindOf(pair.Key))
		return
	}
	name := key.Value
	flag := s.flags[name]
	if flag == nil {
		s.fail(at, "unknown setting %q%s; see hubbub serve --help for what there is", name, didYouMean(name, s.flags))
		return
	}
	if first := s.first[name]; first != nil {
		s.fail(at, "%s: stands in line %d already: leave one of them away", name, first.Line)
		return
	}
	s.first[name] = at
	value, problem := scalar(flag, pair.Value)
	if problem != "" {
		if pair.Value.GetToken().Type != token.ImplicitNullType {
			at = pair.Value.GetToken().Position // which is nowhere, where there is no value
		}
		s.fail(at, "%s: %s", name, problem)
		return
	}
	s.values[name] = value
}

// kindOf names a kind of node.
func kindOf(node ast.Node) string {
	switch node := node.(type) {
	case *ast.NullNode:
		return "nothing"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a map"
	case *ast.BoolNode:
		return "the truth value " + node.GetToken().Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "the number " + node.GetToken().Value
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.AnchorNode:
		return "an anchor (&), which settings can't have"
	case *ast.AliasNode:
		return "an alias (*), which settings can't have"
	case *ast.MergeKeyNode:
		return "a merge key (<<), which settings can't have"
	case *ast.TagNode:
		return "a tag (!), which settings can't have"
	}
	return "something else"
}

// kind is what a flag takes: what that is called, and how a value of it is written.
type kind struct {
	name    string
	nodes   func(ast.Node) bool     // may it be written like this?
	correct func(text string) error // is it one?
	advice  string
}

var (
	decimal  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	isText   = func(n ast.Node) bool { _, ok := n.(*ast.StringNode); return ok }
	isNumber = func(n ast.Node) bool { _, ok := n.(*ast.IntegerNode); return ok }
	isBool   = func(n ast.Node) bool { _, ok := n.(*ast.BoolNode); return ok }
)

// kindFor returns what a flag takes.
func kindFor(flag *kong.Flag) kind {
	switch target := flag.Target.Type(); {
	case target == reflect.TypeFor[time.Duration]():
		return kind{"a time with its unit, such as 90s or 24h", func(n ast.Node) bool { return isText(n) || isNumber(n) },
			func(text string) error { _, err := time.ParseDuration(text); return err }, ""}
	case target == reflect.TypeFor[server.Bytes]():
		return kind{"a size, such as 64KiB or 1MiB", func(n ast.Node) bool { return isText(n) || isNumber(n) },
			func(text string) error { return new(server.Bytes).UnmarshalText([]byte(text)) }, ""}
	case target.Kind() == reflect.Bool:
		return kind{"true or false", isBool, func(string) error { return nil }, ""}
	case target.Kind() == reflect.Int || target.Kind() == reflect.Int64:
		return kind{"a whole number in decimal digits, such as 20", isNumber, func(text string) error { return decimalOnly(text, target.Bits()) }, ""}
	}
	return kind{"text", isText, func(text string) error { return inEnum(flag, text) }, ": put it in quotation marks"}
}

// decimalOnly refuses what is no number, or one that others might read differently: 010 is 8 to some, and 10 to others.
func decimalOnly(text string, bits int) error {
	if !decimal.MatchString(text) {
		return errors.New("no decimal number")
	}
	_, err := strconv.ParseInt(text, 10, bits)
	return err
}

func inEnum(flag *kong.Flag, text string) error {
	if flag.Enum != "" && !slices.Contains(strings.Split(flag.Enum, ","), text) {
		return fmt.Errorf("expected one of %s", strings.ReplaceAll(flag.Enum, ",", ", "))
	}
	return nil
}

// scalar returns a value as it is written on the command line, or what is wrong with it.
func scalar(flag *kong.Flag, node ast.Node) (value, problem string) {
	k := kindFor(flag)
	if literal, ok := node.(*ast.LiteralNode); ok {
		node = literal.Value
	}
	if _, ok := node.(*ast.NullNode); ok {
		empty := ""
		if k.name == "text" {
			empty = ` write "" for an empty text, or`
		}
		return "", fmt.Sprintf("expected %s, found nothing:%s leave the line away for the default", k.name, empty)
	}
	text, quoted := node.GetToken().Value, false
	if n, ok := node.(*ast.StringNode); ok {
		text, quoted = n.Value, n.GetToken().Type == token.SingleQuoteType || n.GetToken().Type == token.DoubleQuoteType
	}
	if !k.nodes(node) {
		found := kindOf(node)
		if isText(node) && !isSecret(flag.Name) {
			found = "the text " + strconv.Quote(text)
			if quoted && k.correct(text) == nil {
				found += ": leave the quotation marks away"
			}
		} else if !isText(node) && (isBool(node) || strings.HasPrefix(found, "the number")) {
			found += k.advice
		}
		return "", fmt.Sprintf("expected %s, found %s", k.name, found)
	}
	if strings.ContainsFunc(text, unicode.IsControl) || !quoted && strings.Contains(strings.TrimSpace(node.GetToken().Origin), "\n") {
		return "", "expected one line, found several, or a control character: write it in one line"
	}
	if err := k.correct(text); err != nil {
		expected := "expected " + k.name
		if flag.Enum != "" {
			expected = err.Error()
		}
		if isSecret(flag.Name) {
			return "", expected
		}
		return "", fmt.Sprintf("%s, found %s", expected, text)
	}
	if _, ok := node.(*ast.IntegerNode); ok && !decimal.MatchString(text) {
		return "", fmt.Sprintf("expected %s, found %s", k.name, text)
	}
	return text, ""
}

// didYouMean returns the name that was probably meant, as the end of a sentence; "" when none is near.
func didYouMean(name string, flags map[string]*kong.Flag) string {
	if best := nearest(name, flags); best != "" {
		return ": is " + best + " meant?"
	}
	return ""
}

// nearest returns the name that was probably meant, "" when none is near.
func nearest(name string, flags map[string]*kong.Flag) string {
	asked := strings.ReplaceAll(strings.ToLower(strings.TrimLeft(name, "-")), "_", "-")
	best, least := "", max(1, len(asked)/4)+1
	for known := range flags {
		written := strings.ReplaceAll(strings.ToLower(known), "_", "-")
		d := distance(asked, written)
		if strings.ReplaceAll(asked, "-", "") == strings.ReplaceAll(written, "-", "") {
			d = 0
		}
		if d < least || d == least && best != "" && known < best {
			best, least = known, d
		}
	}
	return best
}

// distance returns how many letters must be added, left away or changed to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
