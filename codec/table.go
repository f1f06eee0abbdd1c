package codec

import (
	"strconv"
	"strings"
)

// Type is a packet's number.
type Type uint16

// The native packet types. Requests and responses have the original server's numbers.
const (
	TypeRegisterRequest   Type = 1001
	TypeRegisterResponse  Type = 1002
	TypePasswordRequest   Type = 1003
	TypePasswordResponse  Type = 1004
	TypeLoginRequest      Type = 2001
	TypeLoginResponse     Type = 2002
	TypeLogoutRequest     Type = 2003
	TypeLogoutResponse    Type = 2004
	TypeBroadcastRequest  Type = 3001
	TypeBroadcastResponse Type = 3002
	TypeBroadcastNotify   Type = 3101
	TypeWhisperRequest    Type = 3005
	TypeWhisperResponse   Type = 3006
	TypeWhisperNotify     Type = 3105
	TypeHistoryRequest    Type = 3201
	TypeHistoryResponse   Type = 3202
	TypeGapNotify         Type = 3203
	TypePing              Type = 6001
	TypePong              Type = 6002
	TypeSystemNotify      Type = 7000
)

// Direction says who may send a packet.
type Direction uint8

// The directions of a packet.
const (
	ToServer Direction = 1 << iota
	ToClient
	Both = ToServer | ToClient
)

func (d Direction) String() string {
	return [...]string{"nobody", "server", "client", "both"}[d]
}

// Stage is how far a session must be for the server to take a packet.
type Stage uint8

// The stages of a session that packets ask for.
const (
	Connected Stage = iota
	LoggedIn
)

// Row is one packet of the table: everything that the dispatcher, the documentation and the tests need to know of it.
type Row struct {
	Type    Type
	Name    string // as docs/PROTOCOL.md spells it
	To      Direction
	Stage   Stage // what a packet to the server asks of its session
	Metered bool  // whether it counts against the session's message rate
	Reply   Type  // the packet that answers it; 0: none
	New     func() Message
	Doc     string
}

// Table is the native protocol. Everything that knows packets is driven by it, so a packet is added here, with its
// struct in messages.go, its handler and its golden vector; the tests fail while one of them is missing.
var Table = []Row{
	{TypeRegisterRequest, "REGISTER_REQUEST", ToServer, Connected, true, TypeRegisterResponse,
		func() Message { return new(RegisterRequest) }, "Makes a name an account, before or after a login."},
	{TypeRegisterResponse, "REGISTER_RESPONSE", ToClient, Connected, false, 0,
		func() Message { return new(RegisterResponse) },
		"Answers a registration: NAME_TAKEN, NAME_INVALID, PASSWORD_INVALID, or PERMISSION_DENIED where only operators register."},
	{TypePasswordRequest, "PASSWORD_REQUEST", ToServer, LoggedIn, true, TypePasswordResponse,
		func() Message { return new(PasswordRequest) }, "Gives the account that the session is logged in to another password."},
	{TypePasswordResponse, "PASSWORD_RESPONSE", ToClient, Connected, false, 0,
		func() Message { return new(PasswordResponse) },
		"Answers a change of the password: AUTH_FAILED when the old one is wrong, PASSWORD_INVALID, or PERMISSION_DENIED for a guest."},
	{TypeLoginRequest, "LOGIN_REQUEST", ToServer, Connected, true, TypeLoginResponse,
		func() Message { return new(LoginRequest) },
		"Asks for a name. An account's needs its password; any other is given to a guest, unless the server knows accounts only."},
	{TypeLoginResponse, "LOGIN_RESPONSE", ToClient, Connected, false, 0,
		func() Message { return new(LoginResponse) },
		"The session's number, the name as it was granted, and how many seconds the client may be silent. After it come " +
			"the messages that were missed, then live ones."},
	{TypeLogoutRequest, "LOGOUT_REQUEST", ToServer, LoggedIn, false, TypeLogoutResponse,
		func() Message { return new(LogoutRequest) }, "Ends the session; the answer is the connection's last packet."},
	{TypeLogoutResponse, "LOGOUT_RESPONSE", ToClient, Connected, false, 0,
		func() Message { return new(LogoutResponse) }, "Answers a logout."},
	{TypeBroadcastRequest, "BROADCAST_REQUEST", ToServer, LoggedIn, true, TypeBroadcastResponse,
		func() Message { return new(BroadcastRequest) }, "A message to everybody who is logged in but the sender."},
	{TypeBroadcastResponse, "BROADCAST_RESPONSE", ToClient, Connected, false, 0,
		func() Message { return new(BroadcastResponse) }, "The id of the broadcast."},
	{TypeBroadcastNotify, "BROADCAST_NOTIFY", ToClient, Connected, false, 0,
		func() Message { return new(BroadcastNotify) }, "Somebody's broadcast."},
	{TypeWhisperRequest, "WHISPER_REQUEST", ToServer, LoggedIn, true, TypeWhisperResponse,
		func() Message { return new(WhisperRequest) }, "A message to one user, by name."},
	{TypeWhisperResponse, "WHISPER_RESPONSE", ToClient, Connected, false, 0,
		func() Message { return new(WhisperResponse) }, "The id of the whisper, or USER_NOT_FOUND."},
	{TypeWhisperNotify, "WHISPER_NOTIFY", ToClient, Connected, false, 0,
		func() Message { return new(WhisperNotify) }, "A whisper; `user` is its sender."},
	{TypeGapNotify, "GAP_NOTIFY", ToClient, Connected, false, 0,
		func() Message { return new(GapNotify) },
		"Messages of those that the server is sending again were removed before it came to them: they will not come."},
	{TypeHistoryRequest, "HISTORY_REQUEST", ToServer, LoggedIn, true, TypeHistoryResponse,
		func() Message { return new(HistoryRequest) },
		"Asks for a page of one conversation: of a `room`, of the whispers with a `user`, or of the lobby when both are empty."},
	{TypeHistoryResponse, "HISTORY_RESPONSE", ToClient, Connected, false, 0,
		func() Message { return new(HistoryResponse) },
		"A page, oldest message first: up to 100 messages, and fewer when they are too long for one packet."},
	{TypePing, "PING", Both, Connected, true, TypePong,
		func() Message { return new(Ping) }, "Asks for a PONG with the same `ref`. It keeps a silent client's session alive."},
	{TypePong, "PONG", Both, Connected, true, 0,
		func() Message { return new(Pong) }, "Answers a PING."},
	{TypeSystemNotify, "SYSTEM_NOTIFY", ToClient, Connected, false, 0,
		func() Message { return new(SystemNotify) },
		"Why the server closes the connection, or a failure of a packet that has no answer of its own."},
}

