package store

import (
	"context"
	"errors"
	"os"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteWALMax is to what the -wal file is cut when it has grown. SQLite begins it anew at some 4 MiB unless a reader needs what
// is in it; twice that is never reached without one.
const (
	sqliteWALMax     = 8 << 20
	sqliteWALMaxText = "8388608"
)

// checkpoint looks how large the -wal file is, and cuts it when no reader needs it any more. It has a connection of its own,
// so that the writer's is free, and that one waits for nobody: SQLite would wait for readers with the right to write in its
// hand, and every commit with it.
func (e *sqliteEngine) checkpoint(ctx context.Context) error {
	info, err := os.Stat(e.path + "-wal")
	if err != nil || info.Size() <= sqliteWALMax {
		return nil // it is made with the first write
	}
	db, err := e.openFile("0", "&_query_only=true", 1)
	if err != nil {
		return err
	}
	defer db.Close()
	// PASSIVE copies what it can into the database, for as long as that takes, beside whoever writes or reads.
	var busy, frames, copied int
	err = db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &frames, &copied)
	if err == nil && busy == 0 && frames == copied {
		// What is left to do is little. Whoever writes keeps this from happening, and the next call tries it again.
		err = db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &copied)
	}
	var failure *sqlite.Error
	if errors.As(err, &failure) && failure.Code()&0xff == sqlite3.SQLITE_BUSY {
		return nil
	}
	return err
}
