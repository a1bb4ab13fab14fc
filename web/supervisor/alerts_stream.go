package supervisor

import (
	"bytes"
	"context"

	"parley/models"
	view "parley/views/supervisor"
	"parley/web/live"
)

// alertStream renders the open alerts of a supervisor's page.
type alertStream struct {
	handlers *Handlers
	actor    models.Actor
	csrf     string
}

// Render returns the open alerts after one of them changed.
func (s *alertStream) Render(ctx context.Context) ([]live.Frame, error) {
	html, err := s.html(ctx)
	return []live.Frame{{Event: "part", Data: html}}, err
}

func (s *alertStream) html(ctx context.Context) ([]byte, error) {
	panel, err := s.handlers.alertsPanel(ctx, s.actor, s.csrf)
	if err != nil {
		return nil, err
	}
	var html bytes.Buffer
	err = view.AlertsPanel(panel).Render(ctx, &html)
	return html.Bytes(), err
}
