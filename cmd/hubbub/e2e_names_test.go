package main

import (
	"strings"
	"testing"
	"time"

	"hubbub/codec"
)

// TestAddEndsTheGuest has an operator make a guest's name an account while the guest chats: the guest is told and ended,
// and nobody has the name without the password from then on.
func TestAddEndsTheGuest(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *process, store []string) {
		bob, guest := login(t, p.chat, "bob"), login(t, p.chat, "alice")
		hubbub(t, "right password\n", append([]string{"user", "add", "alice"}, store...)...)
		begun := time.Now()
		expectNotice(t, guest, codec.NameTaken)
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		bob.send(&codec.WhisperRequest{Asked: codec.Asked{Ref: 2}, To: "alice", Message: "are you there?"})
		if m, ok := bob.read().(*codec.WhisperResponse); !ok || m.Result != codec.Success {
			t.Error("the account has no mailbox") // where the whisper waits
		}
		if got := dial(t, p.chat).tryLogin("alice", ""); got != codec.AuthFailed {
			t.Errorf("a guest's login is answered with %s", got)
		}
		owner := dial(t, p.chat)
		if got := owner.tryLogin("alice", "right password"); got != codec.Success {
			t.Fatalf("the owner's login is answered with %s", got)
		}
		if m, ok := owner.read().(*codec.WhisperNotify); !ok || m.Message != "are you there?" {
			t.Error("the whisper did not wait for the account")
		}
	})
}

// TestAddMeetsLateGuests has guests ask for a name right after an operator made it an account: each is refused, or let in by a
// server that has not noticed yet and sent away soon, as who had the name before. A server that begins knows all accounts.
func TestAddMeetsLateGuests(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p *process, store []string) {
		p.logValue("account names loaded")
		for _, name := range []string{"alice", "carol", "erin"} {
			hubbub(t, "right password\n", append([]string{"user", "add", name}, store...)...)
			guest := dial(t, p.chat)
			switch got := guest.tryLogin(name, ""); got {
			case codec.AuthFailed:
			case codec.Success:
				expectNotice(t, guest, codec.NameTaken)
				if got := dial(t, p.chat).tryLogin(name, ""); got != codec.AuthFailed {
					t.Errorf("a guest's login as %s is answered with %s once the server has noticed", name, got)
				}
			default:
				t.Errorf("a guest's login as %s is answered with %s", name, got)
			}
		}
		p.stop()
		p = serve(t, store...)
		p.logValue("account names loaded")
		for name, want := range map[string]codec.Code{"alice": codec.AuthFailed, "ERIN": codec.AuthFailed, "саrоl": codec.NameInvalid, "bob": codec.Success} {
			if got := dial(t, p.chat).tryLogin(name, ""); got != want {
				t.Errorf("after a restart a guest's login as %s is answered with %s, want %s", name, got, want)
			}
		}
	})
}

// TestRegistrationMeetsGuests has guests ask for a name all the time while somebody else registers it, again and again:
// whatever the order, no guest has the name of an account afterwards.
func TestRegistrationMeetsGuests(t *testing.T) {
	t.Parallel()
	const names = 4 // registrations from one address
	p := serve(t, "--message-rate", "0")
	for i := range names {
		name := "name" + string(rune('a'+i))
		owner, guest := dial(t, p.chat), dial(t, p.chat)
		owner.send(&codec.RegisterRequest{Asked: codec.Asked{Ref: 1}, User: name, Password: "right password"})
		result := guest.tryLogin(name, "")
		for result == codec.LoginUserAlready {
			result = guest.tryLogin(name, "")
		}
		registered, ok := owner.read().(*codec.RegisterResponse)
		if !ok {
			t.Fatal("the registration was not answered")
		}
		switch {
		case registered.Result == codec.Success && result != codec.AuthFailed:
			t.Errorf("%s is an account, and a guest's login was answered with %s", name, result)
		case registered.Result != codec.Success && (registered.Result != codec.NameTaken || result != codec.Success):
			t.Errorf("%s was not registered, %s, and a guest's login was answered with %s", name, registered.Result, result)
		}
	}
}

// classicLogin logs in as a client of the original does, and returns what the server says to that.
func classicLogin(t *testing.T, p *process, userID, password, name string) codec.Code {
	t.Helper()
	c := dial(t, p.chat)
	if _, err := c.conn.Write(codec.Classic.Append(nil, &codec.LoginReq{UserID: userID, Password: password, Username: name})); err != nil {
		t.Fatal(err)
	}
	packet, err := codec.Classic.Next(c.in, nil, codec.MaxPacket)
	if err != nil {
		t.Fatal(err)
	}
	m, err := codec.Classic.Decode(packet)
	if err != nil {
		t.Fatal(err)
	}
	return m.(*codec.LoginRes).Result
}

// TestUserIDsThatAreNoText: a classic user id of any bytes is answered in the same way whatever keeps the accounts.
func TestUserIDsThatAreNoText(t *testing.T) {
	t.Parallel()
	ids := []string{"\xff\xfe", "\x80", "\xed\xa0\x80", "ann\xc3", "\xf0\x9f\x99", "two words", "\u202eann", "ANN", "'; --"}
	onBoth(t, func(t *testing.T, p *process, _ []string) {
		for i, id := range ids {
			for _, password := range []string{"", "1234", "\xff"} {
				name := "guest" + string(rune('a'+i)) + strings.Repeat("x", len(password))
				if got := classicLogin(t, p, id, password, name); got != codec.Success {
					t.Errorf("the user id %q with the password %q: %s", id, password, got)
				}
			}
		}
	}, "--message-rate", "0")
	t.Run("accounts only", func(t *testing.T) {
		onBoth(t, func(t *testing.T, p *process, _ []string) {
			for _, id := range ids[:4] {
				if got := classicLogin(t, p, id, "1234", "ann"); got != codec.AuthFailed {
					t.Errorf("the user id %q: %s", id, got)
				}
			}
		}, "--auth", "accounts")
	})
}
