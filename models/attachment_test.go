package models_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"parley/models"
)

// shelf is a file store that keeps only the names.
type shelf struct {
	mu      sync.Mutex
	deleted []string
	refuses map[string]bool
}

func (s *shelf) Delete(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuses[name] {
		return errors.New("the disk is read-only")
	}
	s.deleted = append(s.deleted, name)
	return nil
}

func (h *testDesk) shelf() *shelf {
	s := &shelf{refuses: map[string]bool{}}
	h.SetFiles(s)
	return s
}

// photo returns a file that is in the store.
func (h *testDesk) photo(key string) models.NewFile {
	h.t.Helper()
	names, err := h.PlanFiles(h.t.Context(), 2)
	h.must(err)
	return models.NewFile{ClientMessageID: key, Attachment: models.Attachment{
		File:          names[0],
		Thumbnail:     &names[1],
		ThumbnailType: text("image/jpeg"),
		Name:          "card.jpg",
		ContentType:   "image/jpeg",
		Size:          1234,
		Width:         number(640),
		Height:        number(480),
		UploadSHA256:  strings.Repeat("ab", 32),
	}}
}

func (h *testDesk) letter(key string) models.NewFile {
	h.t.Helper()
	names, err := h.PlanFiles(h.t.Context(), 1)
	h.must(err)
	return models.NewFile{
		ClientMessageID: key,
		Attachment: models.Attachment{
			File:         names[0],
			Name:         "letter.pdf",
			ContentType:  "application/pdf",
			Size:         99,
			UploadSHA256: strings.Repeat("cd", 32),
		},
	}
}

func text(s string) *string { return &s }
func number(n int) *int     { return &n }

func (h *testDesk) stored() (names []string) {
	h.t.Helper()
	h.must(h.DB().NewRaw(`SELECT name FROM stored_files ORDER BY name`).Scan(h.t.Context(), &names))
	return names
}

func (h *testDesk) sweeps(want int) {
	h.t.Helper()
	got, err := h.SweepFiles(h.t.Context())
	h.must(err)
	if got != want {
		h.t.Fatalf("%d files were swept, want %d", got, want)
	}
}

func TestAFileIsAMessage(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 2)
	asked := h.ask("u1")
	user, chat := models.UserActor("u1"), asked.Chat.ID

	sent, created, err := h.SendFile(t.Context(), user, chat, h.photo("k1"))
	h.must(err)
	if !created || sent.Type != models.Image || sent.Content != "card.jpg" || sent.Attachment == nil || sent.Attachment.PublicID == "" ||
		sent.Attachment.PublicID == sent.Attachment.File {
		t.Fatalf("sent %+v with %+v", sent, sent.Attachment)
	}
	answered, _, err := h.SendFile(t.Context(), anna, chat, h.letter(""))
	h.must(err)
	if answered.Type != models.File || answered.SenderType != models.FromAgent {
		t.Errorf("the agent's is %+v", answered)
	}
	read, err := h.Messages(t.Context(), anna, chat, 0, 0)
	h.must(err)
	latest, _, err := h.MessagesBefore(t.Context(), user, chat, 0, 0)
	h.must(err)
	since, err := h.Since(t.Context(), user, chat, 0)
	h.must(err)
	for what, messages := range map[string][]models.Message{"read": read, "latest": latest, "caught up with": since.Messages} {
		last := messages[len(messages)-2:]
		if a := last[0].Attachment; a == nil || *a.Thumbnail != *sent.Attachment.Thumbnail || a.PublicID != sent.Attachment.PublicID ||
			*a.Width != 640 ||
			a.Size != 1234 ||
			a.MessageID != sent.ID {
			t.Errorf("%s with %+v", what, a)
		}
		if a := last[1].Attachment; a == nil || a.Name != "letter.pdf" || a.Thumbnail != nil || a.Width != nil {
			t.Errorf("%s with %+v", what, a)
		}
		if messages[0].Attachment != nil {
			t.Errorf("%s: a line of the system has an attachment", what)
		}
	}
	changes := h.changes(chat)
	if last := changes[len(changes)-1].Messages; len(last) != 1 || last[0].Attachment == nil || last[0].Attachment.Name != "letter.pdf" {
		t.Errorf("announced %+v", last)
	}
	listed, err := h.ChatsOfAgent(t.Context(), anna.ID, models.ChatFilter{})
	h.must(err)
	if *listed[0].LastContent != "letter.pdf" || listed[0].LastType != models.File || *listed[0].LastSender != models.FromAgent {
		t.Errorf("the list shows %q of type %q", *listed[0].LastContent, listed[0].LastType)
	}
	if c := h.chat(chat); c.UnreadByAgent != 1 || c.UnreadByUser != 1 || c.AwaitingReplySince != nil {
		t.Errorf("the chat counts %d, %d, and waits since %v", c.UnreadByAgent, c.UnreadByUser, c.AwaitingReplySince)
	}
	all, err := h.FilesOfUser(t.Context(), "u1")
	h.must(err)
	if len(all) != 2 || all[0].Name != "card.jpg" || all[1].Name != "letter.pdf" {
		t.Errorf("the user's files are %+v", all)
	}
	h.sweeps(0)
}

