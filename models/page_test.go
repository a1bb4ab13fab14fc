package models_test

import (
	"strings"
	"testing"

	"parley/models"
)

func TestTheUserMovesToAnotherPage(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	maria, other := h.user("maria"), h.user("other")
	got, err := h.Assign(
		t.Context(),
		maria.ID,
		models.AssignRequest{Message: "Hello", PageURL: "https://shop.example/", PageTitle: "Start"},
	)
	if err != nil {
		t.Fatal(err)
	}
	chat := got.Chat.ID
	move := func(actor models.Actor, url, title string) string {
		return models.CodeOf(h.MovePage(t.Context(), actor, chat, url, title))
	}
	before := len(h.changes(chat))
	if code := move(maria, "https://shop.example/cart", "Cart"); code != "" {
		t.Fatal(code)
	}
	changes := h.changes(chat)
	if len(changes) != before+1 {
		t.Fatalf("%d changes were told", len(changes)-before)
	}
	c := changes[len(changes)-1].Chat
	if *c.PageURL != "https://shop.example/cart" || *c.PageTitle != "Cart" || c.Version != got.Chat.Version+1 {
		t.Errorf("the chat is on %s, %s, version %d after %d", *c.PageURL, *c.PageTitle, c.Version, got.Chat.Version)
	}
	if !c.IdleSince.Equal(*got.Chat.IdleSince) || c.LastMessageAt == nil || !c.LastMessageAt.Equal(*got.Chat.LastMessageAt) {
		t.Error("going to another page counts as saying something")
	}
	if code := move(maria, "https://shop.example/cart", "Cart"); code != "" || len(h.changes(chat)) != before+1 {
		t.Errorf("the same page again is told again, %s", code)
	}
	for what, refused := range map[string]struct{ code, want string }{
		"another user":               {move(other, "https://evil.example/", ""), "chat_not_found"},
		"the agent":                  {move(anna, "https://evil.example/", ""), "chat_not_found"},
		"an administrator":           {move(admin, "https://evil.example/", ""), "chat_not_found"},
		"an endless address":         {move(maria, "https://a/"+strings.Repeat("x", 2000), ""), "validation_failed"},
		"an endless title":           {move(maria, "", strings.Repeat("x", 301)), "validation_failed"},
		"what PostgreSQL refuses":    {move(maria, "https://a/\x00", ""), "validation_failed"},
		"a chat that does not exist": {models.CodeOf(h.MovePage(t.Context(), maria, "none", "", "")), "chat_not_found"},
	} {
		if refused.code != refused.want {
			t.Errorf("%s: %q, want %q", what, refused.code, refused.want)
		}
	}
	if _, err := h.End(t.Context(), maria, chat, ""); err != nil {
		t.Fatal(err)
	}
	if code := move(maria, "https://shop.example/", ""); code != "chat_ended" {
		t.Errorf("in an ended chat: %q", code)
	}
}
