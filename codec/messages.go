package codec

// Message is one packet's content. The types below mirror the wire: a field's order in layout is its order there.
type Message interface {
	// Type is the packet's number in its dialect.
	Type() Type
	layout(f *fields)
}

// Request is a message that a client sends and the server answers.
type Request interface {
	Message
	// Reference is the client's own number for this request, echoed in the answer; 0 asks for no answer to a success.
	Reference() uint32
}

// Response is the answer to a Request.
type Response interface {
	Message
	// Answers sets what every answer holds. It is how a failure is told without knowing which request it answers.
	Answers(ref uint32, result Code)
	// Outcome is what Answers set.
	Outcome() (ref uint32, result Code)
}

// Asked and Answer are the fields that all requests, or all responses, begin with.
type (
	Asked  struct{ Ref uint32 }
	Answer struct {
		Ref    uint32
		Result Code
	}
)

// Reference implements Request.
func (a *Asked) Reference() uint32 { return a.Ref }

func (a *Asked) layout(f *fields) { f.u32("ref", &a.Ref) }

// Answers implements Response.
func (a *Answer) Answers(ref uint32, result Code) { a.Ref, a.Result = ref, result }

// Outcome implements Response.
func (a *Answer) Outcome() (ref uint32, result Code) { return a.Ref, a.Result }

func (a *Answer) layout(f *fields) {
	f.u32("ref", &a.Ref)
	f.code("result", &a.Result)
}

// RegisterRequest makes a name an account, which needs its password from then on.
type RegisterRequest struct {
	Asked
	User, Password string
}

func (m *RegisterRequest) layout(f *fields) {
	m.Asked.layout(f)
	f.str("user", &m.User)
	f.str("password", &m.Password)
}

// RegisterResponse answers a RegisterRequest.
type RegisterResponse struct {
	Answer
	Refusal
}

func (m *RegisterResponse) layout(f *fields) {
	m.Answer.layout(f)
	m.Refusal.layout(f)
}

// PasswordRequest gives the sender's account another password.
type PasswordRequest struct {
	Asked
	Old, New string
}

func (m *PasswordRequest) layout(f *fields) {
	m.Asked.layout(f)
	f.str("old", &m.Old)
	f.str("new", &m.New)
}

// PasswordResponse answers a PasswordRequest.
type PasswordResponse struct {
	Answer
	Refusal
}

func (m *PasswordResponse) layout(f *fields) {
	m.Answer.layout(f)
	m.Refusal.layout(f)
}

// LoginRequest asks for a name.
type LoginRequest struct {
	Asked
	User, Password string
	Caps           uint32 // bit 0: the sender can read compressed packets
	Since          ID     // the last message that the client saw; 0: none

	// Account is the account's name where it is not User: a classic login has both. It is not on the native wire.
	Account string `wire:"-"`
}

func (m *LoginRequest) layout(f *fields) {
	m.Asked.layout(f)
	f.str("user", &m.User)
	f.str("password", &m.Password)
	f.u32("caps", &m.Caps)
	f.id("since", &m.Since)
}

// LoginResponse gives the session's number, the name as everybody sees it and the heartbeat: the longest time in
// seconds that the client should let pass without sending anything; 0: as long as it likes. Latest is the newest message
// before the session, for a client that has seen none and comes back before it sees one. Gap tells a client that
// asked for what it missed which part of that is gone: messages after its Since and up to Gap were not kept, or not for
// so long; 0: none. The limits are what the server lets this session do, as far as it tells them: MaxMessage and MaxPacket
// in bytes, 0 when it does not; Rate in requests a second and Burst in requests at once, of which 0 is no limit when
// MaxMessage is told. Online is how many users are logged in, this one among them; 0: the server does not tell it.
type LoginResponse struct {
	Answer
	Session   uint64
	User      string
	Caps      uint32
	Heartbeat uint16
	Latest    ID // optional
	Gap       ID // optional

	MaxMessage, MaxPacket uint16 // optional, with the two below
	Rate, Burst           uint32

	Online uint32 // optional

	Refusal
}

func (m *LoginResponse) layout(f *fields) {
	m.Answer.layout(f)
	f.u64("session", &m.Session)
	f.str("user", &m.User)
	f.u32("caps", &m.Caps)
	f.u16("heartbeat", &m.Heartbeat)
	limited := m.MaxMessage != 0 || m.MaxPacket != 0 || m.Rate != 0 || m.Burst != 0 || m.Online != 0 || m.told()
	if f.optional(m.Latest != 0 || m.Gap != 0 || limited) {
		f.id("latest", &m.Latest)
	}
	if f.optional(m.Gap != 0 || limited) {
		f.id("gap", &m.Gap)
	}
	if f.optional(limited) {
		f.u16("maxMessage", &m.MaxMessage)
		f.u16("maxPacket", &m.MaxPacket)
		f.u32("rate", &m.Rate)
		f.u32("burst", &m.Burst)
	}
	if f.optional(m.Online != 0 || m.told()) {
		f.u32("online", &m.Online)
	}
	m.Refusal.layout(f)
}

// LogoutRequest ends the session; LogoutResponse is the last packet of the connection.
type (
	LogoutRequest  struct{ Asked }
	LogoutResponse struct{ Answer }
)

// BroadcastRequest sends a message to everybody who is logged in but the sender.
type BroadcastRequest struct {
	Asked
	Message string
}

func (m *BroadcastRequest) layout(f *fields) {
	m.Asked.layout(f)
	f.str("message", &m.Message)
}

// BroadcastResponse tells the sender the id of the message.
type BroadcastResponse struct {
	Answer
	ID ID
	Refusal
}

