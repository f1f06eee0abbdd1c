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

// LoginRequest asks for a name.
type LoginRequest struct {
	Asked
	User, Password string
	Caps           uint32 // bit 0: the sender can read compressed packets
	Since          ID     // the last message that the client saw; 0: none
}

func (m *LoginRequest) layout(f *fields) {
	m.Asked.layout(f)
	f.str("user", &m.User)
	f.str("password", &m.Password)
	f.u32("caps", &m.Caps)
	f.id("since", &m.Since)
}

// LoginResponse gives the session's number, the name in its canonical form and the heartbeat: the longest time in
// seconds that the client should let pass without sending anything; 0: as long as it likes.
type LoginResponse struct {
	Answer
	Session   uint64
	User      string
	Caps      uint32
	Heartbeat uint16
}

func (m *LoginResponse) layout(f *fields) {
	m.Answer.layout(f)
	f.u64("session", &m.Session)
	f.str("user", &m.User)
	f.u32("caps", &m.Caps)
	f.u16("heartbeat", &m.Heartbeat)
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
}

func (m *BroadcastResponse) layout(f *fields) {
	m.Answer.layout(f)
	f.id("id", &m.ID)
}

// BroadcastNotify brings somebody's broadcast.
type BroadcastNotify struct {
	ID            ID
	User, Message string
}

func (m *BroadcastNotify) layout(f *fields) {
	f.id("id", &m.ID)
	f.str("user", &m.User)
	f.str("message", &m.Message)
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
}

func (m *WhisperResponse) layout(f *fields) {
	m.Answer.layout(f)
	f.id("id", &m.ID)
}

// WhisperNotify brings a whisper of User.
type WhisperNotify struct {
	ID            ID
	User, Message string
}

func (m *WhisperNotify) layout(f *fields) {
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
