package server

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"hubbub/codec"
	"hubbub/handler"
	"hubbub/handler/account"
	"hubbub/handler/charset"
	"hubbub/session"
)

// Config is everything that an operator can set. The tags are the flags: their names, defaults and reasons, from which
// the README's table is made. Those tagged reload follow a SIGHUP; the others need a restart.
type Config struct {
	Listen     string `default:":9000" help:"Where chat clients connect, host:port. Port 0 picks a free one."`
	Admin      string `default:"127.0.0.1:9001" help:"Where operators connect, host:port: health and metrics, no authentication, so keep it private. Empty: nowhere."`
	AdminHosts string `placeholder:"HOSTS" help:"Further host names and addresses by which operators may ask, with commas between, such as hubbub.example.org,*.hubbub.svc. Always allowed: localhost, this machine's name, the address of --admin, the one that a connection arrived at. Others get 421, so that no web page asks under a name of its own (DNS rebinding)."`
	DataDir    string `default:"./data" help:"Where the server keeps accounts and history, in hubbub.db, unless --database says otherwise."`

	Database     string        `default:"sqlite" help:"What keeps accounts and history: sqlite, a file under --data-dir; postgres://user:password@host/database; or none, and then everybody is a guest and nothing is kept. A password goes into HUBBUB_DATABASE or --database-file: everybody on the machine sees flags."`
	DatabaseFile string        `placeholder:"FILE" help:"A file that has in its only line what --database would say, so that its password is nowhere else. Not beside --database."`
	Auth         string        `default:"open" enum:"open,accounts" reload:"" help:"Who may log in. open: a registered name needs its password, any other is a guest's. accounts: registered names only."`
	Registration string        `default:"open" enum:"open,closed" reload:"" help:"Who makes accounts. open: everybody for themselves. closed: operators, with hubbub user add."`
	Hashers      int           `default:"0" help:"Passwords that are checked at a time, 19 MiB of memory and some 20 ms of a processor each. 0: one for every two processors, so that a storm of logins leaves the rest to the chat."`
	History      string        `default:"sync" enum:"sync,async,off" help:"What SUCCESS means to a sender. sync: the message is kept, whatever happens to the server now. async: it will be kept within moments. off: it was sent; nothing is kept."`
	HistoryQueue Bytes         `default:"16MiB" reload:"" help:"Messages that may wait for the database before their senders wait, whose sockets are not read then: some seconds of a busy chat. Senders hear SERVER_BUSY once the database takes nothing for 5 to 10 s."`
	HistoryAge   time.Duration `default:"2160h" reload:"" help:"How long messages are kept: 90 days. 0: for ever."`
	HistoryCount int64         `default:"10000000" reload:"" help:"How many messages are kept, of all conversations together: some 1.3 GB with short messages. 0: all."`

	ClockJump string `default:"refuse" enum:"refuse,accept" reload:"" help:"Whether --history-age follows a clock that differs by more than a quarter of it, 1h to 24h, from the time that the database and the uptime support. refuse: messages grow old by the latter. accept: the clock is right, for example after some days off."`

	Loops   int `default:"0" help:"Event loops. 0: one for each processor, which is all that can run at a time."`
	Workers int `default:"0" help:"Handlers that run at a time. 0: 16 for each processor, so that some may wait for a lock or a disk."`

	MaxSessions           int `default:"100000" help:"Connections at a time. More are refused with LOGIN_USER_FULL. The limit of open files minus 300 is kept to as well."`
	SessionsPreallocated  int `default:"1024" help:"Sessions whose memory is taken at the start, 528 bytes each."`
	ConnectionsPerAddress int `default:"0" reload:"" help:"Connections at a time from one address. 0: no limit, since behind a load balancer all come from one."`

	MaxPacket  int `default:"4096" reload:"" help:"Largest packet from a client in bytes, header included: room for the longest message and its fields."`
	MaxMessage int `default:"1024" reload:"" help:"Longest chat message in bytes. The original's field holds 1024."`

	LoginTimeout        time.Duration `default:"10s" reload:"" help:"Time from connecting to logging in: enough for a slow line, too short to hold many sockets for nothing. 0: no limit."`
	ClassicLoginTimeout time.Duration `default:"2m" reload:"" help:"The same for the original's clients, whose users type a name after they have connected, and for connections that have said nothing, which may be theirs. Those have --login-timeout only while more than half of --max-sessions are not logged in. 0: no limit."`
	ClassicCharset      string        `default:"auto" help:"What the original's clients write, and are written: auto (a client's texts are UTF-8, until one is not: then CP949, as Korean Windows has it), utf-8, cp949, shift_jis, gb18030, big5, windows-1251, windows-1252 or another charset of the WHATWG or IANA that keeps ASCII."`

	Heartbeat time.Duration `default:"30s" help:"Longest silence asked of clients; after 2.5 times as long a session is ended. Below what most NATs forget. 0: no limit. Classic clients are exempt."`

	MessageRate  int `default:"20" reload:"" help:"Requests a second and session: more than a person types, less than a flood. 0: no limit."`
	MessageBurst int `default:"40" reload:"" help:"Requests at once that the rate lets through, such as a pasted text."`

	MessageRatePerAddress int `default:"-1" reload:"" help:"Requests a second of all sessions from one address, of IPv6 from one /64, with bursts in proportion to --message-burst, so that coming again and again fills no bucket. -1: ten times --message-rate, as for an office. 0: no limit, which a server behind a load balancer needs, where all come from one address."`

	OutboxBytes Bytes `default:"1MiB" reload:"" help:"Bytes that may wait for a slow client before it is disconnected: some seconds of a busy lobby. When half of it waits the client is not read any more, so that its own answers never disconnect it."`
	LaneBytes   Bytes `default:"16MiB" reload:"" help:"Bytes that may wait for one event loop before their senders wait, whose sockets are not read then: some 10 ms of its work. For broadcasts the lesser of this and --outbox-bytes, so that a burst waits before it closes receivers that keep up, and of 64 MiB for all members together."`
	StrandBytes Bytes `default:"1MiB" reload:"" help:"Bytes of one client's requests that may wait for a worker. At half of it, or 64 KiB, its socket is not read until half of that is done. Where that can't be had (other systems than Linux, or no /proc) the client is disconnected with SERVER_BUSY at all of it."`

	MemoryBudget  Bytes `default:"0" help:"Memory for everything that clients make the server hold: connections, requests, what they do not read, queues. Beyond it the sessions that use the most are ended, and logins are refused. 0: two fifths of what the container or the machine has, so that the collector and the kernel have room."`
	SendBuffer    Bytes `default:"192KiB" help:"The kernel's buffer for what a client has not read yet, SO_SNDBUF, for which it takes twice the memory. Left to itself it takes 4 MiB for each client that reads nothing. 0: the kernel decides."`
	ReceiveBuffer Bytes `default:"64KiB" help:"The kernel's buffer for what the server has not read yet, SO_RCVBUF, for which it takes twice the memory: more than a client sends at once. 0: the kernel decides."`

	DuplicateLogin string `default:"reject" enum:"reject,replace" reload:"" help:"A second login under a name: reject it (LOGIN_USER_ALREADY), or replace the first one (REPLACED)."`

	Drain time.Duration `default:"10s" reload:"" help:"Time over which connections are closed on SIGTERM, at least 20 a second and loop, so that their clients do not all come back at once elsewhere."`

	LogLevel  string `default:"info" enum:"debug,info,warn,error" reload:"" help:"Least level that is logged. debug prints every packet."`
	LogFormat string `default:"auto" enum:"auto,console,json" help:"auto: console on a terminal, JSON otherwise."`
	Pprof     bool   `help:"Serve /debug/pprof on the operators' port."`
}

