package chattest

import (
	"fmt"

	"hubbub/codec"
)

// sent follows what a client has sent, to know what it may be asked.
type sent struct {
	limit   int // the server's, for native packets
	dialect codec.Dialect
	spoken  bool   // there were four bytes, so the server knows the dialect
	broken  bool   // the framing is: the server closes the connection
	over    bool   // nothing more can be sent
	partial []byte // of a packet that is not whole
}

func (s *sent) note(p []byte) {
	s.partial = append(s.partial, p...)
	src := (*bytesSource)(&s.partial)
	if !s.spoken {
		dialect, err := codec.Detect(src)
		if err != nil {
			return
		}
		s.dialect, s.spoken = dialect, true
	}
	for {
		packet, err := s.dialect.Peek(src, s.dialect.Limit(s.limit))
		if err != nil {
			s.broken = s.broken || codec.IsViolation(err)
			return
		}
		_, _ = src.Discard(len(packet))
	}
}

// askable reports whether the client can be asked for something now.
func (c *client) askable() bool {
	return c.link != nil && !c.frozen && c.sent.spoken && c.sent.dialect == c.dialect &&
		(c.sent.broken || c.sent.over || len(c.sent.partial) == 0)
}

// settle waits until what all clients have done has had its effect on last.
func (r *runner) settle(last *client) {
	if r.driver.quiesce() {
		return
	}
	for _, c := range r.order {
		if c != last && c.askable() {
			r.ask(c)
		}
	}
	if last != nil && last.askable() {
		r.ask(last)
	}
}

// ask has the client whisper to nobody and wait for the answer, or for the end of its connection. What arrives before it
// stays pending.
func (r *runner) ask(c *client) {
	r.barriers++
	var question codec.Message
	var isAnswer func(codec.Message) bool
	if c.dialect == codec.Native {
		ref := 0xB0000000 + uint32(r.barriers)
		question = &codec.WhisperRequest{Asked: codec.Asked{Ref: ref}, Message: "?"}
		isAnswer = func(m codec.Message) bool {
			answer, ok := m.(*codec.WhisperResponse)
			return ok && answer.Ref == ref
		}
	} else {
		nobody := fmt.Sprintf("nobody-%d", r.barriers)
		question = &codec.WhisperReq{Receiver: nobody, Message: "?"}
		isAnswer = func(m codec.Message) bool {
			answer, ok := m.(*codec.WhisperRes)
			return ok && answer.Sender == nobody && answer.Result != codec.Success
		}
	}
	if !c.sent.broken && !c.sent.over {
		_ = c.link.write(c.dialect.Append(nil, question)) // on an error the connection is about to end
	}
	for {
		packet, err := c.link.read()
		if err != nil {
			return
		}
		if m, err := c.dialect.Decode(packet); err == nil && isAnswer(m) {
			return
		}
		c.pending = append(c.pending, packet)
	}
}
