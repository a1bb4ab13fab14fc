package models_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/models"
)

// draft saves a reply that continues a version, and returns it.
func (h *testDesk) draft(actor models.Actor, chatID, content string, version int64) *models.Draft {
	h.t.Helper()
	saved, err := h.SaveDraft(h.t.Context(), actor, chatID, models.NewDraft{Kind: models.DraftReply, Content: content, Version: &version})
	h.must(err)
	return saved
}

// drafts returns what the actor reads, as "anna reply: text".
func (h *testDesk) drafts(actor models.Actor) string {
	h.t.Helper()
	drafts, err := h.Drafts(h.t.Context(), actor)
	h.must(err)
	var all []string
	for i := range drafts {
		all = append(all, fmt.Sprintf("%s %s: %s", drafts[i].AgentName, drafts[i].Kind, drafts[i].Content))
	}
	return strings.Join(all, ", ")
}

// lastDraftEvent returns the draft that was announced last.
func (h *testDesk) lastDraftEvent() (last *models.DraftChange) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.events {
		if h.events[i].Draft != nil {
			last = h.events[i].Draft
		}
	}
	return last
}

// serving returns an agent with a chat.
func serving(t *testing.T) (h *testDesk, anna models.Actor, chatID string) {
	t.Helper()
	h = newTestDesk(t)
	anna = h.agent("anna", 2)
	h.online(anna)
	chatID = h.ask("maria").Chat.ID
	h.settle()
	return h, anna, chatID
}

func TestASaveOfAnOlderDraftIsRefused(t *testing.T) {
	t.Parallel()
	h, anna, chatID := serving(t)
	stale := func(content string, version int64) {
		t.Helper()
		_, err := h.SaveDraft(t.Context(), anna, chatID, models.NewDraft{Kind: models.DraftReply, Content: content, Version: &version})
		h.refused(err, "draft_outdated")
	}
	first := h.draft(anna, chatID, " One ", 0)
	if first.Content != "One" || first.Version == 0 || first.AgentName != "anna" {
		t.Errorf("it is stored as %+v", first)
	}
	stale("another tab that knows of no draft", 0)
	second := h.draft(anna, chatID, "One two", first.Version)
	stale("another tab that has not received it", first.Version)
	stale("", first.Version)
	if again := h.draft(anna, chatID, "One two", first.Version); again.Version != second.Version {
		t.Errorf("the retry of a save made version %d of %d", again.Version, second.Version)
	}
	gone := h.draft(anna, chatID, "", second.Version)
	if gone.Content != "" || gone.Version <= second.Version {
		t.Errorf("it was discarded as %+v", gone)
	}
	stale("what continues a discarded draft", second.Version)
	if begun := h.draft(anna, chatID, "Begun again", 0); begun.Version <= gone.Version {
		t.Errorf("version %d follows %d", begun.Version, gone.Version)
	}
	forced, err := h.SaveDraft(t.Context(), anna, chatID, models.NewDraft{Kind: models.DraftReply, Content: "The last words"})
	h.must(err)
	if got := h.drafts(anna); got != "anna reply: The last words" || forced.Content != "The last words" {
		t.Errorf("the drafts are %q", got)
	}
}

// Tabs that save at the same time have one winner, and the others know.
func TestOfSavesAtOnceOneIsStored(t *testing.T) {
	t.Parallel()
	h, anna, chatID := serving(t)
	for round := range 5 {
		var version int64
		if drafts, err := h.Drafts(t.Context(), anna); err == nil && len(drafts) > 0 {
			version = drafts[0].Version
		}
		results := make(chan error, 6)
		for i := range cap(results) {
			go func() {
				_, err := h.SaveDraft(t.Context(), anna, chatID, models.NewDraft{
					Kind: models.DraftReply, Content: fmt.Sprintf("round %d tab %d", round, i), Version: &version,
				})
				results <- err
			}()
		}
		stored := 0
		for range cap(results) {
			if err := <-results; err == nil {
				stored++
			} else {
				h.refused(err, "draft_outdated")
			}
		}
		if stored != 1 {
			t.Errorf("round %d: %d saves were stored", round, stored)
		}
	}
}

