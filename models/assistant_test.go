package models_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parley/models"
)

// asksAssistant begins a call of an agent whose pages are in English.
func (h *testDesk) asksAssistant(actor models.Actor, chatID string, r models.AssistantRequest) (*models.AssistantCall, error) {
	return h.BeginAssistantCall(h.t.Context(), actor, chatID, "en", r)
}

func (h *testDesk) tokensToday() int {
	return h.count(`SELECT coalesce(sum(tokens), 0) FROM assistant_days`)
}

func TestTheAssistantIsToldWhatTheAgentMaySee(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, ben := h.agent("anna", 2), h.agent("ben", 2)
	h.online(anna)
	_, err := h.EnsureUser(t.Context(), models.Identity{ID: "maria", Locale: "zh-CN"})
	h.must(err)
	chat := h.ask("maria").Chat.ID
	maria := h.user("maria")
	h.send(maria, chat, "My card 4111 1111 1111 1111 and order A-12345 did not arrive")
	withdrawn := h.send(maria, chat, "forget this")
	_, err = h.WithdrawMessage(t.Context(), maria, chat, withdrawn.ID)
	h.must(err)
	_, err = h.AddNote(t.Context(), anna, chat, "she was promised a refund")
	h.must(err)
	h.canned(anna, models.NewCannedReply{Scope: models.CannedMine, Shortcut: "arrive", Title: "Late", Body: "Orders arrive in 3 days."})
	h.canned(anna, models.NewCannedReply{Scope: models.CannedMine, Shortcut: "hours", Title: "Opening", Body: "Open from nine."})
	h.canned(
		ben,
		models.NewCannedReply{
			Scope:    models.CannedMine,
			Shortcut: "ben",
			Title:    "Order",
			Body:     "Ben's own words on orders that did not arrive.",
		},
	)
	h.must(h.ChangeSetting(t.Context(), admin, "ASSISTANT_MASK", `A-\d+`))

	draft, err := h.asksAssistant(anna, chat, models.AssistantRequest{Task: models.AssistantDraft})
	h.must(err)
	told := ""
	for _, line := range draft.Conversation {
		told += line.Content + "\n"
	}
	if !strings.Contains(told, "•••• 1111") || !strings.Contains(told, "order ••• did") || strings.Contains(told, "4111 1111") {
		t.Errorf("the assistant is told %q", told)
	}
	if strings.Contains(told, "forget this") || strings.Contains(told, "refund") {
		t.Errorf("a draft has a withdrawn message or a note: %q", told)
	}
	if replies := strings.Join(draft.Replies, "\n"); !strings.Contains(replies, "3 days") || strings.Contains(replies, "nine") ||
		strings.Contains(replies, "Ben") {
		t.Errorf("the canned replies are %q", replies)
	}
	if draft.Language != "zh-CN" {
		t.Errorf("the language of a draft is %s", draft.Language)
	}

	summary, err := h.asksAssistant(anna, chat, models.AssistantRequest{Task: models.AssistantSummary})
	h.must(err)
	if last := summary.Conversation[len(summary.Conversation)-1]; !last.IsNote || summary.Language != "en" {
		t.Errorf("the summary in %s ends with %+v, not with the note", summary.Language, last)
	}
	first := h.send(maria, chat, "你好")
	translation, err := h.asksAssistant(anna, chat, models.AssistantRequest{Task: models.AssistantTranslation, MessageID: first.ID})
	h.must(err)
	if translation.Text != "你好" || translation.Language != "en" || len(translation.Conversation) > 0 {
		t.Errorf("a message is translated as %+v", translation)
	}
	own, err := h.asksAssistant(anna, chat, models.AssistantRequest{Task: models.AssistantTranslation, Text: "Hello"})
	h.must(err)
	if own.Language != "zh-CN" {
		t.Errorf("the agent's text is translated to %s", own.Language)
	}
	if n := h.auditCount(models.AuditAssistantUsed); n != 4 {
		t.Errorf("the audit log has %d of 4 calls", n)
	}
	if n := h.count(`SELECT count(*) FROM audit_log WHERE action = 'assistant_used' AND details::text LIKE '%arrive%'`); n > 0 {
		t.Error("the audit log has a text of the chat")
	}

	_, err = h.asksAssistant(ben, chat, models.AssistantRequest{Task: models.AssistantDraft})
	h.refused(err, "chat_not_found")
	_, err = h.asksAssistant(h.staff("ruth", models.RoleSupervisor), chat, models.AssistantRequest{Task: models.AssistantDraft})
	h.refused(err, "not_in_chat")
	for name, r := range map[string]models.AssistantRequest{
		"an unknown task":        {Task: "poem"},
		"no text":                {Task: models.AssistantTranslation},
		"text and message":       {Task: models.AssistantTranslation, Text: "a", MessageID: first.ID},
		"no message":             {Task: models.AssistantTranslation, MessageID: 1 << 40},
		"a withdrawn message":    {Task: models.AssistantTranslation, MessageID: withdrawn.ID},
		"a language of a script": {Task: models.AssistantTranslation, Text: "a", Language: "en. Ignore"},
		"a long text":            {Task: models.AssistantTranslation, Text: strings.Repeat("a", 4001)},
	} {
		if _, err = h.asksAssistant(anna, chat, r); models.CodeOf(err) != "validation_failed" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheAssistantHasABudget(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 2)
	h.online(anna)
	chat := h.ask("maria").Chat.ID
	_, err := h.asksAssistant(anna, chat, models.AssistantRequest{Task: models.AssistantDraft})
	h.refused(err, "assistant_nothing_to_do")
	h.send(h.user("maria"), chat, "Where is it?")
	h.must(h.ChangeSetting(t.Context(), admin, "ASSISTANT_TOKENS_PER_DAY", "3000"))

	first, err := h.asksAssistant(anna, chat, models.AssistantRequest{Task: models.AssistantDraft})
	h.must(err)
	_, err = h.asksAssistant(anna, chat, models.AssistantRequest{Task: models.AssistantDraft})
	h.must(err)
	_, err = h.asksAssistant(anna, chat, models.AssistantRequest{Task: models.AssistantDraft})
	h.refused(err, "assistant_budget_used")
	var refusal *models.Error
	if !errors.As(err, &refusal) || refusal.RetryAfter <= 0 || refusal.RetryAfter > 24*time.Hour {
		t.Errorf("the budget is there again after %s", refusal.RetryAfter)
	}

	reserved := h.tokensToday()
	h.must(h.EndAssistantCall(t.Context(), first, 100))
	if got, most := h.tokensToday(), reserved-models.MaxAssistantTokens+100; got > most {
		t.Errorf("after a call of 100 tokens %d are used, want at most %d", got, most)
	}
	_, err = h.asksAssistant(anna, chat, models.AssistantRequest{Task: models.AssistantDraft})
	h.must(err)
	if n := h.auditCount(models.AuditAssistantUsed); n != 3 {
		t.Errorf("the audit log has %d calls, want the 3 that were granted", n)
	}
}

func TestPatternsOfTheAssistantAreChecked(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	for _, patterns := range []string{"(", ".*", "a\n[", "x*"} {
		h.refused(h.ChangeSetting(t.Context(), admin, "ASSISTANT_MASK", patterns), "validation_failed")
	}
	h.must(h.ChangeSetting(t.Context(), admin, "ASSISTANT_MASK", "IBAN [A-Z0-9 ]+\n(?i)customer \\d+"))
}
