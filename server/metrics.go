package server

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hubbub/codec"
	"hubbub/handler"
	"hubbub/session"
)

// metrics turns the counters of the other packages into Prometheus' when it is asked. The hot path knows nothing of it.
type metrics struct {
	server      *Server
	registry    *prometheus.Registry
	loopLatency prometheus.Histogram
	commits     prometheus.Histogram
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("hubbub_"+name, help, labels, nil)
}

var (
	descSessions    = desc("sessions", "Sessions by state and dialect.", "state", "dialect")
	descSessionsMax = desc("sessions_max", "Sessions that fit.")
	descNames       = desc("names", "Names that are in use.")
	descAccepted    = desc("connections_accepted_total", "Connections accepted.")
	descUnaccepted  = desc("accept_errors_total", "Connections that could not be accepted, because the kernel was short of something or the connection had an error already.")
	descTurnedAway  = desc("connections_turned_away_total", "Connections closed at once because the server was full beyond its reserve.")
	descEnded       = desc("sessions_ended_total", "Sessions ended by reason.", "reason")
	descSlow        = desc("slow_consumers_total", "Sessions ended because they read more slowly than messages arrived.")
	descPackets     = desc("packets_received_total", "Packets received by type.", "type")
	descIgnored     = desc("classic_packets_ignored_total", "Classic packets of unknown type or wrong size, ignored as the original does.")
	descRefused     = desc("requests_refused_total", "Requests answered with a failure, by its result code.", "code")
	descReceived    = desc("received_bytes_total", "Bytes received from clients.")
	descSent        = desc("sent_bytes_total", "Bytes handed to connections.")
	descDeliveries  = desc("deliveries_total", "Frames handed to connections.")
	descWrites      = desc("writes_total", "Writes to connections.")
	descBatch       = desc("lane_batch_frames", "Frames and operations taken by one drain of a lane.")
	descLaneDepth   = desc("lane_queued_bytes", "Bytes that wait for a loop.", "loop")
	descHeld        = desc("sessions_paused", "Sessions whose sockets are not read, because their requests or answers wait.")
	descWaiting     = desc("senders_waiting", "Sessions that wait for room for a message, by what is full.", "queue")
	descStrands     = desc("strands_waiting", "Strands that are ready and wait for a worker.")
	descWorkersBusy = desc("workers_busy", "Workers at work.")
	descWorkers     = desc("workers", "Workers that may work at a time.")
	descHashing     = desc("hashing_waiting", "Logins that wait for their password to be checked.")
	descReading     = desc("reading_waiting", "Requests that wait for the database.")
	descHashed      = desc("password_hashes_total", "Hashes of passwords that were computed.")
	descDenied      = desc("logins_denied_total", "Logins, and changes of a password, with a wrong password or an unknown account, and those that came too soon after one.")
	descQueued      = desc("history_queued_messages", "Messages that wait to be kept.")
	descQueuedBytes = desc("history_queued_bytes", "Bytes of messages that wait to be kept; at --history-queue senders hear SERVER_BUSY.")
	descKept        = desc("history_kept_total", "Messages that were kept.")
	descUnkept      = desc("history_failures_total", "Attempts to keep a group of messages that failed; they are repeated.")
	descPruned      = desc("history_pruned_total", "Messages that were removed because of their age or number.")
	descPrunes      = desc("history_prunes_total", "Times that was removed what was too old or too much.")
	descClockJump   = desc("clock_jump_seconds", "By how much the system's clock is ahead of the time that is believed for --history-age; 0: they agree.")
	descMemory      = desc("memory_used_bytes", "Memory that counts towards the budget, by what it is used for.", "kind")
	descBudget      = desc("memory_budget_bytes", "The budget: above it the sessions that use the most are ended.")
	descPanics      = desc("panics_total", "Panics that were caught.")
	descDraining    = desc("draining", "1 while the server shuts down.")
	allDescs        = []*prometheus.Desc{
		descSessions, descSessionsMax, descNames, descAccepted, descUnaccepted, descTurnedAway, descEnded, descSlow, descPackets,
		descIgnored, descRefused, descReceived, descSent, descDeliveries, descWrites, descBatch, descLaneDepth,
		descHashing, descReading, descHashed, descDenied, descQueued, descQueuedBytes, descKept, descUnkept, descPruned,
		descPrunes, descClockJump, descHeld, descWaiting, descStrands, descWorkersBusy, descWorkers, descMemory, descBudget, descPanics,
		descDraining,
	}
)

