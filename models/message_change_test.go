package models_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/models"
)

// talk is a chat of a user with anna, and ruth, who supervises.
type talk struct {
	*testDesk
	user, anna, ruth models.Actor
	chat             string
}

func newTalk(t *testing.T) *talk {
	t.Helper()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	return &talk{testDesk: h, user: h.user("u1"), anna: anna, ruth: h.staff("ruth", models.RoleSupervisor), chat: h.ask("u1").Chat.ID}
}

func (h *talk) edit(who models.Actor, id int64, content string) *models.Message {
	h.t.Helper()
	m, err := h.EditMessage(h.t.Context(), who, h.chat, id, content)
	h.must(err)
	return m
}

func (h *talk) withdraw(who models.Actor, id int64) *models.Message {
	h.t.Helper()
	m, err := h.WithdrawMessage(h.t.Context(), who, h.chat, id)
	h.must(err)
	return m
}

// read returns a message as an actor reads it now, in the list and by catching up.
func (h *talk) read(who models.Actor, id int64) models.Message {
	h.t.Helper()
	messages, err := h.Messages(h.t.Context(), who, h.chat, id-1, 1)
	h.must(err)
	if len(messages) != 1 || messages[0].ID != id {
		h.t.Fatalf("%s reads %+v", who.ID, messages)
	}
	return messages[0]
}

// everything is all that the desk returns to an actor about the chat, and all that it published.
func (h *talk) everything(who models.Actor) string {
	h.t.Helper()
	ctx := h.t.Context()
	messages, err := h.Messages(ctx, who, h.chat, 0, 200)
	h.must(err)
	latest, _, err := h.MessagesBefore(ctx, who, h.chat, 0, 200)
	h.must(err)
	since, err := h.Since(ctx, who, h.chat, 0)
	h.must(err)
	row, err := h.Chat(ctx, who, h.chat)
	h.must(err)
	raw, err := json.Marshal([]any{messages, latest, since, row})
	h.must(err)
	return string(raw)
}

func TestASenderEditsAMessage(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	for _, who := range []models.Actor{h.user, h.anna} {
		m := h.send(who, h.chat, "thee text")
		before := h.testDesk.chat(h.chat)
		edited := h.edit(who, m.ID, "  the text ")
		if edited.Content != "the text" || edited.EditedAt == nil || edited.ID != m.ID || edited.Status != models.Sent ||
			!edited.CreatedAt.Equal(m.CreatedAt) {
			t.Errorf("edited to %+v", edited)
		}
		after := h.testDesk.chat(h.chat)
		if after.Version != before.Version+1 || edited.ChangedVersion != after.Version {
			t.Errorf(
				"the chat is at version %d, the message changed at %d; before it was at %d",
				after.Version,
				edited.ChangedVersion,
				before.Version,
			)
		}
		if after.TotalMessages != before.TotalMessages || !after.LastMessageAt.Equal(*before.LastMessageAt) ||
			after.UnreadByUser != before.UnreadByUser {
			t.Errorf("an edit made of %+v %+v", before, after)
		}
		changes := h.changes(h.chat)
		if last := changes[len(changes)-1]; len(last.Messages) != 0 || len(last.Updated) != 1 || last.Updated[0].Content != "the text" {
			t.Errorf("announced %+v", last)
		}
		for _, reader := range []models.Actor{h.user, h.anna} {
			if got := h.read(reader, m.ID); got.Content != "the text" || got.EditedAt == nil {
				t.Errorf("%s reads %+v", reader.ID, got)
			}
			since, err := h.Since(t.Context(), reader, h.chat, before.Version)
			h.must(err)
			if len(since.Messages) != 0 || len(since.Updated) != 1 || since.Updated[0].Content != "the text" {
				t.Errorf("%s catches up with %+v", reader.ID, since)
			}
			since, err = h.Since(t.Context(), reader, h.chat, 0)
			h.must(err)
			if len(since.Updated) != 0 || since.Messages[len(since.Messages)-1].Content != "the text" {
				t.Errorf("%s, who knows nothing, catches up with %+v", reader.ID, since)
			}
		}
		row, err := h.Chat(t.Context(), h.anna, h.chat)
		h.must(err)
		if *row.LastContent != "the text" {
			t.Errorf("the list shows %q", *row.LastContent)
		}
		h.edit(who, m.ID, "the last text")
		versions, err := h.MessageVersions(t.Context(), h.ruth, h.chat, m.ID)
		h.must(err)
		if len(versions) != 2 || versions[0].Content != "thee text" || versions[1].Content != "the text" ||
			!versions[0].WrittenAt.Equal(m.CreatedAt) || !versions[1].WrittenAt.Equal(versions[0].ReplacedAt) {
			t.Errorf("kept %+v", versions)
		}
	}
}

