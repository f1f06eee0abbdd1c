package term

import (
	"testing"

	"hubbub/internal/chattest"
)

func TestMain(m *testing.M) { chattest.Main(m) }