func newMetrics(s *Server) *metrics {
	m := &metrics{server: s, registry: prometheus.NewRegistry()}
	m.loopLatency = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "hubbub_loop_latency_seconds", Help: "Time that a task waited for its turn on a loop, probed ten times a second.",
		Buckets: prometheus.ExponentialBuckets(50e-6, 2, 14),
	})
	m.commits = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "hubbub_history_commit_seconds", Help: "Time that the database took to keep a group of messages.",
		Buckets: prometheus.ExponentialBuckets(100e-6, 2, 16),
	})
	m.registry.MustRegister(m, m.loopLatency, m.commits)
	return m
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range allDescs {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	s, hub := m.server, m.server.chat.Hub
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	for state := range session.State(session.States) {
		var sessions [codec.Dialects]int
		for e := range session.Encoding(session.Encodings) {
			sessions[handler.DialectOf(e)] += hub.Census(state, e)
		}
		for d, n := range sessions {
			gauge(descSessions, float64(n), state.String(), codec.Dialect(d).String())
		}
	}
	for why := session.None + 1; why < session.Reasons; why++ {
		counter(descEnded, hub.Ended(why), why.String())
	}
	for i := range codec.Table {
		if row := &codec.Table[i]; row.To&codec.ToServer != 0 {
			counter(descPackets, s.chat.Packets(row.Type), row.Name)
		}
	}
	gauge(descSessionsMax, float64(s.limit))
	gauge(descNames, float64(hub.Names()))
	counter(descAccepted, s.accepted.Load())
	counter(descUnaccepted, s.acceptErrors.Load())
	counter(descTurnedAway, s.turnedAway.Load())
	counter(descSlow, hub.Ended(session.SlowConsumer))
	counter(descIgnored, s.chat.Ignored())
	for _, row := range codec.Codes {
		if row.Code != codec.Success {
			counter(descRefused, s.chat.Refused(row.Code), row.Name)
		}
	}
	counter(descReceived, s.received.Load())
	m.collectStore(gauge, counter)
	gauge(descHeld, float64(hub.Held()))
	gauge(descWaiting, float64(hub.Waiting()), "lane")
	gauge(descStrands, float64(s.pool.depth()))
	gauge(descWorkersBusy, float64(s.pool.busy.Load()))
	gauge(descWorkers, float64(s.pool.workers))
	for kind := range session.MemoryKind(session.MemoryKinds) {
		gauge(descMemory, float64(hub.MemoryUsed(kind)), kind.String())
	}
	gauge(descBudget, float64(s.memory.budget))
	counter(descPanics, s.panics.Load())
	draining := 0.0
	if s.draining.Load() {
		draining = 1
	}
	gauge(descDraining, draining)
	m.collectLanes(ch)
}

// collectStore tells what is waiting for the database and for the hashers.
func (m *metrics) collectStore(gauge func(*prometheus.Desc, float64, ...string), counter func(*prometheus.Desc, uint64, ...string)) {
	s := m.server
	if s.store == nil {
		return
	}
	gauge(descHashing, float64(s.hashQueue.depth()))
	gauge(descReading, float64(s.readQueue.depth()))
	counter(descHashed, s.chat.Hashed())
	counter(descDenied, s.chat.Denied())
	counter(descPruned, s.pruned.Load())
	counter(descPrunes, s.prunes.Load())
	gauge(descClockJump, time.Duration(s.clock.jump.Load()).Seconds())
	if journal := s.chat.Journal(); journal != nil {
		stats := journal.Stats()
		gauge(descWaiting, float64(stats.Waiting), "history")
		gauge(descQueued, float64(stats.Queued))
		gauge(descQueuedBytes, float64(stats.QueuedBytes))
		counter(descKept, stats.Kept)
		counter(descUnkept, stats.Failures)
	}
}

func (m *metrics) collectLanes(ch chan<- prometheus.Metric) {
	var sum session.Stats
	for _, l := range m.server.chat.Hub.Lanes() {
		stats := l.Stats()
		sum.Deliveries += stats.Deliveries
		sum.Bytes += stats.Bytes
		sum.Writes += stats.Writes
		sum.Drains += stats.Drains
		sum.Frames += stats.Frames
		for i, n := range stats.Batches {
			sum.Batches[i] += n
		}
		ch <- prometheus.MustNewConstMetric(descLaneDepth, prometheus.GaugeValue, float64(l.Depth()), strconv.Itoa(l.Index()))
	}
	for d, v := range map[*prometheus.Desc]uint64{
		descDeliveries: sum.Deliveries, descSent: sum.Bytes, descWrites: sum.Writes,
	} {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v))
	}
	buckets, below := make(map[float64]uint64), uint64(0)
	for i, n := range sum.Batches[:session.BatchBuckets-1] {
		below += n
		buckets[float64(int(1)<<i)] = below
	}
	ch <- prometheus.MustNewConstHistogram(descBatch, sum.Drains, float64(sum.Frames), buckets)
}
