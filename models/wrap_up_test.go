package models_test

import (
	"slices"
	"testing"
	"time"

	"parley/models"
)

// option offers an outcome or a tag.
func (h *testDesk) option(kind models.WrapUpKind, department, name string) *models.WrapUpOption {
	h.t.Helper()
	o, err := h.AddWrapUpOption(h.t.Context(), admin, kind, department, name)
	h.must(err)
	return o
}

func wordOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func TestAWrapUpTakesWhatIsOfferedForItsChat(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	_, err := h.AddDepartment(t.Context(), admin, "cards", "Cards")
	h.must(err)
	anna, bob := h.agent("anna", 5, "cards"), h.agent("bob", 0)
	h.option(models.OutcomeOption, "", "Solved")
	h.option(models.TagOption, "", "Refund")
	pin := h.option(models.TagOption, "cards", "PIN")
	_, err = h.AddWrapUpOption(t.Context(), admin, models.TagOption, "cards", "pin")
	h.refused(err, "wrap_up_option_taken")
	_, err = h.AddWrapUpOption(t.Context(), anna, models.TagOption, "", "Mine")
	h.refused(err, "role_required")
	for _, wrong := range [][3]string{{"mood", "", "A"}, {"tag", "nothing", "A"}, {"tag", "", " "}} {
		_, err = h.AddWrapUpOption(t.Context(), admin, models.WrapUpKind(wrong[0]), wrong[1], wrong[2])
		h.refused(err, "validation_failed")
	}

	plain, cards := h.ask("plain").Chat.ID, h.askFor("cards", "cards").Chat.ID
	_, err = h.EndWrappedUp(t.Context(), anna, plain, "", models.WrapUp{Tags: []string{"PIN"}})
	h.refused(err, "validation_failed")
	if c := h.chat(plain); c.Status != models.Active {
		t.Fatalf("a refused wrap-up left the chat %s", c.Status)
	}
	c, err := h.EndWrappedUp(t.Context(), anna, cards, "Done", models.WrapUp{Outcome: "solved", Tags: []string{"refund", "PIN", "Refund"}})
	h.must(err)
	if wordOf(c.Outcome) != "Solved" || !slices.Equal(c.Tags, []string{"PIN", "Refund"}) || c.WrappedUpAt == nil {
		t.Errorf("the chat has %v, %v, wrapped up at %v", wordOf(c.Outcome), c.Tags, c.WrappedUpAt)
	}

	// What is retired stays on the chat, and is not offered to others.
	_, err = h.RetireWrapUpOption(t.Context(), admin, pin.ID, true)
	h.must(err)
	_, err = h.WrapUpChat(t.Context(), anna, cards, models.WrapUp{Tags: []string{"PIN"}})
	h.must(err)
	if c := h.chat(cards); !slices.Equal(c.Tags, []string{"PIN"}) || c.Outcome != nil {
		t.Errorf("after the change the chat has %v, %v", wordOf(c.Outcome), c.Tags)
	}
	_, err = h.WrapUpChat(t.Context(), anna, cards, models.WrapUp{})
	h.must(err)
	_, err = h.WrapUpChat(t.Context(), anna, cards, models.WrapUp{Tags: []string{"PIN"}})
	h.refused(err, "validation_failed")

	// The agent of the chat and supervisors may change it, after its end.
	_, err = h.WrapUpChat(t.Context(), anna, plain, models.WrapUp{})
	h.refused(err, "chat_not_ended")
	for _, other := range []models.Actor{bob, models.UserActor("cards")} {
		_, err = h.WrapUpChat(t.Context(), other, cards, models.WrapUp{Outcome: "Solved"})
		h.refused(err, "chat_not_found")
		_, err = h.SkipWrapUp(t.Context(), other, cards)
		h.refused(err, "chat_not_found")
		_, err = h.WrapUpForm(t.Context(), other, cards)
		h.refused(err, "chat_not_found")
	}
	before := h.chat(cards).Version
	_, err = h.WrapUpChat(t.Context(), admin, cards, models.WrapUp{Outcome: "Solved"})
	h.must(err)
	if got := h.changes(cards); got[len(got)-1].Chat.Version != before+1 || wordOf(got[len(got)-1].Chat.Outcome) != "Solved" {
		t.Errorf("the change was not announced: %+v", got[len(got)-1])
	}
	rows, _, err := h.AuditLog(t.Context(), admin, models.AuditFilter{Action: models.AuditWrapUpChanged})
	h.must(err)
	if len(rows) != 3 || string(rows[0].Details) != `{"changed": ["outcome"]}` {
		t.Errorf("the audit log has %d changes, the last with %s", len(rows), rows[0].Details)
	}
}

