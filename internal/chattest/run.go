package chattest

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hubbub/codec"
	"hubbub/server"
)

// RunMemory runs a script in memory. With update its < lines become what arrived.
func RunMemory(t *testing.T, path string, update bool) {
	t.Helper()
	run(t, path, Memory, update, func(config server.Config) (driver, error) { return newMemory(t, config), nil })
}

// Counts are what a server knows of its connections and tells no client.
type Counts struct {
	Accepted uint64 // connections that have, or had, a session
	Slots    int    // sessions' slots in use
}

// RunTCP runs a script against a server on 127.0.0.1.
func RunTCP(t *testing.T, path string, counts func(*server.Server) Counts) {
	t.Helper()
	run(t, path, TCP, false, func(config server.Config) (driver, error) { return newTCP(t, config, counts) })
}

func run(t *testing.T, path, kind string, update bool, start func(server.Config) (driver, error)) {
	t.Helper()
	s, err := load(path)
	if err != nil {
		t.Fatal(err)
	}
	if !s.runs(kind) {
		t.Fatalf("%s is only for %s: take what to run from Scripts", path, s.kind)
	}
	flags := s.flags
	if kind == TCP {
		flags = slices.Concat(tcpFlags, flags)
	}
	config, err := settings(flags)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	d, err := start(config)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	defer d.close()
	r := &runner{driver: d, config: config, update: update, clients: map[string]*client{}, names: named{}}
	for _, l := range s.lines {
		if l.verb == "" {
			continue
		}
		if err := r.line(l); err != nil {
			t.Fatalf("%s:%d: %s\n%v", filepath.ToSlash(path), l.number, l.text, err)
		}
	}
	if update {
		if err := s.save(); err != nil {
			t.Fatal(err)
		}
	}
}

// runner is one run of a script.
type runner struct {
	driver   driver
	config   server.Config
	update   bool
	clients  map[string]*client
	order    []*client // as they first came
	names    named
	barriers int
}

// client is a connection with a name.
type client struct {
	name    string
	dialect codec.Dialect
	from    string
	link    link     // nil: not connected
	pending [][]byte // read, and not expected yet
	sent    sent
	frozen  bool
}

func (r *runner) client(name string) *client {
	c := r.clients[name]
	if c == nil {
		c = &client{name: name}
		r.clients[name] = c
		r.order = append(r.order, c)
	}
	return c
}

// connected returns the client with a connection.
func (r *runner) connected(name string) (*client, error) {
	c := r.client(name)
	if c.link != nil {
		return c, nil
	}
	l, err := r.driver.dial(c.from, c.dialect)
	if err != nil {
		return nil, err
	}
	c.link, c.pending, c.frozen, c.sent = l, nil, false, sent{limit: r.config.MaxPacket}
	return c, nil
}

func (r *runner) line(l *line) error {
	switch {
	case l.who == "server" && l.verb == "stops":
		r.driver.stop()
		return nil
	case l.who == "server" && l.verb == "prunes":
		keep, err := strconv.ParseInt(l.rest, 10, 64)
		if err != nil || keep < 1 {
			return errors.New("say how many messages are left, at least 1: `server prunes 10`")
		}
		r.settle(nil)
		return r.driver.prune(keep)
	case l.who == "workers":
		r.settle(nil)
		if !r.driver.workers(l.verb == "go") {
			return errors.New("workers can be stopped in memory only: say `only memory`")
		}
		return nil
	case l.verb == "is":
		return r.is(l)
	}
	c, err := r.connected(l.who)
	if err != nil {
		return err
	}
	switch l.verb {
	case ">":
		return r.send(c, l.rest)
	case "<":
		return r.expect(l, c)
	case "repeats":
		return r.repeat(c, l.rest)
	case ".":
		return r.nothing(l, c)
	case "closes":
		c.link.hangUp()
		c.link = nil
	case "resets":
		c.link.reset()
		c.link = nil
	case "half-closes":
		c.sent.over = true
		c.link.halfClose()
	case "stops", "reads":
		c.frozen = l.verb == "stops"
		c.link.pause(c.frozen)
	}
	return nil
}

// is handles what a client is declared or expected to be.
func (r *runner) is(l *line) error {
	c := r.client(l.who)
	what, rest, _ := strings.Cut(l.rest, " ")
	switch {
	case what == "connected":
		_, err := r.connected(l.who)
		return err
	case what == "closed":
		return r.closed(l, c, false)
	case what == "cut":
		return r.closed(l, c, true)
	case c.link != nil:
		return fmt.Errorf("%s is connected already", l.who)
	case what == "classic":
		c.dialect = codec.Classic
	case what == "native":
		c.dialect = codec.Native
	case what == "at":
		c.from = rest
	default:
		return fmt.Errorf("nobody can be %q", what)
	}
	return nil
}

func (r *runner) send(c *client, text string) error {
	text, bytewise := strings.CutPrefix(text, "bytewise ")
	var out []byte
	for _, part := range parts(text) {
		n, rest := count(part)
		if n < 0 {
			return errors.New("x* is for what arrives")
		}
		p, err := r.packet(c.dialect, rest)
		if err != nil {
			return err
		}
		for range n {
			out = append(out, p...)
		}
	}
	c.sent.note(out)
	if !bytewise {
		return c.link.write(out)
	}
	for i := range out {
		if err := c.link.write(out[i : i+1]); err != nil {
			return err
		}
	}
	return nil
}

