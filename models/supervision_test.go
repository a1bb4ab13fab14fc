package models_test

import (
	"strings"
	"testing"
	"time"

	"parley/models"
)

// supervised returns a chat of anna's with maria, and the supervisor mia.
func supervised(t *testing.T) (h *testDesk, anna, mia, maria models.Actor, chatID string) {
	t.Helper()
	h, anna, chatID = serving(t)
	return h, anna, h.staff("mia", models.RoleSupervisor), h.user("maria"), chatID
}

// whispers returns what an actor reads of a chat's whispers.
func (h *testDesk) whispers(who models.Actor, chatID string) string {
	h.t.Helper()
	messages, err := h.Messages(h.t.Context(), who, chatID, 0, 0)
	h.must(err)
	var all []string
	for i := range messages {
		if messages[i].IsWhisper() {
			all = append(all, messages[i].Content)
		}
	}
	return strings.Join(all, ", ")
}

func TestAWhisperReachesTheAgentAlone(t *testing.T) {
	t.Parallel()
	h, anna, mia, maria, chatID := supervised(t)
	ctx := t.Context()
	h.send(maria, chatID, "Is anyone there?")
	before := h.chat(chatID)
	_, _, err := h.AnswerWhisper(ctx, anna, chatID, models.NewWhisper{Content: "Who reads this?"})
	h.refused(err, "no_whisper")
	m, created, err := h.Whisper(ctx, mia, chatID, models.NewWhisper{Content: "Offer a refund", ClientMessageID: "w1"})
	h.must(err)
	again, createdAgain, err := h.Whisper(ctx, mia, chatID, models.NewWhisper{Content: "Offer a refund", ClientMessageID: "w1"})
	h.must(err)
	if !created || createdAgain || again.ID != m.ID {
		t.Errorf("the same whisper was stored again: %v %v", m.ID, again.ID)
	}
	_, _, err = h.Whisper(ctx, mia, chatID, models.NewWhisper{Content: "Another", ClientMessageID: "w1"})
	h.refused(err, "idempotency_key_reused")
	_, _, err = h.AnswerWhisper(ctx, anna, chatID, models.NewWhisper{Content: "I will"})
	h.must(err)
	if got := h.whispers(anna, chatID); got != "Offer a refund, I will" {
		t.Errorf("the agent reads %q", got)
	}
	if got := h.whispers(maria, chatID); got != "" {
		t.Errorf("the user reads %q", got)
	}
	changed, err := h.Since(ctx, maria, chatID, 0)
	h.must(err)
	for _, m := range changed.Messages {
		if m.Type == models.Note {
			t.Errorf("the user's stream catches up with %q", m.Content)
		}
	}
	after := h.chat(chatID)
	if after.TotalMessages != before.TotalMessages || after.UnreadByUser != before.UnreadByUser ||
		after.UnreadByAgent != before.UnreadByAgent ||
		!after.IdleSince.Equal(*before.IdleSince) ||
		!after.LastMessageAt.Equal(*before.LastMessageAt) ||
		after.AwaitingReplySince == nil {
		t.Errorf("a whisper counts as a message: %+v, before %+v", after, before)
	}
	h.refused(h.ConfirmOne(ctx, maria, chatID, m.ID, models.Read), "message_not_found")
	if n := h.auditCount(models.AuditChatWhispered); n != 2 {
		t.Errorf("the audit log has %d whispers, want 2", n)
	}
}

func TestWhisperIsRefused(t *testing.T) {
	t.Parallel()
	h, anna, mia, maria, chatID := supervised(t)
	ctx, w := t.Context(), models.NewWhisper{Content: "Psst"}
	bob := h.staff("bob", models.RoleAgent)
	h.ask("second")
	waiting := h.ask("third").Queue.ChatID
	for _, who := range []models.Actor{anna, bob, maria} {
		_, _, err := h.Whisper(ctx, who, chatID, w)
		h.refused(err, "role_required")
	}
	for _, who := range []models.Actor{bob, maria} {
		_, _, err := h.AnswerWhisper(ctx, who, chatID, w)
		h.refused(err, "chat_not_found")
	}
	_, _, err := h.AnswerWhisper(ctx, mia, chatID, w)
	h.refused(err, "not_in_chat")
	_, _, err = h.Whisper(ctx, mia, waiting, w)
	h.refused(err, "chat_not_active")
	_, err = h.End(ctx, anna, chatID, "")
	h.must(err)
	_, _, err = h.Whisper(ctx, mia, chatID, w)
	h.refused(err, "chat_ended")
}