// A chat that ended without a wrap-up stays with its agent, and the capacity is free at once.
func TestAChatWaitsForItsWrapUp(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	old := h.ask("old").Chat.ID
	h.mustEnd(anna, old)
	h.option(models.OutcomeOption, "", "Solved")
	toWrapUp := func(want ...string) {
		t.Helper()
		chats, err := h.ChatsToWrapUp(t.Context(), anna.ID)
		h.must(err)
		var got []string
		for i := range chats {
			got = append(got, chats[i].ID)
			if !h.IsToWrapUp(&chats[i].Chat) {
				t.Errorf("IsToWrapUp denies %s", chats[i].ID)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("to wrap up are %v, want %v", got, want)
		}
	}
	toWrapUp() // the old one ended before anything was offered
	first := h.ask("first").Chat.ID
	_, err := h.End(t.Context(), models.UserActor("first"), first, "")
	h.must(err)
	if n := h.load(anna); n != 0 {
		t.Errorf("the ended chat takes %d of the capacity", n)
	}
	second := h.ask("second").Chat.ID
	_, err = h.End(t.Context(), anna, second, "")
	h.must(err)
	toWrapUp(second, first)
	_, err = h.SkipWrapUp(t.Context(), anna, first)
	h.must(err)
	toWrapUp(second)
	h.age("chats", second, time.Minute, "ended_at", "created_at", "queued_at")
	h.age("chats", old, 2*time.Hour, "ended_at", "created_at", "queued_at")
	h.exec(`UPDATE wrap_up_options SET created_at = created_at - interval '1 hour'`)
	h.must(h.Reload(t.Context()))
	_, err = h.WrapUpChat(t.Context(), anna, second, models.WrapUp{Outcome: "Solved"})
	h.must(err)
	toWrapUp()
	if c := h.chat(second); c.WrappedUpAt.Sub(*c.EndedAt) < time.Minute || c.WrapUpSkipped {
		t.Errorf("the wrap-up took %s, skipped: %v", c.WrappedUpAt.Sub(*c.EndedAt), c.WrapUpSkipped)
	}
	stats, err := h.Stats(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(time.Minute))
	h.must(err)
	if stats.WrapUpMean == nil || *stats.WrapUpMean < 60 {
		t.Errorf("the wrap-ups took %v s on average", stats.WrapUpMean)
	}
	if c := h.chat(first); !c.WrapUpSkipped {
		t.Error("the first was not skipped")
	}

	// All at once: those of this agent, each announced once.
	n, err := h.SkipWrapUps(t.Context(), anna)
	h.must(err)
	sixth := h.ask("sixth").Chat.ID
	h.mustEnd(models.UserActor("sixth"), sixth)
	seventh := h.ask("seventh").Chat.ID
	h.mustEnd(models.UserActor("seventh"), seventh)
	if n != 0 {
		t.Errorf("%d were skipped of none", n)
	}
	both := 0
	for range 2 { // the second time finds none
		n, err = h.SkipWrapUps(t.Context(), anna)
		h.must(err)
		both += n
	}
	if c := h.chat(sixth); both != 2 || c.WrappedUpAt == nil || !c.WrapUpSkipped {
		t.Errorf("%d were skipped, and the chat has %v", both, c.WrappedUpAt)
	}
	_, err = h.SkipWrapUps(t.Context(), models.UserActor("sixth"))
	h.refused(err, "wrong_credential")

	// Required: the chat ends and the agent is reminded, and cannot skip.
	h.must(h.ChangeSetting(t.Context(), admin, "REQUIRE_OUTCOME", "true"))
	third := h.ask("third").Chat.ID
	_, err = h.EndWrappedUp(t.Context(), anna, third, "", models.WrapUp{})
	h.must(err)
	toWrapUp(third)
	_, err = h.SkipWrapUp(t.Context(), anna, third)
	h.refused(err, "validation_failed")
	if n, err := h.SkipWrapUps(t.Context(), anna); n != 0 || err != nil {
		t.Errorf("%d that need an outcome were skipped: %v", n, err)
	}
	_, err = h.WrapUpChat(t.Context(), anna, third, models.WrapUp{})
	h.refused(err, "validation_failed")
	_, err = h.WrapUpChat(t.Context(), anna, third, models.WrapUp{Outcome: "Solved"})
	h.must(err)
	toWrapUp()
	fourth := h.ask("fourth").Chat.ID
	h.mustEnd(models.UserActor("fourth"), fourth)
	toWrapUp(fourth)
	h.must(h.ResetSetting(t.Context(), admin, "REQUIRE_OUTCOME"))
	_, err = h.EndWrappedUp(t.Context(), anna, h.ask("fifth").Chat.ID, "", models.WrapUp{}) // asked, none fits
	h.must(err)
	toWrapUp(fourth)
}

func (h *testDesk) mustEnd(actor models.Actor, chatID string) {
	h.t.Helper()
	_, err := h.End(h.t.Context(), actor, chatID, "")
	h.must(err)
}

func TestAWrapUpIsSuggestedByTheFirstRuleThatHasOne(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 9)
	for _, name := range []string{"Solved", "Escalated"} {
		h.option(models.OutcomeOption, "", name)
	}
	for _, name := range []string{"art", "lost card", "退款", "fee"} {
		h.option(models.TagOption, "", name)
	}
	suggested := func(user string, messages ...string) (models.WrapUpSuggestion, string) {
		t.Helper()
		id := h.ask(user).Chat.ID
		for _, m := range messages {
			_, _, err := h.Send(t.Context(), models.UserActor(user), id, models.NewMessage{Content: m})
			h.must(err)
		}
		f, err := h.WrapUpForm(t.Context(), anna, id)
		h.must(err)
		return f.Suggested, id
	}
	if s, id := suggested("a", "A part of it"); s.Outcome != "" || s.Tags != nil {
		t.Errorf("out of nothing comes %+v", s)
	} else {
		_, err := h.EndWrappedUp(t.Context(), anna, id, "", models.WrapUp{Outcome: "Escalated", Tags: []string{"fee"}})
		h.must(err)
	}
	s, _ := suggested("b", "I have a Lost Card", "我要退款。")
	if s.Outcome != "Escalated" || s.OutcomeSource != models.FromMostUsed || s.TagsSource != models.FromConversation ||
		!slices.Equal(s.Tags, []string{"lost card", "退款"}) {
		t.Errorf("words suggest %+v", s)
	}
	s, id := suggested("a", "Hello again")
	if s.OutcomeSource != models.FromLastChat || s.TagsSource != models.FromLastChat || !slices.Equal(s.Tags, []string{"fee"}) {
		t.Errorf("the last chat suggests %+v", s)
	}
	for range 2 { // fee is no longer on half of the chats
		_, err := h.EndWrappedUp(t.Context(), anna, id, "", models.WrapUp{Outcome: "Solved"})
		h.must(err)
		id = h.ask("a").Chat.ID
	}
	if s, _ := suggested("c"); s.Outcome != "Solved" || s.OutcomeSource != models.FromMostUsed || s.Tags != nil {
		t.Errorf("what is most used suggests %+v", s)
	}
}
