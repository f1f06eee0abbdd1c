package term

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/dustin/go-humanize"

	"hubbub/client"
)

const (
	// pastDefault and pastMax are how many messages /history shows when it is not told, and at most.
	pastDefault = 20
	pastMax     = 1000
)

// pastMsg is what came of a /history.
type pastMsg struct {
	action   action
	messages []client.HistoryMessage // oldest first
	err      error
}

// openMax bounds how long a screen that opens waits for what was said before.
const openMax = 3 * time.Second

// openedMsg is what a screen that opens has to show, before anything live.
type openedMsg pastMsg

// firstLook fetches the last messages to everybody. Live messages wait until they are shown.
func firstLook(ctx context.Context, c *client.Client) tea.Msg {
	ctx, cancel := context.WithTimeout(ctx, openMax)
	defer cancel()
	a := action{verb: history, count: pastDefault}
	messages, err := past(ctx, c, a)
	return openedMsg{a, messages, err}
}

// opened shows what was said before the screen opened. A server that keeps nothing is no reason for a word.
func (m *model) opened(msg openedMsg) {
	switch {
	case errors.Is(msg.err, errNoHistory), msg.err == nil && len(msg.messages) == 0:
		return
	case msg.err != nil:
		m.say(note, "What was said before can't be had now; /history asks for it again.")
		return
	}
	for _, old := range msg.messages {
		m.shown = append(m.shown, old.ID)
		if who := clean(old.User); who != m.user {
			m.seen(who)
		}
	}
	m.past(pastMsg(msg))
}

// company says who else is there, behind the server's name.
func company(online int) string {
	switch online {
	case 0: // an older server does not tell
		return ""
	case 1:
		return ", and nobody else is online"
	case 2:
		return ", and 1 other is online"
	}
	return ", and " + humanize.Comma(int64(online-1)) + " others are online"
}

// past fetches the messages that a /history asks for.
func past(ctx context.Context, c *client.Client, a action) (messages []client.HistoryMessage, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerMax)
	defer cancel()
	for m, err := range c.HistorySeq(ctx, client.HistoryQuery{User: a.to, Limit: a.count}) {
		if err != nil {
			if a.to != "" {
				return nil, permitted(err, errNoWhispers)
			}
			return nil, permitted(err, errNoHistory)
		}
		if messages = append(messages, m); len(messages) == a.count {
			break
		}
	}
	slices.Reverse(messages)
	return messages, nil
}

// past shows what a /history has found, between two rules.
func (m *model) past(msg pastMsg) {
	n, with := len(msg.messages), clean(msg.action.to)
	switch {
	case msg.err != nil:
		m.say(fault, explain(msg.err))
		return
	case n == 0:
		m.say(note, "The server remembers nothing of that.")
		return
	}
	m.catchUp()
	if with == "" {
		m.part(plural(n, "message") + " of the past")
	} else {
		m.part(plural(n, "whisper") + " with " + with)
	}
	for _, old := range msg.messages {
		m.transcript.add(m.told(old, with))
	}
	m.part("now")
}

// told is the entry of a message of the past: one to everybody or, when with is not empty, a whisper to or from them.
func (m *model) told(old client.HistoryMessage, with string) *entry {
	e := &entry{kind: said, at: old.Time().Local(), who: clean(old.User), text: cleanLines(old.Text), old: true}
	own := e.who == m.user
	e.named = !own && mentions(e.text, m.user)
	switch {
	case with == "" && own:
		e.kind = ownSaid
	case with != "" && own:
		e.kind, e.who = ownWhisper, with
	case with != "":
		e.kind = whispered
	}
	return e
}

// missed prepares the transcript for a message or whisper: those that were missed stand below a rule that counts them.
// How many come is not known before the first live one, which stands below another.
func (m *model) missed(replayed bool) {
	if !replayed {
		m.catchUp()
		return
	}
	if m.away == nil {
		m.away = m.part("")
		m.awayCount = 0
	}
	m.awayCount++
	m.away.text = plural(m.awayCount, "message") + " while you were away"
	m.transcript.changed(m.away)
}

// catchUp ends what was missed, when something else is about to stand below it.
func (m *model) catchUp() {
	if m.away != nil {
		m.away = nil
		m.part("now")
	}
}

// part draws a rule across the transcript.
func (m *model) part(text string) *entry {
	e := &entry{kind: parting, at: m.now(), text: text}
	m.transcript.add(e)
	return e
}

// gone says which messages can't be had any more. An id may be ahead of the time, which must not be shown then.
func gone(gap client.Gap) string {
	if gap.Upto.Time().After(time.Now().Add(time.Minute)) {
		return "some messages are no longer kept by the server"
	}
	return "messages up to " + gap.Upto.Time().Local().Format("15:04 on 2 January 2006") + " are no longer kept by the server"
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// count is plural with commas between thousands.
func count(n int, what string) string {
	return humanize.Comma(int64(n)) + strings.TrimLeft(plural(n, what), "0123456789")
}

// sentence begins text with a capital letter.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// fetch is the command that runs a /history.
func fetch(ctx context.Context, c *client.Client, a action) tea.Cmd {
	return func() tea.Msg {
		messages, err := past(ctx, c, a)
		return pastMsg{a, messages, err}
	}
}
