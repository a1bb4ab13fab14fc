package models_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"parley/models"
)

// wholeTables selects the tables, without partitions of them.
const wholeTables = `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1`

// holding returns the tables that contain a text in any column.
func (h *testDesk) holding(text string) []string {
	h.t.Helper()
	var tables, found []string
	h.must(h.DB().NewRaw(wholeTables).Scan(h.t.Context(), &tables))
	for _, table := range tables {
		var n int
		h.must(
			h.DB().NewRaw(fmt.Sprintf(`SELECT count(*) FROM %s r WHERE position(? in r::text) > 0`, table), text).Scan(h.t.Context(), &n),
		)
		if n > 0 {
			found = append(found, table)
		}
	}
	return found
}

// published returns all announced events, encoded as for the other instances.
func (h *testDesk) published() string {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	raw, err := json.Marshal(h.events)
	h.must(err)
	return string(raw)
}

func (h *testDesk) set(key, value string) {
	h.t.Helper()
	h.must(h.ChangeSetting(h.t.Context(), admin, key, value))
}

func TestCardNumbersAreNeitherStoredNorPublished(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	h.set("MASK_CARDS", "true")
	const card, spaced, wide = "4111111111111111", "4111 1111 1111 1111", "４１１１１１１１１１１１１１１１"
	h.send(u, chat, "my card is "+card)
	h.send(anna, chat, "is it "+wide+"?")
	_, err := h.AddNote(t.Context(), anna, chat, "said "+spaced)
	h.must(err)
	_, err = h.Transfer(t.Context(), anna, chat, models.TransferRequest{Note: "pays with " + card})
	h.must(err)
	h.settle()
	_, err = h.End(t.Context(), anna, chat, "refunded to "+spaced)
	h.must(err)
	h.must(h.Rate(t.Context(), u, chat, 5, "thanks, "+wide))
	first, err := h.Assign(t.Context(), h.user("v").ID, models.AssignRequest{Message: "first " + card, ClientMessageID: "k"})
	h.must(err)
	again, err := h.Assign(t.Context(), "v", models.AssignRequest{Message: "first " + card, ClientMessageID: "k"})
	h.must(err)
	if again.Message.ID != first.Message.ID {
		t.Error("the same first message was stored twice")
	}
	for _, number := range []string{card, spaced, wide} {
		if found := h.holding(number); len(found) > 0 {
			t.Errorf("%q stands in %v", number, found)
		}
		if strings.Contains(h.published(), number) {
			t.Errorf("%q was published", number)
		}
	}
	if found := h.holding("•••• •••• •••• 1111"); len(found) != 2 {
		t.Errorf("the last four digits stand in %v", found)
	}
	var masked int
	h.must(h.DB().NewRaw(`SELECT count(*) FROM messages WHERE content LIKE '%•••• •••• •••• 1111%'`).Scan(t.Context(), &masked))
	if masked != 5 {
		t.Errorf("%d messages have a masked number, want 5", masked)
	}
}

func TestAMaskedMessageIsKnownAgain(t *testing.T) {
	t.Parallel()
	h, _, u, chat := talking(t)
	send := func(content, key string) (*models.Message, bool, error) {
		return h.Send(t.Context(), u, chat, models.NewMessage{Content: content, ClientMessageID: key})
	}
	sentAgain := func(content, key string, id int64) {
		t.Helper()
		m, created, err := send(content, key)
		if err != nil || created || m.ID != id {
			t.Errorf("%q sent again: %v, created %v, %v", content, m, created, err)
		}
	}
	plain, _, err := send(" 4111111111111111 ", "before")
	h.must(err)
	if plain.Content != "4111111111111111" {
		t.Errorf("without the setting it is stored as %q", plain.Content)
	}
	h.set("MASK_CARDS", "true")
	sentAgain(" 4111111111111111 ", "before", plain.ID)
	masked, _, err := send("4111 1111 1111 1111", "after")
	h.must(err)
	sentAgain("4111 1111 1111 1111", "after", masked.ID)
	_, _, err = send("5555 5555 5555 4444", "after")
	h.refused(err, "idempotency_key_reused")
	_, _, err = send("order 4111111111111112", "order")
	h.must(err)
	if found := h.holding("order 4111111111111112"); len(found) != 1 {
		t.Errorf("an order number stands in %v", found)
	}
	h.set("MASK_CARDS", "false")
	sentAgain("4111 1111 1111 1111", "after", masked.ID)
	_, _, err = send(strings.Repeat("4222222222222 ", 280), "")
	h.must(err)
	h.set("MASK_CARDS", "true")
	_, _, err = send(strings.Repeat("4222222222222 ", 280), "") // it would be longer than a message may be
	h.refused(err, "validation_failed")
	_, err = h.AddNote(t.Context(), u, chat, "x")
	h.refused(err, "chat_not_found")
}

// TestWhatIsSaidAgainIsMasked enables the setting after messages were sent and before they are copied to another chat.
func TestWhatIsSaidAgainIsMasked(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	own := h.asks(h.user("maria"), "Own question")
	held, anonymous := h.visitor()
	brought := h.asks(anonymous, "my card is 4111 1111 1111 1111")
	h.send(anonymous, brought.ID, strings.Repeat("4222222222222 ", 280)) // masked it is longer than a message may be
	h.set("MASK_CARDS", "true")
	h.identify("maria", held)
	said := h.said(own.ID)
	if len(said) != 4 || said[2] != "my card is •••• •••• •••• 1111" {
		t.Fatalf("in the chat that goes on: %q", said)
	}
	if long := []rune(
		said[3],
	); len(long) > 4000 || !strings.HasPrefix(said[3], "•••• •••• •••• 2222 ••••") ||
		!strings.HasSuffix(said[3], "…") {
		t.Errorf("the long one has %d characters: %q", len(long), said[3])
	}
	for _, c := range h.changes(own.ID) {
		for _, m := range c.Messages {
			if strings.Contains(m.Content, "4111 1111 1111 1111") || strings.Contains(m.Content, "4222222222222") {
				t.Errorf("%q was published", m.Content)
			}
		}
	}
}