func TestDraftsAreReadByTheirAuthorAndTheNextAgentAlone(t *testing.T) {
	t.Parallel()
	h, anna, chatID := serving(t)
	bob := h.agent("bob", 2)
	boss := h.staff("boss", models.RoleSupervisor)
	save := func(actor models.Actor, kind models.DraftKind, content string) error {
		_, err := h.SaveDraft(t.Context(), actor, chatID, models.NewDraft{Kind: kind, Content: content})
		return err
	}
	h.must(save(anna, models.DraftReply, "Half an answer"))
	h.must(save(anna, models.DraftNote, "Half a note"))
	h.refused(save(anna, "letter", "x"), "validation_failed")
	h.refused(save(anna, models.DraftReply, strings.Repeat("x", 4001)), "validation_failed")
	for who, actor := range map[string]models.Actor{"chat_not_found": bob, "not_in_chat": boss} {
		h.refused(save(actor, models.DraftReply, "x"), who)
		h.refused(h.DiscardDraft(t.Context(), actor, chatID, anna.ID, models.DraftReply), who)
		_, err := h.DraftsInChat(t.Context(), actor, chatID)
		h.refused(err, who)
		if got := h.drafts(actor); got != "" {
			t.Errorf("%s reads %q", actor.ID, got)
		}
	}
	h.refused(save(models.UserActor("maria"), models.DraftReply, "x"), "chat_not_found")
	_, err := h.Drafts(t.Context(), models.UserActor("maria"))
	h.refused(err, "role_required")

	h.online(bob)
	_, err = h.Transfer(t.Context(), anna, chatID, models.TransferRequest{ServiceID: bob.ID})
	h.must(err)
	h.refused(save(anna, models.DraftReply, "too late"), "chat_not_found")
	h.must(save(bob, models.DraftReply, "My own"))
	if got := h.drafts(anna); got != "" {
		t.Errorf("after the transfer its author reads %q", got)
	}
	if got := h.drafts(bob); got != "anna reply: Half an answer, anna note: Half a note, bob reply: My own" {
		t.Errorf("the next agent reads %q", got)
	}
	h.must(h.DiscardDraft(t.Context(), bob, chatID, anna.ID, models.DraftReply))
	h.must(h.DiscardDraft(t.Context(), bob, chatID, anna.ID, models.DraftReply))
	if got := h.drafts(bob); got != "anna note: Half a note, bob reply: My own" {
		t.Errorf("after one was discarded the next agent reads %q", got)
	}
	last := h.lastDraftEvent()
	if last == nil || last.Draft.Content != "" || fmt.Sprint(last.AgentIDs) != fmt.Sprint([]string{anna.ID, bob.ID}) {
		t.Errorf("it was announced as %+v", last)
	}
}

// A browser that ends between a send and the end of the draft does not offer the text a second time.
func TestADraftThatWasSentIsGone(t *testing.T) {
	t.Parallel()
	h, anna, chatID := serving(t)
	saved := h.draft(anna, chatID, "It takes", 0)
	h.send(models.UserActor("maria"), chatID, "It takes too long")
	_, err := h.AddNote(t.Context(), anna, chatID, "It takes a note")
	h.must(err)
	if got := h.drafts(anna); got != "anna reply: It takes" {
		t.Errorf("what others sent left %q", got)
	}
	h.send(anna, chatID, "It takes a week.")
	if got := h.drafts(anna); got != "" {
		t.Errorf("after it was sent the drafts are %q", got)
	}
	if next := h.draft(anna, chatID, "It takes", 0); next.Version <= saved.Version {
		t.Errorf("a new draft has version %d after %d", next.Version, saved.Version)
	}
	if got := h.drafts(anna); got != "anna reply: It takes" {
		t.Errorf("the same text again is %q", got)
	}
}

func TestDraftsEndWithTheirChat(t *testing.T) {
	t.Parallel()
	h, anna, chatID := serving(t)
	h.draft(anna, chatID, "secret draft", 0)
	_, err := h.End(t.Context(), anna, chatID, "")
	h.must(err)
	if got := h.drafts(anna); got != "" {
		t.Errorf("of the ended chat the list has %q", got)
	}
	if kept, err := h.DraftsInChat(t.Context(), anna, chatID); err != nil || len(kept) != 1 {
		t.Errorf("in the ended chat there is %v, %v", kept, err)
	}
	_, err = h.SaveDraft(t.Context(), anna, chatID, models.NewDraft{Kind: models.DraftReply, Content: "more"})
	h.refused(err, "chat_ended")
	e, err := h.ExportUser(t.Context(), admin, "maria")
	h.must(err)
	if strings.Contains(fmt.Sprintf("%+v", e), "secret draft") {
		t.Error("the export of the user has the draft")
	}
	count := func(want int) {
		t.Helper()
		h.clean()
		if n := h.count(`SELECT count(*) FROM drafts`); n != want {
			t.Errorf("%d drafts are kept, want %d", n, want)
		}
	}
	h.age("chats", chatID, 6*24*time.Hour, "ended_at", "created_at")
	count(1)
	h.age("chats", chatID, 2*24*time.Hour, "ended_at", "created_at")
	count(0)

	other := h.ask("joan").Chat.ID
	h.settle()
	h.draft(anna, other, "another", 0)
	_, err = h.EraseUser(t.Context(), admin, "joan")
	h.must(err)
	count(0)
}
