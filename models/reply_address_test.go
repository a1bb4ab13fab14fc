package models_test

import (
	"strings"
	"sync"
	"testing"

	"parley/models"
	"parley/models/testdb"
)

func TestTheFormOfReplyAddresses(t *testing.T) {
	t.Parallel()
	token := strings.Repeat("ab27", 6) + "zz"
	for text, want := range map[string]string{
		"support+{token}@example.com":   "support+" + token + "@example.com",
		" Support+{TOKEN}@Example.COM ": "support+" + token + "@example.com",
		"{token}@reply.example.com":     token + "@reply.example.com",
		"r-{token}-in@example.com":      "r-" + token + "-in@example.com",
	} {
		form, err := models.ParseReplyAddressForm(text)
		if err != nil || form.Address(token) != want || !form.IsSet() {
			t.Errorf("%q makes %q, %v", text, form.Address(token), err)
			continue
		}
		for _, same := range []string{want, strings.ToUpper(want)} {
			if got, ok := form.Token(same); !ok || got != token {
				t.Errorf("the token of %q is %q", same, got)
			}
		}
		for _, other := range []string{
			"", "@", token, want + "x", "x" + want, strings.Replace(want, token, "", 1), strings.Replace(want, token, token[1:], 1),
			strings.Replace(want, token, token+"a", 1), strings.Replace(want, token, "1"+token[1:], 1), strings.Replace(want, "@", "@x.", 1),
			strings.Replace(want, token, "ſ"+token[2:], 1), // its upper case is S
		} {
			if got, ok := form.Token(other); ok {
				t.Errorf("%q has the token %q", other, got)
			}
		}
	}
	for _, text := range []string{
		"support@example.com", "{token}", "support+{token}", "a@{token}.example.com", "Help <a+{token}@example.com>", "a{token}{token}@example.com",
		"a {token}@example.com", "{token}@", "{token}@example.com, b@example.com", strings.Repeat("a", 39) + "{token}@example.com", "a@b{token}@c",
	} {
		if form, err := models.ParseReplyAddressForm(text); models.CodeOf(err) != "validation_failed" || form.IsSet() {
			t.Errorf("%q is accepted: %v", text, err)
		}
	}
	if form, err := models.ParseReplyAddressForm(" "); err != nil || form.IsSet() {
		t.Errorf("none is answered with %v", err)
	}
	if _, ok := (models.ReplyAddressForm{}).Token(token); ok {
		t.Error("without a form an address has a token")
	}
}

// mailDesk is a desk that takes replies at reply+…@example.com.
func mailDesk(t *testing.T) *testDesk {
	t.Helper()
	settings := models.DefaultSettings()
	var err error
	if settings.ReplyAddress, err = models.ParseReplyAddressForm("reply+{token}@example.com"); err != nil {
		t.Fatal(err)
	}
	return newTestDeskOn(t, testdb.Postgres(t), settings)
}

func TestAChatHasAReplyAddressForEachSender(t *testing.T) {
	t.Parallel()
	h := mailDesk(t)
	ctx := t.Context()
	chat, other := h.ask("u").Chat, h.ask("other").Chat
	var mu sync.Mutex
	addresses := map[string]string{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, key := range []struct{ chat, email, name string }{
				{chat.ID, "u@example.org", "u"},
				{chat.ID, "U@Example.org", "u"},
				{chat.ID, "second@example.org", "second"},
				{other.ID, "u@example.org", "other"},
			} {
				address, err := h.ReplyAddress(ctx, key.chat, key.email)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				if before := addresses[key.name]; before != "" && before != address {
					t.Errorf("%s has %s and %s", key.name, before, address)
				}
				addresses[key.name] = address
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if n := h.count(`SELECT count(DISTINCT token) FROM reply_addresses`); n != 3 {
		t.Errorf("%d addresses are stored", n)
	}
	for _, written := range []string{addresses["u"], strings.ToUpper(addresses["u"])} {
		a, err := h.ReplyAddressOf(ctx, written)
		h.must(err)
		if a.ChatID != chat.ID || a.UserID != "u" || a.Email != "u@example.org" {
			t.Errorf("%s is of %+v", written, a)
		}
	}
	for _, wrong := range []string{"", "reply+@example.com", "reply+" + strings.Repeat("a", 26) + "@example.com", addresses["u"] + "\x00"} {
		_, err := h.ReplyAddressOf(ctx, wrong)
		h.refused(err, "reply_address_not_found")
	}

	h.refused(h.RevokeReplyAddress(ctx, h.agent("anna", 1), addresses["u"]), "role_required")
	h.told()
	h.must(h.RevokeReplyAddress(ctx, admin, strings.ToUpper(addresses["u"])))
	h.tells(`root reply_address_revoked chat of u {}`)
	_, err := h.ReplyAddressOf(ctx, addresses["u"])
	h.refused(err, "reply_address_not_found")
	h.refused(h.RevokeReplyAddress(ctx, admin, addresses["u"]), "reply_address_not_found")
	fresh, err := h.ReplyAddress(ctx, chat.ID, "u@example.org")
	h.must(err)
	if fresh == addresses["u"] {
		t.Error("a revoked address is used again")
	}
}

func TestReplyAddressesFollowTheirChat(t *testing.T) {
	t.Parallel()
	h := mailDesk(t)
	ctx := t.Context()
	session, u, err := h.StartUserSession(ctx, "en", "")
	h.must(err)
	got, err := h.Assign(ctx, u.ID, models.AssignRequest{Message: "hello"})
	h.must(err)
	address, err := h.ReplyAddress(ctx, got.Chat.ID, "maria@example.org")
	h.must(err)
	_, _, err = h.Identify(ctx, models.Identity{ID: "maria", Verified: true}, session, "")
	h.must(err)
	a, err := h.ReplyAddressOf(ctx, address)
	h.must(err)
	if a.UserID != "maria" {
		t.Errorf("it is of %s", a.UserID)
	}
	_, err = h.EraseUser(ctx, admin, "maria")
	h.must(err)
	_, err = h.ReplyAddressOf(ctx, address)
	h.refused(err, "reply_address_not_found")
}

func TestWithoutASettingThereAreNoReplyAddresses(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	address, err := h.ReplyAddress(t.Context(), h.ask("u").Chat.ID, "u@example.org")
	if err != nil || address != "" || h.count(`SELECT count(*) FROM reply_addresses`) != 0 {
		t.Errorf("the address is %q, %v", address, err)
	}
}