func TestASupervisorWhoJoinedWritesBesideTheAgent(t *testing.T) {
	t.Parallel()
	h, anna, mia, maria, chatID := supervised(t)
	ctx := t.Context()
	h.send(maria, chatID, "Hello?")
	_, _, err := h.Send(ctx, mia, chatID, models.NewMessage{Content: "Hi"})
	h.refused(err, "not_in_chat")
	_, err = h.JoinChat(ctx, anna, chatID)
	h.refused(err, "role_required")
	for range 2 {
		_, err = h.JoinChat(ctx, mia, chatID)
		h.must(err)
	}
	m := h.send(mia, chatID, "I am Mia")
	c := h.chat(chatID)
	if m.SenderID != mia.ID || c.AwaitingReplySince != nil || c.UnreadByUser != 1 || c.OpenedAt != nil || c.ServedBy() != anna.ID {
		t.Errorf("a message of a joined supervisor leaves %+v", c)
	}
	if h.load(anna) != 1 || h.load(mia) != 0 {
		t.Error("joining takes capacity")
	}
	h.refused(h.OpenChat(ctx, mia, chatID), "not_in_chat")
	if n, err := h.ConfirmAll(ctx, mia, chatID, models.Read); n != 0 || err != nil {
		t.Errorf("what the supervisor reads is read by the agent: %d %v", n, err)
	}
	h.must(h.Typing(ctx, mia, chatID))
	if n, err := h.ConfirmAll(ctx, maria, chatID, models.Read); n != 1 || err != nil {
		t.Errorf("the user confirms %d %v", n, err)
	}
	for range 2 {
		_, err = h.LeaveChat(ctx, mia, chatID)
		h.must(err)
	}
	_, _, err = h.Send(ctx, mia, chatID, models.NewMessage{Content: "One more"})
	h.refused(err, "not_in_chat")
	if got := h.lines(maria, chatID); got != "joined supervisor_joined supervisor_left" {
		t.Errorf("the user reads the lines %q", got)
	}
	if h.auditCount(models.AuditChatJoined) != 1 || h.auditCount(models.AuditChatLeft) != 1 {
		t.Error("joining and leaving are not in the audit log once")
	}
}

func TestJoiningEndsWithTheChat(t *testing.T) {
	t.Parallel()
	h, anna, mia, _, chatID := supervised(t)
	ctx := t.Context()
	_, err := h.JoinChat(ctx, mia, chatID)
	h.must(err)
	_, err = h.RaiseHand(ctx, anna, chatID, "")
	h.must(err)
	_, err = h.End(ctx, anna, chatID, "")
	h.must(err)
	if c := h.chat(chatID); c.JoinedIDs != nil || c.HandRaisedAt != nil {
		t.Errorf("after the end %v has joined and the hand is raised at %v", c.JoinedIDs, c.HandRaisedAt)
	}
	_, err = h.JoinChat(ctx, mia, chatID)
	h.refused(err, "chat_ended")
}

func TestTakingOverEndsJoiningAndLowersTheHand(t *testing.T) {
	t.Parallel()
	h, anna, mia, maria, chatID := supervised(t)
	ctx := t.Context()
	_, err := h.JoinChat(ctx, mia, chatID)
	h.must(err)
	_, err = h.RaiseHand(ctx, anna, chatID, "Refund above my limit")
	h.must(err)
	_, err = h.AssignByHand(ctx, mia, chatID, mia.ID)
	h.refused(err, "agent_not_online")
	h.online(mia)
	_, err = h.AssignByHand(ctx, mia, chatID, mia.ID)
	h.must(err)
	c := h.chat(chatID)
	if c.ServedBy() != mia.ID || c.JoinedIDs != nil || c.HandRaisedAt != nil || c.Transfers != 1 {
		t.Errorf("a chat that was taken over is %+v", c)
	}
	if got := h.lines(maria, chatID); got != "joined supervisor_joined transferred" {
		t.Errorf("the user reads the lines %q", got)
	}
	_, err = h.JoinChat(ctx, mia, chatID)
	h.refused(err, "already_assigned")
	h.send(mia, chatID, "Now it is mine")
	if h.chat(chatID).OpenedAt == nil {
		t.Error("a reply of the chat's own agent does not open it")
	}
}

