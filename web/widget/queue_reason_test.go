package widget

import (
	"testing"

	"parley/models"
	"parley/web/live"
)

// The range that is shown never rises without a reason.
func TestALongerWaitHasAReason(t *testing.T) {
	t.Parallel()
	status := func(position, high int) models.QueueStatus {
		return models.QueueStatus{Position: position, Estimate: models.Estimate{Known: true, Seconds: high / 2, HighSeconds: high}}
	}
	for name, c := range map[string]struct {
		before, now models.QueueStatus
		cause       models.QueueCause
		kind        string
		minutes     int
	}{
		"an agent went offline":   {status(2, 300), status(2, 540), models.CauseAgentOff, "agent_off", 4},
		"chats take longer":       {status(2, 300), status(2, 301), "", "slower", 1},
		"nothing that is shown":   {status(2, 290), status(2, 300), "", "", 0},
		"sooner":                  {status(2, 300), status(2, 100), "", "", 0},
		"a chat was put in front": {status(2, 300), status(3, 500), models.CauseReturned, "returned", 0},
	} {
		r := queueReason(live.Queued{Status: c.now, Before: c.before, Previous: c.before.Position, Cause: c.cause})
		kind, minutes := "", 0
		if r != nil {
			kind, minutes = r.Kind, r.Minutes
		}
		if kind != c.kind || minutes != c.minutes {
			t.Errorf("%s: %q, %d minutes", name, kind, minutes)
		}
	}
}
