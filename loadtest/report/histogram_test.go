package report

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestSummarize holds every figure against the values themselves: a histogram is right to 0.1 %.
func TestSummarize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, longest), 1, 200).Draw(t, "values")
		h := NewHistogram()
		low, high, total := int64(math.MaxInt64), int64(0), 0.0
		for _, v := range values {
			if err := h.RecordValue(v); err != nil {
				t.Fatal(err)
			}
			low, high, total = min(low, v), max(high, v), total+float64(v)
		}
		l := Summarize(h, true)
		near := func(name string, got, wantMicros float64) {
			if math.Abs(got-wantMicros/1000) > 0.001*wantMicros/1000+1e-9 {
				t.Fatalf("%s is %v ms, want %v µs", name, got, wantMicros)
			}
		}
		near("min", l.Min, float64(low))
		near("max", l.Max, float64(high))
		near("mean", l.Mean, total/float64(len(values)))
		if l.Count != uint64(len(values)) {
			t.Fatalf("%d values, want %d", l.Count, len(values))
		}
		back, err := l.Histogram()
		if err != nil || !back.Equals(h) {
			t.Fatalf("the histogram does not come back: %v", err)
		}
	})
}

func TestSummarizePercentiles(t *testing.T) {
	h := NewHistogram()
	for v := int64(1); v <= 100_000; v++ {
		if err := h.RecordValue(v); err != nil {
			t.Fatal(err)
		}
	}
	l := Summarize(h, false)
	for got, want := range map[float64]float64{l.P50: 50, l.P90: 90, l.P99: 99, l.P999: 99.9, l.P9999: 99.99} {
		if math.Abs(got/want-1) > 0.001 {
			t.Errorf("%v ms, want %v", got, want)
		}
	}
	if h.RecordValue(longest+longest) == nil {
		t.Error("twenty minutes were recorded")
	}
}

func TestHistogramMissing(t *testing.T) {
	h := NewHistogram()
	if l := Summarize(h, true); l != (Latency{}) {
		t.Errorf("nothing is summarized as %+v", l)
	}
	if back, err := (Latency{}).Histogram(); err != nil || back.TotalCount() != 0 {
		t.Errorf("the histogram of nothing: %v", err)
	}
	h.RecordValue(1)
	if _, err := Summarize(h, false).Histogram(); err == nil {
		t.Error("a histogram comes out of a summary")
	}
	if _, err := (Latency{Count: 1, HDR: "AAAA"}).Histogram(); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged histogram: %v", err)
	}
}

// TestAdd: adding totals adds every count, whichever fields there come to be.
func TestAdd(t *testing.T) {
	one := Totals{Latency: map[Flow]Latency{Login: {Count: 1}}}
	fields := reflect.ValueOf(&one).Elem()
	for i := range fields.NumField() {
		switch f := fields.Field(i); f.Interface().(type) {
		case uint64:
			f.SetUint(uint64(i + 1))
		case map[Flow]uint64:
			f.Set(reflect.ValueOf(map[Flow]uint64{Broadcast: uint64(i + 1)}))
		case map[string]uint64:
			f.Set(reflect.ValueOf(map[string]uint64{"x": uint64(i + 1)}))
		}
	}
	var got Totals
	got.Add(&one)
	got.Add(&one)
	if got.Latency != nil || got.Raw != nil {
		t.Error("summaries were added")
	}
	for i := range fields.NumField() {
		want := uint64(2 * (i + 1))
		switch f := reflect.ValueOf(got).Field(i).Interface().(type) {
		case uint64:
			if f != want {
				t.Errorf("field %d is %d, want %d", i, f, want)
			}
		case map[Flow]uint64:
			if f[Broadcast] != want {
				t.Errorf("field %d is %v, want %d", i, f, want)
			}
		case map[string]uint64:
			if f["x"] != want {
				t.Errorf("field %d is %v, want %d", i, f, want)
			}
		}
	}
	if one.Sent[Broadcast] != 2 {
		t.Error("what was added changed")
	}
}