func TestAFileIsReadByThoseInTheChatAlone(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, ben := h.agent("anna", 1), h.agent("ben", 0)
	chat := h.ask("u1").Chat.ID
	sent, _, err := h.SendFile(t.Context(), models.UserActor("u1"), chat, h.photo(""))
	h.must(err)
	boss := models.Actor{Kind: models.KindAgent, ID: "boss", Role: models.RoleSupervisor}
	for _, actor := range []models.Actor{models.UserActor("u1"), anna, boss} {
		if a, err := h.FileOfMessage(t.Context(), actor, chat, sent.ID); err != nil || a.PublicID != sent.Attachment.PublicID {
			t.Errorf("%s: %+v, %v", actor.ID, a, err)
		}
	}
	for _, actor := range []models.Actor{h.user("u2"), ben} {
		_, err := h.FileOfMessage(t.Context(), actor, chat, sent.ID)
		h.refused(err, "chat_not_found")
	}
	_, err = h.FileOfMessage(t.Context(), anna, chat, sent.ID+1)
	h.refused(err, "file_not_found")
	other := h.ask("u2").Chat.ID
	_, err = h.FileOfMessage(t.Context(), h.user("u2"), other, sent.ID)
	h.refused(err, "file_not_found")
	_, err = h.FileByID(t.Context(), sent.Attachment.File)
	h.refused(err, "file_not_found")
}

func TestWhoMaySendAFile(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, ben := h.agent("anna", 1), h.agent("ben", 0)
	chat := h.ask("u1").Chat.ID
	user := models.UserActor("u1")
	refused := func(actor models.Actor, code string) {
		t.Helper()
		_, _, err := h.ExpectFile(t.Context(), actor, chat, "", "")
		h.refused(err, code)
		_, _, err = h.SendFile(t.Context(), actor, chat, h.letter(""))
		h.refused(err, code)
	}
	refused(h.user("u2"), "chat_not_found")
	refused(ben, "chat_not_found")
	refused(models.Actor{Kind: models.KindAgent, ID: "boss", Role: models.RoleSupervisor}, "not_in_chat")
	if m, wasSent, err := h.ExpectFile(t.Context(), user, chat, "", ""); wasSent || err != nil {
		t.Errorf("in an open chat: %v, %v", m, err)
	}
	_, err := h.End(t.Context(), anna, chat, "")
	h.must(err)
	refused(user, "chat_ended")
	waiting := h.ask("u3")
	if waiting.Agent != nil {
		h.settle()
	}
	if _, _, err := h.SendFile(t.Context(), models.UserActor("u3"), waiting.Chat.ID, h.letter("")); err != nil {
		t.Errorf("while waiting: %v", err)
	}
	bad := h.letter("")
	bad.Name = ""
	_, _, err = h.SendFile(t.Context(), models.UserActor("u3"), waiting.Chat.ID, bad)
	h.refused(err, "validation_failed")
	bad = h.letter("né")
	_, _, err = h.SendFile(t.Context(), models.UserActor("u3"), waiting.Chat.ID, bad)
	h.refused(err, "validation_failed")
}

