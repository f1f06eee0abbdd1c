package account

import (
	"fmt"
	"testing"
	"time"
)

// enter tries the right password, and reports whether it was let through.
func enter(throttle *Throttle, now time.Duration, i int) bool {
	name := fmt.Sprint("user", i)
	if throttle.Allow(now, name, home) > 0 {
		return false
	}
	throttle.Succeeded(now, name, home)
	return true
}

// TestLoginsOfOneAccount: right passwords cost too, to whoever shows them far more often than anybody needs.
func TestLoginsOfOneAccount(t *testing.T) {
	throttle, through := NewThrottle(), 0
	for i := range 450 * 10 { // 450 connections that try once a second
		if enter(throttle, time.Duration(i)*time.Second/450, 0) {
			through++
		}
		if i%450 == 0 && !enter(throttle, time.Duration(i)*time.Second/450, 1+i/450) {
			t.Errorf("another account of the address is kept out")
		}
	}
	if through < 60 || through > 70 {
		t.Errorf("%d of 4500 logins in ten seconds were let through, want 60 and one a second", through)
	}
	if !enter(throttle, 70*time.Second+time.Minute, 0) {
		t.Error("it is not forgotten")
	}
}

// TestEverybodyComesBack: after a restart all accounts log in at once, from one balancer's address, and each goes on to
// do so after every second for an hour, because its line is bad.
func TestEverybodyComesBack(t *testing.T) {
	throttle := NewThrottle()
	for i := range 5000 {
		if !enter(throttle, 0, i) {
			t.Fatalf("account %d is kept out", i)
		}
	}
	for s := range 3600 {
		if !enter(throttle, time.Duration(s)*time.Second, 7) {
			t.Fatalf("an account that comes back after a second is kept out after %d s", s)
		}
	}
}
