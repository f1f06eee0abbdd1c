package term

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/atotto/clipboard"

	"hubbub/codec"
)

// historyMax is how many lines of input are remembered.
const historyMax = 500

// inputMax is how many bytes the input takes: as many as a packet has, and more than any message. What is pasted is never
// cut: it is taken whole or refused.
const inputMax = codec.MaxPacket

// prompt is what the input line begins with.
const prompt = "› "

// input is what is typed, in one row of the screen: line feeds that were pasted are marks in it. What is seen of it is
// chosen by columns, so that the terminal's own cursor stands right behind wide characters too.
type input struct {
	editor editor
	first  int // the first cluster that is seen

	history []string
	recall  int    // the history line shown; len(history): none
	draft   string // what was typed before the history was asked

	completion completion

	question string // what is asked for and typed unseen; empty: nothing
}

func newInput() input { return input{} }

// update handles a key that edits. It reports whether there was room for what it types.
func (in *input) update(key tea.KeyPressMsg) (fits bool) {
	in.completion.stop()
	switch key.String() {
	case "alt+enter", "shift+enter", "ctrl+j":
		if in.question == "" {
			return in.insert("\n")
		}
		return true
	}
	if in.editor.press(key.String()) {
		return true
	}
	return in.insert(key.Text)
}

// paste takes what was pasted, but for the line ends behind it, which are no part of a message. It reports whether there
// was room.
func (in *input) paste(text string) (fits bool) {
	in.completion.stop()
	return in.insert(strings.TrimRight(typeable(text), "\n"))
}

func (in *input) insert(text string) (fits bool) {
	if text = typeable(text); len(in.value())+len(text) > inputMax {
		return false
	}
	in.editor.insert(text)
	return true
}

// fromClipboard is the command that pastes what the desktop's clipboard has.
func fromClipboard() tea.Msg {
	text, err := clipboard.ReadAll()
	if err != nil {
		return nil // there is none where the terminal's own way to paste is the only one
	}
	return tea.PasteMsg{Content: text}
}

func (in *input) value() string { return in.editor.value() }

func (in *input) set(text string) { in.editor.set(text, "") }

// take returns the line, empties it and remembers it.
func (in *input) take() string {
	line := in.value()
	in.set("")
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
	in.set("")
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
	before, after := in.editor.around()
	text, at := in.completion.next(before, after, names, step)
	runes := []rune(text)
	in.editor.set(string(runes[:at]), string(runes[at:]))
}

// view returns the input line in width columns and the cursor's column.
func (in *input) view(width int, t *theme) (line string, column int) {
	prompt := prompt
	if in.question != "" {
		prompt = shorten(in.question, max(0, width-2), t)
	}
	lead := t.columns(prompt)
	room := max(1, width-lead-1) // the cursor needs a column behind the text
	clusters, at := in.editor.clusters, in.editor.at
	if len(clusters) == 0 && in.question == "" {
		in.first = 0
		hint := t.method.Truncate("Say something, or /help", room, "")
		return t.good.Render(prompt) + t.quiet.Render(hint), lead
	}
	in.first = min(in.first, at)
	before := 0
	for i := at - 1; i >= in.first; i-- { // whatever is far to the left is not looked at
		_, columns := in.look(clusters[i], t)
		if before+columns > room {
			in.first = i + 1
			break
		}
		before += columns
	}
	var b strings.Builder
	taken := 0
	for _, cluster := range clusters[in.first:] {
		shown, columns := in.look(cluster, t)
		if taken += columns; taken > room {
			break
		}
		b.WriteString(shown)
	}
	return t.good.Render(prompt) + b.String(), lead + before
}

// look is how a cluster looks, and how many columns it takes. One that nobody would see is a mark.
func (in *input) look(cluster string, t *theme) (shown string, columns int) {
	shown = clean(cluster)
	switch {
	case in.question != "":
		return "•", 1
	case cluster == "\n":
		return t.quiet.Render("↵"), 1
	case t.columns(shown) == 0:
		return t.quiet.Render("·"), 1
	}
	return shown, t.columns(shown)
}
