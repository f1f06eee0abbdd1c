package codec

import "encoding/binary"

// The classic dialect: the original C++ server's packed structs, type first, strings NUL-terminated in fixed fields.
const (
	classicName    = 33   // char[33]: a name of 32 bytes and its NUL
	classicMessage = 1025 // char[1025]: a message of 1024 bytes and its NUL

	// ClassicNameBytes and ClassicMessageBytes are how many bytes of text a classic field has beside the NUL. A client
	// may leave out the NUL and fill the whole field.
	ClassicNameBytes    = classicName - 1
	ClassicMessageBytes = classicMessage - 1

	// ClassicMax is the largest classic packet in bytes that is waited for; a larger announced size closes.
	ClassicMax = 4096
)

// ServerName is the user under which the server itself speaks to classic clients, whose dialect has no other packet for
// it. Nobody may log in under it.
const ServerName = "server"

// Charset converts the texts of classic clients, whose systems write other encodings than UTF-8. nil is UTF-8.
// Anyone.
type Charset interface {
	// Append appends as much of a UTF-8 text to dst as fits into limit bytes, whole characters only. A character that
	// the charset lacks becomes '?'.
	Append(dst []byte, text string, limit int) []byte
}

// isClassicType reports whether the original has a packet of this type, in either direction: those of ClassicTable,
// registering, logging out, and everything about rooms, which this server does not have.
func isClassicType(t Type) bool {
	switch {
	case t == 1001, t == 1002, 2001 <= t && t <= 2004, 3001 <= t && t <= 3006:
		return true
	}
	return 4001 <= t && t <= 4099
}

// classicMessageType is implemented by the classic structs only: their numbers overlap with the native ones, so their
// names are their own.
type classicMessageType interface{ name() string }

// The classic structs. Their names are the original's.
type (
	LoginReq     struct{ UserID, Password, Username string }
	LoginRes     struct{ Result Code }
	BroadcastReq struct{ Message string }
	BroadcastRes struct{ User, Message string } // what everybody else receives
	WhisperReq   struct{ Receiver, Message string }
	// WhisperRes goes to the receiver on success and to the sender on failure.
	WhisperRes struct {
		Result          Code
		Sender, Message string
	}
)

func (m *LoginReq) layout(f *fields) {
	f.char("userId", &m.UserID, classicName)
	f.char("password", &m.Password, classicName)
	f.char("username", &m.Username, classicName)
}

func (m *LoginRes) layout(f *fields) { f.code("result", &m.Result) }

func (m *BroadcastReq) layout(f *fields) { f.char("message", &m.Message, classicMessage) }

func (m *BroadcastRes) layout(f *fields) {
	f.char("user", &m.User, classicName)
	f.char("message", &m.Message, classicMessage)
}

func (m *WhisperReq) layout(f *fields) {
	f.char("receiver", &m.Receiver, classicName)
	f.char("message", &m.Message, classicMessage)
}

func (m *WhisperRes) layout(f *fields) {
	f.code("result", &m.Result)
	f.char("sender", &m.Sender, classicName)
	f.char("message", &m.Message, classicMessage)
}

// Type implements Message.
func (*LoginReq) Type() Type     { return 2001 }
func (*LoginRes) Type() Type     { return 2002 }
func (*BroadcastReq) Type() Type { return 3001 }
func (*BroadcastRes) Type() Type { return 3002 }
func (*WhisperReq) Type() Type   { return 3005 }
func (*WhisperRes) Type() Type   { return 3006 }

func (*LoginReq) name() string     { return "LoginReq" }
func (*LoginRes) name() string     { return "LoginRes" }
func (*BroadcastReq) name() string { return "BroadcastReq" }
func (*BroadcastRes) name() string { return "BroadcastRes" }
func (*WhisperReq) name() string   { return "WhisperReq" }
func (*WhisperRes) name() string   { return "WhisperRes" }

// ClassicRow is one packet of the classic dialect.
type ClassicRow struct {
	Type Type
	Name string
	Size int // of the whole packet, in bytes; a packet of another size is ignored
	To   Direction
	New  func() Message
	Doc  string
}