const (
	// idleFactor is how many heartbeats may be missed: one and a half, so that one lost PING is forgiven.
	idleFactor = 2.5
	// linger bounds how long a session's last bytes may take to reach it.
	linger = 5 * time.Second
	// packetOverhead is what a packet needs beside a message at most, which is in a page of history with one message of the
	// longest name: what is let in must fit into what carries it on.
	packetOverhead = codec.MaxPacket - codec.HistoryBytesMax + codec.HistoryMessageBytes + account.NameBytesMax
	// descriptorReserve are kept free for up to 16 loops, the operators' port, files and refused connections; more
	// loops need descriptorsPerLoop each beyond that.
	descriptorReserve = 300
	// descriptorsPerLoop are a loop's poller, its wake, its listener and one connection that it is about to refuse.
	descriptorsPerLoop = 4
	// refusalReserve is how many refused connections may wait at a time for their reason to reach them.
	refusalReserve = 128
	// operatorsMax is how many connections the operators' port has at a time; beyond that those go that do not ask.
	operatorsMax = 32
	// memoryBudgetMin is what a queue of the history and two loops that are busy use, and some hundred sessions.
	memoryBudgetMin Bytes = 32 << 20
	// ReadyTimeout bounds how long a loop or the pool may take to answer before the server is not ready.
	ReadyTimeout = time.Second
)

