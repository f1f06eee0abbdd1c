package store_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"hubbub/internal/pgtest"
	"hubbub/store"
)

// TestURLsThatAreCutWrong: a URL whose password has a sign that ends it is refused before anything of it is looked up, and
// nothing of it is in the error.
func TestURLsThatAreCutWrong(t *testing.T) {
	for _, password := range []string{"s3/cret", "12/s3cret", "s3@cret", "12@s3cret", "s3?cret", "12?s3cret", "12?a=s3cret", "s3#cret", "12#s3cret", "s3 cret",
		"s3%cret", "s3[cret", "s3\\cret", "s3\"cret", "p@s3cret.example/x", "p@s3cret:1/x", "p@s3cret?host=x", "/s3cret", "@s3cret", "?s3cret", "s3cret@", "s3cret/", "1@2/s3cret@x?y"} {
		for _, rest := range []string{"@db.invalid/chat", "@db.invalid:5432/chat?sslmode=disable", "@/chat?host=/run/postgresql", "@[::1]:1/chat"} {
			url := "postgres://u:" + password + rest
			begun := time.Now()
			s, err := store.Open(context.Background(), url, "")
			if err == nil {
				s.Close()
				t.Errorf("%s was opened", url)
			} else if says := err.Error(); strings.Contains(says, "cret") || !strings.Contains(says, "can't be understood") || !strings.Contains(says, "%40 for @") {
				t.Errorf("%s says %q after %s", url, says, time.Since(begun))
			}
			if masked := store.Masked(url); masked != "***" {
				t.Errorf("%s is shown as %q", url, masked)
			}
		}
	}
}

// TestMasked: what is shown of a database has no password.
func TestMasked(t *testing.T) {
	for database, want := range map[string]string{
		"": "", "sqlite": "sqlite", "none": "none", "host=h password=s3cret": "***", "mysql://u:s3cret@h/d": "***", "s3cret": "***", "postgres:s3cret": "***",
		"postgres://u@h/d": "postgres://u@h/d", "postgres://u:s3cret@h:5432/d": "postgres://u:***@h:5432/d", "postgresql://u:s3%40cr%2Fet@h": "postgresql://u:***@h",
		"postgres://:s3cret@h/d": "postgres://:***@h/d", "postgres://u:@h/d": "postgres://u:***@h/d", "postgres://u:s3:cret@h/d": "postgres://u:***@h/d",
		"postgres://h1:1,h2:2/d?sslmode=disable&target_session_attrs=any":                                "postgres://h1:1,h2:2/d?sslmode=disable&target_session_attrs=any",
		"postgres://u:s3cret@[2001:db8::1]:5432/d":                                                       "postgres://u:***@[2001:db8::1]:5432/d",
		"postgres://h/d?user=u&password=s3cret&sslpassword=s3cret&pass%77ord=s3cret&PGPASSWORD=s3cret&a": "postgres://h/d?user=u&password=***&sslpassword=***&pass%77ord=***&PGPASSWORD=***&a",
		"postgres:///d?host=/run/postgresql":                                                             "postgres:///d?host=/run/postgresql",
	} {
		if got := store.Masked(database); got != want {
			t.Errorf("%s is shown as %q", database, got)
		}
	}
}

// TestURLsThatCanNotBeUsed: what libpq's parameters say wrongly is named, the password is not.
func TestURLsThatCanNotBeUsed(t *testing.T) {
	refuses(t, database{url: "postgres://u:s3cret@127.0.0.1:1/d?sslmode=verify-full&sslrootcert=/nowhere.pem"}, "postgres://u:***@127.0.0.1:1/d", "/nowhere.pem")
	refuses(t, database{url: "postgres://u:***@127.0.0.1:1/d"}, "--print-config hides it", "--database-file")
	s, err := store.Open(t.Context(), "postgres://u:s3cret@127.0.0.1:1/d?sslmode=no&password=s3cret", "")
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v, %v", s, err)
	}
}

// TestPasswordsFromElsewhere: libpq's other places for a password are looked into.
func TestPasswordsFromElsewhere(t *testing.T) {
	server := pgtest.Shared(t)
	good := server.URL(t)
	before, _, _ := strings.Cut(good, ":sea")
	_, after, _ := strings.Cut(good, "@")
	t.Setenv("PGPASSWORD", "sea@ of/voices")
	database{url: before + "@" + after}.open(t)
	t.Setenv("PGPASSWORD", "")
	database{url: before + "@" + after + "&password=sea%40%20of%2Fvoices"}.open(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	refuses(t, database{url: "postgres://u:s3cret@" + listener.Addr().String() + ",127.0.0.1:1/d"}, "can't be reached")
}
