package main

import (
	"database/sql"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"hubbub/internal/pgtest"
)

// launchServer starts a server on free ports and waits until its operators' port answers.
func launchServer(t *testing.T, args ...string) *process {
	t.Helper()
	return launch(t, exec.Command(binary, append([]string{
		"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log-format", "json", "--drain", "0s",
	}, args...)...))
}

// expectPhase checks what every way of asking says of a process that does not serve, and waits for it to be in the phase.
func (p *process) expectPhase(label, words string) {
	p.t.Helper()
	p.expectUnready(words)
	if v := p.metric(fmt.Sprintf("hubbub_phase{phase=%q}", label)); v != 1 {
		p.t.Errorf("hubbub_phase says %v for %s", v, label)
	}
	if out, ok := run(p.t, nil, "health", "--admin", p.admin); ok || !strings.Contains(out, "is not ready: "+words) {
		p.t.Errorf("health while it is %s: %v %s", words, ok, out)
	}
}

// expectUnready waits until /readyz has these words, and checks that the process says of itself that it lives and does not
// serve.
func (p *process) expectUnready(words string) {
	p.t.Helper()
	p.readyz(503, words)
	if status, body := p.get("/livez"); status != 200 {
		p.t.Errorf("/livez while it is %s: %d %s", words, status, body)
	}
	if v := p.metric(`hubbub_phase{phase="serving"}`); v != 0 {
		p.t.Error("hubbub_phase says that it serves")
	}
	p.metric("process_resident_memory_bytes")
	if out, ok := run(p.t, nil, "health", "--admin", p.admin); ok || !strings.Contains(out, "is not ready: ") {
		p.t.Errorf("health while it is %s: %v %s", words, ok, out)
	}
}

// expectServing waits until the process serves, and checks that its metrics are the server's too.
func (p *process) expectServing() {
	p.t.Helper()
	p.readyz(200, `"phase":"serving"`)
	if v := p.metric(`hubbub_phase{phase="serving"}`); v != 1 {
		p.t.Error("hubbub_phase does not say that it serves")
	}
	p.metric("hubbub_sessions_max")
	if out, ok := run(p.t, nil, "health", "--admin", p.admin); !ok || out != "ready\n" {
		p.t.Errorf("health of a running server: %v %s", ok, out)
	}
}

// TestPhaseStandby: who stands by is alive and not ready, and says so. It may be told to end meanwhile.
func TestPhaseStandby(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, first *process, database []string) {
		first.expectServing()
		second := launchServer(t, database...)
		second.expectPhase("standing_by", "standing by: another server has the database")
		third := launchServer(t, database...)
		third.expectPhase("standing_by", "standing by")
		third.stop()
		first.kill()
		second.expectServing()
	})
}

// TestPhaseDatabaseHangs: a PostgreSQL that takes the connection and says nothing keeps the server from being ready, not
// from answering.
func TestPhaseDatabaseHangs(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	p := launchServer(t, "--database", "postgres://hubbub:secret@"+silent.Addr().String()+"/chat")
	p.expectUnready("database")
	p.stop()
}

// TestPhaseMigration: while another process changes the tables, this one waits for its turn and says so.
func TestPhaseMigration(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t).URL(t)
	other, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	const gooseLock = 4097083626 // lock.DefaultLockID of goose, which holds it while it changes tables
	if _, err := other.Exec("SELECT pg_advisory_lock($1)", gooseLock); err != nil {
		t.Fatal(err)
	}
	p := launchServer(t, "--database", url)
	p.expectPhase("migrating_the_database", "migrating the database")
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	p.expectServing()
}

// TestPhaseDraining: a server that ends answers until it has ended.
func TestPhaseDraining(t *testing.T) {
	t.Parallel()
	const clients = 1500
	p := serve(t, "--drain", "1h", "--loops", "1") // it ends one client in each step, and so many steps take minutes
	var in []*peer
	for range clients {
		in = append(in, dial(t, p.chat))
	}
	p.eventually(`hubbub_sessions{dialect="native",state="connected"}`, equal(clients))
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.logValue("shutting down")
	p.expectPhase("draining", "draining")
	p.metric("hubbub_sessions_max")
	for _, c := range in {
		c.conn.Close()
	}
	<-p.exited
}

// TestAdminAddressIsTakenFirst: a server whose operators' address is taken ends before it touches the database.
func TestAdminAddressIsTakenFirst(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	database, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	out, ok := run(t, nil, "serve", "--listen", "127.0.0.1:0", "--admin", taken.Addr().String(),
		"--database", "postgres://hubbub:secret@"+database.Addr().String()+"/chat")
	if ok || !strings.Contains(out, "can't listen for operators on "+taken.Addr().String()) {
		t.Errorf("it ended with %v:\n%s", ok, out)
	}
	mine, err := net.Dial("tcp", database.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	first, err := database.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if first.RemoteAddr().String() != mine.LocalAddr().String() {
		t.Error("it connected to the database")
	}
}
