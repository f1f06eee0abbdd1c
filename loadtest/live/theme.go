package live

import "charm.land/lipgloss/v2"

// background is what is known of the terminal's.
type background uint8

const (
	unknown background = iota
	dark
	light
)

// theme is every style of a frame. Nothing is told by colour alone: a terminal may have none, and not everybody sees it.
type theme struct {
	quiet  lipgloss.Style // labels, units, what is still to come
	strong lipgloss.Style
	accent lipgloss.Style // bars, and the chart to look at
	muted  lipgloss.Style // the chart that is mostly a wall
	good   lipgloss.Style
	warn   lipgloss.Style
	bad    lipgloss.Style
}

// newTheme returns the colours for a background; those for an unknown one are readable on both.
func newTheme(b background) *theme {
	colour := func(unknown, dark, light string) lipgloss.Style {
		return lipgloss.NewStyle().Foreground(lipgloss.Color([...]string{unknown, dark, light}[b]))
	}
	return &theme{
		quiet:  colour("#767676", "#808080", "#6c6c6c"),
		strong: lipgloss.NewStyle().Bold(true),
		accent: colour("#0083bc", "#5fb8e8", "#0070ae"),
		muted:  colour("#5f8fae", "#3a6f8f", "#8fb9d6"),
		good:   colour("#2f8f4f", "#5fd787", "#1f7a3a"),
		warn:   colour("#b07000", "#ffc14d", "#a86200"),
		bad:    colour("#d04040", "#ff7b72", "#c02020").Bold(true),
	}
}
