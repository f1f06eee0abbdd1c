package handler

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/handler/charset"
	"hubbub/handler/history"
	"hubbub/session"
)

// Limits bound what clients may do. They can be changed while the server runs.
type Limits struct {
	PacketBytesMax  int           // of a native packet towards the server, header included
	MessageBytesMax int           // of a chat message
	MessageRate     int           // requests a second and session; 0: no limit
	MessageBurst    int           // requests at once that the rate lets through
	AddressRate     int           // requests a second of all sessions from an address, of IPv6 a /64; 0: no limit
	AddressBurst    int           // the same for it
	Heartbeat       time.Duration // the longest silence that clients are told to keep to; 0: any
	ReplaceLogin    bool          // whether a second login under a name ends the first one, or is refused

	AccountsOnly       bool // whether there are no guests
	RegistrationClosed bool // whether only operators make accounts
	QueueBytesMax      int  // of messages that wait for the database
}

// Config is what a Chat needs from above. The functions must be set.
type Config struct {
	Limits   Limits
	Sessions session.Config // its functions and Heartbeat are the Chat's to set, but Schedule
	Node     uint16         // this node's number in message ids, 0 to codec.NodeMax
	Now      func() time.Time
	Charset  charset.Choice // of classic clients; the zero value is UTF-8

	Accounts account.Store // nil: everybody is a guest
	History  history.Store // nil: nothing is kept
	Newest   codec.ID      // the newest id that may have been given before: new ones are above it, whatever the clock says
	Reserved codec.ID      // ids up to here are reserved in the database; 0: they need not be
	Async    bool          // whether SUCCESS does not wait for the database
	// Hash runs what keeps a processor busy for long, and Fetch what waits for the database. Needed with Accounts.
	Hash, Fetch Runner
	// Unavailable is told what the database could not do, but for the journal's failures. Needed with Accounts.
	Unavailable func(what string, err error)
	// Revoked is told of each account that had sessions, which were ended, or a guest's under its name. Needed with Accounts.
	Revoked func(account.Revocation)
	// Unkept is told when the journal can't keep messages any more, and with nil when it can again. With history.ErrFenced
	// or history.ErrConflict it never will.
	Unkept func(err error)
	// Kept is told how many messages were kept together, and how long that took. Both are needed with History.
	Kept func(messages int, took time.Duration)

	// Ended is told of each session that is gone for good, as the last thing on its strand.
	Ended func(*session.Session)
	// Received is told of each packet before it is handled.
	Received func(*session.Session, codec.Message)
	// Ignored is told of each classic packet that is ignored, with its type and how many bytes it has. nil: nobody is told.
	Ignored func(s *session.Session, kind codec.Type, bytes int)
	// Panicked is told of a panic that ended a session.
	Panicked func(s *session.Session, value any, stack []byte)
}

// Chat is the server's behaviour, over a Hub that holds its sessions.
type Chat struct {
	Hub *session.Hub

	config   Config
	forms    [session.Encodings]codec.Form
	begun    time.Time
	limits   atomic.Pointer[Limits]
	draining atomic.Bool
	turns    sync.Pool
	tick     atomic.Uint64 // the last message id's
	ceiling  atomic.Uint64 // the tick up to which ids follow the clock; history.ReserveTicks more are reserved
	reserved atomic.Uint64 // the codec.ID up to which ids are reserved; 0: they need not be

	journal       *history.Journal // nil: nothing is kept
	hasher        account.Hasher
	throttle      *account.Throttle
	registrations *account.Registrations
	names         accountNames
	rates         rates
	revoked       sync.Map      // by account: a revocation
	revocations   atomic.Uint64 // so far
	unconfirmed   sync.Map      // by session id: a *replay whose whispers may not have arrived yet

	packets [codec.TypeMax]atomic.Uint64 // by type, as they arrived
	ignored atomic.Uint64                // classic packets that the original ignores too
	denied  atomic.Uint64                // logins
	hashed  atomic.Uint64                // passwords
	refused []atomic.Uint64              // requests that were answered with a failure, in the order of codec.Codes
}

// New returns a Chat with an empty Hub.
func New(config Config) *Chat {
	c := &Chat{
		config: config, forms: makeForms(config.Charset), begun: config.Now(), refused: make([]atomic.Uint64, len(codec.Codes)),
	}
	c.turns.New = func() any { return &turn{chat: c} }
	c.tick.Store(max(1, config.Newest.Tick())) // 0 would be no id, and a login before the first message tells one
	c.ceiling.Store(math.MaxUint64)
	if config.Reserved != 0 {
		c.ceiling.Store(0)
		c.Reserved(config.Reserved)
	}
	if config.Accounts != nil {
		c.hasher, c.throttle, c.registrations = account.DefaultHasher, account.NewThrottle(), account.NewRegistrations()
	}
	if config.History != nil {
		c.journal = history.New(history.Config{
			Store: config.History, Newest: config.Newest, Answer: c.answerKept, Failed: config.Unkept, Appended: config.Kept,
			Kept: c.keptUpTo,
		})
	}
	c.SetLimits(config.Limits)
	config.Sessions.Farewell = c.farewell
	config.Sessions.Heartbeat[nativeForm] = true // the original knows no PING, so its clients may be silent
	c.Hub = session.NewHub(config.Sessions)
	return c
}

// SetLimits changes the limits from now on. Anyone.
func (c *Chat) SetLimits(limits Limits) {
	c.limits.Store(&limits)
	if c.journal != nil {
		c.journal.SetQueueBytes(int64(limits.QueueBytesMax))
	}
}

// Journal returns what keeps messages, for its goroutine and its figures; nil when nothing is kept. Anyone.
func (c *Chat) Journal() *history.Journal { return c.journal }

// Drain refuses logins from now on, because the server is shutting down. Anyone.
func (c *Chat) Drain() { c.draining.Store(true) }

// Packets returns how many packets of a native type, or their classic like, have arrived. Anyone.
func (c *Chat) Packets(t codec.Type) uint64 { return c.packets[t].Load() }

// Ignored returns how many classic packets were ignored, as the original does. Anyone.
func (c *Chat) Ignored() uint64 { return c.ignored.Load() }

// Refused returns how many requests were answered with a failure of this code. Those whose session was ended because of a
// defect count as codec.ServerError. Anyone.
func (c *Chat) Refused(code codec.Code) uint64 {
	if at := codeIndex(code); at >= 0 {
		return c.refused[at].Load()
	}
	return 0
}

// codeIndex returns a code's place in codec.Codes; -1 when it is not there.
func codeIndex(code codec.Code) int {
	return slices.IndexFunc(codec.Codes, func(row codec.CodeRow) bool { return row.Code == code })
}

// Denied returns how many logins had a wrong password or an unknown account, or came too soon after one. Anyone.
func (c *Chat) Denied() uint64 { return c.denied.Load() }

// Hashed returns how many hashes of passwords were computed. Anyone.
func (c *Chat) Hashed() uint64 { return c.hashed.Load() }