func TestAnEditMayBeSentAgain(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	m := h.send(h.user, h.chat, "thee text")
	h.edit(h.user, m.ID, "the text")
	version := h.testDesk.chat(h.chat).Version
	h.exec(`UPDATE messages SET created_at = created_at - interval '1 hour'`)
	again := h.edit(h.user, m.ID, "the text")
	if again.Content != "the text" || h.testDesk.chat(h.chat).Version != version || h.count(`SELECT count(*) FROM message_versions`) != 1 {
		t.Error("the same text is another change")
	}
	m = h.send(h.user, h.chat, "to take back")
	h.withdraw(h.user, m.ID)
	version = h.testDesk.chat(h.chat).Version
	_, err := h.End(t.Context(), h.anna, h.chat, "")
	h.must(err)
	if again := h.withdraw(h.user, m.ID); !again.IsWithdrawn() || h.testDesk.chat(h.chat).Version != version+1 {
		t.Errorf("withdrawn again it is %+v", again)
	}
}

func TestWhatIsWithdrawnIsNeverSentAgain(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	known := h.send(h.user, h.chat, "my password is hunter2")
	before := h.testDesk.chat(h.chat).Version
	withdrawn := h.withdraw(h.user, known.ID)
	if withdrawn.Content != "" || withdrawn.WithdrawnAt == nil {
		t.Errorf("withdrawn it is %+v", withdrawn)
	}
	for _, who := range []models.Actor{h.user, h.anna, h.ruth} {
		if all := h.everything(who); strings.Contains(all, "hunter2") || !strings.Contains(all, "withdrawn_at") {
			t.Errorf("%s gets %s", who.ID, all)
		}
		since, err := h.Since(t.Context(), who, h.chat, before)
		h.must(err)
		if len(since.Updated) != 1 || since.Updated[0].Content != "" || !since.Updated[0].IsWithdrawn() {
			t.Errorf("%s catches up with %+v", who.ID, since.Updated)
		}
	}
	changes := h.changes(h.chat)
	if last := changes[len(changes)-1]; len(last.Updated) != 1 || last.Updated[0].Content != "" {
		t.Errorf("announced %+v", last)
	}
	row, err := h.Chat(t.Context(), h.anna, h.chat)
	h.must(err)
	if !row.LastIsWithdrawn || *row.LastContent != "" {
		t.Errorf("the list shows %q", *row.LastContent)
	}
	// The list of another day keeps its last message when an earlier one is withdrawn.
	answer, last := h.send(h.anna, h.chat, "an answer"), h.send(h.anna, h.chat, "another answer")
	list := *row
	list.SetLast(last)
	list.UpdateLast(h.withdraw(h.anna, answer.ID))
	if *list.LastContent != "another answer" {
		t.Errorf("the list shows %q", *list.LastContent)
	}
	versions, err := h.MessageVersions(t.Context(), h.ruth, h.chat, known.ID)
	h.must(err)
	if len(versions) != 1 || versions[0].Content != "my password is hunter2" {
		t.Errorf("supervisors read %+v", versions)
	}
}

