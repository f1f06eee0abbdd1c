package scenario

import (
	"testing"
	"time"
)

// TestForms: what is written in one form is told in a short one with a unit.
func TestForms(t *testing.T) {
	var n float64
	var d time.Duration
	var c int
	var poisson bool
	for _, test := range []struct {
		value value
		forms map[string]string
	}{
		{new(Rate), map[string]string{"50": "50/s", "50/s": "50/s", "3000/min": "50/s", "180000/h": "50/s", "10/min": "10/min",
			"1/h": "1/h", "0.1/s": "0.1/s", "0": "0/s", "1e6": "1000000/s", "0.123456789012345678": "0.12345678901234568"}},
		{share(&n), map[string]string{"2%": "2%", "0.02": "2%", "7%": "7%", "0.07": "7%", "1": "100%", "12.5%": "12.5%", "0": "0%"}},
		{shareASecond(&n), map[string]string{"2%/s": "2%/s", "0.02": "2%/s", "30%/min": "0.5%/s", "1%/min": "1%/min", "1%/h": "1%/h"}},
		{weight(&n), map[string]string{"10": "10", "0.50": "0.5", "1e2": "100"}},
		{(*duration)(&d), map[string]string{"60s": "1m", "90s": "1m30s", "60m": "1h", "3605s": "1h0m5s", "36000s": "10h", "0.5s": "500ms",
			"0s": "0s", "600s": "10m", "20m": "20m"}},
		{(*count)(&c), map[string]string{"1000": "1000", "007": "7"}},
		{(*bytesASecond)(&c), map[string]string{"4096": "4KiB/s", "4KiB/s": "4KiB/s", "4KB/s": "4000/s", "1.5MiB/s": "1536KiB/s",
			"2MiB": "2MiB/s", "99999999999999/s": "2147483647/s"}},
		{new(Sizes), map[string]string{"64": "64", " 64*1  1024*2 ": "64 1KiB*2", "10..20*0.5": "10..20*0.5", "7..7": "7"}},
		{(*gaps)(&poisson), map[string]string{"even": "even", "poisson": "poisson"}},
	} {
		for form, want := range test.forms {
			if err := test.value.UnmarshalText([]byte(form)); err != nil || test.value.String() != want {
				t.Errorf("%T: %q is told as %q, want %q, %v", test.value, form, test.value, want, err)
			}
			if err := test.value.UnmarshalText([]byte(want)); err != nil || test.value.String() != want {
				t.Errorf("%T: %q is told as %q, %v", test.value, want, test.value, err)
			}
		}
	}
}

func TestFormsThatAreNone(t *testing.T) {
	var n float64
	var d time.Duration
	var c int
	var poisson bool
	for _, test := range []struct {
		value value
		texts []string
	}{
		{new(Rate), []string{"", "/s", "s", "50/d", "50 /s", "50/s/s", "NaN", "inf/s", "5%", "1e999"}},
		{share(&n), []string{"", "%", "2%%", "2%/s", "half"}},
		{shareASecond(&n), []string{"", "2%", "2/s"}},
		{weight(&n), []string{"", "1/s", "5%"}},
		{(*duration)(&d), []string{"", "20", "1m 30s"}},
		{(*count)(&c), []string{"", "1.5", "1k", "1e3"}},
		{(*bytesASecond)(&c), []string{"", "/s", "-1", "4KiB/min"}},
		{new(Sizes), []string{"x", "*5", "64*", "64*5%", "..", "1..", "..2", "1..2..3", "-1", "64,*2x"}},
		{(*gaps)(&poisson), []string{"", "Even"}},
	} {
		before := test.value.String()
		for _, text := range test.texts {
			if err := test.value.UnmarshalText([]byte(text)); err == nil || test.value.String() != before {
				t.Errorf("%T: %q is taken for %q, %v", test.value, text, test.value, err)
			}
		}
	}
}
