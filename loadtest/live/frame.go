package live

import (
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
)

const (
	labelWidth = 12
	widthMax   = 200 // a wider terminal has room left
	// panelWidth is how wide the figures are. From pairWidth on there is room for the charts at their right.
	panelWidth = 60
	pairGap    = 4
	pairWidth  = 110
)

// frame draws a state for a terminal of a certain width.
type frame struct {
	*theme
	*state
	config *Config
	width  int
	footer string // what the keys do; may be empty
}

// render returns the whole frame, in no more lines than height and no more cells than the width. What has no room goes:
// first the charts' height, then the empty lines, then the charts, then what stands lowest.
func (f frame) render(height int) string {
	f.width = min(f.width, widthMax)
	lines := f.lines(height)
	lines = lines[:min(len(lines), height)]
	cut := lipgloss.NewStyle().MaxWidth(max(1, f.width))
	for i, line := range lines {
		lines[i] = cut.Render(line)
	}
	return strings.Join(lines, "\n")
}

func (f *frame) lines(height int) []string {
	if f.at == 0 { // nothing is known yet
		return apart([]string{f.header()}, f.last())
	}
	if f.width >= pairWidth {
		if lines := f.pair(); len(lines) <= height {
			return lines
		}
	}
	return f.stack(height)
}

// stack sets everything below each other.
func (f *frame) stack(height int) (lines []string) {
	for _, try := range []struct {
		charts int // rows of each
		join   func(...[]string) []string
	}{{4, apart}, {3, apart}, {2, apart}, {1, apart}, {1, slices.Concat[[]string]}, {0, slices.Concat[[]string]}} {
		lines = try.join([]string{f.header()}, f.progressRows(), f.latencyTable(), f.charts(f.width, try.charts),
			f.processRows(), f.last())
		if len(lines) <= height {
			break
		}
	}
	return lines
}

// pair sets the charts at the right of the figures.
func (f *frame) pair() []string {
	left := *f
	left.width = panelWidth
	figures := apart(left.progressRows(), left.latencyTable(), left.processRows())
	const titles, between = 2, 1
	charts := f.charts(f.width-panelWidth-pairGap, (len(figures)-titles-between)/2)
	body := lipgloss.JoinHorizontal(lipgloss.Top,
		lipgloss.NewStyle().Width(panelWidth+pairGap).Render(strings.Join(figures, "\n")), strings.Join(charts, "\n"))
	return apart([]string{f.header()}, strings.Split(body, "\n"), f.last())
}

// apart joins parts with an empty line between them.
func apart(parts ...[]string) (lines []string) {
	for _, part := range parts {
		if len(part) == 0 {
			continue
		}
		if len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, part...)
	}
	return lines
}

// header tells what runs where, and for how long.
func (f *frame) header() string {
	elapsed := f.strong.Render(clock(f.at))
	if f.duration > 0 {
		elapsed += f.quiet.Render(" of " + clock(f.duration))
	}
	what := f.strong.Render(f.config.Name) + f.quiet.Render(" → "+strings.Join(f.config.Targets, ", "))
	room := max(0, f.width-lipgloss.Width(elapsed)-1)
	what = lipgloss.NewStyle().MaxWidth(room).Render(what)
	return what + strings.Repeat(" ", max(1, f.width-lipgloss.Width(what)-lipgloss.Width(elapsed))) + elapsed
}

func (f *frame) last() []string {
	if f.footer == "" {
		return nil
	}
	return []string{f.footer}
}

// row is a label and what stands beside it.
func (f *frame) row(label, value string) string {
	return f.quiet.Render(pad(label, labelWidth)) + value
}

// list joins parts for a row, as many of them as there is room for.
func (f *frame) list(parts ...string) string {
	room := f.width - labelWidth
	all := ""
	for i, part := range parts {
		if i > 0 {
			part = f.quiet.Render(" · ") + part
		}
		if i > 0 && lipgloss.Width(all)+lipgloss.Width(part) > room {
			break
		}
		all += part
	}
	return all
}

// figure is a number and its unit.
func (f *frame) figure(number, unit string) string { return number + f.quiet.Render(unit) }

// pad fills s up to width cells, of which the last is a space whatever has to go.
func pad(s string, width int) string {
	s = lipgloss.NewStyle().MaxWidth(width - 1).Render(s)
	return s + strings.Repeat(" ", width-lipgloss.Width(s))
}

// flush is s at the right of width cells.
func flush(s string, width int) string {
	return strings.Repeat(" ", max(0, width-lipgloss.Width(s))) + s
}
