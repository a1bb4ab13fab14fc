package models_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"parley/models"
)

// profile returns tags and notes, newest first, as the actor reads them.
func (h *testDesk) profile(actor models.Actor, chatID string) (tags, notes []string) {
	h.t.Helper()
	p, err := h.UserProfile(h.t.Context(), actor, chatID)
	h.must(err)
	for _, n := range p.Notes {
		notes = append(notes, n.Content)
	}
	return p.Tags, notes
}

// profileChanges counts the events that a profile changed, for that agent.
func (h *testDesk) profileChanges(agentID string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.events {
		if u := h.events[i].User; u != nil && u.ProfileChanged && slices.Contains(u.AgentIDs, agentID) {
			n++
		}
	}
	return n
}

func TestANoteIsNotOverwrittenUnread(t *testing.T) {
	t.Parallel()
	h, anna, chatID := serving(t)
	ctx := t.Context()
	n, err := h.AddUserNote(ctx, anna, chatID, " Prefers mornings ")
	h.must(err)
	if n.Content != "Prefers mornings" || n.Version != 1 || *n.AgentName != "anna" {
		t.Fatalf("the note is %+v", n)
	}
	ruth := h.staff("ruth", models.RoleSupervisor)
	h.told()
	edited, err := h.EditUserNote(ctx, ruth, chatID, n.ID, "Prefers evenings", 1)
	h.must(err)
	if edited.Version != 2 || edited.EditedAt == nil || *edited.EditedBy != ruth.ID || *edited.AgentID != anna.ID {
		t.Fatalf("the edited note is %+v", edited)
	}
	_, err = h.EditUserNote(ctx, anna, chatID, n.ID, "Prefers noon", 1)
	h.refused(err, "user_note_changed")
	var refused *models.Error
	if !errors.As(err, &refused) || refused.Note == nil || refused.Note.Content != "Prefers evenings" || refused.Note.Version != 2 {
		t.Errorf("the refusal has %+v", refused.Note)
	}
	h.refused(h.RemoveUserNote(ctx, anna, chatID, n.ID, 1), "user_note_changed")
	again, err := h.EditUserNote(ctx, ruth, chatID, n.ID, "Prefers evenings", 1) // a retry
	h.must(err)
	if again.Version != 2 {
		t.Errorf("the retry made version %d", again.Version)
	}
	h.must(h.RemoveUserNote(ctx, anna, chatID, n.ID, 2))
	_, err = h.EditUserNote(ctx, anna, chatID, n.ID, "Prefers noon", 2)
	h.refused(err, "user_note_not_found")
	id := fmt.Sprint(n.ID)
	h.tells(`ruth user_note_edited user of maria {"note": `+id+`}`, `anna user_note_removed user of maria {"note": `+id+`}`)
}

func TestTwoEditsAtOnceLoseNoText(t *testing.T) {
	t.Parallel()
	h, anna, chatID := serving(t)
	n, err := h.AddUserNote(t.Context(), anna, chatID, "First")
	h.must(err)
	results := make([]error, 8)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() { _, results[i] = h.EditUserNote(t.Context(), anna, chatID, n.ID, fmt.Sprint("Edit ", i), 1) })
	}
	group.Wait()
	done := 0
	for _, err := range results {
		if err == nil {
			done++
		} else {
			h.refused(err, "user_note_changed")
		}
	}
	if done != 1 {
		t.Errorf("%d edits of one version were stored", done)
	}
}

func TestARetriedNoteIsStoredOnce(t *testing.T) {
	t.Parallel()
	h, anna, chatID := serving(t)
	for range 2 {
		_, err := h.AddUserNote(t.Context(), anna, chatID, "Prefers mornings")
		h.must(err)
	}
	if _, notes := h.profile(anna, chatID); len(notes) != 1 {
		t.Errorf("the notes are %q", notes)
	}
	h.exec(`UPDATE user_notes SET created_at = created_at - interval '2 minutes'`)
	_, err := h.AddUserNote(t.Context(), anna, chatID, "Prefers mornings")
	h.must(err)
	if _, notes := h.profile(anna, chatID); len(notes) != 2 {
		t.Errorf("the notes are %q", notes)
	}
}

