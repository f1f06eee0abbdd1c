package store

import (
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"sync"

	"hubbub/codec"
	"hubbub/handler/history"
)

// Messages are found by posting lists: each names the messages of one conversation, or those whispered to one account, by
// their ids. A row of the table postings, a block, holds up to blockIDs ids of a list. Rows of messages are written in the
// order of their ids, at the end of the table; an index entry for each would dirty a page somewhere in the middle with
// nearly every message. So the newest ids of all lists stay in memory, and thousands of messages are put into lists at once.

const (
	// blockIDs is how many ids a block has at most: they fit into a quarter of SQLite's page, beyond which it would put them
	// on pages of their own.
	blockIDs = 256
	// recentIDs is how many ids are in memory when a flush into the database's lists begins: two for a whisper to an account, else
	// one. More make fuller blocks. A server that starts reads as many messages to have their ids in memory again.
	recentIDs = 32768
)

// lobbyList is the list of what was said to everybody.
const lobbyList = ""

// receivedList names the list of what was whispered to an account. No conversation's name begins like it.
func receivedList(account int64) string { return string(appendReceivedList(nil, account)) }

func appendReceivedList(dst []byte, account int64) []byte {
	return strconv.AppendInt(append(dst, "to "...), account, 10)
}

// errBlock says that a block in the database is none.
var errBlock = errors.New("the table postings is damaged: restore a backup")

// appendBlock appends ids, which must be in order, to dst: each as a varint of its distance to the one before it.
func appendBlock(dst []byte, ids []codec.ID) []byte {
	before := codec.ID(0)
	for _, id := range ids {
		dst = binary.AppendUvarint(dst, uint64(id-before))
		before = id
	}
	return dst
}

// decodeBlock appends the ids of a block to dst.
func decodeBlock(dst []codec.ID, block []byte) ([]codec.ID, error) {
	id := codec.ID(0)
	for len(block) > 0 {
		distance, n := binary.Uvarint(block)
		if n <= 0 {
			return dst, errBlock
		}
		block = block[n:]
		id += codec.ID(distance)
		dst = append(dst, id)
	}
	return dst, nil
}

// tail is the end of a list, in order. What is in the slice stays as it is: readers have it too.
type tail struct{ ids []codec.ID }

// recent is the end of all lists: the ids of messages that the database has, and its lists have not yet.
type recent struct {
	appending sync.Mutex // held by whoever adds messages to the database and then here
	loading   sync.Mutex // held by whoever reads from the database what is to be here

	mu       sync.Mutex
	loaded   bool
	listed   codec.ID         // the database's lists have everything up to here
	flushing codec.ID         // a flush in progress has everything up to here; 0: there is none
	newest   codec.ID         // the newest message that is known of
	count    int              // ids in all lists
	lists    map[string]*tail // all above listed
}

// add adds committed messages. It returns those that the database's lists may be without although they go that far.
func (r *recent) add(messages []history.Message) (late []history.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var buffer [128]byte
	name := buffer[:0]
	for i := range messages {
		m := &messages[i]
		if m.ID <= r.listed {
			late = append(late, *m)
			continue
		}
		if m.ID <= r.flushing { // the flush does not have it
			r.flushing = 0
		}
		r.addTo(appendConversationOf(name[:0], m), m.ID)
		if m.To.Account != 0 {
			r.addTo(appendReceivedList(name[:0], m.To.Account), m.ID)
		}
		r.newest = max(r.newest, m.ID)
	}
	return late
}

// addTo adds an id to a list, unless it is there. Nearly always it comes last.
func (r *recent) addTo(name []byte, id codec.ID) {
	list := r.lists[string(name)]
	if list == nil {
		if r.lists == nil {
			r.lists = make(map[string]*tail)
		}
		list = &tail{}
		r.lists[string(name)] = list
	}
	if n := len(list.ids); n == 0 || list.ids[n-1] < id {
		list.ids = append(list.ids, id)
		r.count++
	} else if at, there := slices.BinarySearch(list.ids, id); !there {
		list.ids = slices.Insert(slices.Clone(list.ids), at, id) // readers may have the slice
		r.count++
	}
}

// reset says up to where the database's lists go, and forgets what they have.
func (r *recent) reset(listed codec.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.lists
	r.lists, r.count = make(map[string]*tail, len(before)), 0
	for name, list := range before {
		if above := idsAbove(list.ids, listed); len(above) > 0 {
			r.lists[name] = &tail{above}
			r.count += len(above)
		}
	}
	r.listed, r.newest, r.flushing = listed, max(r.newest, listed), 0
}

// state returns up to where the database's lists go, and the newest message that is known of.
func (r *recent) state() (listed, newest codec.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.listed, r.newest
}

func (r *recent) isLoaded() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.loaded
}

func (r *recent) setLoaded() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loaded = true
}

// ends returns the ends of some lists, and up to where the database's go. The slices are to be read only.
func (r *recent) ends(names []string) (ends [][]codec.ID, listed codec.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range names {
		var end []codec.ID
		if list := r.lists[name]; list != nil {
			end = list.ids
		}
		ends = append(ends, end)
	}
	return ends, r.listed
}

// beginFlush returns all lists as they are, to be read only, and up to where they go, when they have at least enough ids; else
// nil.
func (r *recent) beginFlush(enough int) (lists map[string][]codec.ID, upTo codec.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count < enough {
		return nil, 0
	}
	lists = make(map[string][]codec.ID, len(r.lists))
	for name, list := range r.lists {
		lists[name] = list.ids
	}
	r.flushing = r.newest
	return lists, r.newest
}

// isFlushing reports whether a flush that goes up to an id still has everything up to there.
func (r *recent) isFlushing(upTo codec.ID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.flushing == upTo
}

// listsOf names the lists that a message is in.
func listsOf(m *history.Message) []string {
	if m.To.Account == 0 {
		return []string{conversationOf(m)}
	}
	return []string{conversationOf(m), receivedList(m.To.Account)}
}

// idsAbove returns those of ids, which are in order, that are above one.
func idsAbove(ids []codec.ID, id codec.ID) []codec.ID {
	at, found := slices.BinarySearch(ids, id)
	if found {
		at++
	}
	return ids[at:]
}

// idsBelow returns those of ids, which are in order, that are below one.
func idsBelow(ids []codec.ID, id codec.ID) []codec.ID {
	at, _ := slices.BinarySearch(ids, id)
	return ids[:at]
}