func TestAHandIsRaisedByTheAgentAlone(t *testing.T) {
	t.Parallel()
	h, anna, mia, maria, chatID := supervised(t)
	ctx := t.Context()
	bob := h.staff("bob", models.RoleAgent)
	_, err := h.RaiseHand(ctx, mia, chatID, "")
	h.refused(err, "not_in_chat")
	_, err = h.RaiseHand(ctx, bob, chatID, "")
	h.refused(err, "chat_not_found")
	_, err = h.RaiseHand(ctx, maria, chatID, "")
	h.refused(err, "chat_not_found")
	_, err = h.RaiseHand(ctx, anna, chatID, strings.Repeat("x", 301))
	h.refused(err, "validation_failed")
	first, err := h.RaiseHand(ctx, anna, chatID, "Refund")
	h.must(err)
	second, err := h.RaiseHand(ctx, anna, chatID, "A refund above my limit")
	h.must(err)
	if !second.HandRaisedAt.Equal(*first.HandRaisedAt) {
		t.Error("another line changes since when the hand is raised")
	}
	flags, err := h.Flags(ctx, mia)
	h.must(err)
	if len(flags) != 1 || flags[0].Kind != models.FlagHand || flags[0].Detail != "A refund above my limit" || flags[0].AgentName != "anna" {
		t.Errorf("the flags are %+v", flags)
	}
	h.must(h.DismissFlag(ctx, mia, chatID, models.FlagHand))
	if h.chat(chatID).HandRaisedAt != nil || h.auditCount(models.AuditHandRaised) != 1 || h.auditCount(models.AuditHandLowered) != 1 {
		t.Error("the hand is still raised, or the audit log lacks it")
	}
}

func TestAWatchIsRecordedFromBeginToEnd(t *testing.T) {
	t.Parallel()
	h, anna, mia, _, chatID := supervised(t)
	h.set("SHOW_WATCHERS", "true")
	ctx := t.Context()
	h.refused(h.Watch(ctx, anna, chatID, "0123456789abcdef"), "role_required")
	h.refused(h.Watch(ctx, mia, chatID, "short"), "validation_failed")
	for range 2 {
		h.must(h.Watch(ctx, mia, chatID, "0123456789abcdef"))
	}
	if c := h.chat(chatID); len(c.WatcherIDs) != 1 || c.WatcherIDs[0] != mia.ID {
		t.Errorf("the agent is told of %v", c.WatcherIDs)
	}
	if n, err := h.EndWatches(ctx); n != 0 || err != nil {
		t.Errorf("a watch ended while its page is open: %d %v", n, err)
	}
	h.exec(`UPDATE chat_watches SET began_at = began_at - interval '1 minute', seen_at = seen_at - interval '30 seconds'`)
	h.exec(`UPDATE pulse SET resumed_at = now() - interval '1 hour'`)
	if n, err := h.EndWatches(ctx); n != 1 || err != nil {
		t.Errorf("%d watches ended, %v", n, err)
	}
	if n, err := h.EndWatches(ctx); n != 0 || err != nil {
		t.Errorf("a watch ended twice: %d %v", n, err)
	}
	if c := h.chat(chatID); c.WatcherIDs != nil {
		t.Errorf("the agent is still told of %v", c.WatcherIDs)
	}
	if opened, ended := h.auditCount(models.AuditChatWatched), h.auditCount(models.AuditChatWatchEnded); opened != 1 || ended != 1 {
		t.Errorf("the audit log has %d openings and %d ends", opened, ended)
	}
	seconds := h.count(
		`SELECT extract(epoch FROM (details->'watched'->>'to')::timestamptz - (details->'watched'->>'from')::timestamptz)::int
		FROM audit_log WHERE action = 'chat_watch_ended'`,
	)
	if seconds != 30 {
		t.Errorf("the watch lasted %d s by the audit log, want 30", seconds)
	}
}

func TestWatchersAreHiddenUnlessTheSettingIsOn(t *testing.T) {
	t.Parallel()
	h, _, mia, _, chatID := supervised(t)
	version := h.chat(chatID).Version
	h.must(h.Watch(t.Context(), mia, chatID, "0123456789abcdef"))
	if c := h.chat(chatID); c.WatcherIDs != nil || c.Version != version {
		t.Errorf("watching in secret changes the chat: %v, version %d", c.WatcherIDs, c.Version)
	}
}

// flagged returns the kinds and details of the flags.
func (h *testDesk) flagged(who models.Actor) string {
	h.t.Helper()
	h.must(h.RaiseFlags(h.t.Context()))
	flags, err := h.Flags(h.t.Context(), who)
	h.must(err)
	var all []string
	for _, f := range flags {
		all = append(all, strings.TrimSpace(string(f.Kind)+" "+f.Detail))
	}
	return strings.Join(all, ", ")
}