// TypeMax is one more than the highest native type: the size of an array indexed by Type.
const TypeMax = 7001

var rows = func() (index [TypeMax]*Row) {
	for i := range Table {
		index[Table[i].Type] = &Table[i]
	}
	return index
}()

// Lookup returns the native packet of this type, or nil.
func Lookup(t Type) *Row {
	if int(t) >= len(rows) {
		return nil
	}
	return rows[t]
}

func (t Type) String() string {
	if row := Lookup(t); row != nil {
		return row.Name
	}
	return strconv.Itoa(int(t))
}

// Name returns a message's name in its textual form: the Go type's name, as in LoginRequest.
func Name(m Message) string {
	if c, ok := m.(classicMessageType); ok {
		return c.name()
	}
	return camel(m.Type().String())
}

// camel turns LOGIN_REQUEST into LoginRequest.
func camel(s string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(s, "_") {
		b.WriteString(word[:1] + strings.ToLower(word[1:]))
	}
	return b.String()
}

// Fields describes a message's fields in wire order.
func Fields(m Message) []FieldDoc {
	f := fields{walk: describing, at: HeaderSize}
	m.layout(&f)
	return f.docs
}

// Type implements Message.
func (*RegisterRequest) Type() Type   { return TypeRegisterRequest }
func (*RegisterResponse) Type() Type  { return TypeRegisterResponse }
func (*PasswordRequest) Type() Type   { return TypePasswordRequest }
func (*PasswordResponse) Type() Type  { return TypePasswordResponse }
func (*LoginRequest) Type() Type      { return TypeLoginRequest }
func (*LoginResponse) Type() Type     { return TypeLoginResponse }
func (*LogoutRequest) Type() Type     { return TypeLogoutRequest }
func (*LogoutResponse) Type() Type    { return TypeLogoutResponse }
func (*BroadcastRequest) Type() Type  { return TypeBroadcastRequest }
func (*BroadcastResponse) Type() Type { return TypeBroadcastResponse }
func (*BroadcastNotify) Type() Type   { return TypeBroadcastNotify }
func (*GapNotify) Type() Type         { return TypeGapNotify }
func (*WhisperRequest) Type() Type    { return TypeWhisperRequest }
func (*WhisperResponse) Type() Type   { return TypeWhisperResponse }
func (*WhisperNotify) Type() Type     { return TypeWhisperNotify }
func (*HistoryRequest) Type() Type    { return TypeHistoryRequest }
func (*HistoryResponse) Type() Type   { return TypeHistoryResponse }
func (*Ping) Type() Type              { return TypePing }
func (*Pong) Type() Type              { return TypePong }
func (*SystemNotify) Type() Type      { return TypeSystemNotify }