func TestNotesAboutAUserAreBounded(t *testing.T) {
	t.Parallel()
	h, anna, chatID := serving(t)
	ctx := t.Context()
	first, err := h.AddUserNote(ctx, anna, chatID, strings.Repeat("字", models.MaxUserNote))
	h.must(err)
	for _, bad := range []string{"", " \n", strings.Repeat("字", models.MaxUserNote+1), "a\x00", "\xff"} {
		_, err := h.AddUserNote(ctx, anna, chatID, bad)
		h.refused(err, "validation_failed")
		_, err = h.EditUserNote(ctx, anna, chatID, first.ID, bad, first.Version)
		h.refused(err, "validation_failed")
	}
	h.exec(`INSERT INTO user_notes (user_id, agent_id, content, created_at)
		SELECT user_id, agent_id, 'note ' || n, created_at FROM user_notes, generate_series(1, 199) n`)
	_, err = h.AddUserNote(ctx, anna, chatID, "one more")
	h.refused(err, "too_many_user_notes")
	h.must(h.RemoveUserNote(ctx, anna, chatID, first.ID, first.Version))
	_, err = h.AddUserNote(ctx, anna, chatID, "one more")
	h.must(err)
}

func TestTagsOfAUser(t *testing.T) {
	t.Parallel()
	h, anna, chatID := serving(t)
	ctx := t.Context()
	h.told()
	for _, tag := range []string{"VIP", " vip ", "Long\n  name"} {
		h.must(h.AddUserTag(ctx, anna, chatID, tag))
	}
	if tags, _ := h.profile(anna, chatID); !slices.Equal(tags, []string{"VIP", "Long name"}) {
		t.Errorf("the tags are %q", tags)
	}
	h.tells(`anna user_tag_added user of maria {}`, `anna user_tag_added user of maria {}`)
	for n := range 18 {
		h.must(h.AddUserTag(ctx, anna, chatID, fmt.Sprint("t", n)))
	}
	h.refused(h.AddUserTag(ctx, anna, chatID, "one more"), "too_many_user_tags")
	h.must(h.RemoveUserTag(ctx, anna, chatID, "vIP"))
	h.must(h.RemoveUserTag(ctx, anna, chatID, "vIP"))
	h.must(h.AddUserTag(ctx, anna, chatID, "one more"))
	for _, bad := range []string{"", " ", strings.Repeat("字", 41), "a\x00", "\xff"} {
		h.refused(h.AddUserTag(ctx, anna, chatID, bad), "validation_failed")
	}
}

func TestTagsAreCompletedFromThoseInUse(t *testing.T) {
	t.Parallel()
	h, anna, chatID := serving(t)
	ctx := t.Context()
	h.user("paul")
	h.exec(`INSERT INTO user_tags (user_id, tag)
		VALUES ('maria', 'Beta tester'), ('paul', 'beta tester'), ('paul', 'Beta'), ('paul', '100%')`)
	for text, want := range map[string]string{"BETA": "beta tester, Beta", "beta t": "beta tester", "%": "", "1": "100%", "": "beta tester, 100%, Beta"} {
		tags, err := h.UserTagsInUse(ctx, anna, text)
		h.must(err)
		if got := strings.Join(tags, ", "); !strings.EqualFold(got, want) {
			t.Errorf("%q is completed by %q, want %q", text, got, want)
		}
	}
	_, err := h.UserTagsInUse(ctx, models.UserActor("maria"), "")
	h.refused(err, "role_required")
	_ = chatID
}

// TestTheProfileIsForThoseWhoMayReadAChat: agents who have or had a chat with the person, and supervisors.
func TestTheProfileIsForThoseWhoMayReadAChat(t *testing.T) {
	t.Parallel()
	h, anna, chatID := serving(t)
	ctx := t.Context()
	bob, maria := h.agent("bob", 1), models.UserActor("maria")
	n, err := h.AddUserNote(ctx, anna, chatID, "For agents")
	h.must(err)
	for _, who := range []models.Actor{bob, maria, models.UserActor("paul")} {
		_, err := h.UserProfile(ctx, who, chatID)
		h.refused(err, "chat_not_found")
		_, err = h.AddUserNote(ctx, who, chatID, "x")
		h.refused(err, "chat_not_found")
		_, err = h.EditUserNote(ctx, who, chatID, n.ID, "x", 1)
		h.refused(err, "chat_not_found")
		h.refused(h.RemoveUserNote(ctx, who, chatID, n.ID, 1), "chat_not_found")
		h.refused(h.AddUserTag(ctx, who, chatID, "x"), "chat_not_found")
		h.refused(h.RemoveUserTag(ctx, who, chatID, "x"), "chat_not_found")
		_, err = h.PagesOfChat(ctx, who, chatID)
		h.refused(err, "chat_not_found")
		_, _, err = h.EarlierChats(ctx, who, chatID, 0)
		h.refused(err, "chat_not_found")
		_, err = h.SearchUserChats(ctx, who, chatID, "words")
		h.refused(err, "chat_not_found")
	}
	// A note about one person is not reached through another's chat.
	other := h.ask("paul").Chat.ID
	h.settle()
	_, err = h.EditUserNote(ctx, admin, other, n.ID, "x", 1)
	h.refused(err, "user_note_not_found")
	if _, notes := h.profile(admin, chatID); !slices.Equal(notes, []string{"For agents"}) {
		t.Errorf("the notes are %q", notes)
	}
}