func TestFlagsRiseByThemselves(t *testing.T) {
	t.Parallel()
	h, anna, mia, maria, chatID := supervised(t)
	ctx := t.Context()
	h.set("FLAG_WORDS", "lawyer, 律师, charge back")
	if got := h.flagged(mia); got != "" {
		t.Errorf("a new chat is flagged: %s", got)
	}
	h.send(maria, chatID, "The lawyers' club")
	if got := h.flagged(mia); got != "" {
		t.Errorf("a part of a word is flagged: %s", got)
	}
	h.send(maria, chatID, "I will call my LÁWYER, 我要找律师")
	if got := h.flagged(mia); got != "words lawyer, 律师" {
		t.Errorf("words of the list are flagged as %q", got)
	}
	h.must(h.DismissFlag(ctx, mia, chatID, models.FlagWords))
	h.age("chats", chatID, 91*time.Second, "awaiting_since")
	if got := h.flagged(mia); got != "unanswered" {
		t.Errorf("after 91 s without a reply the flags are %q", got)
	}
	h.must(h.DismissFlag(ctx, mia, chatID, models.FlagUnanswered))
	if got := h.flagged(mia); got != "" {
		t.Errorf("a dismissed flag is back: %s", got)
	}
	h.send(anna, chatID, "Sorry")
	h.send(maria, chatID, "And now?")
	h.age("chats", chatID, 91*time.Second, "awaiting_since")
	if got := h.flagged(mia); got != "unanswered" {
		t.Errorf("another wait raises %q", got)
	}
	h.exec(`UPDATE chats SET warned_at = now() WHERE id = ?`, chatID)
	if got := h.flagged(mia); got != "unanswered, idle_warning" {
		t.Errorf("a warning while the user waits raises %q", got)
	}
	h.send(anna, chatID, "Done")
	if got := h.flagged(mia); got != "" {
		t.Errorf("after a reply the flags are %q", got)
	}
	h.online(mia)
	for i, to := range []models.Actor{mia, anna, mia} {
		_, err := h.AssignByHand(ctx, mia, chatID, to.ID)
		h.must(err)
		want := map[int]string{2: "transfers 3"}[i]
		if got := h.flagged(mia); got != want {
			t.Errorf("after transfer %d the flags are %q", i+1, got)
		}
	}
	_, err := h.End(ctx, mia, chatID, "")
	h.must(err)
	if got := h.flagged(mia); got != "" || h.count(`SELECT count(*) FROM chat_flags`)+h.count(`SELECT count(*) FROM chat_flag_scans`) != 0 {
		t.Errorf("an ended chat keeps the flags %q", got)
	}
	h.must(h.Rate(ctx, maria, chatID, 2, ""))
	h.ask("maria")
	if got := h.flagged(mia); got != "low_rating 2.0" {
		t.Errorf("after a low rating the flags are %q", got)
	}
	_, err = h.Flags(ctx, anna)
	h.refused(err, "role_required")
	h.refused(h.DismissFlag(ctx, anna, chatID, models.FlagWords), "role_required")
	h.refused(h.DismissFlag(ctx, mia, chatID, "mood"), "validation_failed")
}

func TestFlagsComeBackWithAChatFromTheQueue(t *testing.T) {
	t.Parallel()
	h, anna, mia, maria, first := supervised(t)
	ctx := t.Context()
	h.set("FLAG_WORDS", "lawyer")
	_, err := h.End(ctx, anna, first, "")
	h.must(err)
	h.must(h.Rate(ctx, maria, first, 1, ""))
	chatID := h.ask("maria").Chat.ID
	h.send(maria, chatID, "I will call my lawyer")
	if got := h.flagged(mia); got != "low_rating 1.0, words lawyer" && got != "words lawyer, low_rating 1.0" {
		t.Errorf("the flags are %q", got)
	}
	h.must(h.DismissFlag(ctx, mia, chatID, models.FlagLowRating))
	_, err = h.SetPresence(ctx, anna, models.Away)
	h.must(err)
	_, err = h.Transfer(ctx, anna, chatID, models.TransferRequest{})
	h.must(err)
	if got := h.flagged(mia); got != "" {
		t.Errorf("a waiting chat has the flags %q", got)
	}
	h.online(mia)
	h.settle() // the chat goes to mia
	if got := h.flagged(mia); got != "words lawyer" {
		t.Errorf("back from the queue the flags are %q", got)
	}
}
