// Package charset converts the texts of classic clients, whose systems write other encodings than UTF-8.
//
//	from a client   Charset.Decode   a field's bytes → UTF-8, whatever they are
//	to a client     Charset.Append   UTF-8 → as many whole characters as the field has room for
//
// Choice is the operator's setting: one charset for all classic clients or, as auto, UTF-8 and CP949 by what each client
// sends. Everything here may be called from any goroutine.
package charset

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// Choice is what an operator chose for classic clients.
type Choice struct {
	Legacy *Charset // nil: UTF-8 only
	Auto   bool     // a client's texts are UTF-8 until one is not
}

// codePages are names under which Windows knows charsets that the WHATWG's index and IANA's know by others.
var codePages = map[string]string{
	"cp949": "euc-kr", "ms949": "euc-kr", "uhc": "euc-kr", "cp932": "shift_jis", "cp936": "gbk", "cp950": "big5",
}

// Parse returns the choice that a name stands for: auto, which "" is too, utf-8, or a charset that has ASCII in its place.
func Parse(name string) (Choice, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "" || name == "auto" {
		return Choice{Legacy: newCharset(korean.EUCKR), Auto: true}, nil
	}
	if other, ok := codePages[name]; ok {
		name = other
	}
	e, err := htmlindex.Get(name)
	if err != nil {
		e, err = ianaindex.IANA.Encoding(name)
	}
	switch {
	case err != nil || e == nil:
		return Choice{}, fmt.Errorf("%q is no charset: say auto, utf-8, cp949, shift_jis, gb18030, big5, windows-1251 or another name of the WHATWG or IANA", name)
	case e == unicode.UTF8:
		return Choice{}, nil
	case !keepsASCII(e):
		return Choice{}, fmt.Errorf("%q can't be the charset of fields that end at a NUL: it writes ASCII in another way", name)
	}
	return Choice{Legacy: newCharset(e)}, nil
}

// keepsASCII reports whether every byte below 0x80 is itself, so that a NUL ends a text. Charsets that switch by escape
// sequences do not.
func keepsASCII(e encoding.Encoding) bool {
	for b := range byte(utf8.RuneSelf) {
		out, err := e.NewDecoder().Bytes([]byte{b})
		if err != nil || len(out) != 1 || out[0] != b {
			return false
		}
		if out, err = e.NewEncoder().Bytes([]byte{b}); err != nil || len(out) != 1 || out[0] != b {
			return false
		}
	}
	return true
}

// Charset is one that is not UTF-8. It implements codec.Charset.
type Charset struct {
	decoders, encoders sync.Pool // of transform.Transformer
}

func newCharset(e encoding.Encoding) *Charset {
	c := new(Charset)
	c.decoders.New = func() any { return e.NewDecoder().Transformer }
	c.encoders.New = func() any { return e.NewEncoder().Transformer }
	return c
}

// Decode returns a text as UTF-8, with U+FFFD for what means nothing. Of a text that was cut off, the half of a character
// at its end is left away. ASCII is returned as it is, and shares the text's bytes.
func (c *Charset) Decode(text string, cut bool) string {
	if isASCII(text) {
		return text
	}
	t := c.decoders.Get().(transform.Transformer)
	defer c.decoders.Put(t)
	t.Reset()
	// No charset has characters that are longer in UTF-8 than three bytes for one of theirs.
	out := make([]byte, 3*len(text)+utf8.UTFMax)
	n, _, _ := t.Transform(out, []byte(text), !cut)
	return strings.ToValidUTF8(string(out[:n]), string(utf8.RuneError))
}

// Append implements codec.Charset. The text is composed first: charsets have é and 안, not their parts.
func (c *Charset) Append(dst []byte, text string, limit int) []byte {
	if isASCII(text) {
		return append(dst, text[:min(len(text), limit)]...)
	}
	t := c.encoders.Get().(transform.Transformer)
	defer c.encoders.Put(t)
	src := norm.NFC.AppendString(make([]byte, 0, len(text)+utf8.UTFMax), text)
	start := len(dst)
	dst = append(dst, make([]byte, limit)...)
	field, used := dst[start:], 0
	for len(src) > 0 {
		t.Reset()
		n, read, err := t.Transform(field[used:], src, true)
		used, src = used+n, src[read:]
		if err == nil || err == transform.ErrShortDst || used == limit || len(src) == 0 {
			break
		}
		_, size := utf8.DecodeRune(src) // the charset lacks it
		field[used] = '?'
		used, src = used+1, src[size:]
	}
	return dst[:start+used]
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// UTF8 returns a text as valid UTF-8, with U+FFFD for what means nothing, and whether it was valid. Of a text that was cut
// off, the half of a character at its end is left away first.
func UTF8(text string, cut bool) (valid string, was bool) {
	if cut {
		text = whole(text)
	}
	if utf8.ValidString(text) {
		return text, true
	}
	return strings.ToValidUTF8(text, string(utf8.RuneError)), false
}

// whole leaves away the beginning of a character at a text's end.
func whole(text string) string {
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		if last := text[len(text)-i:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRuneInString(last) {
				return text[:len(text)-i]
			}
			break
		}
	}
	return text
}
