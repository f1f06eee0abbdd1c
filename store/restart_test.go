package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"hubbub/codec"
	"hubbub/internal/pgtest"
)

// TestPostgresRestarts stops and kills the server while messages are appended. Appends fail until it is back; each is
// repeated until it succeeds, as the journal does. Then all are there, once.
func TestPostgresRestarts(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	s := database{url: server.URL(t)}.open(t)
	for round, end := range []func(testing.TB){server.Stop, server.Kill} {
		before := lastID(t, s.Bounds)
		ended, acknowledged := make(chan bool), make(chan codec.ID)
		go func() {
			last := before
			defer func() { acknowledged <- last }()
			for failures := 0; ; {
				err := s.Append(context.Background(), broadcasts(last+1, last+100))
				switch {
				case err == nil && failures > 0:
					last += 100
					return
				case err == nil:
					last += 100
				case failures == 0:
					if failures++; !strings.Contains(err.Error(), "keep messages: ") {
						t.Errorf("the error is %q", err)
					}
					<-ended
				default:
					failures++ // connections that broke are found one by one
				}
			}
		}()
		waitFor(t, func() bool { return lastID(t, s.Bounds) > before+1000 })
		end(t)
		if err := s.Check(context.Background()); err == nil {
			t.Error("a database that is not there answers")
		}
		server.Start(t)
		close(ended)
		last := <-acknowledged
		if got := lobby(t, s); !slices.Equal(got, broadcasts(1, last)) {
			t.Errorf("round %d: %d messages were acknowledged, %d are there", round, last, len(got))
		}
	}
}

func lastID(t *testing.T, bounds func(context.Context) (newest, removed codec.ID, err error)) codec.ID {
	t.Helper()
	newest, _, err := bounds(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return newest
}

func waitFor(t *testing.T, ready func() bool) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); !ready(); {
		if time.Now().After(limit) {
			t.Fatal("it took longer than a minute")
		}
	}
}
