// Package live shows a load test while it runs.
//
//	Update ──► state (the last seconds, what went wrong) ──► frame ──► Terminal   drawn in place
//	                                                    └──► line  ──► Lines      a line every five seconds
//
// New chooses by what it is given to write to. Both shapes tell the same figures in the same words, and both take an
// Update without waiting for whoever reads: a load test is not slowed by the terminal that shows it. A terminal that
// lags misses frames, a pipe that nobody empties misses lines and is told how many.
//
// Rates are those of the time since the Update before. Latencies come from report and count from the moment at which
// a message was meant to be sent.
package live
