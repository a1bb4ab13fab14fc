package models_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"parley/models"
)

var errPanic = errors.New("a fault in the code")

// panicHook panics at the statements that contain a text, in the middle of their transaction.
type panicHook struct {
	on  string
	off atomic.Bool
}

func (h *panicHook) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	if !h.off.Load() && strings.Contains(e.Query, h.on) {
		panic(errPanic)
	}
	return ctx
}

func (*panicHook) AfterQuery(context.Context, *bun.QueryEvent) {}

// afterQuery does something once, after the first statement that begins like this.
type afterQuery struct {
	prefix string
	do     func()
	done   atomic.Bool
}

func (*afterQuery) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

func (h *afterQuery) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	if strings.HasPrefix(e.Query, h.prefix) && h.done.CompareAndSwap(false, true) {
		h.do()
	}
}

// TestAPanicInATransactionReleasesItsLocks: the row lock and the connection are free at once, though the request goes on.
func TestAPanicInATransactionReleasesItsLocks(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.agent("anna", 5)
	chat := h.ask("u1").Chat.ID
	h.settle()
	h.DB().SetMaxOpenConns(3)
	hook := &panicHook{on: "SELECT FROM agents WHERE id"} // the chat's row is locked by then
	h.DB().AddQueryHook(hook)                             //nolint:staticcheck // WithQueryHook makes another database than the desk has
	for range 5 {                                         // more than there are connections
		func() {
			defer func() {
				if got := recover(); got == nil || !errors.Is(got.(error), errPanic) {
					t.Errorf("the panic came out as %v", got)
				}
			}()
			_, _ = h.End(t.Context(), models.UserActor("u1"), chat, "")
		}()
	}
	hook.off.Store(true)
	began := time.Now()
	if _, err := h.End(t.Context(), models.UserActor("u1"), chat, ""); err != nil {
		t.Errorf("afterwards the chat cannot be ended: %v", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("its row was locked for %s", took)
	}
}
