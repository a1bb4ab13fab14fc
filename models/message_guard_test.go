package models_test

import (
	"errors"
	"sync"
	"testing"

	"parley/models"
)

// guarded sends a text of anna, who has seen the messages up to one.
func (h *talk) guarded(content, key string, seen int64) (*models.Message, bool, error) {
	return h.Send(h.t.Context(), h.anna, h.chat, models.NewMessage{Content: content, ClientMessageID: key, LastSeenID: &seen})
}

func TestASendStopsAtAMessageThatWasNotSeen(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	ctx := t.Context()
	first := h.send(h.user, h.chat, "the blue one")
	answer, created, err := h.guarded("Here it is", "k1", first.ID)
	h.must(err)
	if !created || answer.Content != "Here it is" || answer.ID <= first.ID {
		t.Errorf("sent %+v", answer)
	}
	h.send(h.user, h.chat, "no, wait")
	second := h.send(h.user, h.chat, "the red one")
	before := h.testDesk.chat(h.chat)
	_, _, err = h.guarded("It is on its way", "k2", answer.ID)
	h.refused(err, "newer_message")
	var refusal *models.Error
	if !errors.As(err, &refusal) || refusal.Newer == nil || refusal.Newer.ID != second.ID || refusal.Newer.Content != "the red one" {
		t.Errorf("refused with %+v", refusal)
	}
	if models.ErrNewerMessage.Newer != nil {
		t.Error("the refusal that all share holds a message")
	}
	if now := h.testDesk.chat(h.chat); now.Version != before.Version || now.LastSeq != before.LastSeq {
		t.Errorf("a refused message made of %+v %+v", before, now)
	}
	// The same message goes through once the newer one was seen, or without a guard.
	m, _, err := h.guarded("It is on its way", "k2", second.ID)
	h.must(err)
	h.send(h.user, h.chat, "thanks")
	h.send(h.anna, h.chat, "you are welcome")
	// A repeated send returns its message even if newer ones came after it.
	again, created, err := h.guarded("It is on its way", "k2", second.ID)
	h.must(err)
	if created || again.ID != m.ID {
		t.Errorf("the repeated send answers %+v", again)
	}
	_, _, err = h.guarded("another text", "k2", second.ID)
	h.refused(err, "idempotency_key_reused")
	_, _, err = h.guarded("x", "", -1)
	h.refused(err, "validation_failed")

	// The user has the same guard against messages of the agent.
	zero := int64(0)
	_, _, err = h.Send(ctx, h.user, h.chat, models.NewMessage{Content: "x", LastSeenID: &zero})
	h.refused(err, "newer_message")
}

func TestOwnMessagesNotesAndWhatWasTakenBackStopNoSend(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	first := h.send(h.user, h.chat, "a question")
	h.send(h.anna, h.chat, "an answer")
	_, err := h.AddNote(t.Context(), h.anna, h.chat, "a note")
	h.must(err)
	mistake := h.send(h.user, h.chat, "a mistake")
	h.withdraw(h.user, mistake.ID)
	_, _, err = h.guarded("another answer", "", first.ID)
	h.must(err)
}

func TestAGuardTellsNothingToOthers(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	h.send(h.user, h.chat, "a secret")
	zero := int64(0)
	for who, code := range map[models.Actor]string{
		h.agent("bob", 1): "chat_not_found", models.UserActor("u2"): "chat_not_found", h.ruth: "not_in_chat",
	} {
		for _, n := range []models.NewMessage{{Content: "x", LastSeenID: &zero}, {Content: "x", DraftChatID: "another"}} {
			_, _, err := h.Send(t.Context(), who, h.chat, n)
			h.refused(err, code)
			var refusal *models.Error
			if errors.As(err, &refusal) && refusal.Newer != nil {
				t.Errorf("%s is told %+v", who.ID, refusal.Newer)
			}
		}
	}
	_, err := h.End(t.Context(), h.anna, h.chat, "")
	h.must(err)
	_, _, err = h.guarded("x", "", zero)
	h.refused(err, "chat_ended")
}

func TestATextOfAnotherChatIsNotSent(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	version := h.testDesk.chat(h.chat).Version
	_, _, err := h.Send(t.Context(), h.anna, h.chat, models.NewMessage{Content: "x", DraftChatID: "another"})
	h.refused(err, "draft_of_other_chat")
	if h.testDesk.chat(h.chat).Version != version {
		t.Error("a refused message changed the chat")
	}
	_, created, err := h.Send(t.Context(), h.anna, h.chat, models.NewMessage{Content: "x", DraftChatID: h.chat})
	h.must(err)
	if !created {
		t.Error("a text of this chat is not sent")
	}
}

// However close the two are: of a user's message and an agent's guarded one, either the agent's comes first or it is refused.
func TestNoGuardedSendOvertakesAMessage(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	h.set("RATE_SEND", "100000")
	for range 30 {
		first := h.send(h.user, h.chat, "a question")
		var both sync.WaitGroup
		var question, answer *models.Message
		var refused error
		both.Go(func() {
			var err error
			question, _, err = h.Send(t.Context(), h.user, h.chat, models.NewMessage{Content: "another question"})
			if err != nil {
				t.Error(err)
			}
		})
		both.Go(func() { answer, _, refused = h.guarded("an answer", "", first.ID) })
		both.Wait()
		switch {
		case refused != nil:
			h.refused(refused, "newer_message")
		case answer.ID > question.ID:
			t.Fatalf("the answer %d came after the question %d, which was not seen", answer.ID, question.ID)
		}
	}
}
