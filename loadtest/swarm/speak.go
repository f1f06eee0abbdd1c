package swarm

import (
	"time"

	"hubbub/codec"
	"hubbub/loadtest/audit"
	"hubbub/loadtest/scenario"
)

// speech is what a loop has still to say in a stage.
type speech struct {
	due      [2]*scenario.Arrivals // of Broadcast and Whisper; nil: none
	next     [2]time.Duration      // when, since the start
	end      time.Duration         // of the phase: nothing is due from then on, even when it is prolonged
	eager    []*user               // closed loop: who may have room for a whisper
	inFlight float64               // closed loop: broadcasts that have not come to all yet
	progress time.Duration         // closed loop: when one last came
}

// prepare sets up what a phase says.
func (l *loop) prepare(p *scenario.Phase) {
	l.speech = speech{end: l.stage.start + p.Duration, eager: l.speech.eager[:0], progress: l.now}
	loops := float64(l.swarm.Loops)
	for f, rate := range [2]float64{p.Broadcast, p.Whisper} {
		l.speech.next[f] = forever
		switch {
		case rate <= 0:
		case l.swarm.Window > 0:
			l.speech.next[f] = l.now
		default:
			due := scenario.NewArrivals(rate/loops, l.swarm.Plan.Poisson, float64(l.index)/loops, l.rng)
			l.speech.due[f] = &due
			l.speech.next[f] = l.stage.start + l.speech.due[f].Next()
		}
	}
	if l.swarm.Window > 0 && p.Whisper > 0 {
		for _, ready := range l.voices.ready {
			l.speech.eager = append(l.speech.eager, ready...)
		}
	}
	l.prepareChurn(p)
}

// speak sends what is due and returns when the next is.
func (l *loop) speak() time.Duration {
	if l.draining() {
		return forever
	}
	if l.swarm.Window > 0 {
		return l.keepFull()
	}
	for range atOnce {
		f := l.earlier()
		due := l.nextOf(f)
		if due > l.now {
			return due
		}
		if l.say(f, l.voices.pick(l, f), due) {
			l.second.Lag.RecordValue(microseconds(l.now - due))
		}
		l.advance(f)
	}
	return l.now
}

// earlier is the flow of which the next message is due.
func (l *loop) earlier() Flow {
	if l.nextOf(Whisper) < l.nextOf(Broadcast) {
		return Whisper
	}
	return Broadcast
}

// atOnce is how many messages are sent before a loop reads again: one that is behind must not leave what comes lying,
// nor hold in memory all that it has to send. Fewer make smaller reads, and cost throughput.
const atOnce = 16384

// advance counts a message as intended and goes on to the next of its flow.
func (l *loop) advance(f Flow) {
	l.second.Intended[f]++
	l.speech.next[f] = l.stage.start + l.speech.due[f].Next()
}

// catchUp sends, at the end of a stage, what was due before and is not sent yet. What can't be sent even then stays
// unsent: it counts as intended only.
func (l *loop) catchUp() error {
	for until := l.now + catchUpLimit; l.speak() <= l.now; {
		l.flush()
		if l.now >= until {
			for f := l.earlier(); l.nextOf(f) <= l.now; f = l.earlier() {
				l.advance(f)
			}
		}
		if err := l.serve(0); err != nil {
			return err
		}
	}
	return nil
}

// catchUpLimit is how long after its end a stage may hold a loop that is behind.
const catchUpLimit = 2 * time.Second

func (l *loop) nextOf(f Flow) time.Duration {
	if l.speech.due[f] == nil || l.speech.next[f] >= l.speech.end {
		return forever
	}
	return l.speech.next[f]
}

// keepFull is speak in a closed loop: as soon as a message has come, the next is sent. Broadcasts share one window;
// whispers have one for each who whispers.
func (l *loop) keepFull() time.Duration {
	s := &l.speech
	if s.next[Broadcast] != forever {
		window := float64(share(l.swarm.Window, l.index, l.swarm.Loops))
		if l.now-s.progress > closedStall {
			s.inFlight = 0 // those that it waits for left, or were lost: the audit knows
		}
		for s.inFlight <= window-1+closedSlack && l.say(Broadcast, l.voices.pick(l, Broadcast), l.now) {
			l.second.Intended[Broadcast]++
			s.inFlight++
			s.progress = l.now
		}
	}
	if s.next[Whisper] != forever {
		for _, u := range s.eager {
			for u.state == on && u.place >= 0 && l.activeWhisperer(u) && int(u.inFlight) < l.swarm.Window && l.say(Whisper, u, l.now) {
				l.second.Intended[Whisper]++
				u.inFlight++
			}
		}
	}
	s.eager = s.eager[:0]
	return l.now + tick
}

// closedStall is how long a closed loop waits for a broadcast before it goes on without; closedSlack lets sums of
// fractions count as whole.
const (
	closedStall = 500 * time.Millisecond
	closedSlack = 1e-6
)

func (l *loop) activeWhisperer(u *user) bool { return l.swarm.Plan.Users[u.kind].Whisper > 0 }

// say sends a message of a user and reports whether there was somebody to send it, and somebody to send it to.
func (l *loop) say(f Flow, u *user, intended time.Duration) bool {
	if u == nil {
		return false
	}
	stamp := audit.Stamp{Run: l.swarm.Mark, Sender: u.number, Intended: intended, Sent: l.now}
	slot := 0
	if f == Broadcast {
		stamp.Number = l.swarm.ordinal.Add(1)
		l.ledger.Spoke(stamp.Number)
	} else {
		if slot = l.pickSlot(u); slot < 0 {
			return false
		}
		stamp.Number = audit.WhisperNumber(slot, u.next[slot])
		u.next[slot]++
	}
	l.text = stamp.Append(l.text[:0], l.swarm.Plan.Sizes.Pick(l.rng))
	if l.swarm.asks() {
		u.ref++
		u.asked.push(question{ref: u.ref, flow: f, number: stamp.Number, intended: intended, sent: l.now})
	}
	l.send(u, l.request(f, u, slot, string(l.text)))
	l.second.Sent[f]++
	return true
}

func (l *loop) request(f Flow, u *user, slot int, text string) codec.Message {
	asked := codec.Asked{}
	if l.swarm.asks() {
		asked.Ref = u.ref
	}
	classic := l.swarm.Dialect == codec.Classic
	switch {
	case f == Broadcast && classic:
		return &codec.BroadcastReq{Message: text}
	case f == Broadcast:
		return &codec.BroadcastRequest{Asked: asked, Message: text}
	}
	to := l.names[l.partner(l.local(u), slot)]
	if classic {
		return &codec.WhisperReq{Receiver: to, Message: text}
	}
	return &codec.WhisperRequest{Asked: asked, To: to, Message: text}
}
