package term

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"hubbub/client"
	"hubbub/codec"
)

// wheelStep is how many lines one notch of the mouse wheel scrolls.
const wheelStep = 3

// namesMax is how many names are kept for completion.
const namesMax = 1000

// link is what the status line tells of the connection.
type link struct {
	up    bool
	retry time.Time // when the next attempt is due; zero: there will be none
}

// model is the full-screen chat. It belongs to Bubble Tea's loop.
type model struct {
	// Static after construction.
	addr   string
	now    func() time.Time
	rtt    func() time.Duration
	open   func() tea.Msg // fetches what was said before; yields its openedMsg
	listen func() tea.Msg // waits for the next eventsMsg or closedMsg
	limits func() client.Limits
	send   func(action) tea.Cmd               // sends a message; yields its sentMsg
	fetch  func(action) tea.Cmd               // runs a /history; yields its pastMsg
	settle func(*secret, credentials) tea.Cmd // asks the server in a dialogue; yields its settledMsg

	user       string
	link       link
	notice     codec.Code // the server's last: the loss that follows it needs no second explanation
	transcript transcript
	input      input
	waiting    []waiting  // messages whose answer is due, in order; the first is under way
	leaving    bool       // the chat ends when none is left
	names      []string   // who has spoken, the latest first
	whisperer  string     // who whispered last
	shown      []codec.ID // what was said before, as the screen opened
	away       *entry     // the rule above what was missed, while that comes
	awayCount  int        // how much it was so far

	bell       bool       // it rings for what is meant for the user
	rang       time.Time  // when it did
	mouse      bool       // the wheel scrolls, instead of what the terminal does with the mouse
	background background // as the terminal told it
	secret     *secret    // under way while a password is typed; else nil
	width      int
	height     int
}

// waiting is a message on its way.
type waiting struct {
	action action
	entry  *entry
}

// newModel returns the chat of a user who has logged in, with so many online; 0: that is not known.
func newModel(addr, user string, online int, now func() time.Time) *model {
	m := &model{addr: addr, user: clean(user), now: now, link: link{up: true}, input: newInput()}
	m.transcript.theme = newTheme(unknown)
	m.resize(80, 24)
	m.say(note, "You are "+m.user+" at "+addr+company(online)+". What you type goes to everybody who is here; /help tells more.")
	return m
}

// Init implements tea.Model.
func (m *model) Init() tea.Cmd {
	return tea.Batch(m.open, tick(), tea.RequestBackgroundColor)
}

func tick() tea.Cmd {
	return tea.Tick(time.Second, func(t time.Time) tea.Msg { return tickMsg(t) })
}

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.resize(msg.Width, msg.Height)
	case tea.BackgroundColorMsg:
		b := light
		if msg.IsDark() {
			b = dark
		}
		m.restyle(b, m.transcript.theme.method)
	case tea.MouseWheelMsg:
		switch msg.Button {
		case tea.MouseWheelUp:
			m.transcript.scroll(wheelStep)
		case tea.MouseWheelDown:
			m.transcript.scroll(-wheelStep)
		}
	case tea.KeyPressMsg:
		return m, m.press(msg)
	case eventsMsg:
		urgent := false
		for _, e := range msg {
			m.event(e)
			urgent = urgent || m.urgent(e)
		}
		if urgent && m.bell && m.now().Sub(m.rang) >= bellEvery {
			m.rang = m.now()
			return m, tea.Batch(m.listen, tea.Raw("\a"))
		}
		return m, m.listen
	case openedMsg:
		m.opened(msg)
		return m, m.listen
	case closedMsg:
		m.link = link{}
		m.say(fault, explain(msg.err)+". Ctrl+C leaves.")
	case sentMsg:
		return m, m.sent(msg.err)
	case pastMsg:
		m.past(msg)
	case settledMsg:
		return m, m.settled(msg)
	case tickMsg:
		return m, tick() // the status line counts seconds
	case tea.PasteMsg:
		m.pasted(msg.Content)
	case tea.ModeReportMsg:
		// The renderer lays out by grapheme cluster from now on, if the terminal can, and so does the transcript.
		if v := msg.Value; msg.Mode == ansi.ModeUnicodeCore && (v == ansi.ModeReset || v == ansi.ModeSet || v == ansi.ModePermanentlySet) {
			m.restyle(m.background, ansi.GraphemeWidth)
		}
	}
	return m, nil
}

