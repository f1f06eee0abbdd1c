package main

import (
	"strings"
	"testing"

	"hubbub/client"
)

// TestNamesStayAsTyped: an account that was registered as TestUser1 is TestUser1 to everybody, also after a restart and
// whatever the case in which its user logs in, others write to it, or an operator asks for it.
func TestNamesStayAsTyped(t *testing.T) {
	dir := t.TempDir()
	p := serve(t, "--data-dir", dir)
	const name, pass = "TestUser1", "correct horse"
	if err := client.Register(t.Context(), p.chat, name, pass, client.Options{}); err != nil {
		t.Fatal(err)
	}
	p.stop()
	p = serve(t, "--data-dir", dir)
	dial := func(options client.Options, want string) *client.Client {
		c, err := client.Dial(t.Context(), p.chat, options)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if c.User() != want {
			t.Errorf("logged in as %s, the server says %s, want %s", options.User, c.User(), want)
		}
		return c
	}
	user := dial(client.Options{User: "TESTUSER1", Password: pass}, name)
	bob := dial(client.Options{User: "Bob"}, "Bob")
	if _, err := bob.Whisper(t.Context(), "testuser1", "psst"); err != nil {
		t.Fatal(err)
	}
	if _, err := user.Broadcast(t.Context(), "hello"); err != nil {
		t.Fatal(err)
	}
	if m, ok := (<-bob.Events()).(client.Message); !ok || m.User != name || m.Text != "hello" {
		t.Errorf("bob got %+v", m)
	}
	if m, ok := (<-user.Events()).(client.Whisper); !ok || m.User != "Bob" || m.Text != "psst" {
		t.Errorf("the user got %+v", m)
	}
	p.stop()
	hubbub(t, "", "user", "ban", "testUSER1", "--reason", "spam", "--data-dir", dir)
	if list := hubbub(t, "", "user", "list", "--data-dir", dir); !strings.Contains(list, name+" ") || !strings.Contains(list, "for good: spam") {
		t.Errorf("the list has %s", list)
	}
	p = serve(t, "--data-dir", dir)
	page, err := dial(client.Options{User: "late"}, "late").History(t.Context(), client.HistoryQuery{})
	if err != nil || len(page.Messages) != 1 || page.Messages[0].User != name {
		t.Errorf("the history has %+v (%v)", page, err)
	}
}