// Validate reports what is wrong with the configuration, and how to put it right. kong calls it too.
func (c *Config) Validate() error {
	if err := c.validateAddresses(); err != nil {
		return err
	}
	if _, err := charset.Parse(c.ClassicCharset); err != nil {
		return fmt.Errorf("--classic-charset: %w", err)
	}
	for _, check := range []struct {
		bad  bool
		text string
	}{
		{c.Database == "sqlite" && c.DataDir == "", "--data-dir must not be empty: name a directory, such as ./data"},
		{c.Loops < 0 || c.Loops > 256, "--loops must be between 0 and 256"},
		{c.Workers < 0 || c.Workers > 100_000, "--workers must be between 0 and 100000"},
		{c.MaxSessions < 1, "--max-sessions must be at least 1"},
		{c.SessionsPreallocated < 0, "--sessions-preallocated must not be negative"},
		{c.ConnectionsPerAddress < 0, "--connections-per-address must not be negative"},
		{c.MaxMessage < 1, "--max-message must be at least 1 byte"},
		{c.MaxPacket > codec.MaxPacket, fmt.Sprintf("--max-packet must not be above %d: the size field has 16 bits", codec.MaxPacket)},
		{c.MaxPacket < c.MaxMessage+packetOverhead, fmt.Sprintf(
			"--max-packet must be at least %d, which a message of --max-message %d bytes needs",
			c.MaxMessage+packetOverhead, c.MaxMessage)},
		{c.LoginTimeout < 0, "--login-timeout must not be negative"},
		{c.ClassicLoginTimeout < 0, "--classic-login-timeout must not be negative"},
		{c.Heartbeat < 0 || c.Heartbeat > 65535*time.Second, "--heartbeat must be between 0 and 65535s: clients are told it in 16 bits"},
		{c.Heartbeat%time.Second != 0, "--heartbeat must be whole seconds: clients are told it in seconds"},
		{c.MessageRate < 0 || c.MessageRate > 1e6, "--message-rate must be between 0, which is no limit, and 1000000"},
		{c.MessageRate > 0 && (c.MessageBurst < 1 || c.MessageBurst > 1e6),
			"--message-burst must be between 1, or nothing would get through, and 1000000"},
		{c.MessageRatePerAddress < -1 || c.MessageRatePerAddress > 1e6,
			"--message-rate-per-address must be between 0, which is no limit, and 1000000; or -1 for ten times --message-rate"},
		{c.OutboxBytes < Bytes(c.MaxPacket), "--outbox-bytes must hold at least one packet (--max-packet)"},
		{c.LaneBytes < Bytes(c.MaxPacket) || c.LaneBytes > 256<<20, "--lane-bytes must hold at least one packet (--max-packet) and at most 256MiB"},
		{c.OutboxBytes > 1<<30, "--outbox-bytes must not be above 1GiB"},
		{c.StrandBytes < Bytes(c.MaxPacket) || c.StrandBytes > 1<<30, "--strand-bytes must hold at least one packet (--max-packet) and at most 1GiB"},
		{c.MemoryBudget != 0 && c.MemoryBudget < memoryBudgetMin, "--memory-budget must be at least " + memoryBudgetMin.String() + ", or 0 for a share of the memory that is there"},
		{c.SendBuffer != 0 && (c.SendBuffer < Bytes(c.MaxPacket) || c.SendBuffer > 64<<20), "--send-buffer must hold at least one packet (--max-packet) and at most 64MiB, or be 0"},
		{c.ReceiveBuffer != 0 && (c.ReceiveBuffer < Bytes(c.MaxPacket) || c.ReceiveBuffer > 64<<20), "--receive-buffer must hold at least one packet (--max-packet) and at most 64MiB, or be 0"},
		{c.Auth == "accounts" && c.Database == "none", "--auth accounts needs a database: leave --database at sqlite, or say postgres://…"},
		{c.Hashers < 0 || c.Hashers > 1000, "--hashers must be between 0 and 1000"},
		{c.HistoryQueue < 64<<10 || c.HistoryQueue > 4<<30, "--history-queue must be between 64KiB and 4GiB"},
		{c.HistoryAge < 0, "--history-age must not be negative; 0 keeps messages for ever"},
		{c.HistoryCount < 0, "--history-count must not be negative; 0 keeps all messages"},
		{c.Drain < 0, "--drain must not be negative"},
	} {
		if check.bad {
			return fmt.Errorf("%s", check.text)
		}
	}
	return nil
}

