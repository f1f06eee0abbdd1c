package chattest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"hubbub/codec"
)

// pattern is a packet as a script writes it: a name and fields, of which a value may be *.
type pattern struct {
	name   string
	keys   []string
	values []string // quoted texts are written out in full
}

// parsePattern reads the textual form of a packet, with * for values and "ab"*512 for repeated texts.
func parsePattern(text string) (pattern, error) {
	var p pattern
	p.name, text, _ = strings.Cut(strings.TrimSpace(text), " ")
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return p, fmt.Errorf("%q is no field=value", text)
		}
		if quoted, err := strconv.QuotedPrefix(value); err == nil {
			whole, _ := strconv.Unquote(quoted)
			text = value[len(quoted):]
			value = strconv.Quote(whole)
			if times, ok := strings.CutPrefix(text, "*"); ok {
				times, text, _ = strings.Cut(times, " ")
				n, err := strconv.Atoi(times)
				if err != nil {
					return p, fmt.Errorf("%s is repeated %q times", key, times)
				}
				value = strconv.Quote(strings.Repeat(whole, n))
			}
		} else {
			value, text, _ = strings.Cut(value, " ")
		}
		p.keys, p.values = append(p.keys, key), append(p.values, value)
	}
	return p, nil
}

// full is the pattern as codec's textual form.
func (p pattern) full() string {
	var b strings.Builder
	b.WriteString(p.name)
	for i, key := range p.keys {
		b.WriteString(" " + key + "=" + p.values[i])
	}
	return b.String()
}

// String is how a script writes the pattern.
func (p pattern) String() string {
	short := pattern{name: p.name, keys: p.keys}
	for _, value := range p.values {
		short.values = append(short.values, shorten(value))
	}
	return short.full()
}

// shorten writes a long text of one rune as a repetition.
func shorten(value string) string {
	text, err := strconv.Unquote(value)
	if err != nil || len(text) < 40 {
		return value
	}
	_, size := utf8.DecodeRuneInString(text)
	n := len(text) / size
	if strings.Repeat(text[:size], n) != text {
		return value
	}
	return strconv.Quote(text[:size]) + "*" + strconv.Itoa(n)
}

// named are values that a script has given a name, as in id=$first: whatever comes there the first time, and that value
// from then on.
type named map[string]string

// resolve replaces the names that have a value by it.
func (n named) resolve(p pattern) pattern {
	p.values = slices.Clone(p.values)
	for i, value := range p.values {
		if known, ok := n[value]; ok {
			p.values[i] = known
		}
	}
	return p
}

// note gives the names that are left in a pattern the values of a packet that matches it.
func (n named) note(p, got pattern) {
	for i, value := range p.values {
		if strings.HasPrefix(value, "$") {
			n[value] = got.values[i]
		}
	}
}

// free reports whether a value of a pattern matches any other.
func free(value string) bool { return value == "*" || strings.HasPrefix(value, "$") }

// matches reports whether a packet is what the pattern says, field for field.
func (p pattern) matches(got pattern) bool {
	if p.name != got.name || len(p.keys) != len(got.keys) {
		return false
	}
	for i, key := range p.keys {
		if key != got.keys[i] || !free(p.values[i]) && p.values[i] != got.values[i] {
			return false
		}
	}
	return true
}

// varying are the fields whose numbers differ from run to run.
var varying = []string{"id", "session", "latest", "gap", "after", "upto"}

// starred returns got with the stars of p, and with stars for the numbers that differ from run to run.
func (p pattern) starred(got pattern) pattern {
	stars := map[string]string{}
	if p.name == got.name {
		for i, key := range p.keys {
			if free(p.values[i]) {
				stars[key] = p.values[i]
			}
		}
	}
	out := pattern{name: got.name, keys: got.keys}
	for i, value := range got.values {
		key := got.keys[i]
		switch star := stars[key]; {
		case star != "":
			value = star
		case slices.Contains(varying, key) && value != "0":
			value = "*"
		}
		out.values = append(out.values, value)
	}
	return out
}

// patternOf is a packet that arrived, to be compared with what is wanted. One that no client could read is a pattern that
// nothing matches. What a LoginResponse tells of limits and of who is online is left away unless they are wanted: in most scripts they say nothing.
func patternOf(d codec.Dialect, packet []byte, want pattern) pattern {
	m, err := d.Decode(packet)
	if err != nil {
		return pattern{name: fmt.Sprintf("unreadable(%s: %x)", err, packet)}
	}
	if login, ok := m.(*codec.LoginResponse); ok && !slices.Contains(want.keys, "maxMessage") {
		login.MaxMessage, login.MaxPacket, login.Rate, login.Burst = 0, 0, 0, 0
	}
	if login, ok := m.(*codec.LoginResponse); ok && !slices.Contains(want.keys, "online") {
		login.Online = 0
	}
	p, err := parsePattern(codec.Format(m))
	if err != nil {
		return pattern{name: fmt.Sprintf("unprintable(%s)", err)}
	}
	return p
}
