package models_test

import (
	"sync"
	"testing"
	"time"

	"parley/models"
)

// A search that shows chats of others is in the log once, also when it is typed, with its filters and without its words.
func TestSearchesInChatsOfOthersAreRecorded(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	anna, bob := h.staff("anna", models.RoleAgent), h.staff("bob", models.RoleAgent)
	ruth := h.staff("ruth", models.RoleSupervisor)
	for _, a := range []models.Actor{anna, bob} {
		_, err := h.SetPresence(ctx, a, models.Online)
		h.must(err)
	}
	h.endedChat(anna, "u", "My parcel is late")
	h.index()
	h.told()

	h.finds(anna, words("parcel")) // her own
	h.finds(bob, words("parcel"))  // nothing
	h.finds(ruth, words("nothing"))
	h.tells()
	var work sync.WaitGroup
	for _, typed := range []string{"par", "parc", "parcel", "parcel late", "par", "parc"} {
		work.Go(func() {
			_, err := h.Search(ctx, ruth, words(typed))
			h.must(err)
		})
	}
	work.Wait()
	h.tells(`ruth chats_searched search  {"chats": 1, "filters": ["q"]}`)
	h.finds(ruth, models.SearchQuery{Text: "parcel", AgentID: anna.ID})
	h.finds(ruth, models.SearchQuery{UserID: "u"})
	h.finds(ruth, models.SearchQuery{UserID: "u"})
	h.tells(
		`ruth chats_searched search  {"chats": 1, "filters": ["q", "service_id"]}`,
		`ruth chats_searched search of u {"chats": 1, "filters": ["user_id"]}`,
	)
	h.laterInTheLog(61 * time.Second)
	h.finds(ruth, words("late"))
	h.tells(`ruth chats_searched search  {"chats": 1, "filters": ["q"]}`)

	running := h.ask("u").Chat
	if running.ServedBy() != bob.ID {
		_, err := h.AssignByHand(ctx, admin, running.ID, bob.ID)
		h.must(err)
	}
	h.told()
	for range 2 {
		found, err := h.SearchUserChats(ctx, bob, running.ID, "parcel")
		h.must(err)
		if len(found) != 1 {
			t.Errorf("found %v", found)
		}
	}
	h.tells(`bob chats_searched search of u {"chats": 1, "filters": ["q", "user_id"]}`)
}
