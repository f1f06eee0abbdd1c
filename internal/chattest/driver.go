package chattest

import (
	"context"
	"errors"

	"github.com/alecthomas/kong"
	"go.uber.org/zap"

	"hubbub/codec"
	"hubbub/handler/history"
	"hubbub/server"
	"hubbub/store"
)

// driver is a server, and how to reach it.
type driver interface {
	// dial connects from an address of this machine, "" for any.
	dial(from string, d codec.Dialect) (link, error)
	// quiesce lets everything happen that has a cause already. It reports false when it can't.
	quiesce() bool
	// workers lets the strands have their turns, or not. It reports false when it can't.
	workers(on bool) bool
	// prune removes the oldest messages but for so many, as retention does.
	prune(keep int64) error
	// stop begins to shut the server down.
	stop()
	// close ends what is left.
	close()
}

// link is the client's end of a connection.
type link interface {
	// write sends p in one piece.
	write(p []byte) error
	// read waits for the next packet. The error is io.EOF when the server has closed the connection, errQuiet when
	// nothing came for long enough to say that nothing will.
	read() ([]byte, error)
	// ready returns the packets that have arrived, without waiting.
	ready() [][]byte
	halfClose()
	reset()
	// hangUp closes the connection. It returns when the server has noticed.
	hangUp()
	// pause stops or continues reading.
	pause(on bool)
}

var errQuiet = errors.New("nothing arrives")

// settings returns the server's configuration with these flags, and for the rest its defaults but for the ports.
func settings(flags []string) (server.Config, error) {
	var cli struct {
		server.Config `embed:""`
	}
	parser, err := kong.New(&cli)
	if err != nil {
		return cli.Config, err
	}
	_, err = parser.Parse(append([]string{"--listen=127.0.0.1:0", "--admin=", "--loops=2", "--drain=0s", "--database=none"}, flags...))
	return cli.Config, err
}

// openStore opens the database of a configuration as a server does, but for nobody's watching over the lease; nil for none.
func openStore(config server.Config) (*store.Store, error) {
	if config.Database == "none" {
		return nil, nil
	}
	return store.OpenLeased(context.Background(), config.Database, config.DataDir, func(error) {})
}

// newServer returns a server with its database, nil for none, which close closes once the server has ended.
func newServer(config server.Config, log *zap.Logger) (s *server.Server, opened *store.Store, close func() error, err error) {
	opened, err = openStore(config)
	if err != nil {
		return nil, nil, nil, err
	}
	if opened == nil {
		s, err = server.New(config, nil, log, zap.NewAtomicLevel())
		return s, nil, func() error { return nil }, err
	}
	s, err = server.New(config, opened, log, zap.NewAtomicLevel())
	return s, opened, opened.Close, err
}

// prune has a store remove all but the newest messages.
func prune(s *store.Store, keep int64) error {
	if s == nil {
		return errors.New("a server without a database has nothing to prune")
	}
	for more := true; more; {
		var err error
		if _, more, err = s.Prune(context.Background(), history.Retention{Count: keep}, 1000); err != nil {
			return err
		}
	}
	return nil
}
