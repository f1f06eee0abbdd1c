package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Pooler starts a PgBouncer before the server, in a mode (session, transaction, statement), with further settings, until the
// test ends. It returns the URL of a database through it.
func (s *Server) Pooler(t testing.TB, database, mode string, settings ...string) (through string) {
	t.Helper()
	program, err := findPooler()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "pgbouncer")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	attr, err := asUser(dir)
	if err != nil {
		t.Fatal(err)
	}
	users, config := filepath.Join(dir, "users.txt"), filepath.Join(dir, "pgbouncer.ini")
	lines := append([]string{
		"[databases]", "* = host=" + s.dir, "[pgbouncer]", "pool_mode = " + mode, "listen_addr =", "listen_port = 6432",
		"unix_socket_dir = " + dir, "auth_type = scram-sha-256", "auth_file = " + users,
	}, settings...)
	for path, content := range map[string]string{
		users: fmt.Sprintf("%q %q\n", owner, password), config: strings.Join(lines, "\n") + "\n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil { // its directory is the pooler's user's alone
			t.Fatal(err)
		}
	}
	var output bytes.Buffer
	command := exec.Command(program, config)
	command.Dir, command.SysProcAttr, command.Stdout, command.Stderr = dir, attr, &output, &output
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // the pooler ends when the thread that started it does: with this process, not before
		err := command.Start()
		started <- err
		if err == nil {
			command.Wait() // how it ended shows in its output
			close(ended)
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { command.Process.Kill(); <-ended })
	if err := listens(filepath.Join(dir, ".s.PGSQL.6432"), ended); err != nil {
		t.Fatalf("PgBouncer: %v\n%s", err, &output)
	}
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery = url.Values{"host": {dir}, "port": {"6432"}}.Encode()
	return u.String()
}

// findPooler finds PgBouncer, which Debian keeps where only root looks.
func findPooler() (string, error) {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("the tests need PgBouncer, and pgbouncer is nowhere: `make deps` installs it")
}

// listens waits until somebody takes connections on a socket.
func listens(socket string, ended <-chan struct{}) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(patience); ; {
		if c, err := net.Dial("unix", socket); err == nil {
			return c.Close()
		}
		select {
		case <-tick.C:
		case <-ended:
			return errors.New("it did not start")
		case <-limit:
			return fmt.Errorf("it was not ready after %v", patience)
		}
	}
}
