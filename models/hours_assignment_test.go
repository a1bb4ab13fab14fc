package models_test

import (
	"testing"
	"time"

	"parley/models"
)

// closed returns hours that are closed now and open tomorrow.
func closedHours(department string) models.OpeningHours {
	h := models.OpeningHours{Department: department, TimeZone: "UTC"}
	h.Week[time.Now().UTC().AddDate(0, 0, 1).Weekday()] = []models.Interval{{From: 0, To: 1440}}
	return h
}

// openHours returns hours that never close.
func openHours(department string) models.OpeningHours {
	h := models.OpeningHours{Department: department, TimeZone: "UTC"}
	for day := range h.Week {
		h.Week[day] = []models.Interval{{From: 0, To: 1440}}
	}
	return h
}

// Outside the opening hours of a chat's department it is assigned only where ASSIGN_WHEN_CLOSED is on, and it is once the desk opens.
func TestChatsOutsideTheOpeningHours(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	h.exec(`INSERT INTO departments (slug, name) VALUES ('cards', 'Cards'), ('loans', 'Loans')`)
	h.agent("anna", 20, "cards", "loans")
	h.must(h.SetOpeningHours(ctx, admin, closedHours("")))
	h.must(h.SetOpeningHours(ctx, admin, openHours("cards")))
	isAssigned := func(a *models.Assignment) bool {
		h.settle()
		return h.chat(a.Chat.ID).Status == models.Active
	}
	if !isAssigned(h.ask("ada")) {
		t.Error("while the setting is on, a chat waits for the opening hours")
	}
	h.set("ASSIGN_WHEN_CLOSED", "false")
	general, cards, loans := h.ask("ben"), h.askFor("cy", "cards"), h.askFor("dee", "loans")
	if isAssigned(general) || !isAssigned(cards) || isAssigned(loans) {
		t.Error("the chats of closed departments are assigned, or those of open ones are not")
	}
	left, err := h.LeaveMessage(ctx, h.user("eve").ID, models.LeaveMessage{Email: "eve@example.com", Message: "Help"})
	h.must(err)
	if isAssigned(left) {
		t.Error("a message is assigned while the desk is closed")
	}
	if _, got := h.why(general.Chat.ID); got["anna"] != models.RefusalClosed {
		t.Errorf("the refusal is %v", got)
	}
	h.must(h.SetOpeningHours(ctx, admin, openHours("")))
	_, err = h.Sweep(ctx)
	h.must(err)
	if !isAssigned(general) || !isAssigned(loans) || !isAssigned(left) {
		t.Error("what waited for the opening hours still waits")
	}
	h.must(h.SetOpeningHours(ctx, admin, openHours("loans")))
	h.must(h.SetOpeningHours(ctx, admin, closedHours("cards")))
	if isAssigned(h.askFor("fay", "cards")) || !isAssigned(h.askFor("gil", "loans")) {
		t.Error("the hours of a department do not hold for it")
	}
}
