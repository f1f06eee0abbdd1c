package main

import (
	"strings"
	"testing"

	"hubbub/codec"
)

// TestScreenPasswd shows /passwd: the right old password changes it, a wrong one does not, nothing of any password is seen or
// said, and the account's other session ends while this one goes on and comes back by itself.
func TestScreenPasswd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hubbub(t, "correct horse\n", "user", "add", "alice", "--create", "--data-dir", dir)
	p := serve(t, "--data-dir", dir)
	bob := openTerminal(t, "chat", "--user", "bob", "--server", p.chat)
	bob.shows("You are bob")
	bob.types("/passwd")
	bob.press("Enter")
	bob.shows("a guest has no password;", "› Say something")
	alice := openTerminal(t, "chat", "--user", "alice", "--server", p.chat)
	line := func(question, text string) {
		t.Helper()
		alice.shows(question)
		alice.types(text)
		alice.press("Enter")
	}
	line("Password of alice:", "correct horse")
	alice.shows("You are alice")
	other := dial(t, p.chat) // the account's, under another name
	if _, err := other.conn.Write(codec.Classic.Append(nil, &codec.LoginReq{UserID: "alice", Password: "correct horse", Username: "ally"})); err != nil {
		t.Fatal(err)
	}
	p.eventually("hubbub_names", equal(3))
	line("› ", "/passwd")
	line("Old password:", "secret wrong")
	line("New password:", "secret one")
	line("Once more:", "secret two")
	line("The passwords differ. Esc goes back to the chat.", "secret three")
	line("Once more:", "secret three")
	alice.shows("(AUTH_FAILED)")
	line("Old password:", "correct horse")
	line("New password:", "secret four")
	line("Once more:", "secret four")
	alice.shows("The password of alice is the new one", "› Say something")
	p.eventually(`hubbub_sessions_ended_total{reason="kicked"}`, equal(1))
	line("› ", "that was it")
	bob.shows("alice │ that was it")
	for _, s := range []*terminal{alice, bob} {
		if screen := s.tmux("capture-pane", "-p", "-S", "-"); strings.Contains(screen, "secret") || strings.Contains(screen, "horse") {
			t.Errorf("the screen has\n%s", screen)
		}
	}
	if n := p.metric(`hubbub_packets_received_total{type="PASSWORD_REQUEST"}`); n != 4 { // two of them with empty passwords
		t.Errorf("%v changes were asked for", n)
	}
	if n := p.metric(`hubbub_requests_refused_total{code="AUTH_FAILED"}`); n != 2 { // the login without a password is the other
		t.Errorf("%v requests were refused for a password", n)
	}
	alice.press("C-c")
	alice.ends("0")
	if !p.opens("alice", "secret four") || p.opens("alice", "correct horse") {
		t.Error("the account does not have the new password")
	}
}

// TestPasswdMeetsAnOperator: hubbub user passwd beside a session that has just changed the password ends that session too, and
// its word holds.
func TestPasswdMeetsAnOperator(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *process, store []string) {
		hubbub(t, "right password\n", append([]string{"user", "add", "alice"}, store...)...)
		alice := dial(t, p.chat)
		if got := alice.tryLogin("alice", "right password"); got != codec.Success {
			t.Fatal(got)
		}
		alice.send(&codec.PasswordRequest{Asked: codec.Asked{Ref: 2}, Old: "right password", New: "second password"})
		if answer, ok := alice.read().(*codec.PasswordResponse); !ok || answer.Result != codec.Success {
			t.Fatalf("the change was answered with %s", codec.Format(answer))
		}
		for word, want := range map[string]codec.Code{"right password": codec.AuthFailed, "second password": codec.LoginUserAlready} {
			if got := dial(t, p.chat).tryLogin("alice", word); got != want {
				t.Errorf("a login with the %s: %s, want %s", word, got, want)
			}
		}
		hubbub(t, "operator's password\n", append([]string{"user", "passwd", "alice"}, store...)...)
		expectNotice(t, alice, codec.Kicked)
		if !p.opens("alice", "operator's password") || p.opens("alice", "second password") {
			t.Error("the account does not have the operator's password")
		}
	})
}