// TestAChangedProfileIsAnnounced: to everyone who has or had a chat with the person.
func TestAChangedProfileIsAnnounced(t *testing.T) {
	t.Parallel()
	h, anna, first := serving(t)
	ctx := t.Context()
	_, err := h.End(ctx, anna, first, "")
	h.must(err)
	_, err = h.SetPresence(ctx, anna, models.Offline)
	h.must(err)
	bob := h.agent("bob", 1)
	second := h.ask("maria").Chat.ID
	h.settle()
	for n, change := range []func() error{
		func() error { return h.AddUserTag(ctx, bob, second, "VIP") },
		func() error { _, err := h.AddUserNote(ctx, anna, first, "Of an earlier chat"); return err },
		func() error { return h.RemoveUserTag(ctx, bob, second, "VIP") },
	} {
		h.must(change())
		for _, who := range []models.Actor{anna, bob} {
			if got := h.profileChanges(who.ID); got != n+1 {
				t.Errorf("after change %d %s heard of %d", n+1, who.ID, got)
			}
		}
	}
}

func TestTheSignedInUserTakesTheProfileOver(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 2)
	h.online(anna)
	ctx := t.Context()
	held, guest := h.visitor()
	chatID := h.asks(guest, "Hello").ID
	h.must(h.AddUserTag(ctx, anna, chatID, "vip"))
	h.must(h.AddUserTag(ctx, anna, chatID, "new"))
	_, err := h.AddUserNote(ctx, anna, chatID, "Met as a guest")
	h.must(err)
	h.user("maria")
	h.exec(`INSERT INTO user_tags (user_id, tag) VALUES ('maria', 'VIP')`)
	h.exec(`INSERT INTO user_notes (user_id, content) VALUES ('maria', 'Known for years')`)
	h.identify("maria", held)
	tags, notes := h.profile(anna, chatID)
	slices.Sort(tags)
	slices.Sort(notes)
	if !slices.Equal(tags, []string{"VIP", "new"}) || !slices.Equal(notes, []string{"Known for years", "Met as a guest"}) {
		t.Errorf("the profile is %q, %q", tags, notes)
	}
}

func TestTheTakenOverProfileHasNoMoreTagsThanAllowed(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 2)
	h.online(anna)
	held, guest := h.visitor()
	chatID := h.asks(guest, "Hello").ID
	h.user("maria")
	h.exec(`INSERT INTO user_tags (user_id, tag) SELECT 'maria', 'a' || n FROM generate_series(1, 15) n`)
	h.exec(`INSERT INTO user_tags (user_id, tag) SELECT ?, 'b' || n FROM generate_series(1, 20) n`, guest.ID)
	h.identify("maria", held)
	if tags, _ := h.profile(anna, chatID); len(tags) != 20 {
		t.Errorf("%d tags", len(tags))
	}
}

func TestAProfileGoesWithItsUser(t *testing.T) {
	t.Parallel()
	h, anna, chatID := serving(t)
	h.must(h.AddUserTag(t.Context(), anna, chatID, "VIP"))
	_, err := h.AddUserNote(t.Context(), anna, chatID, "Prefers mornings")
	h.must(err)
	_, err = h.End(t.Context(), anna, chatID, "")
	h.must(err)
	h.exec(`UPDATE chats SET ended_at = now() - interval '2 years', created_at = now() - interval '2 years'`)
	h.exec(`UPDATE users SET created_at = now() - interval '2 years'`)
	h.clean()
	if n := h.count(`SELECT count(*) FROM user_tags`) + h.count(`SELECT count(*) FROM user_notes`); n != 0 {
		t.Errorf("%d tags and notes are left after RETENTION", n)
	}
}
