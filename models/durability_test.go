package models_test

import (
	"context"
	"testing"
	"time"

	"parley/models"
	"parley/models/testdb"
)

// TestNothingIsAnsweredOrSentBeforeTheStandbyHasIt loses the synchronous standby while a user sends a message and the agent reads another
// one. The requests give up, after which the primary shows what they did. Repeated requests and streams wait for the standby.
func TestNothingIsAnsweredOrSentBeforeTheStandbyHasIt(t *testing.T) {
	t.Parallel()
	pair := testdb.PostgresPair(t)
	h := newTestDeskOn(t, pair.Primary.URL, models.DefaultSettings())
	anna, u, chat := h.agent("anna", 5), models.UserActor("u"), h.ask("u").Chat.ID
	first := h.send(u, chat, "first")
	before := h.chat(chat).Version
	h.must(pair.Standby.Kill())

	send := func(ctx context.Context) error {
		_, _, err := h.Send(ctx, u, chat, models.NewMessage{Content: "second", ClientMessageID: "k"})
		return err
	}
	confirm := func(ctx context.Context) error {
		_, err := h.Confirm(ctx, anna, chat, first.ID, models.Read)
		return err
	}
	for i, request := range []func(context.Context) error{confirm, send} {
		bounded, cancel := context.WithTimeout(t.Context(), time.Second)
		h.refused(request(bounded), "database_unavailable")
		cancel()
		for deadline := time.Now().Add(20 * time.Second); h.chat(chat).Version != before+int64(i)+1; {
			if time.Now().After(deadline) {
				t.Fatalf("after 20 s the chat has version %d", h.chat(chat).Version)
			}
			<-time.After(20 * time.Millisecond)
		}
	}

	since := func(ctx context.Context) error {
		_, err := h.Since(ctx, anna, chat, before)
		return err
	}
	for _, request := range []func(context.Context) error{since, confirm, send} {
		bounded, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		h.refused(request(bounded), "database_unavailable")
		cancel()
	}

	h.must(pair.Standby.Start(t.Context()))
	for deadline := time.Now().Add(30 * time.Second); ; {
		since, err := h.Since(t.Context(), anna, chat, before)
		if err == nil {
			if len(since.Messages) != 1 || len(since.Statuses) != 1 {
				t.Errorf("with the standby back there are the messages %+v and the statuses %+v", since.Messages, since.Statuses)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("30 s after the standby came back: %v", err)
		}
	}
	h.must(confirm(t.Context()))
	h.must(send(t.Context()))
}
