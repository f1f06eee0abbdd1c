package client

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hubbub/codec"
)

// Client is one user's session with a chat server, over one connection after another when it reconnects. Its methods
// may be called from any goroutine. Close it when it is of no more use.
type Client struct {
	// Static after construction.
	addr    string
	options Options
	inbox   *inbox
	life    context.Context // ends with Close
	stop    context.CancelFunc
	running sync.WaitGroup // every goroutine of this client

	rtt    atomic.Int64 // in nanoseconds
	limits atomic.Pointer[Limits]
	online atomic.Int64
	last   atomic.Uint64 // the codec.ID of the newest message seen, or of the newest before the first login

	refusals, duplicates atomic.Uint64

	// Owned by the reader.
	seen   seen
	missed codec.ID // the end of the last gap that was told

	mu       sync.Mutex
	link     *link  // nil while there is no session
	password string // for the next login
	// A password that the server was asked to set and that may hold by now; "": none.
	nextPassword string
	user         string
	session      uint64
	leaving      bool // Logout or Close was called: the loss of the connection is what is wanted
	over         bool
	err          error // why, when over
}

// Dial connects to the chat server at addr, "host:port" or "host" for DefaultPort, and logs in. ctx and
// Options.Timeout bound that and nothing later. The first attempt is not repeated, whatever Options.Reconnect says.
//
// What the server refuses is an *Error: codec.AuthFailed, codec.PermissionDenied when the account is banned,
// codec.NameInvalid, codec.LoginUserAlready, codec.LoginUserFull, codec.RateLimited, codec.ServerBusy or
// codec.ShuttingDown.
func Dial(ctx context.Context, addr string, options Options) (*Client, error) {
	if options.User == "" {
		return nil, errors.New("client: Options.User is empty; a login needs a name")
	}
	c := newClient(addr, options)
	l, err := c.connect(ctx)
	if err != nil {
		c.stop()
		return nil, err
	}
	c.tell(l.gap)
	c.running.Go(c.inbox.pump)
	c.running.Go(func() { c.run(l) })
	return c, nil
}

func newClient(addr string, options Options) *Client {
	c := &Client{addr: WithPort(addr), options: options.withDefaults(), password: options.Password}
	c.inbox = newInbox(c.options.EventBuffer, c.options.DiscardEvents)
	c.life, c.stop = context.WithCancel(context.Background())
	c.last.Store(uint64(options.Since))
	c.limits.Store(new(Limits))
	return c
}

// WithPort returns addr, "host:port" or "host", with DefaultPort where it has none.
func WithPort(addr string) string {
	if _, _, err := net.SplitHostPort(addr); err == nil {
		return addr
	}
	host := strings.TrimSuffix(strings.TrimPrefix(addr, "["), "]")
	if strings.Contains(host, ":") && net.ParseIP(host) == nil {
		return addr // neither host:port nor an IPv6 address: let the dialler say what is wrong with it
	}
	return net.JoinHostPort(host, DefaultPort)
}

// connect makes one attempt to get a session, and starts its writer.
func (c *Client) connect(ctx context.Context) (*link, error) {
	c.mu.Lock()
	password, next := c.password, c.nextPassword
	c.mu.Unlock()
	l, err := c.logIn(ctx, password)
	if next != "" && errors.Is(err, codec.AuthFailed) {
		if l, err = c.logIn(ctx, next); err == nil {
			c.mu.Lock()
			c.password, c.nextPassword = next, ""
			c.mu.Unlock()
		}
	}
	if err != nil {
		return nil, err
	}
	c.running.Go(l.write)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving { // meanwhile
		l.end(ErrClosed)
	}
	c.link, c.user, c.session = l, l.user, l.session
	return l, nil
}

// logIn opens a connection and logs in with a password.
func (c *Client) logIn(ctx context.Context, password string) (*link, error) {
	return c.open(ctx, "the login", func(l *link) error {
		return l.login(c.options.User, password, c.LastSeen())
	})
}

// open makes a connection, on which talk makes the first request, such as the login.
func (c *Client) open(ctx context.Context, request string, talk func(l *link) error) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	conn, err := c.options.Dial(ctx, c.addr)
	if err != nil {
		return nil, unreachable(c.addr, c.options.Timeout, err)
	}
	// The end of ctx interrupts whatever the login is waiting for.
	release := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	l := newLink(c, conn)
	err = talk(l)
	if !release() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		l.end(err)
		if errors.Is(ctx.Err(), context.Canceled) {
			err = ctx.Err()
		}
		return nil, unanswered(c.addr, request, c.options.Timeout, err)
	}
	return l, nil
}

// run reads one connection after another. It is the reader's goroutine.
func (c *Client) run(l *link) {
	defer c.inbox.finish()
	for attempts := c.retries(); ; {
		since := time.Now()
		err := l.read()
		if !c.lost(err) {
			return
		}
		if time.Since(since) > steady {
			attempts.Reset()
		}
		if l = c.reconnect(attempts, err); l == nil {
			return
		}
	}
}

// news notes a message, the newest of which the next login tells the server, and reports whether it has not come before.
func (c *Client) news(id codec.ID) bool {
	if !c.seen.add(id) {
		c.duplicates.Add(1)
		return false
	}
	if uint64(id) > c.last.Load() {
		c.last.Store(uint64(id)) // only the reader stores
	}
	return true
}

// tell delivers a gap, once: a server finds it again at every login until something came after it.
func (c *Client) tell(gap Gap) {
	if gap.Since != 0 {
		c.miss(gap)
	}
}

// miss delivers a gap that was not told before. The reader, or whoever is about to start it.
func (c *Client) miss(gap Gap) {
	if gap.Upto > c.missed {
		c.missed = gap.Upto
		c.inbox.put(gap)
	}
}

// User returns the name as the server granted it at the last login.
func (c *Client) User() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.user
}

// Session returns the server's number for the session, which its log shows.
func (c *Client) Session() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// Addr returns the server's address as host:port.
func (c *Client) Addr() string { return c.addr }

// Online returns how many users were logged in at the last login, this one among them; 0: an older server did not tell.
// Any goroutine.
func (c *Client) Online() int { return int(c.online.Load()) }

// LastSeen returns the id of the newest message that came, for Options.Since of a later Dial. Before the first one it is
// that of the newest message before the login, as far as the server told it, and else Options.Since.
func (c *Client) LastSeen() codec.ID { return codec.ID(c.last.Load()) }

// Duplicates returns how many messages came again, mostly after a reconnect, and were not delivered a second time.
func (c *Client) Duplicates() int { return int(c.duplicates.Load()) }
