package live

import (
	"context"

	"parley/models"
)

// reload has the settings and sites read again, which admins may have changed on another instance. It does not wait for that.
func (h *Hub) reload() {
	select {
	case h.reloads <- struct{}{}:
	default: // the next read has not begun
	}
}

func (h *Hub) runReloads(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.reloads:
		}
		asked, cancel := context.WithTimeout(ctx, queryTime)
		err := h.desk.Reload(asked)
		cancel()
		if err != nil && ctx.Err() == nil { // the version tells that they are still to be read
			h.log.Warn("settings reload failed", "error", models.CodeOf(err))
		}
	}
}
