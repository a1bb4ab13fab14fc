package models

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// AssistantTask is what an agent asks the assistant for.
type AssistantTask string

// The tasks of the assistant.
const (
	AssistantDraft       AssistantTask = "draft"       // an answer to the user
	AssistantSummary     AssistantTask = "summary"     // of the conversation, for the agent who takes it over
	AssistantTranslation AssistantTask = "translation" // of a message, or of a text that the agent wrote
)

const (
	// maxAssistantMessages and maxAssistantCharacters bound what the assistant is told of a conversation: the newest messages.
	maxAssistantMessages   = 60
	maxAssistantCharacters = 16_000
	// maxAssistantReplies is how many canned replies it is told, those that fit the user's last messages best.
	maxAssistantReplies = 8
	// MaxAssistantTokens is how long an answer may be.
	MaxAssistantTokens = 1200
	// charactersPerToken is a low estimate for most languages, so that a reservation is rather too large.
	charactersPerToken = 2
	// defaultMask replaces what the setting ASSISTANT_MASK names.
	defaultMask = "•••"
)

var (
	// ErrAssistantOff is 409: no assistant is configured.
	ErrAssistantOff = conflict("assistant_off", "The assistant is not set up here. Ask an administrator.")
	// ErrAssistantBudgetUsed is 429: the tokens of the day are used.
	ErrAssistantBudgetUsed = &Error{
		Kind: TooMany, Code: "assistant_budget_used",
		Detail: "The assistant has used its budget of today. It is there again at midnight UTC, or ask an administrator for a larger one.",
	}
	// ErrAssistantFailed is 503: the service of the assistant did not answer, or its answer was unusable.
	ErrAssistantFailed = &Error{
		Kind: Unavailable, Code: "assistant_failed",
		Detail: "The assistant did not answer. Nothing was changed. Try again, or write the answer yourself.",
	}
	errAssistantNothing = conflict("assistant_nothing_to_do", "The chat has no messages that the assistant could work with.")
)

// AssistantRequest is what an agent asks. Text and MessageID are for translations: one of them is set. Language is the one to translate
// to, as a BCP 47 tag: "" for that of the user's widget for a text, and that of the agent's pages for a message.
type AssistantRequest struct {
	Task      AssistantTask
	Text      string
	MessageID int64
	Language  string
}

// AssistantLine is a message of a conversation as the assistant is told it.
type AssistantLine struct {
	From    SenderType `bun:"sender_type"`
	IsNote  bool       `bun:"is_note"`
	Content string     `bun:"content"`
}

