package live

import (
	"image/color"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

func TestScreen(t *testing.T) {
	v := &Terminal{state: *stateAfter(run(75, nil))}
	m := &screen{view: v, theme: newTheme(unknown), width: 80, height: 24}
	accent := func(b background) string { return strings.SplitN(newTheme(b).accent.Render("|"), "|", 2)[0] }
	f := func(msg tea.Msg, width int, b background) {
		t.Helper()
		m.Update(msg)
		frame := m.View().Content
		if first, _, _ := strings.Cut(frame, "\n"); lipgloss.Width(first) != width {
			t.Errorf("%v: the header has %d cells, want %d", msg, lipgloss.Width(first), width)
		}
		if !strings.Contains(frame, accent(b)) {
			t.Errorf("%v: the frame has not the colours for background %d", msg, b)
		}
		if strings.Contains(frame, "Ctrl+C") {
			t.Errorf("%v: keys are told where there are none", msg)
		}
	}
	f(changedMsg{}, 80, unknown)
	f(tea.WindowSizeMsg{Width: 100, Height: 30}, 100, unknown)
	f(tea.BackgroundColorMsg{Color: color.Black}, 100, dark)
	f(tea.BackgroundColorMsg{Color: color.White}, 100, light)
	f(tea.WindowSizeMsg{Width: 60, Height: 24}, 60, light)

	v.closed = true
	if left := m.View().Content; left != "" {
		t.Errorf("a closed view leaves %q", left)
	}
}
