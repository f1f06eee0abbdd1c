package plot

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Unit is what a value counts; it decides how the value is written and where an axis has its ticks.
type Unit uint8

// The units.
const (
	Count        Unit = iota // 950, 4,200, 12 k, 1.2 M
	PerSecond                // 950/s, 4,200/s, 12 k/s
	Milliseconds             // 250 µs, 12 ms, 1.2 s
	Clock                    // seconds: 45 s, 2 min 30 s; on an axis 2:30
	Bytes                    // 512 B, 64 KiB, 1.5 GiB
	Percent                  // 0.99 is 99 %
)

// space keeps a number and its unit on one line.
const space = "\u00a0"

type magnitude struct {
	size float64
	name string
}

// magnitudes of each unit, the greatest first. The last one also serves what is smaller.
var magnitudes = [...][]magnitude{
	Count:        {{1e9, space + "G"}, {1e6, space + "M"}, {1e3, space + "k"}, {1, ""}},
	PerSecond:    {{1e9, space + "G/s"}, {1e6, space + "M/s"}, {1e3, space + "k/s"}, {1, "/s"}},
	Milliseconds: {{1e3, space + "s"}, {1, space + "ms"}, {1e-3, space + "µs"}},
	Clock:        {{1, space + "s"}},
	Bytes:        {{1 << 30, space + "GiB"}, {1 << 20, space + "MiB"}, {1 << 10, space + "KiB"}, {1, space + "B"}},
	Percent:      {{.01, space + "%"}},
}

// Format writes a value with three significant digits and its unit; percentages keep all of theirs. What is not a
// number is a dash.
func (u Unit) Format(v float64) string {
	switch {
	case !finite(v):
		return "–"
	case u == Clock && v >= 59.95:
		return spell(v)
	case u == Percent:
		return strconv.FormatFloat(math.Round(v*1e9)/1e7, 'f', -1, 64) + space + "%"
	}
	m := u.magnitude(v)
	return significant(v/m.size) + m.name
}

// magnitude returns the one in which v, rounded as Format does it, is at least 1. Four digits are read as easily as a k.
func (u Unit) magnitude(v float64) magnitude {
	all := magnitudes[u]
	if v = math.Abs(v); (u == Count || u == PerSecond) && v < 9999.5 {
		all = all[len(all)-1:]
	}
	for _, m := range all {
		if v >= .9995*m.size {
			return m
		}
	}
	return all[len(all)-1]
}

// ticks writes the values of an even axis, all in one magnitude and with the same number of decimals.
func (u Unit) ticks(values []float64, step float64) []string {
	last := values[len(values)-1]
	m := u.magnitude(max(last, -values[0]))
	decimals := min(max(0, int(math.Ceil(-math.Log10(step/m.size)-1e-9))), 9)
	if five := step / m.size * math.Pow10(decimals); math.Abs(five-math.Round(five)) > 1e-6 {
		decimals++ // as in steps of 0.25
	}
	texts := make([]string, len(values))
	for i, v := range values {
		switch {
		case u == Clock && last >= 120:
			texts[i] = clock(v)
		case v == 0 && u != Clock:
			texts[i] = "0"
		default:
			texts[i] = group(strconv.FormatFloat(v/m.size, 'f', decimals, 64)) + m.name
		}
	}
	return texts
}

// significant writes three digits that count, or all that stand before the decimal point, and no zeros behind it.
func significant(v float64) string {
	if v == 0 {
		return "0"
	}
	decimals := max(0, 2-int(math.Floor(math.Log10(math.Abs(v)*1.0005))))
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return group(text)
}

// group sets a comma behind the thousands of a number below a million.
func group(text string) string {
	whole, _, _ := strings.Cut(text, ".")
	if at := len(whole) - 3; at > 0 && whole[at-1] != '-' {
		return text[:at] + "," + text[at:]
	}
	return text
}

// spell writes a number of seconds in words.
func spell(seconds float64) string {
	s := int(math.Round(seconds))
	if s < 3600 {
		return strings.TrimSuffix(fmt.Sprintf("%d"+space+"min"+space+"%d"+space+"s", s/60, s%60), space+"0"+space+"s")
	}
	return strings.TrimSuffix(fmt.Sprintf("%d"+space+"h"+space+"%d"+space+"min", s/3600, s/60%60), space+"0"+space+"min")
}

// clock writes a number of seconds as minutes and seconds, or with hours before them.
func clock(seconds float64) string {
	s := int(math.Round(seconds))
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
