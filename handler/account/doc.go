// Package account says who has a name of their own and how they prove it: accounts, their passwords' hashes, and how
// long somebody who guesses wrong must wait.
//
//	name ──► ParseName ──► Store.Find ──► Throttle.Allow ──► Hasher.Verify, or VerifyNobody
//	                                                               └─► Throttle.Succeeded, or Failed
//
// A NameFilter has all accounts' names in memory, and says of a guest's name that it is no account's without the Store.
//
// Nothing in it has goroutines or a clock of its own: time is handed in, counted from the process's start, so that
// setting the machine's clock lets nobody in earlier.
package account
