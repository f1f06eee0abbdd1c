package history

import (
	"context"
	"errors"

	"hubbub/codec"
)

var (
	// ErrFenced says that another server has the lease on the database, so that this one may not write to its history any
	// more. It will not pass.
	ErrFenced = errors.New("another server has taken the database over")
	// ErrConflict says that a message with the same id and another content is in the history: somebody else wrote it. It
	// will not pass.
	ErrConflict = errors.New("another message with this id is in the history")
)

// Party is one side of a conversation: an account, or a guest, of whom only the name is known.
type Party struct {
	Account int64  // its number; 0: a guest
	Name    string // as it is, or was then, displayed
	Key     string // what the name is compared by, where that is not the Name itself; else ""
}

// Named returns a party: an account, or with 0 a guest.
func Named(account int64, name, key string) Party {
	if key == name {
		key = ""
	}
	return Party{Account: account, Name: name, Key: key}
}

// Compared returns what the party's name is compared by.
func (p *Party) Compared() string {
	if p.Key != "" {
		return p.Key
	}
	return p.Name
}

// Message is one that is kept.
type Message struct {
	ID   codec.ID
	From Party
	To   Party // whom it was whispered to; zero: everybody
	Text string
	Mail bool // it was whispered to an account that was not there, and waits for its next login
	// At is when it was accepted, in milliseconds since 1970, where that is not what the id says; else 0.
	At uint64
}

// Public reports whether the message went to everybody.
func (m *Message) Public() bool { return m.To == Party{} }

// For reports whether a reader would have got the message live: one to everybody that somebody else sent, or a whisper
// to the reader's account. Whispers to a guest are for nobody later: the name proves nothing.
func (m *Message) For(reader Party) bool {
	if m.Public() {
		return m.From.Compared() != reader.Compared()
	}
	return reader.Account != 0 && m.To.Account == reader.Account
}

// Conversation is what a page of history is of: the whispers between two parties in either direction or, when it is
// zero, what was said to everybody.
type Conversation struct{ A, B Party }

// Page is a part of a conversation.
type Page struct {
	Messages []Message // oldest first
	More     bool      // there are others in the direction that was asked for
	Removed  codec.ID  // the newest message that retention had removed when this page was read; 0: none
}

// Missed is a part of what a reader is to get again.
type Missed struct {
	Messages []Message // oldest first
	// Next is the id after which the next part begins; 0: there is none. A part may have few messages or none and be
	// followed by others: a Store looks through a bounded number of the reader's own messages at a time.
	Next codec.ID
	// Removed is the newest message that retention had removed when this part was read; 0: none. What it removed above
	// the id after which the part begins is lost to the reader.
	Removed codec.ID
}

// Retention is how much is kept. A field of 0 is no limit.
type Retention struct {
	From  codec.ID // messages with lower ids are too old
	Count int64    // messages of all conversations together, but for those that wait for an account's login
}

// Store remembers messages for good. Its methods may be called from any goroutine. What they return may be wrong only if
// they return an error, and what Append was given is kept only if it returns none.
type Store interface {
	// Append keeps messages, whose ids grow, all of them or none; when it returns nil they survive the end of this
	// process. One that is there already is left as it is, so that an Append whose outcome is unknown can be repeated;
	// one whose id has another content is an ErrConflict. At most one Append runs at a time.
	//
	// Append, Delivered and Prune return ErrFenced, and change nothing, when this server has lost its lease.
	Append(ctx context.Context, messages []Message) error
	// Page returns messages of some conversations, as of one, with ids between after and before: the oldest limit of them
	// when after is given, else the newest; 0 leaves that side open.
	Page(ctx context.Context, of []Conversation, before, after codec.ID, limit int) (Page, error)
	// Namesakes returns the numbers of the accounts that have or had a name with a key, the latest first: up to 64 of them.
	Namesakes(ctx context.Context, key string) ([]int64, error)
	// Missed returns the oldest messages with ids above after that are For the reader, up to limit.
	Missed(ctx context.Context, reader Party, after codec.ID, limit int) (Missed, error)
	// Mail returns the oldest messages with ids above after that wait for an account's login, up to limit. Its Removed is
	// the newest that was removed because of its age: such messages are not removed because of their number.
	Mail(ctx context.Context, account int64, after codec.ID, limit int) (Missed, error)
	// Delivered says that the messages up to an id do not wait for the account any more. They stay in the history.
	Delivered(ctx context.Context, account int64, upTo codec.ID) error
	// Bounds returns the newest id that was ever kept, and the newest that was removed because of its age or of the
	// number of messages; 0 when there is none.
	Bounds(ctx context.Context) (newest, removed codec.ID, err error)
	// Prune removes up to limit of the oldest messages that are beyond what is to be kept, and returns how many, and whether
	// there may be others. Messages that wait for an account's login are removed because of their age only.
	Prune(ctx context.Context, keep Retention, limit int) (removed int, more bool, err error)
}
