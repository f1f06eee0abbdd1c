package history

import (
	"bytes"
	"testing"

	"hubbub/codec"
)

func TestNotify(t *testing.T) {
	f := func(m Message, d codec.Dialect, want string) {
		t.Helper()
		parsed, err := d.Parse(want)
		if err != nil {
			t.Fatal(err)
		}
		if got := Notify([]byte("before"), &codec.Form{Dialect: d}, &m, codec.Replayed); !bytes.Equal(got, d.Append([]byte("before"), parsed)) {
			t.Errorf("got %q, want %s", got, want)
		}
	}
	public, whisper := Message{ID: 5, From: ann, Text: "hi"}, Message{ID: 6, From: ann, To: bob, Text: "psst"}
	f(public, codec.Native, `BroadcastNotify id=5 user="ann" message="hi" flags=1`)
	f(whisper, codec.Native, `WhisperNotify id=6 user="ann" message="psst" flags=1`)
	f(public, codec.Classic, `BroadcastRes user="ann" message="hi"`)
	f(whisper, codec.Classic, `WhisperRes result=SUCCESS sender="ann" message="psst"`)
}

func TestAcknowledge(t *testing.T) {
	f := func(r Receipt, want string) {
		t.Helper()
		parsed, err := codec.Native.Parse(want)
		if err != nil {
			t.Fatal(err)
		}
		if got := Acknowledge([]byte("before"), new(codec.Form), &r); !bytes.Equal(got, codec.Native.Append([]byte("before"), parsed)) {
			t.Errorf("got %q, want %s", got, want)
		}
		if got := Acknowledge(nil, &codec.Form{Dialect: codec.Classic}, &r); len(got) > 0 {
			t.Errorf("a classic client hears %q", got)
		}
	}
	f(Receipt{Ref: 3, ID: 5}, `BroadcastResponse ref=3 result=SUCCESS id=5`)
	f(Receipt{Ref: 4, ID: 6, Whisper: true}, `WhisperResponse ref=4 result=SUCCESS id=6`)
}
