package swarm

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"syscall"
	"time"

	"hubbub/codec"
	"hubbub/loadtest/audit"
)

// forever is a moment that never comes.
const forever = time.Duration(math.MaxInt64)

// connectDue lets the connections grow or shrink to what the stage wants and returns when the next is due.
func (l *loop) connectDue() time.Duration {
	if l.draining() {
		return forever
	}
	s := l.swarm
	target := share(l.stage.wanted(l.now), l.index, s.Loops)
	for ; l.wanted < target; l.wanted++ {
		u := &l.users[l.wanted]
		if u.state == away {
			u.retries = 0
			l.connect(u, l.stage.due(int(u.number)+1))
		}
	}
	for l.wanted > target {
		l.wanted--
		u := &l.users[l.wanted]
		if u.came {
			u.came = false
			l.came.Add(-1)
		}
		if u.state != away {
			l.end(u, false)
		}
	}
	if l.wanted == share(l.stage.to, l.index, s.Loops) {
		return forever
	}
	return l.now + time.Millisecond
}

// isWanted reports whether the plan wants a user logged in.
func (l *loop) isWanted(u *user) bool { return l.local(u) < l.wanted && !l.draining() }

// connect begins a connection that was intended at a moment.
func (l *loop) connect(u *user, intended time.Duration) {
	s := l.swarm
	source := netip.Addr{}
	if len(s.Sources) > 0 {
		source = s.Sources[int(u.number)%len(s.Sources)]
	}
	u.life++
	u.intended, u.reason = intended, ""
	fd, err := dial(s.Targets[int(u.number)%len(s.Targets)], source)
	if err == nil {
		u.fd, u.state = int32(fd), connecting
		l.connections++
		err = l.poll.watch(fd, l.token(u), writable, true)
	}
	if err != nil {
		l.failed(u, err)
	}
}

func (l *loop) token(u *user) uint64 {
	return uint64(l.local(u)) | uint64(u.life)<<32
}

// retryAfter is how long a user waits before another attempt, on average, and stillThere how long when the server has yet
// to notice that the name's last connection is gone.
const (
	retryAfter = time.Second
	stillThere = 50 * time.Millisecond
	retryLimit = 40
)

// again is how long a user waits before another attempt: not all as long, or those whom a server has cut off at once come
// back at once.
func (l *loop) again() time.Duration {
	return retryAfter/2 + time.Duration(l.rng.Float64()*float64(retryAfter))
}

// failed counts a connection that did not come to a login, and tries again later.
func (l *loop) failed(u *user, err error) {
	l.second.LoginRefused[explain(err)]++
	l.drop(u)
	l.returns.add(l.now+l.again(), u)
}

var errSource = errors.New("can't connect from")

// explain puts an error of connecting into words.
func explain(err error) string {
	switch {
	case errors.Is(err, errSource):
		return err.Error()
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "no local port is left: give --source-addresses"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "no descriptor is left: raise the limit of open files"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	}
	return err.Error()
}

// greet sends the login.
func (l *loop) greet(u *user) {
	u.state = greeting
	u.ref = 1
	name := l.swarm.name(u.number)
	var login codec.Message = &codec.LoginRequest{Asked: codec.Asked{Ref: u.ref}, User: name}
	if l.swarm.Dialect == codec.Classic {
		login = &codec.LoginReq{UserID: name, Password: "-", Username: name}
	}
	l.send(u, login)
}

// welcome handles the answer to a login.
func (l *loop) welcome(u *user, result codec.Code, heartbeat uint16) error {
	switch {
	case u.state != greeting:
		return errors.New("an answer to a login that nobody asked for")
	case result == codec.Success:
		u.state, u.heartbeat, u.retries = on, heartbeat, 0
		l.upkeep.heartbeat = heartbeat
		l.heard++
		l.second.Logins++
		l.second.measure(Login, l.now, u.intended, u.intended, 1)
		l.loggedIn.Add(1)
		if !u.came && l.isWanted(u) {
			u.came = true
			l.came.Add(1)
		}
		l.ledger.Join(&u.receiver, u.number, l.swarm.ordinal.Load(), l.owed(u))
		l.voices.add(u)
		l.speech.eager = append(l.speech.eager, u)
	case result == codec.LoginUserAlready && u.retries > 0 && u.retries < retryLimit:
		u.retries++
		l.drop(u)
		l.returns.add(l.now+stillThere, u)
	default:
		l.second.LoginRefused[result.String()]++
		l.drop(u)
		l.returns.add(l.now+l.again(), u)
	}
	return nil
}

// lost handles a connection that the server, or the network, ended.
func (l *loop) lost(u *user, err error) {
	switch reason := u.reason; {
	case u.state == connecting && err != nil, u.state == greeting && reason == "" && err != nil:
		l.failed(u, err)
		return
	case u.state == leaving:
		if !u.bye && reason == "" && !u.lags() && l.swarm.Dialect == codec.Native {
			l.unanswered(u, u.ref+1)
		}
		l.second.Left++
		l.drop(u)
		if l.isWanted(u) {
			l.comeBack(u)
		}
		return
	case u.lags() && (reason == codec.SlowConsumer.String() || reason == ""):
		l.second.Left++ // a reader that does not read: that is what the plan is about
	case u.state == greeting:
		l.second.LoginRefused[orElse(reason, "closed before the answer to the login")]++
	case reason != "":
		l.second.Disconnects[reason]++
	case err != nil:
		l.second.Disconnects[fmt.Sprint(err)]++
	default:
		l.second.Disconnects["closed without a reason"]++
	}
	l.drop(u)
	if l.isWanted(u) {
		u.retries = 1
		l.returns.add(l.now+l.again(), u)
	}
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// drop closes a connection and forgets all that hung on it.
func (l *loop) drop(u *user) {
	if u.state == on {
		l.leave(u)
	}
	if u.fd >= 0 {
		hangUp(int(u.fd))
		l.connections--
	}
	for q := range u.asked.all() { // accepted or not, nobody can tell
		l.note(u, q, audit.Uncertain)
	}
	l.buffers.give(u.part)
	l.buffers.give(u.out)
	l.upkeep.forget(u)
	u.fd, u.state, u.part, u.out, u.asked, u.full = -1, away, nil, nil, queue{}, false
	u.frozen, u.slow, u.thawed, u.bye = false, false, false, false
	u.life++
}

// leave ends what a login began: nothing is owed to the user any more and nothing is asked of them.
func (l *loop) leave(u *user) {
	l.loggedIn.Add(-1)
	l.ledger.Leave(&u.receiver)
	l.voices.remove(u)
	u.inFlight, u.gone = 0, l.now
}
