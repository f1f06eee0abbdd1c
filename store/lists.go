package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"hubbub/codec"
	"hubbub/handler/history"
)

// refresh has recent know all messages that the lists in the database don't have. Once it does, a Store with the lease is the
// only one that adds any. Others look each time. A caller waits while another one loads.
func (s *Store) refresh(ctx context.Context) error {
	if s.lease != nil && s.recent.isLoaded() {
		return nil
	}
	s.recent.loading.Lock()
	defer s.recent.loading.Unlock()
	loaded := s.recent.isLoaded()
	if s.lease != nil && loaded {
		return nil
	}
	listed, newest := s.recent.state()
	var now, latest codec.ID
	if err := s.read.QueryRowContext(ctx, "SELECT listed, newest FROM counters").Scan(&now, &latest); err != nil {
		return err
	}
	if now != listed {
		s.recent.reset(now)
	}
	if loaded && latest <= newest {
		return nil
	}
	const query = "SELECT " + columns + " FROM messages WHERE id > $1 ORDER BY id"
	messages, err := collect(ctx, s.read, scanMessage, query, number(max(now, newest)))
	if err != nil {
		return err
	}
	s.recent.add(messages)
	s.recent.setLoaded() // not before, or others would read what is incomplete
	return nil
}

// flush is what is being put into the database's lists: the ids that were in memory when it began.
type flush struct {
	upTo  codec.ID
	lists map[string][]codec.ID
	names []string // of those that are left, in order, so that their blocks lie together
	begun bool     // some are written
}

// flushBlocks is how many blocks are written in one transaction: some milliseconds' work, for which an Append waits.
const flushBlocks = 1024