// restyle lays the transcript out again for a background and a way to count columns.
func (m *model) restyle(b background, method ansi.Method) {
	m.background = b
	style := newTheme(b)
	style.method = method
	m.transcript.resize(m.transcript.width, m.transcript.height, style)
}

// edit handles a key that edits the input.
func (m *model) edit(key tea.KeyPressMsg) tea.Cmd {
	if key.String() == "ctrl+v" {
		return fromClipboard
	}
	m.taken(m.input.update(key), len(key.Text))
	return nil
}

// pasted handles what the terminal pastes: it becomes part of the input, with its lines.
func (m *model) pasted(text string) {
	if m.secret != nil {
		m.pasteHidden(text)
		return
	}
	m.taken(m.input.paste(text), len(text))
}

// taken tells the user when the input had no room for so many bytes.
func (m *model) taken(fits bool, size int) {
	if !fits {
		m.say(fault, fmt.Sprintf("That is too much: a line takes %s, and this would be %s. Nothing of it was taken.",
			count(inputMax, "byte"), count(len(m.input.value())+size, "byte")))
	}
}

func (m *model) resize(width, height int) {
	m.width, m.height = max(1, width), max(1, height)
	m.transcript.resize(m.width, m.transcriptHeight(), m.transcript.theme)
}

// press handles a key.
func (m *model) press(key tea.KeyPressMsg) tea.Cmd {
	if m.secret != nil {
		return m.pressHidden(key)
	}
	switch key.String() {
	case "ctrl+c":
		return tea.Quit
	case "ctrl+d":
		if m.input.value() == "" {
			return tea.Quit
		}
		return m.edit(key)
	case "enter":
		return m.submit(m.input.take())
	case "up":
		m.input.older()
	case "down":
		m.input.newer()
	case "tab":
		m.input.complete(m.names, +1)
	case "shift+tab":
		m.input.complete(m.names, -1)
	case "pgup":
		m.transcript.scroll(max(1, m.transcript.height-1))
	case "pgdown":
		m.transcript.scroll(-max(1, m.transcript.height-1))
	case "shift+up":
		m.transcript.scroll(1)
	case "shift+down":
		m.transcript.scroll(-1)
	case "ctrl+home":
		m.transcript.scroll(m.transcript.total)
	case "esc", "ctrl+end":
		m.transcript.bottom()
	case "ctrl+z":
		return tea.Suspend
	case "ctrl+l":
		return tea.ClearScreen
	default:
		return m.edit(key)
	}
	return nil
}

// submit does what a line of input asks for.
func (m *model) submit(line string) tea.Cmd {
	a, err := parse(line)
	if err != nil {
		m.say(fault, err.Error())
		return nil
	}
	m.transcript.bottom()
	if most := m.messageMax(); len(a.text) > most {
		m.say(fault, fmt.Sprintf("This was not sent: a message has at most %s, and this has %s. Shorten it, or send it in parts.",
			count(most, "byte"), count(len(a.text), "byte")))
		m.input.set(line)
		return nil
	}
	switch a.verb {
	case help:
		m.say(note, helpText())
	case clearScreen:
		m.transcript.clear()
		m.away = nil
	case history:
		return m.fetch(a)
	case mouse:
		if m.mouse = !m.mouse; m.mouse {
			m.say(note, "The mouse wheel scrolls. To select text, hold Shift; /mouse gives the mouse back to the terminal.")
		} else {
			m.say(note, "The mouse is the terminal's, to select text with. PgUp and PgDn scroll; /mouse takes it again.")
		}
	case register, passwd:
		return m.ask(a.verb)
	case quit:
		if n := len(m.waiting); n > 0 {
			m.leaving = true
			m.say(note, "Leaving as soon as "+plural(n, "message")+" more have been sent. Ctrl+C leaves now.")
			return nil
		}
		return tea.Quit
	case reply:
		if m.whisperer == "" {
			m.say(fault, errNobodyWhispered.Error())
			return nil
		}
		return m.queue(action{verb: whisper, to: m.whisperer, text: a.text})
	case say, whisper:
		return m.queue(a)
	}
	return nil
}

