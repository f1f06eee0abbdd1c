package server

import (
	"fmt"
	"os"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"
)

// NewLogger returns a logger to stderr of the format "console", "json" or "auto" (console on a terminal), with a level
// that can be changed while it is in use. Of more than 100 equal lines a second every hundredth is logged.
func NewLogger(format, level string) (*zap.Logger, zap.AtomicLevel, error) {
	atom, err := zap.ParseAtomicLevel(level)
	if err != nil {
		return nil, atom, fmt.Errorf("log level %q: choose debug, info, warn or error", level)
	}
	if format == "auto" {
		format = "json"
		if term.IsTerminal(int(os.Stderr.Fd())) {
			format = "console"
		}
	}
	var encoder zapcore.Encoder
	if format == "console" {
		config := zap.NewDevelopmentEncoderConfig()
		config.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		config.EncodeLevel = zapcore.CapitalColorLevelEncoder
		encoder = zapcore.NewConsoleEncoder(config)
	} else {
		config := zap.NewProductionEncoderConfig()
		config.TimeKey, config.EncodeTime = "time", zapcore.RFC3339NanoTimeEncoder
		config.EncodeDuration = zapcore.StringDurationEncoder
		encoder = zapcore.NewJSONEncoder(config)
	}
	core := zapcore.NewCore(encoder, zapcore.Lock(os.Stderr), atom)
	return zap.New(zapcore.NewSamplerWithOptions(core, time.Second, 100, 100)), atom, nil
}
