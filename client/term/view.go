package term

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/dustin/go-humanize"
)

// chrome is how many rows below the transcript are taken: a rule, the input, the status.
const chrome = 3

// transcriptHeight is what the rows below leave.
func (m *model) transcriptHeight() int { return max(0, m.height-chrome) }

// View implements tea.Model: the transcript from the bottom up, a rule, the input line and the status line. A screen of
// fewer rows than that shows the input.
func (m *model) View() tea.View {
	line, column := m.input.view(m.width, m.transcript.theme)
	rows := make([]string, 0, m.height)
	window := m.transcript.window()
	for range m.transcriptHeight() - len(window) {
		rows = append(rows, "")
	}
	rows = append(rows, window...)
	if m.height >= chrome {
		rows = append(rows, m.rule())
	}
	rows = append(rows, line)
	if m.height >= chrome-1 {
		rows = append(rows, m.status())
	}
	view := tea.NewView(strings.Join(rows, "\n"))
	view.AltScreen = true
	if m.mouse {
		view.MouseMode = tea.MouseModeCellMotion
	}
	view.WindowTitle = "hubbub · " + m.user
	cursorRow := len(rows) - 1
	if m.height >= chrome-1 {
		cursorRow--
	}
	view.Cursor = tea.NewCursor(column, cursorRow)
	view.Cursor.Blink = false
	return view
}

// rule parts the transcript from the input, and says when there is more below.
func (m *model) rule() string {
	t := m.transcript.theme
	hint, style := "", t.quiet
	switch unread := m.transcript.unread; {
	case unread == 1:
		hint, style = " ↓ 1 new message · Esc ", t.warn
	case unread > 1:
		hint, style = fmt.Sprintf(" ↓ %d new messages · Esc ", unread), t.warn
	case m.transcript.up > 0:
		hint = " ↓ Esc for the latest "
	}
	if a, err := parse(m.input.value()); m.secret == nil && err == nil && len(a.text) > m.messageMax() {
		hint, style = fmt.Sprintf(" %s of %s ", humanize.Comma(int64(len(a.text))), count(m.messageMax(), "byte")), t.bad
	}
	if t.columns(hint) > m.width-2 {
		hint = ""
	}
	left := max(0, m.width-t.columns(hint)-2)
	if hint == "" {
		return t.quiet.Render(strings.Repeat("─", m.width))
	}
	return t.quiet.Render(strings.Repeat("─", left)) + style.Render(hint) + t.quiet.Render("──")
}

// status tells who the user is, where, and how the connection is. The least important goes first when there is no room.
func (m *model) status() string {
	t := m.transcript.theme
	dot, state := t.good.Render("●"), ""
	switch {
	case m.link.up:
		state = t.quiet.Render(round(m.rtt()))
	case !m.link.retry.IsZero():
		dot = t.warn.Render("●")
		state = t.warn.Render(countdown(m.link.retry.Sub(m.now())))
	default:
		dot, state = t.bad.Render("●"), t.bad.Render("closed")
	}
	name, server, help := t.own.Render(m.user), t.quiet.Render(clean(m.addr)), t.quiet.Render("/help")
	const gap = "   "
	for _, left := range []string{
		dot + " " + name + gap + server + gap + state,
		dot + " " + name + gap + state,
		dot + " " + state,
	} {
		space := m.width - t.columns(left)
		if space >= t.columns(help)+len(gap) {
			return left + strings.Repeat(" ", space-t.columns(help)) + help
		}
		if space >= 0 {
			return left
		}
	}
	return dot
}

func countdown(left time.Duration) string {
	if left <= 0 {
		return "reconnecting"
	}
	return fmt.Sprintf("reconnecting in %ds", int((left+time.Second-1)/time.Second))
}

// round is a duration in milliseconds, as exactly as one cares to know.
func round(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	if ms < 10 {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}