// validateAddresses reports what is wrong with the addresses, as far as their text tells.
func (c *Config) validateAddresses() error {
	if _, err := newAdminHosts(c.Admin, c.AdminHosts); err != nil {
		return err
	}
	if c.Listen == "" {
		return errors.New("--listen must not be empty: say host:port, such as :9000")
	}
	if err := checkListen("--listen", c.Listen, ":9000"); err != nil {
		return err
	}
	if c.Admin == "" {
		return nil
	}
	if err := checkListen("--admin", c.Admin, "127.0.0.1:9001"); err != nil {
		return err
	}
	return checkApart(c.Listen, c.Admin)
}

const (
	// addressFactor is how many times --message-rate an address has unless it is said: as much as ten people at full speed.
	addressFactor = 10
	// addressBurst is for how many seconds an address may speak at once where there is no --message-rate to follow.
	addressBurst = 2
)

// addressRate returns how many requests a second an address has, and how many at once; 0 for no limit.
func (c *Config) addressRate() (rate, burst int) {
	rate = c.MessageRatePerAddress
	if rate < 0 {
		rate = min(addressFactor*c.MessageRate, 1e6)
	}
	if c.MessageRate == 0 {
		return rate, addressBurst * rate
	}
	return rate, max(1, int(int64(rate)*int64(c.MessageBurst)/int64(c.MessageRate)))
}

// ChatLimits returns what of the configuration bounds clients.
func (c *Config) ChatLimits() handler.Limits {
	addressRate, addressBurst := c.addressRate()
	return handler.Limits{
		PacketBytesMax: c.MaxPacket, MessageBytesMax: c.MaxMessage,
		MessageRate: c.MessageRate, MessageBurst: c.MessageBurst,
		AddressRate: addressRate, AddressBurst: addressBurst,
		Heartbeat: c.Heartbeat, ReplaceLogin: c.DuplicateLogin == "replace",
		AccountsOnly: c.Auth == "accounts", RegistrationClosed: c.Registration == "closed",
		QueueBytesMax: int(c.HistoryQueue),
	}
}

// SessionLimits returns what of the configuration bounds sessions, of which there may be sessionsMax at a time.
func (c *Config) SessionLimits(sessionsMax int) session.Limits {
	return session.Limits{
		SessionsMax: sessionsMax,
		OutboxBytes: int(c.OutboxBytes), LaneBytes: int(c.LaneBytes), StrandBytes: int(c.StrandBytes),
		LoginTimeouts: handler.ByDialect(c.LoginTimeout, c.ClassicLoginTimeout), IdleTimeout: time.Duration(float64(c.Heartbeat) * idleFactor),
		Linger: linger,
	}
}

// Bytes is a number of bytes that is written with a unit, as in 1MiB.
type Bytes int64

// size is how a size may be written. humanize would take 010 for 10.
var size = regexp.MustCompile(`^(0|[1-9][0-9]*)(\.[0-9]+)? ?[A-Za-z]*$`)

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *Bytes) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n > 1<<40 || !size.Match(text) {
		return fmt.Errorf("%q is not a size: write a number and a unit, such as 64KiB or 1MiB", text)
	}
	*b = Bytes(n)
	return nil
}

// String returns the size with the largest unit that leaves it whole.
func (b Bytes) String() string {
	for i, unit := range []string{"GiB", "MiB", "KiB"} {
		if size := Bytes(1) << (30 - 10*i); b >= size && b%size == 0 {
			return fmt.Sprintf("%d%s", b/size, unit)
		}
	}
	return fmt.Sprintf("%dB", int64(b))
}

// MarshalText implements encoding.TextMarshaler.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// reachable turns a listening address into one that a client on this machine can dial.
func reachable(address string) string {
	for _, any := range []string{"[::]:", "0.0.0.0:", ":"} {
		if rest, ok := strings.CutPrefix(address, any); ok {
			return "127.0.0.1:" + rest
		}
	}
	return address
}
