package report

import (
	"fmt"

	"hubbub/loadtest/audit"
)

// Judge holds a run against what must be true of every run, and against what failIf says must not hold. The verdict
// has a sentence for each thing that is wrong; a check that can't be made is wrong too.
func Judge(r *Run, failIf []Objective) Verdict {
	var reasons []string
	say := func(format string, args ...any) { reasons = append(reasons, fmt.Sprintf(format, args...)) }

	if r.Total.Logins == 0 {
		say("Nobody could log in, so nothing was measured.")
	}
	for _, kind := range audit.Kinds {
		if n := r.Audit.Counts[kind]; n > 0 {
			say("%s.", faultWords(kind, n))
		}
	}
	switch n := r.Total.deliveries(); {
	case r.Total.Logins == 0 || r.audited():
	case n > 0:
		say("The audit compared none of the %s, so it can't say that they were right.", many(n, "delivery", "deliveries"))
	case sum(r.Total.Sent) == 0:
		say("Nothing was sent, so nothing was measured: give --broadcast or --whisper, or a scenario that has them.")
	default:
		say("Nothing that was sent reached anybody, so nothing was compared: a message needs a second user who reads it.")
	}
	if n := sum(r.Total.Disconnects); n > 0 {
		say("%s against the plan: %s.", many(n, "connection ended", "connections ended"), list(r.Total.Disconnects))
	}
	if n := sum(r.Total.Refused); n > 0 {
		say("%s refused: %s.", many(n, "request was", "requests were"), list(r.Total.Refused))
	}
	if n := sum(r.Total.LoginRefused); n > 0 {
		say("%s: %s.", many(n, "login failed", "logins failed"), list(r.Total.LoginRefused))
	}
	if r.Total.Refused["RATE_LIMITED"]+r.Total.LoginRefused["RATE_LIMITED"] > 0 {
		say("The server's settings limit what one address and one session may send: start it with " +
			"--message-rate-per-address 0, and with --message-rate 0 where few users send much; or give the generator --source-addresses.")
	}
	for _, o := range failIf {
		switch holds, got, err := o.Holds(r); {
		case err != nil:
			say("%s can't be checked: %v.", o, err)
		case holds:
			say("%s: %s.", o, got)
		}
	}
	return Verdict{Passed: len(reasons) == 0, Reasons: reasons}
}

var faults = map[audit.Kind][2]string{
	audit.Lost:         {"delivery was lost", "deliveries were lost"},
	audit.Duplicated:   {"delivery came twice", "deliveries came twice"},
	audit.Reordered:    {"delivery came behind a later message of its sender", "deliveries came behind later messages of their senders"},
	audit.Disordered:   {"delivery came in another order than elsewhere", "deliveries came in another order than elsewhere"},
	audit.Altered:      {"delivery was not what had been sent", "deliveries were not what had been sent"},
	audit.Echoed:       {"message came back to its sender", "messages came back to their senders"},
	audit.Misrouted:    {"whisper reached somebody else", "whispers reached somebody else"},
	audit.Unanswered:   {"request was never answered", "requests were never answered"},
	audit.Contradicted: {"message was delivered although it had been refused", "messages were delivered although they had been refused"},
}

// faultWords says what happened how often; a kind of a later version goes by its name.
func faultWords(kind audit.Kind, n uint64) string {
	words, ok := faults[kind]
	if !ok {
		words = [2]string{string(kind), string(kind)}
	}
	return many(n, words[0], words[1])
}