func (m *BroadcastResponse) layout(f *fields) {
	m.Answer.layout(f)
	f.id("id", &m.ID)
	m.Refusal.layout(f)
}

// Replayed is the bit in Flags of a message that was sent before the session began.
const Replayed = 1

// BroadcastNotify brings somebody's broadcast.
type BroadcastNotify struct {
	ID            ID
	User, Message string
	Flags         uint8  // Replayed; optional
	At            uint64 // when it was accepted, as ID.At says; optional
}

func (m *BroadcastNotify) layout(f *fields) {
	f.id("id", &m.ID)
	f.str("user", &m.User)
	f.str("message", &m.Message)
	f.origin(&m.Flags, &m.At)
}

// origin walks the optional fields of a message that is sent on.
func (f *fields) origin(flags *uint8, at *uint64) {
	if f.optional(*flags != 0 || *at != 0) {
		f.u8("flags", flags)
	}
	if f.optional(*at != 0) {
		f.u64("at", at)
	}
}

// GapNotify says that messages with ids above After and up to Upto were removed, because of their age or number, while
// the server was sending again what a client missed. Those of them that still come do so behind it.
type GapNotify struct{ After, Upto ID }

func (m *GapNotify) layout(f *fields) {
	f.id("after", &m.After)
	f.id("upto", &m.Upto)
}

// WhisperRequest sends a message to one user.
type WhisperRequest struct {
	Asked
	To, Message string
}

func (m *WhisperRequest) layout(f *fields) {
	m.Asked.layout(f)
	f.str("to", &m.To)
	f.str("message", &m.Message)
}

// WhisperResponse tells the sender the id of the message.
type WhisperResponse struct {
	Answer
	ID ID
	Refusal
}

func (m *WhisperResponse) layout(f *fields) {
	m.Answer.layout(f)
	f.id("id", &m.ID)
	m.Refusal.layout(f)
}

// WhisperNotify brings a whisper of User.
type WhisperNotify struct {
	ID            ID
	User, Message string
	Flags         uint8  // Replayed; optional
	At            uint64 // when it was accepted, as ID.At says; optional
}

func (m *WhisperNotify) layout(f *fields) {
	f.id("id", &m.ID)
	f.str("user", &m.User)
	f.str("message", &m.Message)
	f.origin(&m.Flags, &m.At)
}

// HistoryRequest asks for a page of one conversation: of a room, of the whispers with a user, or, when both are empty, of
// what was said to everybody. The page holds messages with ids between After and Before, the oldest of them when After
// is given and else the newest; 0 leaves that side open.
type HistoryRequest struct {
	Asked
	Room, User    string
	Before, After ID
	Limit         uint16 // messages; 0 or more than HistoryMax: HistoryMax
}

// HistoryMax is the most messages that a page has. Long ones may make it less: a page is one packet.
const HistoryMax = 100

const (
	// HistoryBytesMax is how many bytes the messages of a page have together: what a packet leaves them.
	HistoryBytesMax = MaxPacket - HeaderSize - 4 - 2 - 1 - 2 - 8 - 2
	// HistoryMessageBytes is what each of them takes beside its name and its text, at most.
	HistoryMessageBytes = 8 + 2 + 2 + 8
)

func (m *HistoryRequest) layout(f *fields) {
	m.Asked.layout(f)
	f.str("room", &m.Room)
	f.str("user", &m.User)
	f.id("before", &m.Before)
	f.id("after", &m.After)
	f.u16("limit", &m.Limit)
}

// HistoryResponse is a page of a conversation, oldest message first. More says that there are further messages in the
// direction that was asked for. Gap is told to who asked for what came After a message: messages after that one and up
// to Gap were removed because of their age or number; 0: none. Times are there when a message's time is not what its id
// says: one for each message, or none.
type HistoryResponse struct {
	Answer
	More     uint8 // 1: yes
	Messages []HistoryMessage
	Gap      ID            // optional
	Times    []HistoryTime // optional
}

// HistoryTime is when a message of a page was accepted, as ID.At says.
type HistoryTime struct{ At uint64 }

// HistoryMessage is one message of a page.
type HistoryMessage struct {
	ID            ID
	User, Message string
}

func (m *HistoryResponse) layout(f *fields) {
	m.Answer.layout(f)
	f.u8("more", &m.More)
	n := f.list("messages", len(m.Messages))
	if n > 0 && len(m.Messages) == 0 {
		m.Messages = make([]HistoryMessage, n)
	}
	for i := range m.Messages {
		f.element(i)
		m.Messages[i].layout(f)
	}
	f.endList()
	if f.optional(m.Gap != 0 || len(m.Times) > 0) {
		f.id("gap", &m.Gap)
	}
	if f.optional(len(m.Times) > 0) {
		n := f.list("times", len(m.Times))
		if n > 0 && len(m.Times) == 0 {
			m.Times = make([]HistoryTime, n)
		}
		for i := range m.Times {
			f.element(i)
			f.u64("at", &m.Times[i].At)
		}
		f.endList()
	}
}

func (m *HistoryMessage) layout(f *fields) {
	f.id("id", &m.ID)
	f.str("user", &m.User)
	f.str("message", &m.Message)
}

// Ping asks for a Pong with the same ref, in either direction, before and after login.
type (
	Ping struct{ Asked }
	Pong struct{ Asked }
)

// SystemNotify tells why something happens to the session, mostly that it ends.
type SystemNotify struct {
	Code    Code
	Message string
}

func (m *SystemNotify) layout(f *fields) {
	f.code("code", &m.Code)
	f.str("message", &m.Message)
}
