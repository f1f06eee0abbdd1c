// Package report says what a load test found: as a text, as JSON, as an HdrHistogram log, as an HTML page, and beside an
// earlier run. It knows nothing of how the load was made.
//
//	model.go                              a Run: everything that is known of one load test
//	html.go                               the page: verdict, tiles, sections, made by page.html, page.css, page.js
//	html_charts.go, html_curves.go        its pictures, over time and of distributions
//	html_tables.go, html_words.go         its tables, and what is said in words
package report
