// Package report says what a load test found: as a text, as JSON, as an HdrHistogram log, as an HTML page, and beside an
// earlier run. It knows nothing of how the load was made.
//
//	model.go                        a Run: everything that is known of one load test
//	histogram.go, totals.go         what the generator makes it of
//	figures.go, judge.go            what follows from it; objective.go and measure.go ask for single figures
//	json.go, hdr.go                 the files; place.go puts them where they belong, whole or not at all
//	text.go, page.go                the closing summary on a terminal, in the units of units.go
//	compare.go, bootstrap.go        two runs, and how sure a difference between them is
//	html.go                         the page: verdict, tiles, sections, made by page.html, page.css, page.js
//	html_charts.go, html_curves.go  its pictures, over time and of distributions
//	html_tables.go, html_words.go   its tables, and what is said in words
//
// A Run is a plain value: whoever holds it may read it from any goroutine, and changes it alone.
package report
