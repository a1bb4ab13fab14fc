package models_test

import (
	"slices"
	"strings"
	"testing"

	"parley/models"
)

// regular returns a user with an ended chat of anna's, one of bob's, and a running one of anna's.
func regular(t *testing.T) (h *testDesk, anna, bob models.Actor, annas, bobs, running string) {
	t.Helper()
	h = newTestDesk(t)
	anna, bob = h.agent("anna", 2), h.agent("bob", 2)
	for _, who := range []models.Actor{anna, bob} {
		_, err := h.SetPresence(t.Context(), who, models.Offline)
		h.must(err)
	}
	talk := func(with models.Actor, user, said string) string {
		h.online(with)
		id := h.ask("maria").Chat.ID
		h.settle()
		h.send(models.UserActor("maria"), id, user)
		h.send(with, id, said)
		return id
	}
	end := func(with models.Actor, id string) {
		_, err := h.End(t.Context(), with, id, "")
		h.must(err)
		_, err = h.SetPresence(t.Context(), with, models.Offline)
		h.must(err)
	}
	annas = talk(anna, "My parcel of March is late", "It is 100% on its way")
	end(anna, annas)
	bobs = talk(bob, "The Parcel is broken", "We send another one")
	_, err := h.AddNote(t.Context(), bob, bobs, "Broken parcels come from Porto")
	h.must(err)
	end(bob, bobs)
	running = talk(anna, "A new parcel", "Yes?")
	return h, anna, bob, annas, bobs, running
}

// chatIDs returns which of the chats the actor may read.
func chatIDs(chats []models.EarlierChat) (all, readable []string) {
	for _, c := range chats {
		all = append(all, c.ID)
		if c.CanRead {
			readable = append(readable, c.ID)
		}
	}
	return all, readable
}

func TestEarlierChatsOfTheUserOfAChat(t *testing.T) {
	t.Parallel()
	h, anna, bob, annas, bobs, running := regular(t)
	ctx := t.Context()
	read := func(who models.Actor, chatID string, want ...string) {
		t.Helper()
		chats, total, err := h.EarlierChats(ctx, who, chatID, 0)
		h.must(err)
		all, readable := chatIDs(chats)
		if total != len(all) || !slices.Equal(readable, want) {
			t.Errorf("%s reads %v of %d, want %v", who.ID, readable, total, want)
		}
		for _, c := range chats {
			_, _, _, err := h.EarlierMessages(ctx, who, chatID, c.ID, 0, 0)
			if c.CanRead != (err == nil) || c.CanRead != (c.FirstText != nil) {
				t.Errorf("%s may read %s: %v, and reads it: %v", who.ID, c.ID, c.CanRead, err)
			}
		}
	}
	read(anna, running, bobs, annas)
	read(admin, running, bobs, annas)
	read(bob, bobs, []string{}...) // bob has no active chat with the user, and none of his own besides
	h.told()
	_, messages, hasEarlier, err := h.EarlierMessages(ctx, anna, running, bobs, 0, 2)
	h.must(err)
	if len(messages) != 2 || !hasEarlier || messages[1].Content != "Broken parcels come from Porto" {
		t.Errorf("the last messages are %+v", messages)
	}
	h.set("SHARE_HISTORY", "false")
	read(anna, running, annas)
	h.set("SHARE_HISTORY", "true")
	_, err = h.End(ctx, anna, running, "")
	h.must(err)
	read(anna, running, annas) // the history is shared only while the chat is active
	other := h.ask("paul").Chat.ID
	h.settle()
	_, _, _, err = h.EarlierMessages(ctx, admin, other, annas, 0, 0)
	h.refused(err, "chat_not_found") // of another user
	_, _, _, err = h.EarlierMessages(ctx, admin, running, running, 0, 0)
	h.refused(err, "chat_not_found")
}

// TestReadingAnotherAgentsChatIsRecorded: in the audit log, as when a supervisor opens a chat.
func TestReadingAnotherAgentsChatIsRecorded(t *testing.T) {
	t.Parallel()
	h, anna, _, annas, bobs, running := regular(t)
	h.told()
	for _, id := range []string{annas, bobs, bobs} {
		_, _, _, err := h.EarlierMessages(t.Context(), anna, running, id, 0, 0)
		h.must(err)
	}
	if told := h.told(); len(told) != 1 || !strings.Contains(told[0], "anna chat_watched chat") {
		t.Errorf("the log has %q", told)
	}
}

func TestTheSearchInEarlierChats(t *testing.T) {
	t.Parallel()
	h, anna, bob, annas, bobs, running := regular(t)
	ctx := t.Context()
	search := func(who models.Actor, chatID, text string, want ...string) []models.EarlierChat {
		t.Helper()
		chats, err := h.SearchUserChats(ctx, who, chatID, text)
		h.must(err)
		if found, _ := chatIDs(chats); !slices.Equal(found, want) {
			t.Errorf("%s finds %q in %v, want %v", who.ID, text, found, want)
		}
		return chats
	}
	found := search(anna, running, "parcel", bobs, annas)
	if hit := found[0].Hits[0]; hit.Before != "The " || hit.Match != "Parcel" || hit.After != " is broken" || len(found[0].Hits) != 2 {
		t.Errorf("the hits are %+v", found[0].Hits)
	}
	search(anna, running, "0%", annas)
	search(anna, running, "0_")
	search(anna, running, "Porto", bobs)
	search(bob, bobs, "parcel") // not the chats of anna
	h.set("SHARE_HISTORY", "false")
	search(anna, running, "parcel", annas)
	for _, bad := range []string{"", "a", " a ", strings.Repeat("x", 201), "ab\x00", "\xff\xfe"} {
		_, err := h.SearchUserChats(ctx, anna, running, bad)
		h.refused(err, "validation_failed")
	}
	long := strings.Repeat("before ", 40) + "NEEDLE" + strings.Repeat(" after", 40)
	h.exec(`UPDATE messages SET content = ? WHERE content = 'My parcel of March is late'`, long)
	hit := search(anna, running, "needle", annas)[0].Hits[0]
	if hit.Match != "NEEDLE" || len([]rune(hit.Before)) > 60 || len([]rune(hit.After)) > 61 || !strings.HasPrefix(hit.Before, "…") {
		t.Errorf("the hit is %+v", hit)
	}
	h.exec(`UPDATE messages SET withdrawn_at = now(), content = '' WHERE content = ?`, long)
	search(anna, running, "needle")
}
