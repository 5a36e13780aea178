package bus

import (
	"fmt"
	"log/slog"
)

// serverLog brings what nats-server says into the node's log: its notices are details there.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Noticef(format string, v ...any) { l.log.Debug(l.text(format, v)) }
func (l serverLog) Warnf(format string, v ...any)   { l.log.Warn(l.text(format, v)) }
func (l serverLog) Errorf(format string, v ...any)  { l.log.Error(l.text(format, v)) }
func (l serverLog) Fatalf(format string, v ...any)  { l.log.Error(l.text(format, v)) }
func (serverLog) Debugf(string, ...any)             {}
func (serverLog) Tracef(string, ...any)             {}

func (serverLog) text(format string, v []any) string {
	return "nats-server: " + fmt.Sprintf(format, v...)
}
