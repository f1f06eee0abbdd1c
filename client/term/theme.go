package term

import (
	"hash/fnv"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// background is what is known of the terminal's.
type background uint8

const (
	unknown background = iota
	dark
	light
)

// palette has the colours of names for an unknown, a dark and a light background. The hues are spread evenly, and
// within a column all are equally light, so that no name shouts; the first column is readable on both.
var palette = [][3]string{
	{"#be565f", "#ff969d", "#ac3c4a"},
	{"#ae6439", "#fca471", "#9b4e1e"},
	{"#927326", "#dbb45f", "#7d5f00"},
	{"#578339", "#96c673", "#3d6f1e"},
	{"#008962", "#4ccea0", "#00754c"},
	{"#008996", "#00cfdd", "#007685"},
	{"#0083bc", "#00c7ff", "#0070ae"},
	{"#4877c2", "#8cb8ff", "#1763b5"},
	{"#8a68b2", "#d0a7fd", "#7652a3"},
	{"#b3588c", "#ff97d1", "#a33d7a"},
}

// theme is every style on the screen, and how wide the terminal shows a text.
type theme struct {
	method ansi.Method // as the renderer has it: by grapheme cluster, where the terminal can do that

	quiet   lipgloss.Style // times, rules, notes: to be found, not to be seen
	own     lipgloss.Style // the user's own name
	whisper lipgloss.Style // who whispers to whom, and the bar beside it
	private lipgloss.Style // a whisper's text
	mention lipgloss.Style // the bar beside a message that names the user
	good    lipgloss.Style
	warn    lipgloss.Style
	bad     lipgloss.Style
	names   []lipgloss.Style
}

func newTheme(b background) *theme {
	colour := func(unknown, dark, light string) lipgloss.Style {
		return lipgloss.NewStyle().Foreground(lipgloss.Color([...]string{unknown, dark, light}[b]))
	}
	t := &theme{
		quiet:   colour("#767676", "#808080", "#6c6c6c"),
		own:     lipgloss.NewStyle().Bold(true),
		whisper: colour("#a05fbf", "#d7a6ff", "#8035a8").Bold(true),
		private: lipgloss.NewStyle().Italic(true),
		mention: colour("#b07000", "#ffc14d", "#a86200").Bold(true),
		good:    colour("#2f8f4f", "#5fd787", "#1f7a3a"),
		warn:    colour("#b07000", "#ffc14d", "#a86200"),
		bad:     colour("#d04040", "#ff7b72", "#c02020"),
	}
	for _, c := range palette {
		t.names = append(t.names, colour(c[0], c[1], c[2]).Bold(true))
	}
	return t
}

// columns returns how many columns a text takes.
func (t *theme) columns(text string) int { return t.method.StringWidth(text) }

// name returns the style of a user's name, the same one every time.
func (t *theme) name(user string) lipgloss.Style {
	h := fnv.New32a()
	h.Write([]byte(folded(user)))
	return t.names[h.Sum32()%uint32(len(t.names))]
}
