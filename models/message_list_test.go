package models_test

import (
	"slices"
	"testing"
	"time"

	"parley/models"
)

// TestWhoSeesWhichMessages lists messages for agents of different departments and for a supervisor.
func TestWhoSeesWhichMessages(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	h.exec(`INSERT INTO departments (slug, name) VALUES ('cards', 'Cards'), ('loans', 'Loans')`)
	leave := func(user, department string) string {
		return h.leave(user, func(r *models.LeaveMessage) { r.Department = department }).ID
	}
	ben := h.agent("ben-agent", 0, "loans")
	h.exec(`UPDATE agents SET max_messages = 0`) // so that all go to the next one
	anna := h.agent("anna", 5, "cards")
	served := leave("ada", "cards")
	h.settle()
	_, err := h.SetPresence(ctx, anna, models.Away)
	h.must(err)
	general, cards, loans := leave("ben", ""), leave("cy", "cards"), leave("dee", "loans")
	h.ask("eve") // a live chat is none
	h.settle()
	list := func(a models.Actor, f models.ChatFilter) []string {
		t.Helper()
		got, err := h.LeftMessages(ctx, a, f)
		h.must(err)
		var ids []string
		for i := range got {
			m := &got[i]
			ids = append(ids, m.ID)
			isOpen := a.Role == models.RoleAdmin || m.ServedBy() == a.ID
			if (m.ContactEmail != nil) != isOpen || (m.LastContent != nil) != isOpen || m.UserName == "" {
				t.Errorf("%s sees %+v", a.ID, m)
			}
		}
		return ids
	}
	for name, c := range map[string]struct {
		who    models.Actor
		filter models.ChatFilter
		want   []string
	}{
		"an agent with a message":      {anna, models.ChatFilter{}, []string{cards, general, served}},
		"an agent of another one":      {ben, models.ChatFilter{}, []string{loans, general}},
		"all":                          {admin, models.ChatFilter{}, []string{loans, cards, general, served}},
		"those that wait":              {admin, models.ChatFilter{Status: models.Waiting}, []string{loans, cards, general}},
		"those that an agent has":      {anna, models.ChatFilter{Status: models.Active}, []string{served}},
		"a page":                       {admin, models.ChatFilter{Limit: 2}, []string{loans, cards}},
		"the next page":                {admin, models.ChatFilter{Before: h.chat(cards).CreatedAt}, []string{general, served}},
		"before there were any at all": {admin, models.ChatFilter{Before: time.Now().Add(-time.Hour)}, nil},
	} {
		if got := list(c.who, c.filter); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	_, err = h.LeftMessages(ctx, admin, models.ChatFilter{Status: "lost"})
	h.refused(err, "validation_failed")
	_, err = h.LeftMessages(ctx, admin, models.ChatFilter{Limit: 201})
	h.refused(err, "validation_failed")
	_, err = h.LeftMessages(ctx, models.UserActor("ada"), models.ChatFilter{})
	h.refused(err, "agents_only")
}