// queue shows a message as pending and sends it after those before it.
func (m *model) queue(a action) tea.Cmd {
	e := &entry{kind: ownSaid, who: m.user, state: pending, at: m.now(), text: cleanLines(a.text)}
	if a.verb == whisper {
		e.kind, e.who = ownWhisper, clean(a.to)
	}
	m.catchUp()
	m.transcript.add(e)
	m.waiting = append(m.waiting, waiting{a, e})
	if len(m.waiting) == 1 {
		return m.send(a)
	}
	return nil
}

// messageMax is how many bytes a message may have, as far as that is known.
func (m *model) messageMax() int {
	if limits := m.limits(); limits.Known() {
		return limits.MessageBytes
	}
	return inputMax // the server will say
}

// sent settles the message that was under way and sends the next.
func (m *model) sent(err error) tea.Cmd {
	e := m.waiting[0].entry
	e.state = settled
	if err != nil {
		e.state, e.reason = failed, fate(err)
	} else if e.kind == ownWhisper {
		m.seen(e.who)
	}
	m.transcript.changed(e)
	m.waiting = m.waiting[1:]
	if len(m.waiting) > 0 {
		return m.send(m.waiting[0].action)
	}
	if m.leaving {
		return tea.Quit
	}
	return nil
}

// unconfirmed is what a user reads who left while messages were waiting: all of them, so that they can be sent again.
func (m *model) unconfirmed() string {
	if len(m.waiting) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("You left before the server confirmed " + plural(len(m.waiting), "message"))
	if len(m.waiting) == 1 {
		b.WriteString(". It may have arrived:\n")
	} else {
		b.WriteString(". The first one may have arrived, the others did not:\n")
	}
	for _, w := range m.waiting {
		text := cleanLines(w.action.text)
		if w.action.verb == whisper {
			text = "/w " + clean(w.action.to) + " " + text
		}
		b.WriteString("  " + strings.ReplaceAll(text, "\n", "\n  ") + "\n")
	}
	return b.String()
}

// event shows what the client tells.
func (m *model) event(event client.Event) {
	switch e := event.(type) {
	case client.Message:
		if slices.Contains(m.shown, e.ID) {
			return // it came while the screen was being opened
		}
		who, text := clean(e.User), cleanLines(e.Text)
		m.seen(who)
		m.missed(e.Replayed)
		m.transcript.add(&entry{kind: said, at: e.Time().Local(), who: who, text: text, named: mentions(text, m.user)})
	case client.Whisper:
		who := clean(e.User)
		m.seen(who)
		m.whisperer = who
		m.missed(e.Replayed)
		m.transcript.add(&entry{kind: whispered, at: e.Time().Local(), who: who, text: cleanLines(e.Text)})
	case client.Notice:
		m.notice = e.Code
		m.say(note, "the server says: "+clean(e.Text))
	case client.Disconnected:
		if m.link.up {
			m.lost(e.Err)
		}
		m.link = link{retry: m.now().Add(e.Retry)}
	case client.Reconnected:
		m.link, m.notice, m.user = link{up: true}, codec.Success, clean(e.User)
		m.say(note, "Connected again as "+m.user+". What was said in between may be missing, unless it follows.")
	case client.Gap:
		m.say(note, sentence(gone(e))+".")
	}
}

// urgent reports whether an event is meant for the user and new.
func (m *model) urgent(event client.Event) bool {
	switch e := event.(type) {
	case client.Message:
		return !e.Replayed && mentions(e.Text, m.user)
	case client.Whisper:
		return !e.Replayed
	}
	return false
}

func (m *model) lost(err error) {
	var code codec.Code
	if errors.As(err, &code) && code == m.notice {
		m.say(note, "The connection is closed and will be opened again.")
		return
	}
	m.say(fault, explain(err)+". Trying again.")
}

func (m *model) say(k kind, text string) {
	m.catchUp()
	m.transcript.add(&entry{kind: k, at: m.now(), text: text})
}

// seen moves a name to the front of those that are completed.
func (m *model) seen(name string) {
	if at := slices.Index(m.names, name); at >= 0 {
		m.names = slices.Delete(m.names, at, at+1)
	} else if len(m.names) >= namesMax {
		m.names = m.names[:namesMax-1]
	}
	m.names = slices.Insert(m.names, 0, name)
}
