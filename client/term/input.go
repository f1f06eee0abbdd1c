package term

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

// historyMax is how many lines of input are remembered.
const historyMax = 500

// lineMax is how many characters a line may have: more than any message.
const lineMax = 2000

// prompt is what the input line begins with.
const prompt = "› "

// input is the line that is typed. The text input does the editing; what is seen of it is chosen here, by columns, so
// that the terminal's own cursor stands right behind wide characters too.
type input struct {
	editor textinput.Model
	first  int // the first rune that is seen

	history []string
	recall  int    // the history line shown; len(history): none
	draft   string // what was typed before the history was asked

	completion completion

	question string // what is asked for and typed unseen; empty: nothing
}

func newInput() input {
	editor := textinput.New()
	editor.CharLimit = lineMax
	editor.SetVirtualCursor(false)
	editor.Focus()
	return input{editor: editor}
}

// update lets the editor handle a message.
func (in *input) update(msg tea.Msg) tea.Cmd {
	var cmd tea.Cmd
	in.editor, cmd = in.editor.Update(msg)
	in.completion.stop()
	return cmd
}

func (in *input) value() string { return in.editor.Value() }

func (in *input) set(text string) {
	in.editor.SetValue(text)
	in.editor.CursorEnd()
}

// take returns the line, empties it and remembers it.
func (in *input) take() string {
	line := in.value()
	in.editor.Reset()
	in.completion.stop()
	n := len(in.history)
	if strings.TrimSpace(line) != "" && (n == 0 || in.history[n-1] != line) {
		in.history = append(in.history, line)
		in.history = in.history[max(0, len(in.history)-historyMax):]
	}
	in.recall, in.draft = len(in.history), ""
	return line
}

// hide asks for something that is typed unseen, or for nothing more when question is empty.
func (in *input) hide(question string) { in.question = question }

// takeHidden returns what was typed unseen, which is not remembered.
func (in *input) takeHidden() string {
	line := in.value()
	in.editor.Reset()
	return line
}

// older and newer go through the history. The line that was being typed comes after the newest.
func (in *input) older() {
	if in.recall == len(in.history) {
		in.draft = in.value()
	}
	in.show(in.recall - 1)
}

func (in *input) newer() { in.show(in.recall + 1) }

func (in *input) show(at int) {
	if at < 0 || at > len(in.history) {
		return
	}
	in.completion.stop()
	if in.recall = at; at == len(in.history) {
		in.set(in.draft)
		return
	}
	in.set(in.history[at])
}

// complete replaces the word before the cursor by the next of the names, or of the commands, that begin with it.
func (in *input) complete(names []string, step int) {
	runes := []rune(in.value())
	at := in.editor.Position()
	text, at := in.completion.next(string(runes[:at]), string(runes[at:]), names, step)
	in.editor.SetValue(text)
	in.editor.SetCursor(at)
}

// view returns the input line in width columns and the cursor's column.
func (in *input) view(width int, t *theme) (line string, column int) {
	runes, at, prompt := []rune(in.value()), in.editor.Position(), prompt
	if in.question != "" {
		runes, prompt = slices.Repeat([]rune{'•'}, len(runes)), shorten(in.question, max(0, width-2), t)
	}
	lead := lipgloss.Width(prompt)
	room := max(1, width-lead-1) // the cursor needs a column behind the text
	if len(runes) == 0 && in.question == "" {
		in.first = 0
		hint := lipgloss.NewStyle().MaxWidth(room).Render(t.quiet.Render("Say something, or /help"))
		return t.good.Render(prompt) + hint, lead
	}
	in.first = min(in.first, at)
	for in.first < at && lipgloss.Width(string(runes[in.first:at])) > room {
		in.first++
	}
	end := at
	for end < len(runes) && lipgloss.Width(string(runes[in.first:end+1])) <= room {
		end++
	}
	return t.good.Render(prompt) + clean(string(runes[in.first:end])), lead + lipgloss.Width(string(runes[in.first:at]))
}
