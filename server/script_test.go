package server_test

import (
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"hubbub/internal/chattest"
	"hubbub/server"
)

// TestMain checks that servers leave no goroutine behind. gnet and ants each keep a default pool for the life of the
// process, with two goroutines and idle workers. The server's own pool has workers of another type, which count.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"), // half a second, for a connection that is closed
		goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"),
		goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*goWorker).run.func1"))
}

// TestScript runs handler's conversations over TCP, against a server of their own each.
func TestScript(t *testing.T) {
	for _, path := range chattest.Scripts(t, "../handler/testdata", chattest.TCP) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".chat"), func(t *testing.T) {
			t.Parallel()
			chattest.RunTCP(t, path, func(s *server.Server) chattest.Counts {
				return chattest.Counts{Accepted: s.Accepted(), Slots: chattest.Slots(s.Hub())}
			})
		})
	}
}
