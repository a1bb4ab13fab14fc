package live

import (
	"testing"
	"time"

	"parley/models"
)

// A break that begins, changes or ends while the agent stays away is news too, though the presence is the same.
func TestADetailOfAPresenceThatWasMissedIsFound(t *testing.T) {
	t.Parallel()
	lunch := func(ends time.Time, isOver bool) *models.Break {
		return &models.Break{Reason: models.ReasonName{ID: 2, NameEn: "Lunch"}, EndsAt: ends, IsOver: isOver}
	}
	noon := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	away := models.PresenceChange{ServiceID: "anna", Presence: models.Away, Detail: models.DetailAway}
	onBreak := func(b *models.Break) models.PresenceChange {
		return models.PresenceChange{ServiceID: "anna", Presence: models.Away, Detail: models.DetailBreak, Break: b}
	}
	for name, c := range map[string]struct {
		sent, now models.PresenceChange
		missed    int
	}{
		"the same":              {onBreak(lunch(noon, false)), onBreak(lunch(noon.In(time.FixedZone("", 3600)), false)), 0},
		"a break began":         {away, onBreak(lunch(noon, false)), 1},
		"another end":           {onBreak(lunch(noon, false)), onBreak(lunch(noon.Add(time.Hour), false)), 1},
		"the break is over":     {onBreak(lunch(noon, false)), onBreak(lunch(noon, true)), 1},
		"the agent came back":   {onBreak(lunch(noon, true)), away, 1},
		"of an earlier release": {models.PresenceChange{ServiceID: "anna", Presence: models.Away}, away, 1},
	} {
		p := presences{sent: map[string]sentPresence{}}
		p.record(&c.sent)
		missed := p.missed(time.Now().Add(time.Second), []models.PresenceChange{c.now})
		if len(missed) != c.missed {
			t.Errorf("%s: %d events were missed, want %d", name, len(missed), c.missed)
		}
		for _, e := range missed {
			if !e.Presence.DetailChanged || e.Presence.PresenceChanged {
				t.Errorf("%s: the event says %+v", name, e.Presence)
			}
		}
	}
}
