package scenario

import (
	"encoding"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// value is a field of a plan in the form that it has in a file and on the command line. What String returns,
// UnmarshalText reads as the same value.
type value interface {
	encoding.TextUnmarshaler
	String() string
}

// Rate is a number of messages a second, written as 50/s, 3000/min, 180000/h or just 50.
type Rate float64

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Rate) UnmarshalText(text []byte) error { return rate((*float64)(r)).UnmarshalText(text) }

// String returns the rate with a unit in which it is short.
func (r Rate) String() string { return formatNumber(float64(r), rates) }

// unit is a suffix of numbers, and how many of it are one: 60/min are 1/s, 100% are 1.
type unit struct {
	suffix string
	perOne float64
}

// The units of every kind of number, a suffix before those that it ends with. Each has the bare number, which alone can
// hold every value exactly.
var (
	plain         = []unit{{"", 1}}
	rates         = []unit{{"/s", 1}, {"/min", 60}, {"/h", 3600}, {"", 1}}
	shares        = []unit{{"%", 100}, {"", 1}}
	sharesASecond = []unit{{"%/s", 100}, {"%/min", 6000}, {"%/h", 360_000}, {"", 1}}
)

func parseNumber(text string, units []unit) (n float64, ok bool) {
	for _, u := range units {
		if digits, ok := strings.CutSuffix(text, u.suffix); ok {
			n, err := strconv.ParseFloat(digits, 64)
			return n / u.perOne, err == nil && !math.IsInf(n, 0) && !math.IsNaN(n)
		}
	}
	return 0, false
}

// formatNumber returns a form with a unit that parseNumber reads as n again, or else the bare number. A later unit must
// be worth it: 0.1/s stays, 0.16666666666666666/s is 10/min.
func formatNumber(n float64, units []unit) string {
	form := ""
	for _, u := range units {
		// 0.07 is 7.000000000000001 %; fifteen digits are what every decimal number survives.
		rounded, _ := strconv.ParseFloat(strconv.FormatFloat(n*u.perOne, 'g', 15, 64), 64)
		text := strconv.FormatFloat(rounded, 'f', -1, 64) + u.suffix
		again, _ := parseNumber(text, units)
		if again == n && u.suffix != "" && (form == "" || len(text)+3 < len(form)) {
			form = text
		}
	}
	if form == "" {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return form
}

// number is a float64 with units.
type number struct {
	at    *float64
	units []unit
	form  string // what it is and how it is written
}

func weight(n *float64) value { return number{n, plain, "a number: write one such as 10 or 0.5"} }
func share(n *float64) value  { return number{n, shares, "a share: write one such as 2% or 0.02"} }
func rate(n *float64) value {
	return number{n, rates, "a rate: write messages a second, as in 50/s, or 3000/min"}
}
func shareASecond(n *float64) value {
	return number{n, sharesASecond, "a share of the users a second: write one such as 2%/s or 30%/min"}
}

func (n number) String() string { return formatNumber(*n.at, n.units) }

func (n number) UnmarshalText(text []byte) error {
	parsed, ok := parseNumber(string(text), n.units)
	if !ok {
		return fmt.Errorf("%q is not %s", text, n.form)
	}
	*n.at = parsed
	return nil
}

// count is a whole number.
type count int

func (n count) String() string { return strconv.Itoa(int(n)) }

func (n *count) UnmarshalText(text []byte) error {
	parsed, err := strconv.Atoi(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a whole number: write digits only, as in 10000", text)
	}
	*n = count(parsed)
	return nil
}

// bytesASecond is written with a unit, as in 4KiB/s.
type bytesASecond int

func (n bytesASecond) String() string { return formatBytes(int(n)) + "/s" }

func (n *bytesASecond) UnmarshalText(text []byte) error {
	parsed, ok := parseBytes(strings.TrimSuffix(string(text), "/s"))
	if !ok {
		return fmt.Errorf("%q is not a number of bytes a second: write one such as 4KiB/s", text)
	}
	*n = bytesASecond(parsed)
	return nil
}

func parseBytes(text string) (int, bool) {
	n, err := humanize.ParseBytes(text)
	return int(min(n, math.MaxInt32)), err == nil // beyond every bound, and an int on every system
}

// formatBytes returns n with the largest unit that leaves it whole.
func formatBytes(n int) string {
	switch {
	case n != 0 && n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + "MiB"
	case n != 0 && n%(1<<10) == 0:
		return strconv.Itoa(n>>10) + "KiB"
	}
	return strconv.Itoa(n)
}

// duration is written as Go does, without the zeros at its end.
type duration time.Duration

func (d duration) String() string {
	text := time.Duration(d).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration: write one such as 90s, 1m30s or 500ms", text)
	}
	*d = duration(parsed)
	return nil
}

// gaps says whether arrivals are Poisson's.
type gaps bool

func (g gaps) String() string {
	if g {
		return "poisson"
	}
	return "even"
}

func (g *gaps) UnmarshalText(text []byte) error {
	if s := string(text); s != "even" && s != "poisson" {
		return fmt.Errorf("%q is neither even nor poisson", text)
	}
	*g = string(text) == "poisson"
	return nil
}

// line is a text without line breaks.
type line string

func (l line) String() string { return string(l) }

func (l *line) UnmarshalText(text []byte) error {
	*l = line(text)
	return nil
}