func TestWhatCannotBeChanged(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	ctx := t.Context()
	bob := h.agent("bob", 5)
	ofUser, ofAnna := h.send(h.user, h.chat, "from the user"), h.send(h.anna, h.chat, "from anna")
	note, err := h.AddNote(ctx, h.anna, h.chat, "a note")
	h.must(err)
	file, _, err := h.SendFile(ctx, h.user, h.chat, h.photo(""))
	h.must(err)
	all, err := h.Messages(ctx, h.user, h.chat, 0, 0)
	h.must(err)
	joined := all[0]
	for _, m := range all {
		if m.Type == models.SystemMessage {
			joined = m
		}
	}
	both := func(code string, who models.Actor, chat string, id int64) {
		t.Helper()
		_, err := h.EditMessage(ctx, who, chat, id, "another text")
		h.refused(err, code)
		_, err = h.WithdrawMessage(ctx, who, chat, id)
		h.refused(err, code)
	}
	both("not_your_message", h.anna, h.chat, ofUser.ID)
	both("not_your_message", h.user, h.chat, ofAnna.ID)
	both("not_your_message", h.user, h.chat, joined.ID)
	both("not_your_message", h.anna, h.chat, joined.ID)
	both("message_not_found", h.user, h.chat, note.ID)
	both("message_not_found", h.user, h.chat, 999_999)
	both("chat_not_found", h.user, "nothing", ofUser.ID)
	both("chat_not_found", models.UserActor("u2"), h.chat, ofUser.ID)
	both("chat_not_found", bob, h.chat, ofAnna.ID)
	both("not_in_chat", h.ruth, h.chat, ofAnna.ID)
	for _, content := range []string{"", " \n ", strings.Repeat("x", 4001), "a\x00b"} {
		_, err := h.EditMessage(ctx, h.user, h.chat, ofUser.ID, content)
		h.refused(err, "validation_failed")
	}
	_, err = h.EditMessage(ctx, h.user, h.chat, file.ID, "another name")
	h.refused(err, "message_has_file")
	gone := h.send(h.user, h.chat, "to take back")
	h.withdraw(h.user, gone.ID)
	_, err = h.EditMessage(ctx, h.user, h.chat, gone.ID, "back again")
	h.refused(err, "message_withdrawn")

	h.set("EDIT_PERIOD", "0s")
	both("editing_off", h.user, h.chat, ofUser.ID)
	h.set("EDIT_PERIOD", "10m")
	h.exec(`UPDATE messages SET created_at = created_at - interval '9 minutes 50 seconds' WHERE id = ?`, ofAnna.ID)
	h.edit(h.anna, ofAnna.ID, "in time")
	h.exec(`UPDATE messages SET created_at = created_at - interval '10 seconds' WHERE id = ?`, ofAnna.ID)
	both("edit_period_over", h.anna, h.chat, ofAnna.ID)
	if h.edit(h.anna, note.ID, "another note").Type != models.Note {
		t.Error("a note is something else after an edit")
	}

	// The next agent may not change what the one before said.
	_, err = h.Transfer(ctx, h.anna, h.chat, models.TransferRequest{ServiceID: bob.ID})
	h.must(err)
	both("chat_not_found", h.anna, h.chat, ofAnna.ID)
	both("not_your_message", bob, h.chat, ofAnna.ID)
	_, err = h.End(ctx, bob, h.chat, "")
	h.must(err)
	both("chat_ended", h.user, h.chat, ofUser.ID)
	if before := h.count(`SELECT count(*) FROM message_versions`); before != 3 {
		t.Errorf("%d versions are kept, want those of the edited message, the edited note and the withdrawn message", before)
	}
}

func TestUsersHearNothingOfAChangedNote(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	note, err := h.AddNote(t.Context(), h.anna, h.chat, "a note")
	h.must(err)
	version := h.testDesk.chat(h.chat).Version
	h.edit(h.anna, note.ID, "a better note")
	since, err := h.Since(t.Context(), h.user, h.chat, version)
	h.must(err)
	if len(since.Updated) != 0 {
		t.Errorf("the user catches up with %+v", since.Updated)
	}
	since, err = h.Since(t.Context(), h.anna, h.chat, version)
	h.must(err)
	if len(since.Updated) != 1 || since.Updated[0].Content != "a better note" {
		t.Errorf("the agent catches up with %+v", since.Updated)
	}
	if m := h.withdraw(h.anna, note.ID); m.Content != "" {
		t.Errorf("withdrawn it is %+v", m)
	}
}

func TestAnEditIsMaskedAsASendIs(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	h.set("MASK_CARDS", "true")
	m := h.send(h.user, h.chat, "my card")
	if got := h.edit(h.user, m.ID, "my card is 4111 1111 1111 1111").Content; got != "my card is •••• •••• •••• 1111" {
		t.Errorf("stored %q", got)
	}
}

