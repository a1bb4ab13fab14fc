package redisclient

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// currentFor is how long a failure counts as present. While Redis cannot be used, what depends on it tries at least once a second.
	currentFor = 3 * time.Second
	// quietFor is how long a reason must not have occurred before it is logged again.
	quietFor = time.Minute
)

// Health knows why Redis cannot be used, from the failures of all clients of the process. It is safe for concurrent use; a nil Health
// knows of none.
type Health struct {
	log *slog.Logger

	mu     sync.Mutex
	counts map[Reason]int64
	seenAt map[Reason]time.Time
}

// NewHealth returns a Health that logs each reason once.
func NewHealth(log *slog.Logger) *Health {
	return &Health{log: log, counts: map[Reason]int64{}, seenAt: map[Reason]time.Time{}}
}

// Observe records a failure. An error that says nothing about Redis is ignored, nil too.
func (h *Health) Observe(err error) {
	if h != nil {
		h.record(ReasonOf(err), err)
	}
}

func (h *Health) record(reason Reason, err error) {
	if reason == "" {
		return
	}
	now := time.Now()
	h.mu.Lock()
	isNew := now.Sub(h.seenAt[reason]) > quietFor
	h.counts[reason]++
	h.seenAt[reason] = now
	h.mu.Unlock()
	if isNew && reason.IsWrong() { // what is merely away is reported by those who miss it
		h.log.Error("Redis cannot be used: "+reason.Advice(), "reason", string(reason), "error", err)
	}
}

// Reason returns the most telling reason of the last seconds, "" if there was no failure.
func (h *Health) Reason() Reason {
	if h == nil {
		return ""
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range table {
		if at, seen := h.seenAt[d.reason]; seen && time.Since(at) < currentFor {
			return d.reason
		}
	}
	return ""
}

// Count returns how often a command failed for this reason.
func (h *Health) Count(reason Reason) int64 {
	if h == nil {
		return 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.counts[reason]
}

// recorder is the hook that shows a Health the results of a client.
type recorder struct {
	health  *Health
	cluster bool
}

func (r recorder) DialHook(next redis.DialHook) redis.DialHook { return next } // the command that needs the connection fails too

func (r recorder) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		r.record(err)
		return err
	}
}

func (r recorder) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		if len(cmds) > 0 && !prepares(cmds[0].Name()) {
			r.record(err)
		}
		return err
	}
}

// prepares reports whether a command is one that the library sends on a new connection. Some of them may fail, and a failure that counts
// is the result of the command for which the connection was opened.
func prepares(command string) bool {
	switch command {
	case "hello", "auth", "client", "select", "readonly":
		return true
	}
	return false
}

func (r recorder) record(err error) {
	reason := ReasonOf(err)
	if reason == IsCluster && r.cluster { // the keys were still moving after the last redirection
		reason = ClusterDown
	}
	r.health.record(reason, err)
}

// LogTo passes the lines of the library, which it writes to stderr by default, to log, at the level of debugging: what matters of them is
// in the errors too.
func LogTo(log *slog.Logger) { redis.SetLogger(lines{log}) }

type lines struct{ log *slog.Logger }

func (l lines) Printf(ctx context.Context, format string, v ...any) {
	if l.log.Enabled(ctx, slog.LevelDebug) {
		l.log.DebugContext(ctx, fmt.Sprintf(format, v...), "from", "go-redis")
	}
}
