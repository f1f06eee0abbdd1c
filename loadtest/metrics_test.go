package loadtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestServerWatch: what the server says of itself is in the report, before and after, with what lies between.
func TestServerWatch(t *testing.T) {
	var looks atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			http.NotFound(w, r)
			return
		}
		n := looks.Add(1)
		fmt.Fprintf(w, "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %d\n", 10*n)
		fmt.Fprintf(w, "process_resident_memory_bytes %d\n", 5000-1000*n)
		fmt.Fprint(w, "hubbub_sessions{dialect=\"native\",state=\"authenticated\"} 3\nhubbub_sessions{dialect=\"classic\",state=\"authenticated\"} 4\n")
		fmt.Fprint(w, "hubbub_sessions{dialect=\"native\",state=\"connected\"} 100\nhubbub_build_info{go=\"1\",version=\"v7\"} 1\n")
		fmt.Fprint(w, "# TYPE wait histogram\nwait_bucket{le=\"+Inf\"} 2\nwait_sum 6\nwait_count 2\n")
	}))
	defer server.Close()
	f := func(url string) {
		t.Helper()
		looks.Store(0)
		w, err := watchServer(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if w.latest() != nil {
			t.Error("there is a usage after one look")
		}
		s := w.end()
		w.close()
		if s.Version != "v7" || s.CPUSeconds < 10 || s.PeakResident != 4000 || s.Before["process_cpu_seconds_total"] != 10 {
			t.Errorf("the server's figures are %+v", s)
		}
		if s.After["wait_sum"] != 6 || s.After["wait_count"] != 2 {
			t.Errorf("the histogram is %v", s.After)
		}
		if u := w.latest(); u == nil || u.Sessions != 7 || u.CPU <= 0 || u.Resident >= 4000 {
			t.Errorf("the usage is %+v", u)
		}
	}
	f(server.URL)
	f(server.URL + "/metrics")
	f(strings.TrimPrefix(server.URL, "http://") + "/")

	for _, wrong := range []string{server.URL + "/elsewhere", "http://127.0.0.1:1"} {
		if _, err := watchServer(t.Context(), wrong); err == nil || !strings.Contains(err.Error(), "--admin") {
			t.Errorf("%s: the error is %v", wrong, err)
		}
	}
	nobody, err := watchServer(t.Context(), "")
	if err != nil || nobody.latest() != nil || nobody.end() != nil {
		t.Errorf("nothing was to be watched: %v", err)
	}
}