func TestAFileSentAgainIsTheFirstOne(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	chat := h.ask("u1").Chat.ID
	user := models.UserActor("u1")
	first, _, err := h.SendFile(t.Context(), user, chat, h.photo("k"))
	h.must(err)
	again := h.photo("k")
	_, err = h.End(t.Context(), anna, chat, "") // even now
	h.must(err)
	for _, hash := range []string{"", again.UploadSHA256} {
		if m, wasSent, err := h.ExpectFile(t.Context(), user, chat, "k", hash); err != nil || !wasSent || m.ID != first.ID {
			t.Errorf("expected with %q: %v, %v", hash, m, err)
		}
	}
	second, created, err := h.SendFile(t.Context(), user, chat, again)
	h.must(err)
	if created || second.ID != first.ID || second.Attachment == nil || second.Attachment.File != first.Attachment.File {
		t.Errorf("sent again it is %+v", second)
	}
	h.must(h.DropFiles(t.Context(), []string{again.File, *again.Thumbnail, first.Attachment.File}))
	h.shelf()
	h.sweeps(2)
	other := h.photo("k")
	other.UploadSHA256 = strings.Repeat("0", 64)
	_, _, err = h.SendFile(t.Context(), user, chat, other)
	h.refused(err, "idempotency_key_reused")
	_, _, err = h.ExpectFile(t.Context(), user, chat, "k", other.UploadSHA256)
	h.refused(err, "idempotency_key_reused")
	_, _, err = h.Send(t.Context(), user, chat, models.NewMessage{Content: "card.jpg", ClientMessageID: "k"})
	h.refused(err, "idempotency_key_reused")
}

func TestTheSameFileAtOnceIsOneMessage(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.agent("anna", 1)
	chat := h.ask("u1").Chat.ID
	user := models.UserActor("u1")
	const many = 6
	var all sync.WaitGroup
	ids, made := make([]int64, many), make([]bool, many)
	for i := range many {
		file := h.photo("k")
		all.Go(func() {
			m, created, err := h.SendFile(context.Background(), user, chat, file)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i], made[i] = m.ID, created
		})
	}
	all.Wait()
	if one := slices.Compact(slices.Clone(ids)); len(one) != 1 || len(slices.DeleteFunc(made, func(b bool) bool { return !b })) != 1 {
		t.Errorf("messages %v", ids)
	}
}

// Retention, erasure or a deleted chat: the files are deleted together with the message.
func TestFilesGoWithTheirMessages(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	shelf := h.shelf()
	anna := h.agent("anna", 2)
	chat := h.ask("u1").Chat.ID
	user := models.UserActor("u1")
	photo, letter := h.photo(""), h.letter("")
	sent, _, err := h.SendFile(t.Context(), user, chat, photo)
	h.must(err)
	_, _, err = h.SendFile(t.Context(), anna, chat, letter)
	h.must(err)
	h.exec(`DELETE FROM messages WHERE id = ?`, sent.ID)
	h.sweeps(2)
	if _, err := h.FileByID(t.Context(), sent.Attachment.PublicID); models.CodeOf(err) != "file_not_found" {
		t.Errorf("an address of a deleted file: %v", err)
	}
	_, err = h.End(t.Context(), anna, chat, "")
	h.must(err)
	h.age("chats", chat, h.Settings().Retention*2, "ended_at")
	deleted, err := h.Clean(t.Context())
	h.must(err)
	h.sweeps(1)
	h.sweeps(0)
	want := []string{photo.File, *photo.Thumbnail, letter.File}
	slices.Sort(want)
	slices.Sort(shelf.deleted)
	if deleted != 1 || !slices.Equal(shelf.deleted, want) || len(h.stored()) != 0 {
		t.Errorf("%d chats; deleted %v, want %v; left %v", deleted, shelf.deleted, want, h.stored())
	}
}

func TestAnExportNamesTheFilesAndAnErasureTakesThem(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.shelf()
	h.agent("anna", 1)
	chat := h.ask("u1").Chat.ID
	photo := h.photo("")
	_, _, err := h.SendFile(t.Context(), models.UserActor("u1"), chat, photo)
	h.must(err)
	e, err := h.ExportUser(t.Context(), admin, "u1")
	h.must(err)
	said := e.Chats[0].Messages
	if f := said[len(said)-1].File; f == nil || f.Name != "card.jpg" || f.Size != photo.Size || said[0].File != nil {
		t.Errorf("exported with %+v", f)
	}
	_, err = h.EraseUser(t.Context(), admin, "u1")
	h.must(err)
	h.sweeps(2)
	if len(h.stored()) != 0 {
		t.Errorf("left %v", h.stored())
	}
}

