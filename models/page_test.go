package models_test

import (
	"fmt"
	"slices"
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
		return models.CodeOf(h.MovePage(t.Context(), actor, chat, models.Page{URL: url, Title: title}))
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
		"a chat that does not exist": {models.CodeOf(h.MovePage(t.Context(), maria, "none", models.Page{})), "chat_not_found"},
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

// visited returns the titles of the pages of a chat, in their order.
func (h *testDesk) visited(actor models.Actor, chatID string) (titles []string) {
	h.t.Helper()
	pages, err := h.PagesOfChat(h.t.Context(), actor, chatID)
	h.must(err)
	for _, p := range pages {
		titles = append(titles, *p.Title)
	}
	return titles
}

func TestThePagesOfAChatAreInTheirOrder(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, ctx := h.agent("anna", 1), t.Context()
	h.online(anna)
	const home = "https://shop.example"
	maria := h.user("maria")
	got, err := h.Assign(ctx, maria.ID, models.AssignRequest{PageURL: home + "/?q=secret#top", PageTitle: "Start", OwnOrigin: home})
	h.must(err)
	h.settle()
	id := got.Chat.ID
	move := func(url, title string) {
		t.Helper()
		h.must(h.MovePage(ctx, maria, id, models.Page{URL: url, Title: title, OwnOrigin: home}))
	}
	move(home+"/cart", "Cart")
	move(home+"/cart?step=2", "Cart, step 2") // the same page with another title
	move("https://elsewhere.example/", "Not a site of ours")
	move("javascript:alert(1)", "Not a page")
	move("https://name:secret@shop.example/", "Start")
	if titles := h.visited(anna, id); !slices.Equal(titles, []string{"Start", "Cart, step 2", "Start"}) {
		t.Errorf("the pages are %q", titles)
	}
	pages, err := h.PagesOfChat(ctx, anna, id)
	h.must(err)
	for _, p := range pages {
		if strings.ContainsAny(p.URL, "?#@") {
			t.Errorf("the address %s has a query, a fragment or a user", p.URL)
		}
	}
	h.set("RECORD_PAGES", "false")
	move(home+"/contact", "Contact")
	if titles := h.visited(anna, id); len(titles) != 3 {
		t.Errorf("with RECORD_PAGES off the pages are %q", titles)
	}
	h.set("RECORD_PAGES", "true")
	for n := range 60 {
		move(fmt.Sprint(home, "/", n), fmt.Sprint("Page ", n))
	}
	if titles := h.visited(anna, id); len(titles) != 50 || titles[0] != "Page 10" || titles[49] != "Page 59" {
		t.Errorf("%d pages from %q", len(titles), titles[0])
	}
}