func TestASendIsRepeatedAfterAChange(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	ctx := t.Context()
	n := models.NewMessage{Content: "thee text", ClientMessageID: "k1"}
	m, _, err := h.Send(ctx, h.user, h.chat, n)
	h.must(err)
	h.edit(h.user, m.ID, "the text")
	again, created, err := h.Send(ctx, h.user, h.chat, n)
	h.must(err)
	if created || again.ID != m.ID || again.Content != "the text" {
		t.Errorf("the repeated send answers %+v", again)
	}
	_, _, err = h.Send(ctx, h.user, h.chat, models.NewMessage{Content: "the text", ClientMessageID: "k1"})
	h.refused(err, "idempotency_key_reused")
	h.withdraw(h.user, m.ID)
	again, _, err = h.Send(ctx, h.user, h.chat, n)
	h.must(err)
	if again.ID != m.ID || again.Content != "" || !again.IsWithdrawn() {
		t.Errorf("the repeated send answers %+v", again)
	}
	photo := h.photo("k2")
	sent, _, err := h.SendFile(ctx, h.user, h.chat, photo)
	h.must(err)
	h.withdraw(h.user, sent.ID)
	again, created, err = h.SendFile(ctx, h.user, h.chat, h.photo("k2"))
	h.must(err)
	if created || again.ID != sent.ID || again.Attachment != nil {
		t.Errorf("the repeated file answers %+v", again)
	}
}

func TestAWithdrawnFileIsOutOfReach(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	ctx := t.Context()
	shelf := h.shelf()
	sent, _, err := h.SendFile(ctx, h.user, h.chat, h.photo(""))
	h.must(err)
	if m := h.withdraw(h.user, sent.ID); m.Attachment != nil || m.Content != "" || m.Type != models.Image {
		t.Errorf("withdrawn it is %+v", m)
	}
	for _, who := range []models.Actor{h.user, h.anna} {
		_, err := h.FileOfMessage(ctx, who, h.chat, sent.ID)
		h.refused(err, "file_not_found")
		if got := h.read(who, sent.ID); got.Attachment != nil {
			t.Errorf("%s reads %+v", who.ID, got.Attachment)
		}
	}
	_, err = h.FileByID(ctx, sent.Attachment.PublicID)
	h.refused(err, "file_not_found")
	versions, err := h.MessageVersions(ctx, h.ruth, h.chat, sent.ID)
	h.must(err)
	if len(versions) != 1 || versions[0].Attachment == nil || versions[0].Content != "card.jpg" {
		t.Fatalf("supervisors read %+v", versions)
	}
	kept, err := h.FileByID(ctx, versions[0].Attachment.PublicID)
	h.must(err)
	ofMessage, err := h.FileOfMessage(ctx, h.ruth, h.chat, sent.ID)
	h.must(err)
	if kept.File != sent.Attachment.File || ofMessage.File != kept.File {
		t.Errorf("the file is %q and %q, was %q", kept.File, ofMessage.File, sent.Attachment.File)
	}
	files, err := h.FilesOfUser(ctx, h.user.ID)
	h.must(err)
	if len(files) != 1 {
		t.Errorf("the export has %d files", len(files))
	}
	h.exec(`UPDATE stored_files SET due_at = due_at - interval '1 hour'`)
	h.sweeps(0)
	// It is deleted with its message.
	_, err = h.EraseUser(ctx, admin, h.user.ID)
	h.must(err)
	h.sweeps(2)
	if left := h.stored(); len(left) != 0 {
		t.Errorf("left are %v, of %v", left, shelf)
	}
}

func TestAnExportHasBothAndAnErasureNeither(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	m, gone := h.send(h.user, h.chat, "thee text"), h.send(h.anna, h.chat, "to take back")
	h.edit(h.user, m.ID, "the text")
	h.withdraw(h.anna, gone.ID)
	e, err := h.ExportUser(t.Context(), admin, h.user.ID)
	h.must(err)
	raw, err := json.Marshal(e)
	h.must(err)
	for _, want := range []string{`"content":"the text"`, `"content":"thee text"`, `"content":"to take back"`, `"withdrawn_at"`, `"edited_at"`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("the export lacks %s", want)
		}
	}
	if found := h.holding("take back"); len(found) != 1 || found[0] != "message_versions" {
		t.Errorf("the withdrawn text is in %v", found)
	}
	_, err = h.EraseUser(t.Context(), admin, h.user.ID)
	h.must(err)
	if n := h.count(`SELECT count(*) FROM message_versions`); n != 0 {
		t.Errorf("%d versions are left", n)
	}
}