func TestWhatNeverBecameAMessageIsSwept(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	shelf := h.shelf()
	h.agent("anna", 1)
	chat := h.ask("u1").Chat.ID
	late, kept := h.letter(""), h.letter("")
	_, _, err := h.SendFile(t.Context(), models.UserActor("u1"), chat, kept)
	h.must(err)
	h.sweeps(0) // an upload may still go on
	h.exec(`UPDATE stored_files SET due_at = due_at - interval '59 minutes 30 seconds' WHERE name = ?`, late.File)
	before := h.chat(chat)
	_, _, err = h.SendFile(t.Context(), models.UserActor("u1"), chat, late) // it could be swept before the commit
	h.refused(err, "file_expired")
	if after := h.chat(chat); after.Version != before.Version || after.TotalMessages != before.TotalMessages {
		t.Error("a refused file changed the chat")
	}
	h.sweeps(0)
	h.exec(`UPDATE stored_files SET due_at = due_at - interval '1 minute' WHERE name = ?`, late.File)
	h.sweeps(1)
	if !slices.Equal(shelf.deleted, []string{late.File}) || !slices.Equal(h.stored(), []string{kept.File}) {
		t.Errorf("deleted %v, left %v", shelf.deleted, h.stored())
	}
}

func TestAFileThatCannotBeDeletedIsTriedAgainAndHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	shelf := h.shelf()
	names, err := h.PlanFiles(t.Context(), 250)
	h.must(err)
	h.must(h.DropFiles(t.Context(), names))
	shelf.refuses[names[0]] = true
	n, err := h.SweepFiles(t.Context())
	if n != 249 || models.CodeOf(err) != "files_unavailable" {
		t.Errorf("%d swept, %v", n, err)
	}
	h.sweeps(0)
	shelf.refuses[names[0]] = false
	h.exec(`UPDATE stored_files SET due_at = due_at - interval '5 minutes'`)
	h.sweeps(1)
	if len(h.stored()) != 0 {
		t.Errorf("left %v", h.stored())
	}
}

func TestSweepsAtOnceDeleteEverythingAndNothingTwice(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.shelf()
	names, err := h.PlanFiles(t.Context(), 120)
	h.must(err)
	h.must(h.DropFiles(t.Context(), names))
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if _, err := h.SweepFiles(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(h.stored()) != 0 {
		t.Errorf("left %d", len(h.stored()))
	}
}

func TestTheSchemaHoldsMessagesAndFilesTogether(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.agent("anna", 1)
	chat := h.ask("u1").Chat.ID
	sent, _, err := h.SendFile(t.Context(), models.UserActor("u1"), chat, h.photo(""))
	h.must(err)
	for what, query := range map[string]string{
		"an image without a file": `INSERT INTO messages (chat_id, seq, version, sender_type, sender_id, message_type, content, created_at) SELECT id, 99, version, 'user', user_id, 'image', 'x', now() FROM chats`,
		"a file in two messages": `INSERT INTO attachments (chat_id, message_id, public_id, file, name, content_type, size, upload_sha256)
			SELECT chat_id, (SELECT min(id) FROM messages), repeat('a', 26), file, name, 'application/pdf', size, upload_sha256 FROM attachments`,
		"a file that lies nowhere":        `UPDATE attachments SET file = repeat('b', 26)`,
		"deleting a file that is kept":    `DELETE FROM stored_files`,
		"a picture without its thumbnail": `UPDATE attachments SET thumbnail = NULL`,
		"a type that is not taken":        `UPDATE attachments SET content_type = 'text/html'`,
	} {
		if _, err := h.DB().NewRaw(query).Exec(t.Context()); err == nil {
			t.Errorf("the schema takes %s", what)
		}
	}
	if sent.Attachment == nil {
		t.Fatal("nothing was attached")
	}
}

func TestTheKeyIsOneForAll(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	other := newTestDeskOn(t, h.url, models.DefaultSettings())
	var all sync.WaitGroup
	keys := make([]string, 8)
	for i := range keys {
		desk := []*testDesk{h, other}[i%2]
		all.Go(func() {
			key, err := desk.FileKey(context.Background())
			if err != nil {
				t.Error(err)
			}
			keys[i] = string(key)
		})
	}
	all.Wait()
	if one := slices.Compact(keys); len(one) != 1 || len(one[0]) != 32 {
		t.Errorf("%d keys", len(one))
	}
}
