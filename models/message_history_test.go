package models_test

import (
	"math"
	"slices"
	"testing"

	"parley/models"
)

// fillChat gives a chat that many messages by both sides, every tenth of them a note, as if they had been sent one after the other.
func (h *testDesk) fillChat(chatID string, userID, agentID string, messages int) {
	h.t.Helper()
	h.exec(`INSERT INTO messages (chat_id, seq, version, sender_type, sender_id, message_type, content, created_at)
		SELECT c.id, c.last_seq + n, c.version + n, CASE WHEN n % 10 = 0 OR n % 2 = 0 THEN 'customer_service' ELSE 'user' END::message_sender,
			CASE WHEN n % 2 = 0 THEN ? ELSE ? END, CASE WHEN n % 10 = 0 THEN 'note' ELSE 'text' END::message_type, 'Line ' || n,
			now() - make_interval(secs => ?::int - n)
		FROM chats c, generate_series(1, ?::int) n WHERE c.id = ? ORDER BY n`, agentID, userID, messages, messages, chatID)
	h.exec(`UPDATE chats SET last_seq = last_seq + ?, version = version + ?, total_messages = total_messages + ? WHERE id = ?`,
		messages, messages, messages-messages/10, chatID)
}

// TestAChatIsReadBackwardsToItsFirstMessage: the pages follow one another without a gap and without a message twice while new messages arrive,
// and users get no notes.
func TestAChatIsReadBackwardsToItsFirstMessage(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	h.fillChat(chat, u.ID, anna.ID, 10_000)
	for _, who := range []models.Actor{anna, u} {
		var all []models.Message
		for after := int64(0); ; {
			page, err := h.Messages(t.Context(), who, chat, after, 200)
			h.must(err)
			if len(page) == 0 {
				break
			}
			all = append(all, page...)
			after = page[len(page)-1].ID
		}
		if who.IsAgent() == !slices.ContainsFunc(all, func(m models.Message) bool { return m.Type == models.Note }) {
			t.Fatalf("%s is shown notes: %v", who.Kind, !who.IsAgent())
		}
		for _, limit := range []int{200, 37} {
			var read []models.Message
			before, hasEarlier := int64(0), true
			for pages := 0; hasEarlier; pages++ {
				var page []models.Message
				var err error
				page, hasEarlier, err = h.MessagesBefore(t.Context(), who, chat, before, limit)
				h.must(err)
				if len(page) == 0 || hasEarlier && len(page) != limit {
					t.Fatalf("page %d has %d messages, and there are earlier ones: %v", pages, len(page), hasEarlier)
				}
				read = append(page, read...)
				before = page[0].ID
				if pages%10 == 0 {
					h.send(u, chat, "Meanwhile")
				}
			}
			if len(read) != len(all) {
				t.Fatalf("%s read %d messages backwards and %d forwards", who.Kind, len(read), len(all))
			}
			for i := range read {
				if read[i].ID != all[i].ID || read[i].Content != all[i].Content {
					t.Fatalf("message %d is %d backwards and %d forwards", i, read[i].ID, all[i].ID)
				}
			}
			for { // what was sent meanwhile
				page, err := h.Messages(t.Context(), who, chat, all[len(all)-1].ID, 200)
				h.must(err)
				if len(page) == 0 {
					break
				}
				all = append(all, page...)
			}
		}
		first := all[0].ID
		page, hasEarlier, err := h.MessagesBefore(t.Context(), who, chat, first, 200)
		h.must(err)
		if len(page) != 0 || hasEarlier {
			t.Errorf("before the first message there are %d, more: %v", len(page), hasEarlier)
		}
		page, _, err = h.MessagesBefore(t.Context(), who, chat, math.MinInt64, 200)
		h.must(err)
		if len(page) != 0 {
			t.Errorf("before every id there are %d messages", len(page))
		}
	}
}

func TestEarlierMessagesAreForThoseWhoMayReadTheChat(t *testing.T) {
	t.Parallel()
	h, anna, _, chat := talking(t)
	stranger := h.user("stranger")
	for _, who := range []models.Actor{stranger, h.agent("bob", 1)} {
		_, _, err := h.MessagesBefore(t.Context(), who, chat, 0, 0)
		h.refused(err, "chat_not_found")
	}
	for _, limit := range []int{-1, 201} {
		_, _, err := h.MessagesBefore(t.Context(), anna, chat, 0, limit)
		h.refused(err, "validation_failed")
	}
	ruth := h.staff("ruth", models.RoleSupervisor)
	h.told()
	for range 3 { // a thread is opened and its earlier pages are read
		_, _, err := h.MessagesBefore(t.Context(), ruth, chat, 0, 0)
		h.must(err)
		_, _, err = h.MessagesBefore(t.Context(), ruth, chat, math.MaxInt64, 0)
		h.must(err)
	}
	h.tells(`ruth chat_watched chat of u {"status": "active"}`)
}