func TestRetentionTakesEarlierVersions(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	m := h.send(h.user, h.chat, "thee text")
	h.edit(h.user, m.ID, "the text")
	_, err := h.End(t.Context(), h.anna, h.chat, "")
	h.must(err)
	h.exec(`UPDATE chats SET ended_at = now() - interval '1 year'`)
	if h.clean() != 1 || h.count(`SELECT count(*) FROM message_versions`) != 0 {
		t.Error("an earlier version outlives its chat")
	}
}

func TestOnlySupervisorsReadEarlierVersions(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	ctx := t.Context()
	m := h.send(h.user, h.chat, "thee text")
	h.edit(h.user, m.ID, "the text")
	h.told()
	for _, who := range []models.Actor{h.user, h.anna} {
		_, err := h.MessageVersions(ctx, who, h.chat, m.ID)
		h.refused(err, "role_required")
		_, err = h.ChatVersions(ctx, who, h.chat)
		h.refused(err, "role_required")
	}
	_, err := h.MessageVersions(ctx, h.ruth, h.chat, 999_999)
	h.refused(err, "message_not_found")
	_, err = h.MessageVersions(ctx, h.ruth, "nothing", m.ID)
	h.refused(err, "chat_not_found")
	all, err := h.ChatVersions(ctx, h.ruth, h.chat)
	h.must(err)
	if len(all) != 1 || all[m.ID][0].Content != "thee text" {
		t.Errorf("the versions are %+v", all)
	}
	if told := strings.Join(h.told(), "\n"); !strings.Contains(told, "ruth chat_watched") {
		t.Errorf("the log tells %s", told)
	}
}

func TestAgentsChangesAreInTheAuditLog(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	m := h.send(h.anna, h.chat, "thee text")
	ofUser := h.send(h.user, h.chat, "from the user")
	h.told()
	h.edit(h.anna, m.ID, "the text")
	h.withdraw(h.anna, m.ID)
	h.withdraw(h.user, ofUser.ID)
	told := strings.Join(h.told(), "\n")
	if strings.Count(told, "anna message_edited") != 1 || strings.Count(told, "anna message_withdrawn") != 1 ||
		strings.Contains(told, "text") {
		t.Errorf("the log tells %s", told)
	}
}

// A message that was taken back asks for no reply, and answers nothing.
func TestAWithdrawnMessageAwaitsNoReply(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	first, second := h.send(h.user, h.chat, "first"), h.send(h.user, h.chat, "second")
	awaiting := func() *time.Time { return h.testDesk.chat(h.chat).AwaitingReplySince }
	since := *awaiting()
	h.withdraw(h.user, second.ID)
	if at := awaiting(); at == nil || !at.Equal(since) {
		t.Errorf("the user waits since %v, want %v", at, since)
	}
	third := h.send(h.user, h.chat, "third")
	h.withdraw(h.user, first.ID)
	if at := awaiting(); at == nil || !at.Equal(third.CreatedAt) {
		t.Errorf("the user waits since %v, want %v", at, third.CreatedAt)
	}
	h.withdraw(h.user, third.ID)
	if at := awaiting(); at != nil {
		t.Errorf("the user waits since %v for an answer to nothing", at)
	}
	asked := h.send(h.user, h.chat, "a question")
	answer := h.send(h.anna, h.chat, "not an answer")
	h.withdraw(h.anna, answer.ID)
	c := h.testDesk.chat(h.chat)
	if c.AwaitingReplySince == nil || !c.AwaitingReplySince.Equal(asked.CreatedAt) || *c.LastSender != models.FromUser {
		t.Errorf("without its answer the question waits since %v, and %v was last", c.AwaitingReplySince, *c.LastSender)
	}
}

func TestEditsAtOnceKeepEveryVersion(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	m := h.send(h.user, h.chat, "text")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			_, err := h.EditMessage(t.Context(), h.user, h.chat, m.ID, "text "+string(rune('a'+i)))
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	versions, err := h.MessageVersions(t.Context(), h.ruth, h.chat, m.ID)
	h.must(err)
	seen := map[string]bool{h.read(h.anna, m.ID).Content: true}
	for _, v := range versions {
		seen[v.Content] = true
	}
	if len(versions) != 8 || len(seen) != 9 {
		t.Errorf("%d versions with %d texts", len(versions), len(seen))
	}
}
