package scenario

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/goccy/go-yaml/token"
)

// YAML returns a valid plan as the text of a scenario file, from which Parse makes the same plan. Fields that are what
// they are unset are left out. A comment beside each phase says when it is and who is there.
func (p *Plan) YAML() string {
	var b strings.Builder
	for _, f := range p.fields() {
		if f.told() {
			fmt.Fprintf(&b, "%s: %s\n", f.name, f.text(""))
		}
	}
	fmt.Fprintf(&b, "%s:\n", usersSection)
	for i := range p.Users {
		fmt.Fprintf(&b, "  - %s\n", flow(p.Users[i].fields()))
	}
	fmt.Fprintf(&b, "%s:\n", phasesSection)
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	start, before := time.Duration(0), 0
	for i := range p.Phases {
		ph := &p.Phases[i]
		fmt.Fprintf(table, "  - %s\t# from %s on, %s\n", flow(p.phaseFields(i)), duration(start), ph.presence(before))
		start, before = start+ph.Duration, ph.Connections
	}
	table.Flush()
	return b.String()
}

// presence says who is there during a phase.
func (ph *Phase) presence(before int) string {
	switch {
	case ph.Connections == before:
		return fmt.Sprintf("%d connections", before)
	case ph.Ramp == 0:
		return fmt.Sprintf("%d to %d connections at once", before, ph.Connections)
	}
	return fmt.Sprintf("%d to %d connections in %s", before, ph.Connections, duration(ph.Ramp))
}

// flow writes fields in one line.
func flow(fields []field) string {
	var words []string
	for _, f := range fields {
		if f.told() {
			words = append(words, f.name+": "+f.text(","))
		}
	}
	return "{" + strings.Join(words, ", ") + "}"
}

// told reports whether a file must say what the field is.
func (f *field) told() bool { return f.required || f.value.String() != f.unset }

// unquoted is free text that needs no quotes in a line of its own, unless it is a word that YAML knows.
var unquoted = regexp.MustCompile(`^\pL[\pL\pN .,;'()/-]*$`)

// text returns the field's value so that YAML reads it as such. special are the characters that mean something around
// it. Only free text can have them, or need quotes at all.
func (f *field) text(special string) string {
	text := f.value.String()
	_, free := f.value.(*line)
	if !free || unquoted.MatchString(text) && !token.IsNeedQuoted(text) && !strings.ContainsAny(text, special) {
		return text
	}
	return strconv.Quote(text)
}
