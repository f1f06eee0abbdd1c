package codec

import (
	"encoding/binary"
	"strconv"
	"unsafe"
)

// walk says what a layout's walker does with each field that it is shown.
type walk uint8

const (
	reading walk = iota
	writing
	printing
	parsing
	describing
)

// fields is the walker: a Message's layout shows it every field in wire order. It keeps the first error and ignores
// what comes after it, so that a layout reads as a plain list.
type fields struct {
	walk walk
	buf  []byte            // reading: the bytes left; writing, printing: what there is so far
	text map[string]string // parsing: the fields of the line by name, taken out as they are used
	docs []FieldDoc        // describing
	at   int               // describing: the offset of the next field; -1 behind one of variable length
	item string            // printing, parsing: what an element's field names end in; describing: what they begin with
	tail bool              // describing: the fields from here on are optional
	err  error

	charset Charset // writing: of classic fields; nil: UTF-8
}

// FieldDoc describes one field of a packet for the documentation.
type FieldDoc struct {
	Name   string
	Type   string // "u8", "u16", "u32", "u64", "str" or "char[N]"
	Offset int    // from the packet's first byte, or -1 when it depends on the fields before it

	Optional bool // it may be left out, and those behind it with it
	List     bool // it is the number of elements whose fields follow; their names contain a "[]."
}

// optional reports whether the fields at a packet's end that need not be there are to be walked. A writer leaves them
// out unless they are set, so that a packet does not grow for everybody.
func (f *fields) optional(set bool) bool {
	switch f.walk {
	case reading:
		return f.err == nil && len(f.buf) > 0
	case writing, printing:
		return set
	}
	f.tail = true
	return true
}

// list is a u16 count of the elements that follow, of which a message that is written has n. It returns how many to
// walk: at most as many as there can be in what is left of the packet.
func (f *fields) list(name string, n int) int {
	count := uint16(n)
	f.u16(name, &count)
	switch {
	case f.walk == describing:
		f.docs[len(f.docs)-1].List = true
		f.item, f.at = name+"[].", -1
		return 1
	case f.walk == reading && len(f.buf) < int(count):
		f.fail(name)
		return 0
	case f.err != nil:
		return 0
	}
	return int(count)
}

// element says that the fields from here on are those of the list's element i.
func (f *fields) element(i int) {
	if f.walk == printing || f.walk == parsing {
		f.item = "." + strconv.Itoa(i)
	}
}

func (f *fields) endList() { f.item = "" }

func (f *fields) u8(name string, v *uint8) {
	switch f.walk {
	case reading:
		if b := f.take(name, 1); b != nil {
			*v = b[0]
		}
	case writing:
		f.buf = append(f.buf, *v)
	default:
		wide := uint64(*v)
		f.number(name, "u8", 8, &wide)
		*v = uint8(wide)
	}
}

func (f *fields) u16(name string, v *uint16) {
	switch f.walk {
	case reading:
		if b := f.take(name, 2); b != nil {
			*v = binary.LittleEndian.Uint16(b)
		}
	case writing:
		f.buf = binary.LittleEndian.AppendUint16(f.buf, *v)
	default:
		wide := uint64(*v)
		f.number(name, "u16", 16, &wide)
		*v = uint16(wide)
	}
}

func (f *fields) u32(name string, v *uint32) {
	switch f.walk {
	case reading:
		if b := f.take(name, 4); b != nil {
			*v = binary.LittleEndian.Uint32(b)
		}
	case writing:
		f.buf = binary.LittleEndian.AppendUint32(f.buf, *v)
	default:
		wide := uint64(*v)
		f.number(name, "u32", 32, &wide)
		*v = uint32(wide)
	}
}

func (f *fields) u64(name string, v *uint64) {
	switch f.walk {
	case reading:
		if b := f.take(name, 8); b != nil {
			*v = binary.LittleEndian.Uint64(b)
		}
	case writing:
		f.buf = binary.LittleEndian.AppendUint64(f.buf, *v)
	default:
		f.number(name, "u64", 64, v)
	}
}

func (f *fields) id(name string, v *ID) { f.u64(name, (*uint64)(v)) }

// str is a u16 length in bytes and as many bytes of UTF-8. What a reader gets shares the packet's bytes.
func (f *fields) str(name string, v *string) {
	switch f.walk {
	case reading:
		head := f.take(name, 2)
		if head == nil {
			return
		}
		n := int(binary.LittleEndian.Uint16(head))
		if b := f.take(name, n); n > 0 && b != nil {
			*v = unsafe.String(&b[0], n)
		}
	case writing:
		f.buf = binary.LittleEndian.AppendUint16(f.buf, uint16(len(*v)))
		f.buf = append(f.buf, *v...)
	case describing:
		f.describe(name, "str", -1)
	default:
		f.quoted(name, v)
	}
}

// char is a classic field: a string in width bytes that ends at the first NUL, or fills the field when there is none. A
// text that is written always has its NUL; one that is too long for that is cut between two characters.
func (f *fields) char(name string, v *string, width int) {
	switch f.walk {
	case reading:
		if b := f.take(name, width); b != nil {
			n := 0
			for n < width && b[n] != 0 {
				n++
			}
			if n > 0 {
				*v = unsafe.String(&b[0], n)
			}
		}
	case writing:
		start := len(f.buf)
		if f.charset != nil {
			f.buf = f.charset.Append(f.buf, *v, width-1)
		} else {
			f.buf = append(f.buf, cutText(*v, width-1)...)
		}
		f.buf = append(f.buf, zeros[:width-(len(f.buf)-start)]...)
	case describing:
		f.describe(name, "char["+strconv.Itoa(width)+"]", width)
	default:
		f.quoted(name, v)
	}
}

// code is a u16 result code, printed by its name.
func (f *fields) code(name string, v *Code) {
	switch f.walk {
	case reading, writing, describing:
		f.u16(name, (*uint16)(v))
	case printing:
		f.label(name)
		f.buf = append(f.buf, v.String()...)
	case parsing:
		f.parseCode(name, v)
	}
}

// take consumes n bytes of a packet that is read, or fails because it ends before the field does.
func (f *fields) take(name string, n int) []byte {
	if f.err != nil {
		return nil
	}
	if len(f.buf) < n {
		f.fail(name)
		return nil
	}
	b := f.buf[:n:n]
	f.buf = f.buf[n:]
	return b
}

func (f *fields) fail(name string) { f.err = violation("the packet ends inside its field %q", name) }

func (f *fields) describe(name, kind string, size int) {
	f.docs = append(f.docs, FieldDoc{Name: f.item + name, Type: kind, Offset: f.at, Optional: f.tail})
	switch {
	case size < 0:
		f.at = -1
	case f.at >= 0:
		f.at += size
	}
}

var zeros [classicMessage]byte

// cutText shortens s to at most limit bytes without splitting a rune.
func cutText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && s[limit]&0xC0 == 0x80 {
		limit--
	}
	return s[:limit]
}
