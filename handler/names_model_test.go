package handler

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"hubbub/codec"
	"hubbub/handler/account"
	"hubbub/session"
)

// doormen are guests who come and go while their names, and such as look like them, become accounts' and nobody's again,
// by registration and by other processes. What the server has noticed holds: no guest has the name of an account then.
type doormen struct {
	hall   *hall
	guests []*guest
	known  map[string]account.Name // accounts that the server has made or heard of, by key
}

// guest is a connection that has asked for a name, or to register one.
type guest struct {
	*visitor
	name account.Name
}

func newDoormen(t *rapid.T) *doormen {
	names := []string{"ann", "coco", "Анна", "dave"}
	d := &doormen{hall: openHall(t, newCabinet(names[:rapid.IntRange(0, 4).Draw(t, "accounts")]...)), known: map[string]account.Name{}}
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "delays"), 0))
	d.hall.cabinet.reading = func() time.Duration { return time.Duration(random.IntN(3)) * 300 * time.Millisecond }
	if rapid.Bool().Draw(t, "slow commits") {
		d.hall.cabinet.writing = func() time.Duration { return 400 * time.Millisecond }
	}
	d.poll(t)
	return d
}

func (d *doormen) draw(t *rapid.T) account.Name {
	text := rapid.SampledFrom([]string{"ann", "ANN", "coco", "сосо", "СОСО", "Анна", "AHHA", "dave"}).Draw(t, "name")
	return account.Name{Display: text, Key: account.KeyOf(text)}
}

// login has a guest ask for a name.
func (d *doormen) login(t *rapid.T) {
	g := &guest{d.hall.visit(codec.Native), d.draw(t)}
	login := &codec.LoginRequest{User: g.name.Display}
	if rapid.IntRange(0, 3).Draw(t, "back") == 0 {
		login.Since = 1 // which asks the database
	}
	g.say(login)
	d.guests = append(d.guests, g)
}

// register has somebody make a name an account: who has it as a guest, or who is not logged in.
func (d *doormen) register(t *rapid.T) {
	name := d.draw(t)
	if name.Key == "анна" || name.Key == "ahha" {
		return // so that there are names that only other processes register
	}
	g := &guest{d.hall.visit(codec.Native), name}
	for _, other := range d.guests {
		if other.session.Name() == name.Display && rapid.Bool().Draw(t, "own") {
			g = other
		}
	}
	g.say(&codec.RegisterRequest{Asked: codec.Asked{Ref: 1}, User: name.Display, Password: password})
	d.guests = append(d.guests, g)
}

// add makes a name an account's as another process does.
func (d *doormen) add(t *rapid.T) {
	name := d.draw(t)
	slow := d.hall.cabinet.writing
	d.hall.cabinet.writing = nil
	_, _ = d.hall.cabinet.Create(context.Background(), name, "hash") // it may be one
	d.hall.cabinet.writing = slow
}

// remove makes an account nobody's.
func (d *doormen) remove(t *rapid.T) {
	key := d.draw(t).Key
	d.hall.cabinet.mu.Lock()
	_, there := d.hall.cabinet.accounts[key]
	d.hall.cabinet.mu.Unlock()
	if there {
		d.hall.cabinet.remove(key)
		delete(d.known, key)
	}
}

// leave breaks a connection.
func (d *doormen) leave(t *rapid.T) {
	if len(d.guests) > 0 {
		i := rapid.IntRange(0, len(d.guests)-1).Draw(t, "who")
		g := d.guests[i]
		d.guests = append(d.guests[:i:i], d.guests[i+1:]...)
		g.leave()
		for j := len(d.guests) - 1; j >= 0; j-- { // one that asked for more than one thing
			if d.guests[j] == g {
				d.guests = append(d.guests[:j:j], d.guests[j+1:]...)
			}
		}
	}
}

// poll has the server look for new accounts, of which it is told all or only the newest.
func (d *doormen) poll(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "late") == 0 {
		d.hall.cabinet.gone = max(0, int64(len(d.hall.cabinet.revoked))-1)
	}
	d.hall.poll()
	for key, a := range d.hall.cabinet.accounts {
		d.known[key] = account.Name{Display: a.Name, Key: key}
	}
}

func (d *doormen) pass(t *rapid.T) {
	d.hall.pass(time.Duration(rapid.IntRange(1, 8).Draw(t, "tenths")) * 100 * time.Millisecond)
}

// wait lets so much time pass without a look that the names are trusted no more.
func (d *doormen) wait(*rapid.T) { d.hall.pass(namesTrusted) }

// check compares who is there with the accounts that the server knows of.
func (d *doormen) check(t *rapid.T) {
	d.hall.settle()
	for _, g := range d.guests {
		for _, heard := range g.hears() {
			switch {
			case strings.HasPrefix(heard, "RegisterResponse") && strings.Contains(heard, "result=SUCCESS"):
				if a, ok := d.hall.cabinet.accounts[g.name.Key]; ok { // else it is removed by now
					d.known[g.name.Key] = account.Name{Display: a.Name, Key: a.Key}
				}
			case strings.Contains(heard, "SERVER_BUSY"), strings.Contains(heard, "SERVER_ERROR"):
				t.Fatalf("%s heard %s", g.name.Display, heard)
			}
		}
	}
	for _, g := range d.guests {
		if g.session.State() != session.Authenticated || g.session.Account() != 0 {
			continue
		}
		name := account.Name{Display: g.session.Name(), Key: g.session.Key()}
		for key, a := range d.known {
			if key == name.Key || a.Look().Like(name.Look()) {
				t.Fatalf("a guest is %s while %s is an account", name.Display, a.Display)
			}
		}
	}
}

func TestNoGuestHasAnAccountsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		noDeadline := struct{ rapid.TB }{t} // in a bubble there is none, and it must not be asked for
		rapid.Check(noDeadline, func(t *rapid.T) {
			d := newDoormen(t)
			defer d.hall.close()
			t.Repeat(map[string]func(*rapid.T){
				"login": d.login, "login too": d.login, "register": d.register, "add": d.add, "remove": d.remove, "leave": d.leave,
				"poll": d.poll, "pass": d.pass, "wait": d.wait, "": d.check,
			})
		})
	})
}
