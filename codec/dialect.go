package codec

import (
	"encoding/binary"
	"sync"
)

// Dialect is how a client's packets are laid out.
type Dialect uint8

// The dialects that share the port.
const (
	Native Dialect = iota
	Classic

	// Dialects is how many there are.
	Dialects = 2
)

func (d Dialect) String() string { return [...]string{"native", "classic"}[d] }

// Limit returns the largest packet in bytes that the dialect's framing accepts under the given native limit.
func (d Dialect) Limit(native int) int {
	if d == Classic {
		return ClassicMax
	}
	return native
}

// Decoder holds one of each request, so that decoding does not allocate: what Decode returns is valid until the next
// Decode of the same packet type. The zero value is ready. It belongs to one goroutine at a time.
type Decoder struct {
	register  RegisterRequest
	password  PasswordRequest
	login     LoginRequest
	history   HistoryRequest
	logout    LogoutRequest
	broadcast BroadcastRequest
	whisper   WhisperRequest
	ping      Ping
	pong      Pong
	fields    fields
}

// Decode reads a packet that came to the server, header included. For a classic packet it returns the native message
// of the same meaning, or nil without an error for what the original server ignores. The error is a *ViolationError.
// The message's strings share the packet's bytes.
func (dec *Decoder) Decode(d Dialect, packet []byte) (Message, error) {
	if d == Classic {
		return decodeClassic(packet, dec), nil
	}
	_, kind := Native.header(packet)
	m := dec.request(Type(kind))
	if m == nil {
		return nil, violation("packet type %s can't be sent to the server", Type(kind))
	}
	dec.fields = fields{walk: reading, buf: packet[HeaderSize:]}
	m.layout(&dec.fields)
	return m, dec.fields.err
}

// request returns the zeroed message for a type that a client may send, or nil.
func (dec *Decoder) request(t Type) Message {
	switch t {
	case TypeBroadcastRequest:
		dec.broadcast = BroadcastRequest{}
		return &dec.broadcast
	case TypeWhisperRequest:
		dec.whisper = WhisperRequest{}
		return &dec.whisper
	case TypeLoginRequest:
		dec.login = LoginRequest{}
		return &dec.login
	case TypeRegisterRequest:
		dec.register = RegisterRequest{}
		return &dec.register
	case TypePasswordRequest:
		dec.password = PasswordRequest{}
		return &dec.password
	case TypeHistoryRequest:
		dec.history = HistoryRequest{}
		return &dec.history
	case TypeLogoutRequest:
		dec.logout = LogoutRequest{}
		return &dec.logout
	case TypePing:
		dec.ping = Ping{}
		return &dec.ping
	case TypePong:
		dec.pong = Pong{}
		return &dec.pong
	}
	return nil
}

// Decode reads any packet of the dialect, header included, as clients and tests do. Unlike a Decoder it gives classic
// packets as their own structs. An unknown type or a wrong size is a *ViolationError. The message's strings share the
// packet's bytes.
func (d Dialect) Decode(packet []byte) (Message, error) {
	size, kind := d.header(packet)
	if d == Native {
		row := Lookup(Type(kind))
		if row == nil {
			return nil, violation("unknown packet type %d", kind)
		}
		m := row.New()
		return m, read(m, packet)
	}
	for i := range ClassicTable {
		if row := &ClassicTable[i]; row.Type == Type(kind) && row.Size == size {
			m := row.New()
			return m, read(m, packet)
		}
	}
	return nil, violation("unknown classic packet type %d of %d bytes", kind, size)
}

func read(m Message, packet []byte) error {
	f := fields{walk: reading, buf: packet[HeaderSize:]}
	m.layout(&f)
	return f.err
}

// Append appends m as a packet of the dialect to dst and returns the extended slice. A native message that the
// original has no struct for appends nothing in Classic. It panics when the packet would be larger than MaxPacket,
// which no message within the server's limits reaches.
func (d Dialect) Append(dst []byte, m Message) []byte {
	if d == Classic {
		return appendClassic(dst, m, nil)
	}
	return appendNative(dst, m)
}

func appendNative(dst []byte, m Message) []byte {
	start := len(dst)
	f := writer(dst)
	m.layout(f)
	dst = f.written()
	size := len(dst) - start
	if size > MaxPacket {
		panic("codec: a packet of more than 65535 bytes")
	}
	binary.LittleEndian.PutUint16(dst[start:], uint16(size))
	binary.LittleEndian.PutUint16(dst[start+2:], uint16(m.Type()))
	return dst
}

// writers keeps walkers for Append: a layout is called through an interface, so a walker of its own would be a heap
// allocation for every packet.
var writers = sync.Pool{New: func() any { return new(fields) }}

// writer returns a walker that appends fields to dst, behind four bytes for the header.
func writer(dst []byte) *fields {
	f := writers.Get().(*fields)
	*f = fields{walk: writing, buf: append(dst, 0, 0, 0, 0)}
	return f
}

// written gives the walker back and returns what it wrote.
func (f *fields) written() []byte {
	dst := f.buf
	f.buf = nil
	writers.Put(f)
	return dst
}

// Form is how a session's packets are laid out: its dialect and, for classic ones, the charset of their texts.
type Form struct {
	Dialect Dialect
	Charset Charset // nil: UTF-8
}

// Append is Dialect.Append with the texts of classic packets in the form's charset.
func (f *Form) Append(dst []byte, m Message) []byte {
	if f.Dialect == Classic {
		return appendClassic(dst, m, f.Charset)
	}
	return appendNative(dst, m)
}

// AppendFailure appends the answer that tells that request failed with code: the request's own response, or a
// SYSTEM_NOTIFY for a packet without one. In Classic, where most answers are a number or nothing, a BroadcastRes from
// ServerName has the text. why is told where the answer has room for it, and as a text elsewhere.
func (f *Form) AppendFailure(dst []byte, request Message, code Code, why Refusal) []byte {
	if f.Dialect == Classic {
		return appendClassicFailure(dst, request, code, why.Text(code), f.Charset)
	}
	asked, isRequest := request.(Request)
	if row := Lookup(request.Type()); isRequest && row.Reply != 0 {
		if answer, ok := Lookup(row.Reply).New().(Response); ok {
			answer.Answers(asked.Reference(), code)
			if answer, ok := answer.(Explainer); ok {
				answer.Explain(why)
			}
			return Native.Append(dst, answer)
		}
	}
	return Native.Append(dst, &SystemNotify{Code: code, Message: why.Text(code)})
}

// AppendFailure is Form.AppendFailure with the code's own text, in UTF-8.
func (d Dialect) AppendFailure(dst []byte, request Message, code Code) []byte {
	f := Form{Dialect: d}
	return f.AppendFailure(dst, request, code, Refusal{})
}

// byName returns a new message by the name of its textual form, or nil.
func (d Dialect) byName(name string) Message {
	if d == Native {
		for i := range Table {
			if camel(Table[i].Name) == name {
				return Table[i].New()
			}
		}
		return nil
	}
	for i := range ClassicTable {
		if ClassicTable[i].Name == name {
			return ClassicTable[i].New()
		}
	}
	return nil
}
