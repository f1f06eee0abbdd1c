package term

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
	"time"

	"hubbub/client"
)

const (
	// patienceMax bounds how long a line waits for a server that is busy, limits the rate or is away.
	patienceMax = 15 * time.Second
	patience    = 200 * time.Millisecond
	// scanMax is the longest line in bytes that is read; a longer one ends the input with an error.
	scanMax = 64 << 10
)

// errNobodyWhispered is why there is no reply.
var errNobodyWhispered = errors.New("nobody has whispered to you yet; /w NAME TEXT whispers to somebody")

// errUndone is why a script's chat fails when the lines' own errors have been printed.
var errUndone = errors.New("not every line could be carried out")

// lineChat is the chat of a script: lines in, lines out.
type lineChat struct {
	client    *client.Client
	out, err  io.Writer
	exitAfter time.Duration
	person    bool               // somebody types the lines
	bell      bool               // err is a terminal, whose bell is to ring
	stop      context.CancelFunc // set by run: ends it
	pace      pace

	mu        sync.Mutex // guards what follows: a line is written in one piece
	deaf      error      // why out takes nothing any more
	whisperer string     // who whispered last
}

// run sends the lines of in until it ends, then stays for exitAfter, and logs out. Only a cancelled ctx, /quit, the end of
// the connection or of out, such as a terminal that was closed, cut that short.
func (l *lineChat) run(ctx context.Context, in io.Reader) error {
	ctx, l.stop = context.WithCancel(ctx)
	defer l.stop()
	if l.person {
		l.write(l.err, "You are "+clean(l.client.User())+" at "+clean(l.client.Addr())+
			". Each line that you type goes to everybody who is here; /help tells more, and /quit leaves.")
	}
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		l.print()
	}()
	lines, scanErr := scan(ctx, in)
	undone := false
	number := 0
	for open := true; open; {
		select {
		case line, more := <-lines:
			if open = more; !more {
				l.linger(ctx, printed)
				break
			}
			number++
			quits, err := l.line(ctx, line)
			if err != nil && ctx.Err() == nil {
				undone = true
				l.write(l.err, fmt.Sprintf("line %d: %s", number, clean(plainError{err}.Error())))
			}
			open = !quits
		case <-printed:
			open = false
		case <-ctx.Done():
			open = false
		}
	}
	ended := l.client.Err()
	l.leave()
	<-printed
	select {
	case err := <-scanErr:
		return fmt.Errorf("reading the input: %w", err)
	default:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.deaf != nil:
		return fmt.Errorf("writing what others say: %w", l.deaf)
	case ended != nil:
		return plainError{ended}
	case undone:
		return errUndone
	}
	return nil
}

// linger stays for a while after the end of the input.
func (l *lineChat) linger(ctx context.Context, printed <-chan struct{}) {
	timer := time.NewTimer(l.exitAfter)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-printed:
	case <-ctx.Done():
	}
}

// leave logs out, so that what was sent has been handled and what came before is printed.
func (l *lineChat) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), leaveMax)
	defer cancel()
	if err := l.client.Logout(ctx); err != nil {
		l.client.Close()
	}
}

// byteOrderMark begins what some programs of Windows write into a pipe. It is no part of the first line.
const byteOrderMark = "\ufeff"

// scan yields the lines of in without their ends, LF or CR LF; the last one may have none. A terminal that is gone is an
// input that has ended. Its goroutine outlives run when in has nothing to read: the process is about to end then.
func scan(ctx context.Context, in io.Reader) (<-chan string, <-chan error) {
	lines, failure := make(chan string), make(chan error, 1)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(in)
		scanner.Buffer(nil, scanMax)
		for first := true; scanner.Scan(); first = false {
			line := scanner.Text()
			if first {
				line = strings.TrimPrefix(line, byteOrderMark)
			}
			select {
			case lines <- line:
			case <-ctx.Done():
				return
			}
		}
		if err := scanner.Err(); err != nil && !errors.Is(err, syscall.EIO) {
			failure <- err
		}
	}()
	return lines, failure
}

