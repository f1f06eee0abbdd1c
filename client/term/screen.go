package term

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"

	"hubbub/client"
	"hubbub/codec"
)

const (
	// answerMax bounds how long a message waits for the server's answer.
	answerMax = 15 * time.Second
	// eventsMax is how many events are handled in one go, so that a flood costs few redraws.
	eventsMax = 256
)

// What the model hears besides keys.
type (
	eventsMsg []client.Event
	// closedMsg says that the client has ended.
	closedMsg struct{ err error }
	// sentMsg says what became of the oldest message that waits.
	sentMsg struct{ err error }
	tickMsg time.Time
)

// keyboard is the terminal's input. Bubble Tea goes on without one that has ended, so this tells it.
type keyboard struct {
	*os.File
	ended func()
}

// Read implements io.Reader. A terminal that was closed, while the hangup signal is ignored, has ended (io.EOF) or fails
// (EIO).
func (k keyboard) Read(p []byte) (int, error) {
	n, err := k.File.Read(p)
	if err != nil {
		k.ended()
	}
	return n, err
}

// runScreen is the full-screen chat. The end of the terminal is the end of the chat.
func runScreen(ctx context.Context, c *client.Client, config Config) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	m := newModel(c.Addr(), c.User(), c.Online(), time.Now)
	m.rtt = c.RTT
	m.limits = c.Limits
	m.bell, m.mouse = config.Bell, !config.NoMouse
	m.open = func() tea.Msg { return firstLook(ctx, c) }
	m.listen = func() tea.Msg { return nextEvents(c) }
	var pace pace
	m.send = func(a action) tea.Cmd {
		return func() tea.Msg {
			return sentMsg{pace.send(ctx, c.Limits(), false, func() error { return perform(ctx, c, a) })}
		}
	}
	m.fetch = func(a action) tea.Cmd { return fetch(ctx, c, a) }
	m.settle = func(s *secret, with credentials) tea.Cmd { return settle(ctx, c, s, with) }
	_, err := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(keyboard{config.In, end}), tea.WithOutput(config.Out),
		tea.WithoutSignalHandler()).Run()
	if err != nil && ctx.Err() == nil && !errors.Is(err, tea.ErrInterrupted) {
		return fmt.Errorf("the terminal failed: %w", err)
	}
	if text := m.unconfirmed(); text != "" {
		_, _ = io.WriteString(config.Err, text) // a terminal that is gone shows nothing
	}
	if err := c.Err(); err != nil {
		return plainError{err}
	}
	goodbye, cancel := context.WithTimeout(context.Background(), leaveMax)
	defer cancel()
	// The user leaves whether or not the server says goodbye.
	_ = c.Logout(goodbye)
	return nil
}

// nextEvents waits for an event and takes along what has come with it.
func nextEvents(c *client.Client) tea.Msg {
	e, ok := <-c.Events()
	if !ok {
		return closedMsg{c.Err()}
	}
	events := eventsMsg{e}
	for len(events) < eventsMax {
		select {
		case e, ok := <-c.Events():
			if !ok {
				return events // the next call sees the end again
			}
			events = append(events, e)
		default:
			return events
		}
	}
	return events
}

// perform sends a message and waits until the server has accepted it.
func perform(ctx context.Context, c *client.Client, a action) error {
	ctx, cancel := context.WithTimeout(ctx, answerMax)
	defer cancel()
	var err error
	if a.verb == whisper {
		_, err = c.Whisper(ctx, a.to, a.text)
	} else {
		_, err = c.Broadcast(ctx, a.text)
	}
	if limits := c.Limits(); errors.Is(err, codec.MessageInvalid) && limits.Known() && len(a.text) > limits.MessageBytes {
		return tooLong{limits.MessageBytes, len(a.text)}
	}
	return err
}
