package audit

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"hubbub/codec"
)

// crowd is a ledger with many receivers who have all begun, and the packets that come to them.
type crowd struct {
	ledger    *Ledger
	receivers []Receiver
	packets   [][]byte
}

func newCrowd(receivers, packets int, dialect codec.Dialect) *crowd {
	c := &crowd{
		ledger:    NewLedger(Rules{Run: testRun, Dialect: dialect, Name: testName, Partner: func(uint32, int) uint32 { return 0 }}),
		receivers: make([]Receiver, receivers),
	}
	for i := range c.receivers {
		c.ledger.Join(&c.receivers[i], uint32(i), 0, nil)
	}
	for n := range packets { // by users who are not among them
		sender := uint32(receivers + n%7)
		text := Stamp{Run: testRun, Sender: sender, Number: uint64(n + 1)}.Append(nil, 64)
		c.packets = append(c.packets, dialect.Append(nil, &codec.BroadcastNotify{
			ID: codec.ID(n + 1), User: testName(sender), Message: string(text)}))
	}
	return c
}

// round brings all packets to all receivers, so many in a row to each.
func (c *crowd) round(inARow int) {
	for from := 0; from < len(c.packets); from += inARow {
		for i := range c.receivers {
			for _, packet := range c.packets[from : from+inARow] {
				if _, _, ok := c.ledger.Broadcast(&c.receivers[i], packet, 0); !ok {
					panic("a delivery does not count")
				}
			}
		}
	}
}

// BenchmarkDelivery is what one delivery costs among a thousand receivers, the first copies of messages included.
func BenchmarkDelivery(b *testing.B) {
	const receivers, packets = 1000, 1024
	for dialect := range codec.Dialect(codec.Dialects) {
		for _, inARow := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d in a row", dialect, inARow), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					c := newCrowd(receivers, packets, dialect)
					b.StartTimer()
					c.round(inARow)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/receivers/packets, "ns/delivery")
			})
		}
	}
}

// BenchmarkSenders is what a delivery costs when the receivers are the senders too, so that the first reader of each batch
// lacks what he said himself, and everybody has read a different part when the ledger is trimmed.
func BenchmarkSenders(b *testing.B) {
	const receivers, packets = 1000, 4096
	for dialect := range codec.Dialect(codec.Dialects) {
		b.Run(dialect.String(), func(b *testing.B) {
			b.ReportAllocs()
			deliveries := 0
			for b.Loop() {
				b.StopTimer()
				c := newCrowd(receivers, 0, dialect)
				random := rand.New(rand.NewPCG(1, 2))
				senders := c.talk(packets, random)
				read, left := make([]int, receivers), receivers
				b.StartTimer()
				for now := time.Duration(0); left > 0; now += time.Millisecond {
					i := random.IntN(receivers)
					if read[i] == packets {
						continue
					}
					for n := min(packets, read[i]+random.IntN(64)); read[i] < n; read[i]++ {
						if senders[read[i]] != i {
							c.ledger.Broadcast(&c.receivers[i], c.packets[read[i]], now)
							deliveries++
						}
					}
					if read[i] == packets {
						left--
					}
					if now%time.Second == 0 {
						c.ledger.Trim(now)
					}
				}
				if c.ledger.tally.Counts != nil || len(c.ledger.disputes) > 0 {
					b.Fatal(c.ledger.tally.Counts)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(deliveries), "ns/delivery")
		})
	}
}

// talk adds packets of the receivers, and returns who sent each.
func (c *crowd) talk(packets int, random *rand.Rand) (senders []int) {
	for n := range packets {
		sender := random.IntN(len(c.receivers))
		senders = append(senders, sender)
		text := Stamp{Run: testRun, Sender: uint32(sender), Number: uint64(n + 1)}.Append(nil, 64)
		c.packets = append(c.packets, c.ledger.rules.Dialect.Append(nil, &codec.BroadcastNotify{
			ID: codec.ID(n + 1), User: testName(uint32(sender)), Message: string(text)}))
	}
	return senders
}

// BenchmarkFirst is what the first copy of a message costs: it is decoded, checked and kept.
func BenchmarkFirst(b *testing.B) {
	b.ReportAllocs()
	const packets = 4096
	for b.Loop() {
		b.StopTimer()
		c := newCrowd(1, packets, codec.Native)
		b.StartTimer()
		c.round(packets)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/packets, "ns/message")
}

// TestDeliveryAllocatesNothing: all but the first copy of a message.
func TestDeliveryAllocatesNothing(t *testing.T) {
	c := newCrowd(3, 1024, codec.Native)
	for _, packet := range c.packets {
		c.ledger.Broadcast(&c.receivers[0], packet, 0)
		c.ledger.Broadcast(&c.receivers[1], packet, 0)
		c.ledger.Broadcast(&c.receivers[2], packet, 0)
		if c.receivers[1].cursor == 2 {
			break
		}
	}
	next := 2
	for _, packet := range c.packets[next:] {
		c.ledger.Broadcast(&c.receivers[0], packet, 0)
	}
	if n := testing.AllocsPerRun(1000, func() {
		c.ledger.Broadcast(&c.receivers[1], c.packets[next], 0)
		next++
	}); n != 0 {
		t.Errorf("a delivery allocates %v times", n)
	}
}
