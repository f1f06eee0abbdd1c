package main

// chatCmd chats.
type chatCmd struct{}

func (chatCmd) Run() error { return nil }