// line does what one line of input asks for.
func (l *lineChat) line(ctx context.Context, line string) (quits bool, err error) {
	a, err := parse(line)
	if err != nil {
		return false, err
	}
	switch a.verb {
	case quit:
		return true, nil
	case help:
		l.write(l.err, helpText())
	case reply:
		if !l.person {
			return false, errors.New("/r is for people; a script says /w NAME TEXT")
		}
		l.mu.Lock()
		a.verb, a.to = whisper, l.whisperer
		l.mu.Unlock()
		if a.to == "" {
			return false, errNobodyWhispered
		}
		return false, l.pace.send(ctx, l.client.Limits(), true, func() error { return perform(ctx, l.client, a) })
	case mouse:
		return false, errors.New("/mouse is for a chat that fills the screen")
	case register:
		return false, errors.New("/register is for people; a script runs hubbub chat --register with HUBBUB_PASSWORD set")
	case passwd:
		return false, errors.New("/passwd is for a chat that fills the screen, where nobody sees the password; an operator's hubbub user passwd sets one too")
	case history:
		return false, l.past(ctx, a)
	case say, whisper:
		return false, l.pace.send(ctx, l.client.Limits(), true, func() error { return perform(ctx, l.client, a) })
	}
	return false, nil
}

// past prints what a /history asks for.
func (l *lineChat) past(ctx context.Context, a action) error {
	var messages []client.HistoryMessage
	err := l.pace.send(ctx, l.client.Limits(), true, func() (err error) {
		messages, err = past(ctx, l.client, a)
		return err
	})
	for _, m := range messages {
		l.tell(m.Time(), true, m.User, a.to != "", m.Text)
	}
	return err
}

// print prints what comes until the client has ended: what people say to out, everything else to err.
func (l *lineChat) print() {
	var rang time.Time
	for event := range l.client.Events() {
		switch e := event.(type) {
		case client.Message:
			l.tell(e.Time(), e.Replayed, e.User, false, e.Text)
			if !e.Replayed && mentions(e.Text, l.client.User()) {
				rang = l.ring(rang)
			}
		case client.Whisper:
			l.mu.Lock()
			l.whisperer = e.User
			l.mu.Unlock()
			l.tell(e.Time(), e.Replayed, e.User, true, e.Text)
			if !e.Replayed {
				rang = l.ring(rang)
			}
		case client.Notice:
			l.write(l.err, "the server says: "+clean(e.Text))
		case client.Disconnected:
			l.write(l.err, fmt.Sprintf("%s; trying again in %s", explain(e.Err), e.Retry.Round(100*time.Millisecond)))
		case client.Reconnected:
			l.write(l.err, "connected again as "+clean(e.User))
		case client.Gap:
			l.write(l.err, gone(e))
		}
	}
}

// ring rings the bell, unless it last did so a moment ago, and returns when it last did.
func (l *lineChat) ring(last time.Time) time.Time {
	if !l.bell || time.Since(last) < bellEvery {
		return last
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprint(l.err, "\a")
	return time.Now()
}

// tell prints a message. One that is not live has its date in front of the time. The lines of a text that has several
// stand below each other behind a bar, so that none of them looks like a message of its own.
func (l *lineChat) tell(at time.Time, old bool, who string, whispers bool, text string) {
	layout, verb := time.TimeOnly, ": "
	if old {
		layout = time.DateTime
	}
	if whispers {
		verb = " whispers: "
	}
	bar := "\n" + strings.Repeat(" ", len(layout)) + " | "
	l.write(l.out, at.Local().Format(layout)+" "+clean(who)+verb+strings.ReplaceAll(cleanLines(text), "\n", bar))
}

func (l *lineChat) write(to io.Writer, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Nobody can be told that the errors can't be written. But a chat whose output nobody has is nobody's.
	if _, err := fmt.Fprintln(to, line); err != nil && to == l.out && l.deaf == nil {
		l.deaf = err
		l.stop()
	}
}