// ClassicTable is the classic dialect. Rows to the server come first.
var ClassicTable = []ClassicRow{
	{2001, "LoginReq", 103, ToServer, func() Message { return new(LoginReq) },
		"`username` is the chat name; `userId` and `password` are the account's."},
	{3001, "BroadcastReq", 1029, ToServer, func() Message { return new(BroadcastReq) },
		"The sender hears only of a failure, in a BroadcastRes from `server`."},
	{3005, "WhisperReq", 1062, ToServer, func() Message { return new(WhisperReq) },
		"The sender hears only of a failure."},
	{2002, "LoginRes", 6, ToClient, func() Message { return new(LoginRes) }, "Answers a login. After a failure a BroadcastRes from `server` says why."},
	{3002, "BroadcastRes", 1062, ToClient, func() Message { return new(BroadcastRes) },
		"Somebody's broadcast, classic or native. From `server`: what the server itself has to say."},
	{3006, "WhisperRes", 1064, ToClient, func() Message { return new(WhisperRes) },
		"To the receiver on success, to the sender with a text on failure."},
}

// decodeClassic returns the native message of the same meaning, and nil for what the original ignores: an unknown type
// or a wrong size.
func decodeClassic(packet []byte, into *Decoder) Message {
	size, kind := Classic.header(packet)
	f := &into.fields
	*f = fields{walk: reading, buf: packet[HeaderSize:]}
	switch {
	case kind == 2001 && size == 103:
		var m LoginReq
		m.layout(f)
		into.login = LoginRequest{User: m.Username, Password: m.Password, Account: m.UserID}
		return &into.login
	case kind == 3001 && size == 1029:
		into.broadcast = BroadcastRequest{}
		f.char("message", &into.broadcast.Message, classicMessage)
		return &into.broadcast
	case kind == 3005 && size == 1062:
		var m WhisperReq
		m.layout(f)
		into.whisper = WhisperRequest{To: m.Receiver, Message: m.Message}
		return &into.whisper
	}
	return nil
}

// appendClassic appends the classic packet of the same meaning as m, or nothing when the original has none. A layout is
// called on its struct and not through Message, which would move the struct to the heap for every packet.
func appendClassic(dst []byte, m Message, charset Charset) []byte {
	switch m := m.(type) {
	case *BroadcastNotify:
		f, s := writer(dst), BroadcastRes{m.User, m.Message}
		f.charset = charset
		s.layout(f)
		return seal(f, len(dst), s.Type())
	case *WhisperNotify:
		f, s := writer(dst), WhisperRes{Success, m.User, m.Message}
		f.charset = charset
		s.layout(f)
		return seal(f, len(dst), s.Type())
	case *LoginResponse:
		return appendStruct(dst, &LoginRes{m.Result}, charset)
	case *SystemNotify:
		return appendStruct(dst, &BroadcastRes{ServerName, m.Message}, charset)
	case classicMessageType:
		return appendStruct(dst, m.(Message), charset)
	}
	return dst
}

// appendClassicFailure answers a request that failed. Where the original says nothing, or only a number, the server's own
// user says why.
func appendClassicFailure(dst []byte, request Message, code Code, text string, charset Charset) []byte {
	switch m := request.(type) {
	case *LoginRequest:
		dst = appendStruct(dst, &LoginRes{code}, charset)
	case *WhisperRequest:
		if code == UserNotFound {
			text = "User '" + m.To + "' not found" // the original's words
		}
		return appendStruct(dst, &WhisperRes{code, m.To, text}, charset)
	}
	return appendStruct(dst, &BroadcastRes{ServerName, text}, charset)
}

func appendStruct(dst []byte, m Message, charset Charset) []byte {
	f := writer(dst)
	f.charset = charset
	m.layout(f)
	return seal(f, len(dst), m.Type())
}

// seal ends a packet that begins at start with its header.
func seal(f *fields, start int, kind Type) []byte {
	dst := f.written()
	binary.LittleEndian.PutUint16(dst[start:], uint16(kind))
	binary.LittleEndian.PutUint16(dst[start+2:], uint16(len(dst)-start))
	return dst
}
