package live

import (
	"context"
	"time"

	"parley/models"
)

// sentAlert is the version of an alert that the client of a stream has received.
type sentAlert struct {
	version int64
	isOpen  bool
	at      time.Time
}

// keepClearedAlert is how long a stream remembers that it sent the end of an alert: longer than comparisons find it.
const keepClearedAlert = time.Minute

// applyAlert sends an alert, unless the client has received this version or a later one.
func (s *Stream) applyAlert(ctx context.Context, a *models.Alert) error {
	before, known := s.alerts[a.ID]
	switch {
	case s.to.View != Supervision, known && before.version >= a.Version,
		!known && a.ClearedAt != nil && a.RaisedAt.Before(s.openedAt): // it was never shown by this stream
		return nil
	}
	item := AlertChanged{Alert: *a, IsRaised: a.IsOpen() && !known, IsCleared: !a.IsOpen() && (!known || before.isOpen)}
	if err := s.sendItem(ctx, item); err != nil {
		return err
	}
	s.recordAlert(a)
	return nil
}

// recordAlert records an alert as received, and forgets those that were cleared a while ago.
func (s *Stream) recordAlert(a *models.Alert) {
	now := time.Now()
	if s.alerts == nil {
		s.alerts = map[int64]sentAlert{}
	}
	for id, sent := range s.alerts {
		if !sent.isOpen && now.Sub(sent.at) > keepClearedAlert {
			delete(s.alerts, id)
		}
	}
	s.alerts[a.ID] = sentAlert{a.Version, a.IsOpen(), now}
}

// readAlerts reads the open alerts for the initial state.
func (s *Stream) readAlerts(ctx context.Context) error {
	alerts, err := s.hub.desk.AlertsOfStreams(ctx)
	for i := range alerts {
		s.recordAlert(&alerts[i])
		if alerts[i].IsOpen() {
			s.initial.Alerts = append(s.initial.Alerts, alerts[i])
		}
	}
	return err
}

// compareAlerts sends the alerts that differ from those sent.
func (s *Stream) compareAlerts(ctx context.Context) error {
	alerts, err := s.hub.desk.AlertsOfStreams(ctx)
	if err != nil {
		return err
	}
	for i := range alerts {
		if err := s.applyAlert(ctx, &alerts[i]); err != nil {
			return err
		}
	}
	return nil
}

// missedAlerts returns the alerts of PostgreSQL as events, for the streams of supervisors on this instance, which ignore what
// they know.
func (h *Hub) missedAlerts(ctx context.Context) []models.Event {
	if !h.hasSubscribers(supervisors) {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	alerts, err := h.desk.AlertsOfStreams(bounded)
	if err != nil {
		h.compareSoon.Store(true)
		return nil
	}
	events := make([]models.Event, len(alerts))
	for i := range alerts {
		events[i] = models.Event{Kind: models.KindAlert, Alert: &alerts[i]}
	}
	return events
}
