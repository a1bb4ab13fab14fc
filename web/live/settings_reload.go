package live

import (
	"context"

	"parley/models"
)

// reload makes runReloads read the settings and sites again, which admins may have changed on another instance. It does
// not wait for that.
func (h *Hub) reload() {
	select {
	case h.reloads <- struct{}{}:
	default: // a read is already wanted, and has not begun
	}
}

// runReloads reads the settings each time reload was called. One that fails is read again when checkSessions finds that
// the version still differs.
func (h *Hub) runReloads(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.reloads:
		}
		bounded, cancel := context.WithTimeout(ctx, queryTime)
		err := h.desk.Reload(bounded)
		cancel()
		if err != nil && ctx.Err() == nil {
			h.log.Warn("settings reload failed", "error", models.CodeOf(err))
		}
		h.queue.markBoardChanged() // opening hours may have
	}
}