// AssistantCall is a call that was granted, with all that may leave Parley. Its texts are masked.
type AssistantCall struct {
	Task         AssistantTask
	Conversation []AssistantLine // oldest first; none for a translation
	Replies      []string        // canned replies that fit, for a draft
	Text         string          // to translate
	Language     string          // of the answer: to translate to, of the user for a draft, of the agent for a summary

	day      time.Time
	reserved int64
}

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$`)

// BeginAssistantCall grants a call of the assistant in a chat, takes its tokens from the budget of the day and records it in the audit log,
// with counts and without texts; all of that is committed before the call leaves. agentLanguage is the language of the agent's pages.
//
// It is for those who may write in the chat; others get chat_not_found or not_in_chat. A task that does not exist, and a translation
// without a text of 1 to 4,000 characters or a message of the chat, is validation_failed; a chat without messages
// assistant_nothing_to_do, a used budget assistant_budget_used. The caller calls [Desk.EndAssistantCall] once it knows what was used.
func (d *Desk) BeginAssistantCall(
	ctx context.Context,
	actor Actor,
	chatID, agentLanguage string,
	r AssistantRequest,
) (*AssistantCall, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	c, err := d.Chat(ctx, actor, chatID)
	if err != nil {
		return nil, err
	}
	if err := actor.checkCanWrite(&c.Chat); err != nil {
		return nil, err
	}
	call := &AssistantCall{Task: r.Task}
	switch r.Task {
	case AssistantTranslation:
		if call.Language = r.Language; call.Language == "" {
			call.Language = agentLanguage
			if r.Text != "" {
				call.Language = c.User.Locale
			}
		}
		call.Text, err = d.textToTranslate(ctx, &c.Chat, r)
	case AssistantDraft:
		call.Language = c.User.Locale
		if err = d.readConversation(ctx, &c.Chat, call); err == nil {
			err = d.readFittingReplies(ctx, actor, call)
		}
	case AssistantSummary:
		call.Language = agentLanguage
		err = d.readConversation(ctx, &c.Chat, call)
	}
	if err != nil {
		return nil, err
	}
	d.mask(call)
	return call, d.inTx(ctx, func(ctx context.Context, t *tx) error { return t.grant(ctx, d, actor, &c.Chat, call) })
}

func (r *AssistantRequest) check() error {
	switch r.Task {
	case AssistantDraft, AssistantSummary:
		return nil
	case AssistantTranslation:
	default:
		return invalid("task", fieldUnknown, "task must be draft, summary or translation.")
	}
	if r.Language != "" && !languageTag.MatchString(r.Language) {
		return invalid("language", fieldInvalid, "language must be the tag of a language, such as de or zh-CN.")
	}
	if (r.Text == "") == (r.MessageID == 0) {
		return invalid("text", fieldRequired, "Send either the text to translate or message_id.")
	}
	if r.Text != "" {
		_, err := validateText("text", r.Text, 1, maxContent)
		return err
	}
	return nil
}

func (d *Desk) textToTranslate(ctx context.Context, c *Chat, r AssistantRequest) (text string, err error) {
	if r.Text != "" {
		return r.Text, nil
	}
	err = d.db.NewRaw(`SELECT content FROM messages WHERE chat_id = ? AND id = ? AND message_type = ? AND withdrawn_at IS NULL`,
		c.ID, r.MessageID, Text).Scan(ctx, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", invalid("message_id", fieldUnknown, "message_id must be a text message of this chat.")
	}
	return text, err
}

// readConversation reads the newest messages of a chat, with notes for a summary.
func (d *Desk) readConversation(ctx context.Context, c *Chat, call *AssistantCall) error {
	err := d.db.NewRaw(`SELECT sender_type, message_type = ?1 AS is_note, content FROM messages
		WHERE chat_id = ?0 AND withdrawn_at IS NULL AND (message_type = ?2 OR ?3 AND message_type = ?1 AND system_kind IS NULL)
		ORDER BY id DESC LIMIT ?4`,
		c.ID, Note, Text, call.Task == AssistantSummary, maxAssistantMessages).Scan(ctx, &call.Conversation)
	if err != nil {
		return err
	}
	left := maxAssistantCharacters
	for i := range call.Conversation {
		if left -= utf8.RuneCountInString(call.Conversation[i].Content); left < 0 && i > 0 {
			call.Conversation = call.Conversation[:i]
			break
		}
	}
	if len(call.Conversation) == 0 {
		return errAssistantNothing
	}
	slices.Reverse(call.Conversation)
	return nil
}

// readFittingReplies adds the canned replies of the agent that have words of the user's last three messages, the best first.
func (d *Desk) readFittingReplies(ctx context.Context, actor Actor, call *AssistantCall) error {
	var asked []string
	for _, line := range slices.Backward(call.Conversation) {
		if line.From == FromUser && len(asked) < 3 {
			asked = append(asked, line.Content)
		}
	}
	const fits = `to_tsvector('simple', title || ' ' || body)`
	return d.db.NewRaw(`WITH asked AS (SELECT replace(plainto_tsquery('simple', ?1)::text, ' & ', ' | ')::tsquery AS words)
		SELECT title || E'\n' || body FROM canned_replies, asked WHERE `+visibleReplies+` AND `+fits+` @@ words
		ORDER BY ts_rank(`+fits+`, words) DESC, use_count DESC, id LIMIT ?2`,
		actor.ID, strings.Join(asked, "\n"), maxAssistantReplies).Scan(ctx, &call.Replies)
}

// mask masks payment cards and what the setting ASSISTANT_MASK names in all texts of a call.
func (d *Desk) mask(call *AssistantCall) {
	patterns := assistantPatterns(d.Settings().AssistantMask)
	mask := func(text string) string {
		text = MaskCards(text)
		for _, p := range patterns {
			text = p.ReplaceAllLiteralString(text, defaultMask)
		}
		return text
	}
	for i := range call.Conversation {
		call.Conversation[i].Content = mask(call.Conversation[i].Content)
	}
	for i := range call.Replies {
		call.Replies[i] = mask(call.Replies[i])
	}
	call.Text = mask(call.Text)
}

// assistantPatterns returns the regular expressions of a text, one on each line. Those that are invalid are left out: the setting refuses
// them.
func assistantPatterns(lines string) []*regexp.Regexp {
	var patterns []*regexp.Regexp
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if p, err := regexp.Compile(line); err == nil {
			patterns = append(patterns, p)
		}
	}
	return patterns
}

// arePatterns reports whether each line of a text is a regular expression of Go (RE2) that does not match everything.
func arePatterns(lines string) bool {
	for line := range strings.Lines(lines) {
		p, err := regexp.Compile(strings.TrimSpace(line))
		if err != nil || strings.TrimSpace(line) != "" && p.MatchString("") {
			return false
		}
	}
	return true
}

// characters returns how many characters of people's texts a call sends.
func (call *AssistantCall) characters() int {
	n := utf8.RuneCountInString(call.Text)
	for _, line := range call.Conversation {
		n += utf8.RuneCountInString(line.Content)
	}
	for _, reply := range call.Replies {
		n += utf8.RuneCountInString(reply)
	}
	return n
}

// grant reserves the tokens of a call and records it.
func (t *tx) grant(ctx context.Context, d *Desk, actor Actor, c *Chat, call *AssistantCall) error {
	call.reserved = int64(call.characters()/charactersPerToken + MaxAssistantTokens)
	limit := int64(d.Settings().AssistantTokens)
	if call.reserved > limit {
		return assistantBudgetUsed(t.now)
	}
	err := t.NewRaw(`INSERT INTO assistant_days AS d (day, calls, tokens) VALUES ((?0 AT TIME ZONE 'UTC')::date, 1, ?1)
		ON CONFLICT (day) DO UPDATE SET calls = d.calls + 1, tokens = d.tokens + ?1 WHERE d.tokens + ?1 <= ?2 RETURNING day`,
		t.now, call.reserved, limit).Scan(ctx, &call.day)
	if errors.Is(err, sql.ErrNoRows) {
		return assistantBudgetUsed(t.now)
	}
	if err != nil {
		return err
	}
	return t.audit(ctx, actor, AuditAssistantUsed, aboutChat(c), details{
		"task": call.Task, "messages": len(call.Conversation), "characters": call.characters(),
	})
}

func assistantBudgetUsed(now time.Time) error {
	refusal := *ErrAssistantBudgetUsed
	refusal.RetryAfter = now.UTC().Truncate(day).Add(day).Sub(now)
	return &refusal
}

// EndAssistantCall replaces the reserved tokens of a call by those that it used. Without a call of it, as after a crash, the day keeps the
// reservation.
func (d *Desk) EndAssistantCall(ctx context.Context, call *AssistantCall, tokens int64) error {
	_, err := d.db.NewRaw(`UPDATE assistant_days SET tokens = greatest(0, tokens - ?1 + ?2) WHERE day = ?0`,
		call.day, call.reserved, max(tokens, 0)).Exec(ctx)
	return err
}

// EstimateTokens returns about how many tokens the texts of a call and an answer are, for services that do not say.
func (call *AssistantCall) EstimateTokens(answer string) int64 {
	return int64((call.characters() + utf8.RuneCountInString(answer)) / charactersPerToken)
}
