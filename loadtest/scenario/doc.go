// Package scenario says what load is wanted: how many users, who of them speaks, how much and when. It opens no socket.
//
//	YAML ──Parse──► Plan ──With(flags)──► Plan ──Check──► At, Pick, Arrivals
//	YAML ◄──YAML─── Plan
//
// What a scenario file may contain is written once, in the fields methods; the same lists are walked to read a file, to
// fill in what it leaves out and to write it again. docs/LOADTEST.md describes the files to their authors.
//
// A Plan belongs to one goroutine until it is complete; from then on nobody changes it and all may read it.
package scenario
