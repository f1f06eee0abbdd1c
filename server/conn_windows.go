package server

// CloseWrite implements session.Conn. gnet on Windows shows no socket to shut down one half of, so it closes both.
func (c *conn) CloseWrite() error { return c.Close() }

// Abort implements session.Conn.
func (c *conn) Abort() error {
	_ = c.SetLinger(0)
	return c.Close()
}

// Descriptor implements session.Conn.
func (c *conn) Descriptor() int32 { return -1 }
