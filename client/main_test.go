package client_test

import (
	"testing"

	"hubbub/internal/chattest"
)

func TestMain(m *testing.M) { chattest.Main(m) }
