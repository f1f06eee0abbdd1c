package store

// writable leaves it to SQLite to say why a file can't be written to.
func writable(string) error { return nil }
