package server

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/panjf2000/gnet/v2"
	"go.uber.org/zap"

	"hubbub/codec"
	"hubbub/handler"
	"hubbub/handler/account"
	"hubbub/session"
)

// events is what gnet calls. OnOpen, OnTraffic and OnClose of a connection run on its loop.
type events struct {
	gnet.BuiltinEventEngine
	server *Server
}

// conn is a client's connection: what its lane writes to.
type conn struct {
	gnet.Conn
	loop    *loop
	session *session.Session
	address netip.Addr // invalid unless connections are counted by address
	rest    []byte     // of a packet that is not whole yet
	paused  bool       // the loop does not read it
	undone  int        // how often gnet did so all the same
	closed  bool       // OnClose was called
}

// OnBoot implements gnet.EventHandler.
func (e *events) OnBoot(engine gnet.Engine) gnet.Action {
	e.server.engine = engine
	return gnet.None
}

// OnOpen gives a connection its session. One that has no place still gets a session where it can, so that it hears why
// before it is closed, in its own dialect.
func (e *events) OnOpen(c gnet.Conn) (out []byte, action gnet.Action) {
	s := e.server
	l := s.loopOf(c)
	if _, ok := c.Context().(introduction); ok {
		c.SetContext(nil)
		return nil, gnet.Close
	}
	cn := &conn{Conn: c, loop: l}
	defer func() {
		if l.recovered("open", recover()) {
			action = gnet.Close
			if cn.session == nil { // OnClose knows nothing of it
				s.addresses.leave(cn)
			}
		}
	}()
	defer s.accepted.Add(1) // tests take it for the end of this
	address := addressOf(c.RemoteAddr())
	refuse, detail := session.None, ""
	switch {
	case s.draining.Load():
		refuse = session.ShuttingDown
	case s.chat.Hub.MemoryExceeded():
		refuse = session.ServerFull
		detail = "the server is short of memory; try again in a moment"
	case !s.addresses.admit(account.Network(address.Addr()), s.config.Load().ConnectionsPerAddress, cn):
		refuse = session.AddressLimit
		detail = "there are too many connections from your address; close one or try again later"
	}
	l.yield()
	sess, refuse := l.lane.Open(cn, address, refuse, refusalReserve)
	if sess == nil {
		s.turnedAway.Add(1)
		s.addresses.leave(cn)
		return handler.Refusal(codec.LoginUserFull), gnet.Close
	}
	cn.session = sess
	c.SetContext(cn)
	if refuse != session.None {
		sess.Refuse(refuse, detail)
	}
	return nil, gnet.None
}

// OnTraffic takes what has arrived.
func (e *events) OnTraffic(c gnet.Conn) gnet.Action {
	cn, ok := c.Context().(*conn)
	if !ok {
		return gnet.Close
	}
	defer cn.recover()
	undone := cn.paused
	cn.loop.lane.Touch(cn.session)
	arrived, err := c.Next(-1) // everything, so that gnet keeps nothing
	if err != nil {
		return gnet.None
	}
	e.server.received.Add(uint64(len(arrived)))
	in := &cn.loop.inbound
	in.fill(cn.rest, arrived)
	e.server.chat.Receive(cn.session, in)
	cn.rest = in.keep(cn.rest)
	cn.loop.lane.SetInput(cn.session, cap(cn.rest))
	if undone {
		cn.undone++
		cn.PauseReading(true)
		cn.loop.lane.Written(cn.session) // that is what undid it
	}
	cn.loop.yield()
	return gnet.None
}

// OnClose takes the connection away from its session.
func (e *events) OnClose(c gnet.Conn, err error) gnet.Action {
	cn, ok := c.Context().(*conn)
	if !ok {
		return gnet.None
	}
	defer cn.loop.recover("close")
	cn.closed = true
	why := session.ClientClosed
	if err != nil && !errors.Is(err, io.EOF) {
		why = session.ConnectionError
	}
	defer cn.loop.lane.Closed(cn.session, why) // whatever happens, or its name and its place would never be free
	e.server.addresses.leave(cn)
	return gnet.None
}

// OnTick sends every loop its tick. It runs on a goroutine of its own.
func (e *events) OnTick() (time.Duration, gnet.Action) {
	e.server.tick()
	e.server.tickMemory()
	return tickInterval, gnet.None
}

// recover ends a session whose packets made the loop panic.
func (c *conn) recover() {
	if v := recover(); v != nil {
		c.loop.server.panics.Add(1)
		c.loop.server.log.Error("a loop panicked on what a client sent",
			zap.Any("panic", v), zap.Stringer("client", c.session.Address()), zap.Stack("stack"))
		c.session.End(session.ServerError, "")
	}
}

// addressOf copies an address out of gnet's hands.
func addressOf(a net.Addr) netip.AddrPort {
	if tcp, ok := a.(*net.TCPAddr); ok {
		ap := tcp.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}