// writeLists puts some of what is in memory into the database's lists, when that is enough. Each Append calls it first.
func (s *Store) writeLists(ctx context.Context) error {
	if s.flush == nil || !s.recent.isFlushing(s.flush.upTo) {
		lists, upTo := s.recent.beginFlush(s.recentIDs)
		if s.flush = nil; lists == nil {
			return nil
		}
		s.flush = &flush{upTo: upTo, lists: lists, names: slices.Sorted(maps.Keys(lists))}
	}
	f, done := s.flush, 0
	err := s.change(ctx, "keep messages", true, func(tx *sql.Tx) error {
		if !f.begun { // blocks of a flush that did not come to its end would overlap with these
			if _, err := tx.ExecContext(ctx, "DELETE FROM postings WHERE newest > (SELECT listed FROM counters)"); err != nil {
				return err
			}
		}
		var w blockWriter
		for done = 0; done < len(f.names) && w.blocks() < s.flushBlocks; done++ {
			w.add(f.names[done], f.lists[f.names[done]])
		}
		if err := w.write(ctx, tx); err != nil || done < len(f.names) {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE counters SET listed = $1 WHERE listed < $1", number(f.upTo))
		return err
	})
	if err != nil {
		return err
	}
	f.begun = true
	if f.names = f.names[done:]; len(f.names) == 0 {
		s.flush = nil
		s.recent.reset(f.upTo)
	}
	return nil
}

// blockWriter collects the blocks of lists.
type blockWriter struct {
	args []any // three for each block
}

func (w *blockWriter) blocks() int { return len(w.args) / 3 }

// add cuts ids, which must be in order, into blocks.
func (w *blockWriter) add(list string, ids []codec.ID) {
	for block := range slices.Chunk(ids, blockIDs) {
		w.args = append(w.args, list, number(block[len(block)-1]), appendBlock(nil, block))
	}
}

// blockRows are how many blocks statements insert: running one for many costs less a block than one for each.
var blockRows = []int{64, 8, 1}

// blockInserts are those statements.
var blockInserts = func() (queries []string) {
	for _, n := range blockRows {
		rows := make([]string, n)
		for i := range rows {
			rows[i] = fmt.Sprintf("($%d, $%d, $%d)", 3*i+1, 3*i+2, 3*i+3)
		}
		queries = append(queries, "INSERT INTO postings (list, newest, ids) VALUES "+strings.Join(rows, ", ")+
			" ON CONFLICT (list, newest) DO UPDATE SET ids = excluded.ids") // relist replaces blocks
	}
	return queries
}()

func (w *blockWriter) write(ctx context.Context, tx *sql.Tx) error {
	args := w.args
	for i, n := range blockRows {
		if len(args) < 3*n {
			continue
		}
		stmt, err := tx.PrepareContext(ctx, blockInserts[i])
		if err != nil {
			return err
		}
		for ; len(args) >= 3*n && err == nil; args = args[3*n:] {
			_, err = stmt.ExecContext(ctx, args[:3*n]...)
		}
		if closing := stmt.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// relist puts messages into the database's lists where those go further already and don't have them: messages that were
// removed, and are added again.
func (s *Store) relist(ctx context.Context, messages []history.Message) error {
	if len(messages) == 0 {
		return nil
	}
	return s.change(ctx, "keep messages", true, func(tx *sql.Tx) error {
		for i := range messages {
			m := &messages[i]
			for _, list := range listsOf(m) {
				ids, err := block(ctx, tx, list, m.ID)
				if err != nil {
					return err
				}
				at, there := slices.BinarySearch(ids, m.ID)
				switch {
				case there:
					continue
				case at == 0: // the block begins above it
					ids = []codec.ID{m.ID}
				default: // blocks of a list don't overlap like that
					ids = slices.Insert(ids, at, m.ID)
				}
				w := blockWriter{args: []any{list, number(ids[len(ids)-1]), appendBlock(nil, ids)}}
				if err := w.write(ctx, tx); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// block returns the ids of the first block of a list that ends with an id or above it.
func block(ctx context.Context, db querier, list string, id codec.ID) ([]codec.ID, error) {
	const query = "SELECT ids FROM postings WHERE list = $1 AND newest >= $2 ORDER BY newest LIMIT 1"
	blocks, err := collect(ctx, db, scanBlock, query, list, number(id))
	if err != nil || len(blocks) == 0 {
		return nil, err
	}
	return decodeBlock(nil, blocks[0])
}

func scanBlock(r row) (block []byte, err error) {
	err = r.Scan(&block)
	return block, err
}

// span is a part of a list: what is above after and below before, the oldest first or, with down, the newest.
type span struct {
	after, before codec.ID
	down          bool
}

// within returns the ids of a span, among ids in order.
func (p *span) within(ids []codec.ID) []codec.ID {
	return idsBelow(idsAbove(ids, p.after), p.before)
}

// goOn returns the rest of the span behind ids, which are the first ones of it.
func (p span) goOn(ids []codec.ID) span {
	if p.down {
		p.before = min(p.before, ids[0])
	} else {
		p.after = max(p.after, ids[len(ids)-1])
	}
	return p
}

// first returns the first n ids of several spans together, in order.
func (p *span) first(n int, spans ...[]codec.ID) []codec.ID {
	all := slices.Concat(spans...)
	slices.Sort(all)
	return p.cut(slices.Compact(all), n)
}

// cut returns the first n of ids in order.
func (p *span) cut(ids []codec.ID, n int) []codec.ID {
	switch {
	case len(ids) <= n:
		return ids
	case p.down:
		return ids[len(ids)-n:]
	}
	return ids[:n]
}

// ids returns the first n ids of some lists within a span, in order. Their messages may have been removed.
func (s *Store) ids(ctx context.Context, lists []string, p span, n int) (ids []codec.ID, err error) {
	ends, listed := s.recent.ends(lists)
	for i, list := range lists {
		found := p.cut(p.within(ends[i]), n)
		if !p.down || len(found) < n {
			old := p
			old.before = min(p.before, listed+1)
			stored, err := s.storedIDs(ctx, list, old, n)
			if err != nil {
				return nil, err
			}
			found = slices.Concat(stored, found)
		}
		ids = p.first(n, ids, found)
	}
	return ids, nil
}

// storedIDs returns the first n ids of a list within a span, in order, and perhaps more, from the database's blocks.
func (s *Store) storedIDs(ctx context.Context, list string, p span, n int) (ids []codec.ID, err error) {
	const up = "SELECT ids FROM postings WHERE list = $1 AND newest > $2 ORDER BY newest LIMIT $3"
	// The block that has the id below before may end above that.
	const down = "SELECT ids FROM postings WHERE list = $1 AND newest <= " +
		"coalesce((SELECT min(newest) FROM postings WHERE list = $1 AND newest >= $2), $2) ORDER BY newest DESC LIMIT $3"
	blocks := n/blockIDs + 2
	for len(ids) < n && p.after+1 < p.before {
		query, from := up, p.after
		if p.down {
			query, from = down, p.before-1
		}
		read, err := collect(ctx, s.read, scanBlock, query, list, number(from), blocks)
		if err != nil {
			return nil, err
		}
		for _, block := range read {
			part, err := decodeBlock(nil, block)
			if err != nil {
				return nil, err
			}
			ids = p.first(math.MaxInt, ids, p.within(part))
			p = p.goOn(part)
		}
		if len(read) < blocks {
			break
		}
	}
	return ids, nil
}

// floor returns below which id there are no messages, and below which only such that wait for an account's login.
func (s *Store) floor(ctx context.Context) (any, public codec.ID, err error) {
	const query = "SELECT coalesce((SELECT id FROM messages ORDER BY id LIMIT 1), newest + 1), prunable FROM counters"
	err = s.read.QueryRowContext(ctx, query).Scan(&any, &public)
	return any, max(any, public), err
}

// pruneBlocks is how many blocks are looked through at a time for such whose messages are all gone.
const pruneBlocks = 64

// pruneLists removes the blocks whose messages were removed. Those below the oldest message go at once. Where messages that
// wait for their accounts' logins keep that low, the blocks that are above it and below what may have been pruned are looked
// through, some with each call.
func (s *Store) pruneLists(ctx context.Context, tx *sql.Tx) error {
	const old = "DELETE FROM postings WHERE newest < coalesce((SELECT id FROM messages ORDER BY id LIMIT 1), " +
		"(SELECT newest + 1 FROM counters))"
	if _, err := tx.ExecContext(ctx, old); err != nil {
		return err
	}
	type found struct {
		blockPlace
		block []byte
	}
	scan := func(r row) (f found, err error) { return f, r.Scan(&f.newest, &f.list, &f.block) }
	const some = "SELECT newest, list, ids FROM postings WHERE (newest, list) > ($1, $2) " +
		"AND newest < (SELECT prunable FROM counters) ORDER BY newest, list LIMIT $3"
	last := blockPlace{}
	if p := s.pruned.Load(); p != nil {
		last = *p
	}
	blocks, err := collect(ctx, tx, scan, some, last.newest, last.list, pruneBlocks)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		ids, err := decodeBlock(nil, b.block)
		if err != nil {
			return err
		}
		var there bool
		condition, parameter := s.oneOf(ids)
		query := "SELECT EXISTS (SELECT 1 FROM messages WHERE id " + condition + ")"
		if err := tx.QueryRowContext(ctx, query, parameter).Scan(&there); err != nil {
			return err
		}
		if there {
			continue
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM postings WHERE list = $1 AND newest = $2", b.list, b.newest); err != nil {
			return err
		}
	}
	next := blockPlace{} // from the beginning again
	if len(blocks) == pruneBlocks {
		next = blocks[pruneBlocks-1].blockPlace
	}
	s.pruned.Store(&next)
	return nil
}

// blockPlace is where a walk through all blocks is.
type blockPlace struct {
	newest int64
	list   string
}
