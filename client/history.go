package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"hubbub/codec"
)

// busyWait is how long HistorySeq waits when the server refuses a page because there were too many requests.
const busyWait = 500 * time.Millisecond

// HistoryQuery says which messages of the past are wanted: those of a room, the whispers with a user in either
// direction or, when both are empty, what was said to everybody.
type HistoryQuery struct {
	Room, User string
	// Before and After are the ids between which the messages lie; 0 leaves that side open. With After the oldest of
	// them come first, without it the newest.
	Before, After codec.ID
	// Limit is the most messages of one page, at most codec.HistoryMax; 0: as many as there may be.
	Limit int
}

// HistoryPage is one answer to a HistoryQuery.
type HistoryPage struct {
	Messages []HistoryMessage // oldest first
	// More says that there are others in the query's direction: newer ones when it has After, else older ones. A page
	// may have fewer messages than its limit, even so.
	More bool
	// Gap is the newest of the messages after query.After that the server removed because of their age or number; 0: none
	// was.
	Gap codec.ID
}

// HistoryMessage is a message of the past. The user may be oneself.
type HistoryMessage struct {
	ID   codec.ID
	User string // who sent it
	Text string
	At   time.Time // when the server accepted it, where that is not what the ID says; else zero
}

// Time returns when the server accepted the message, to the millisecond, by its clock.
func (m HistoryMessage) Time() time.Time { return accepted(m.ID, m.At) }

// History returns one page of what was said: the oldest messages after query.After or, when that is 0, the newest
// before query.Before. Failures that the server tells are codec.RateLimited, codec.ServerBusy, codec.UserNotFound,
// codec.RoomNotFound, and codec.PermissionDenied when it keeps no history or this one is not for the user; see also
// ErrOffline, ErrLost and ErrClosed.
func (c *Client) History(ctx context.Context, query HistoryQuery) (HistoryPage, error) {
	const op = "read the history"
	if err := c.fits(op, codec.NameInvalid, query.Room, query.User); err != nil {
		return HistoryPage{}, err
	}
	m, err := c.request(ctx, op, func(ref uint32) codec.Message {
		return &codec.HistoryRequest{
			Asked: codec.Asked{Ref: ref}, Room: query.Room, User: query.User,
			Before: query.Before, After: query.After,
			Limit: uint16(max(0, min(query.Limit, codec.HistoryMax))),
		}
	})
	if err != nil {
		return HistoryPage{}, err
	}
	answer, ok := m.(*codec.HistoryResponse)
	if !ok {
		return HistoryPage{}, failed(op, fmt.Errorf("the server answered with something else: %s", m.Type()))
	}
	page := HistoryPage{Messages: make([]HistoryMessage, len(answer.Messages)), More: answer.More != 0, Gap: answer.Gap}
	for i, m := range answer.Messages {
		page.Messages[i] = HistoryMessage{ID: m.ID, User: m.User, Text: m.Message}
		if i < len(answer.Times) {
			page.Messages[i].At = apart(m.ID, answer.Times[i].At)
		}
	}
	return page, nil
}

// HistorySeq yields what was said, page by page, until there is no more or the program has enough: with query.After the
// messages behind it, oldest first, and else those before query.Before, newest first. When the server limits the rate
// of the requests or is busy, it waits; another error of History is yielded in place of a message and is the last.
func (c *Client) HistorySeq(ctx context.Context, query HistoryQuery) iter.Seq2[HistoryMessage, error] {
	forwards := query.After != 0
	return func(yield func(HistoryMessage, error) bool) {
		query := query // the sequence can be ranged over again
		for {
			page, err := c.patientHistory(ctx, query)
			if err == nil && page.More && !page.leads(query) {
				err = failed("read the history", errors.New("the server says that there is more, and does not send it"))
			}
			if err != nil {
				yield(HistoryMessage{}, err)
				return
			}
			n := len(page.Messages)
			for i, m := range page.Messages {
				if !forwards {
					m = page.Messages[n-1-i]
				}
				if !yield(m, nil) {
					return
				}
			}
			switch {
			case !page.More:
				return
			case forwards:
				query.After = page.Messages[n-1].ID
			default:
				query.Before = page.Messages[0].ID
			}
		}
	}
}

// leads reports whether the page comes further in the query's direction, so that the one after it is another.
func (p *HistoryPage) leads(query HistoryQuery) bool {
	switch n := len(p.Messages); {
	case n == 0:
		return false
	case query.After != 0:
		return p.Messages[n-1].ID > query.After
	}
	return query.Before == 0 || p.Messages[0].ID < query.Before
}

// patientHistory is History that waits while there are too many requests.
func (c *Client) patientHistory(ctx context.Context, query HistoryQuery) (HistoryPage, error) {
	for {
		page, err := c.History(ctx, query)
		if !errors.Is(err, codec.RateLimited) && !errors.Is(err, codec.ServerBusy) {
			return page, err
		}
		timer := time.NewTimer(busyWait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return page, err
		case <-c.life.Done():
			timer.Stop()
			return page, err
		}
	}
}
