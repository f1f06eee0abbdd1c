package vectors

import (
	"bytes"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	blocks, err := Read(strings.NewReader("# about the file\n\n# one\n# two\nnative frame | Ping ref=1\n  08 00\n  7117  00*3 01\n\nclassic | x | y\n"))
	if err != nil || len(blocks) != 2 {
		t.Fatalf("got %d blocks, %v", len(blocks), err)
	}
	one, two := blocks[0], blocks[1]
	if one.Line != 5 || one.Comment != "one two" || one.Dialect != "native" || one.Reader != "frame" ||
		one.Text != "Ping ref=1" || !bytes.Equal(one.Bytes, []byte{8, 0, 0x71, 0x17, 0, 0, 0, 1}) ||
		len(one.Hex) != 2 {
		t.Errorf("first block: %+v", one)
	}
	if two.Line != 9 || two.Comment != "" || two.Dialect != "classic" || two.Reader != "" || two.Text != "x | y" ||
		two.Bytes != nil {
		t.Errorf("second block: %+v", two)
	}
}

func TestReadFails(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if _, err := Read(strings.NewReader(in)); err == nil || err.Error() != want {
			t.Errorf("Read(%q) = %v, want %s", in, err, want)
		}
	}
	f("native Ping", `line 1: "native Ping" is no head of a block`)
	f("a b c | Ping", `line 1: "a b c | Ping" is no head of a block`)
	f("\n  00", "line 2: bytes without a packet")
	f("native | Ping\n\n  00", "line 3: bytes without a packet")
	f("native | Ping\n  0", `line 2: "0" is not hexadecimal`)
	f("native | Ping\n  00*0", `line 2: "00*0" repeats its bytes "0" times`)
	f("native | Ping\n  00*x", `line 2: "00*x" repeats its bytes "x" times`)
}
