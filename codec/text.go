package codec

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// The textual form of a message is its name and its fields in wire order, as in
//
//	WhisperRequest ref=7 to="bob" message="psst"
//
// Scripts are written in it and the debug log prints it. In a line that is parsed, a field that is left out is zero.

// Format returns the textual form of m.
func Format(m Message) string {
	f := fields{walk: printing}
	f.buf = append(f.buf, Name(m)...)
	m.layout(&f)
	return string(f.buf)
}

// Parse reads the textual form of a message of the dialect. The error says which word is wrong.
func (d Dialect) Parse(line string) (Message, error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	m := d.byName(name)
	if m == nil {
		return nil, fmt.Errorf("no %s packet is called %q", d, name)
	}
	f := fields{walk: parsing, text: map[string]string{}}
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		key, value, ok := strings.Cut(rest, "=")
		if !ok {
			return nil, fmt.Errorf("%s: %q is no field=value", name, rest)
		}
		word, err := strconv.QuotedPrefix(value)
		if err != nil {
			word, _, _ = strings.Cut(value, " ")
		}
		if rest = value[len(word):]; rest != "" && rest[0] != ' ' {
			return nil, fmt.Errorf("%s: a blank must follow %s=%s", name, key, word)
		}
		if _, twice := f.text[key]; twice {
			return nil, fmt.Errorf("%s: %s is given twice", name, key)
		}
		f.text[key] = word
	}
	m.layout(&f)
	if f.err != nil {
		return nil, fmt.Errorf("%s: %w", name, f.err)
	}
	if len(f.text) > 0 {
		left := make([]string, 0, len(f.text))
		for key := range f.text {
			left = append(left, key)
		}
		sort.Strings(left)
		return nil, fmt.Errorf("%s has no field %s", name, strings.Join(left, ", "))
	}
	return m, nil
}

func (f *fields) label(name string) {
	f.buf = append(f.buf, ' ')
	f.buf = append(f.buf, name...)
	f.buf = append(f.buf, f.item...)
	f.buf = append(f.buf, '=')
}

// number prints, parses or describes an unsigned field of so many bits.
func (f *fields) number(name, kind string, bits int, v *uint64) {
	switch f.walk {
	case printing:
		f.label(name)
		f.buf = strconv.AppendUint(f.buf, *v, 10)
	case parsing:
		if text, ok := f.word(name); ok {
			n, err := strconv.ParseUint(text, 0, bits)
			if err != nil {
				f.err = fmt.Errorf("%s=%s is not a number of %d bits", name, text, bits)
			}
			*v = n
		}
	case describing:
		f.describe(name, kind, bits/8)
	}
}

// quoted prints or parses a string field.
func (f *fields) quoted(name string, v *string) {
	if f.walk == printing {
		f.label(name)
		f.buf = strconv.AppendQuote(f.buf, *v)
		return
	}
	if text, ok := f.word(name); ok {
		s, err := strconv.Unquote(text)
		if err != nil {
			f.err = fmt.Errorf("%s=%s is not a quoted string", name, text)
		}
		*v = s
	}
}

func (f *fields) parseCode(name string, v *Code) {
	text, ok := f.word(name)
	if !ok {
		return
	}
	if at := slices.IndexFunc(Codes, func(row CodeRow) bool { return row.Name == text }); at >= 0 {
		*v = Codes[at].Code
		return
	}
	n, err := strconv.ParseUint(text, 10, 16) // a code without a name is printed as its number
	if err != nil {
		f.err = fmt.Errorf("%s=%s is not a result code", name, text)
	}
	*v = Code(n)
}

func (f *fields) word(name string) (string, bool) {
	name += f.item
	text, ok := f.text[name]
	delete(f.text, name)
	return text, ok && f.err == nil
}
