package scenario

import (
	"os"
	"strings"
	"testing"
)

// manual returns docs/LOADTEST.md by chapter, from the heading to the next heading.
func manual(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/LOADTEST.md")
	if err != nil {
		t.Fatal(err)
	}
	chapters := map[string]string{}
	for chapter := range strings.SplitSeq(string(text), "\n#") {
		heading, body, _ := strings.Cut(strings.TrimLeft(chapter, "# "), "\n")
		chapters[heading] = body
	}
	return chapters
}

// TestManualHasEveryField: each field has a row with its default, and each row a field.
func TestManualHasEveryField(t *testing.T) {
	p, u := &Plan{Phases: make([]Phase, 1)}, &Users{}
	chapters := manual(t)
	for heading, fields := range map[string][]field{
		"The whole scenario": append(p.fields(), field{name: usersSection, unset: everyone.Name}, field{name: phasesSection, required: true}),
		"A kind of users":    u.fields(),
		"A phase":            p.phaseFields(0),
	} {
		_, table, _ := strings.Cut(chapters[heading], "|---|---|---|---|\n")
		for _, f := range fields {
			row, rest, _ := strings.Cut(table, "\n")
			table = rest
			cells := strings.Split(row, " | ")
			want := "`" + f.unset + "`"
			switch {
			case f.required:
				want = "needed"
			case f.unset == "":
				want = "empty"
			case heading == "A phase" && f.name == "connections":
				want = "the scenario's"
			case heading == "A phase" && f.name == "ramp":
				want = "see below"
			}
			if len(cells) != 4 || cells[0] != "| `"+f.name+"`" || cells[2] != want {
				t.Errorf("%s: %s, default %s, is described by %q", heading, f.name, want, row)
			}
		}
		if strings.HasPrefix(table, "|") {
			t.Errorf("%s: there is no field for %q", heading, table)
		}
	}
}

func TestManualHasEveryBuiltin(t *testing.T) {
	var rows strings.Builder
	for _, p := range Builtins() {
		rows.WriteString("| `" + p.Name + "` | " + p.About + " |\n")
	}
	if !strings.Contains(manual(t)["Load tests"], "|---|---|\n"+rows.String()+"\n") {
		t.Errorf("the list of scenarios is not\n%s", rows.String())
	}
}

func TestManualsExample(t *testing.T) {
	_, example, _ := strings.Cut(manual(t)["A scenario"], "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	if p := parsed(t, example); p.Name != "town hall" || len(p.Phases) != 6 {
		t.Errorf("the example is %+v", p)
	}
}
