package present

import (
	"context"
	"strconv"
	"time"

	"parley/models"
	"parley/views/text"
)

// UserSystemLine says to the user what happened to the chat; agents are told the same in their own way.
func UserSystemLine(ctx context.Context, m *models.Message) string {
	args := m.SystemArgs
	switch Deref(m.SystemKind) {
	case models.SystemJoined:
		wait := secondsOf(args["wait_seconds"])
		if wait < 5*time.Second {
			return text.T(ctx, "widget.joined_at_once", "Name", ShortName(args["agent"]))
		}
		return text.T(ctx, "widget.joined", "Name", ShortName(args["agent"]), "Time", text.Spoken(ctx, wait))
	case models.SystemReturned:
		return text.T(ctx, "widget.you_returned", "Name", ShortName(args["agent"]))
	case models.SystemRequeued:
		return text.T(ctx, "widget.you_requeued", "Name", ShortName(args["agent"]))
	case models.SystemTransferred:
		return text.T(ctx, "widget.transferred", "Name", ShortName(args["from"]), "Other", ShortName(args["to"]))
	case models.SystemBrought:
		return text.T(ctx, "widget.brought")
	case models.SystemGoesOn:
		return text.T(ctx, "widget.goes_on")
	case models.SystemIdleWarning:
		return text.T(ctx, "widget.idle.line", "Time", text.Spoken(ctx, secondsOf(args["seconds"])))
	}
	return m.Content
}

func secondsOf(s string) time.Duration {
	n, _ := strconv.Atoi(s)
	return time.Duration(n) * time.Second
}