// packet returns the bytes of what a script sends.
func (r *runner) packet(d codec.Dialect, text string) ([]byte, error) {
	if digits, ok := strings.CutPrefix(text, "hex "); ok {
		return hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	}
	p, err := parsePattern(text)
	if err != nil {
		return nil, err
	}
	m, err := d.Parse(r.names.resolve(p).full())
	if err != nil {
		return nil, err
	}
	return d.Append(nil, m), nil
}

// mostRepeats bounds how often a client asks before it gets what it waits for.
const mostRepeats = 100_000

// repeat has the client send a packet again until the answer is the one behind "until".
func (r *runner) repeat(c *client, text string) error {
	ask, until, ok := strings.Cut(text, " until ")
	if !ok {
		return errors.New("say `alice repeats <packet> until <packet>`")
	}
	want, err := parsePattern(until)
	if err != nil {
		return err
	}
	var got pattern
	for range mostRepeats {
		if err := r.send(c, ask); err != nil {
			return err
		}
		packet, err := c.next()
		if err != nil {
			return fmt.Errorf("expected: %s\nbut:      %w", want, ending(err))
		}
		if got = patternOf(c.dialect, packet, want); want.matches(got) {
			return nil
		}
	}
	return fmt.Errorf("expected: %s\narrived:  %s, and so %d times", want, got, mostRepeats)
}

// next returns the next packet that the client gets.
func (c *client) next() ([]byte, error) {
	if len(c.pending) > 0 {
		packet := c.pending[0]
		c.pending = c.pending[1:]
		return packet, nil
	}
	return c.link.read()
}

func (r *runner) expect(l *line, c *client) error {
	n, text := count(l.rest)
	want, err := parsePattern(text)
	if err != nil {
		return err
	}
	var got []pattern
	for i := 0; n < 0 || i < n; i++ {
		packet, err := c.next()
		if err != nil && (n < 0 || r.update) {
			break
		}
		if err != nil {
			return fmt.Errorf("expected (%d of %d): %s\nbut:      %w", i+1, n, want, ending(err))
		}
		p := patternOf(c.dialect, packet, want)
		if n < 0 && !want.matches(p) {
			c.pending = append([][]byte{packet}, c.pending...)
			break
		}
		if resolved := r.names.resolve(want); resolved.matches(p) {
			r.names.note(resolved, p)
		} else if !r.update {
			return fmt.Errorf("expected (%d of %d): %s\narrived:  %s", i+1, n, want, p)
		}
		got = append(got, want.starred(p))
	}
	if r.update && n >= 0 {
		l.rewrite(c, got, false)
	}
	return nil
}

func ending(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the server closed the connection")
	}
	return err
}

func (r *runner) nothing(l *line, c *client) error {
	r.settle(c)
	c.pending = append(c.pending, c.link.ready()...)
	return r.none(l, c)
}

// none fails for what has arrived and was not expected.
func (r *runner) none(l *line, c *client) error {
	if len(c.pending) == 0 {
		return nil
	}
	var got []pattern
	for _, packet := range c.pending {
		got = append(got, pattern{}.starred(patternOf(c.dialect, packet, pattern{})))
	}
	c.pending = nil
	if r.update {
		l.rewrite(c, got, true)
		return nil
	}
	return fmt.Errorf("expected: nothing\narrived:  %s", strings.Join(runs(got), "\n          "))
}

// closed expects the connection's end, and closes the client's half too. When it is cut off the end may be anywhere.
func (r *runner) closed(l *line, c *client, cut bool) error {
	if c.link == nil {
		return fmt.Errorf("%s is not connected", c.name)
	}
	for {
		packet, err := c.link.read()
		if err == nil {
			c.pending = append(c.pending, packet)
			continue
		}
		if failure := r.none(l, c); failure != nil {
			return failure
		}
		if !errors.Is(err, io.EOF) && (!cut || errors.Is(err, errQuiet)) {
			return fmt.Errorf("expected: the server closes the connection\nbut:      %w", err)
		}
		c.link.hangUp()
		c.link = nil
		return nil
	}
}

// rewrite is what -update makes of a line: what arrived, and the line itself if it is kept.
func (l *line) rewrite(c *client, got []pattern, keep bool) {
	l.fresh = true
	lead := l.text[:strings.Index(l.text, l.verb)]
	if keep {
		lead = fmt.Sprintf("%-5s ", c.name)
	}
	for i, text := range runs(got) {
		text = lead + "< " + text
		if i == 0 && !keep {
			text += l.comment
		}
		l.rewritten = append(l.rewritten, text)
	}
	if keep {
		l.rewritten = append(l.rewritten, l.text)
	}
}

// runs writes packets down, equal ones in a row as one.
func runs(got []pattern) (out []string) {
	for i := 0; i < len(got); {
		n := 1
		for i+n < len(got) && got[i+n].full() == got[i].full() {
			n++
		}
		text := got[i].String()
		if n > 1 {
			text = fmt.Sprintf("x%d %s", n, text)
		}
		out = append(out, text)
		i += n
	}
	return out
}
