package models

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SuggestionSource is why an outcome or tags are suggested.
type SuggestionSource string

// The sources, in the order in which they are asked. The first that has anything to suggest is used.
const (
	FromConversation SuggestionSource = "conversation" // the name occurs in the messages
	FromLastChat     SuggestionSource = "last_chat"    // the user's last chat has it
	FromMostUsed     SuggestionSource = "most_used"    // the department's latest chats have it most often
)

const (
	suggestedTags = 3   // at most
	recentChats   = 200 // of the department, for what is most used
	readMessages  = 200 // the latest of the chat, for the words in it
)

// WrapUpSuggestion is what the agent probably wants to choose. A source is "" where nothing is suggested.
type WrapUpSuggestion struct {
	Outcome       string
	OutcomeSource SuggestionSource
	Tags          []string
	TagsSource    SuggestionSource
}

// WrapUpForm is a chat with everything that its wrap-up needs.
type WrapUpForm struct {
	Chat      *AgentChat
	Lists     *WrapUpLists
	Suggested WrapUpSuggestion
}

// WrapUpForm returns the lists for a chat and a suggestion, to the agents who may wrap it up. Nothing is suggested in
// place of what the chat has, or once its wrap-up was done. A chat that the actor may not read is 404 chat_not_found.
//
// The outcome and the tags are each suggested by the first of three rules that has a result: names that occur in the
// conversation; those of the user's last chat; and what the department's latest 200 chats have most often, a tag only if
// at least half of them have it.
func (d *Desk) WrapUpForm(ctx context.Context, actor Actor, chatID string) (*WrapUpForm, error) {
	if !actor.IsAgent() {
		return nil, ErrChatNotFound
	}
	c, err := d.Chat(ctx, actor, chatID)
	if err != nil {
		return nil, err
	}
	f := &WrapUpForm{Chat: c, Lists: d.WrapUpLists(&c.Chat)}
	if f.Lists.IsEmpty() || c.WrappedUpAt != nil {
		return f, nil
	}
	for _, suggest := range []func(context.Context, *WrapUpForm) error{d.suggestFromWords, d.suggestFromLastChat, d.suggestMostUsed} {
		if f.isSuggested() {
			break
		}
		if err := suggest(ctx, f); err != nil {
			return nil, translate(err)
		}
	}
	return f, nil
}

func (f *WrapUpForm) isSuggested() bool {
	return (f.Chat.Outcome != nil || f.Suggested.Outcome != "" || len(f.Lists.Outcomes) == 0) &&
		(len(f.Chat.Tags) > 0 || len(f.Suggested.Tags) > 0 || len(f.Lists.Tags) == 0)
}

// suggest takes the offered ones of these names, where nothing is chosen or suggested yet.
func (f *WrapUpForm) suggest(source SuggestionSource, outcome string, tags []string) {
	s := &f.Suggested
	if name, offered := findName(f.Lists.Outcomes, outcome); offered && f.Chat.Outcome == nil && s.Outcome == "" {
		s.Outcome, s.OutcomeSource = name, source
	}
	if len(f.Chat.Tags) > 0 || len(s.Tags) > 0 {
		return
	}
	for _, tag := range tags {
		if name, offered := findName(f.Lists.Tags, tag); offered && len(s.Tags) < suggestedTags {
			s.Tags, s.TagsSource = append(s.Tags, name), source
		}
	}
}

func (d *Desk) suggestFromWords(ctx context.Context, f *WrapUpForm) error {
	var contents []string
	err := d.db.NewRaw(`SELECT content FROM messages WHERE chat_id = ? AND message_type = 'text' ORDER BY id DESC LIMIT ?`,
		f.Chat.ID, readMessages).Scan(ctx, &contents)
	if err != nil {
		return err
	}
	all := strings.ToLower(strings.Join(contents, "\n"))
	outcome := ""
	if i := slices.IndexFunc(f.Lists.Outcomes, func(name string) bool { return hasWords(all, name) }); i >= 0 {
		outcome = f.Lists.Outcomes[i]
	}
	var tags []string
	for _, name := range f.Lists.Tags {
		if hasWords(all, name) {
			tags = append(tags, name)
		}
	}
	f.suggest(FromConversation, outcome, tags)
	return nil
}

// hasWords reports whether a name occurs in a text in lower case: as whole words, but for scripts that write no spaces
// between words.
func hasWords(text, name string) bool {
	name = strings.ToLower(name)
	for at := 0; ; {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return false
		}
		begin, end := at+i, at+i+len(name)
		before, _ := utf8.DecodeLastRuneInString(text[:begin])
		after, _ := utf8.DecodeRuneInString(text[end:])
		first, size := utf8.DecodeRuneInString(name)
		last, _ := utf8.DecodeLastRuneInString(name)
		if !joins(before, first) && !joins(last, after) {
			return true
		}
		at = begin + size
	}
}

// joins reports whether two neighbouring characters belong to one word.
func joins(a, b rune) bool { return isOfSpacedWord(a) && isOfSpacedWord(b) }

func isOfSpacedWord(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r)) && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}

func (d *Desk) suggestFromLastChat(ctx context.Context, f *WrapUpForm) error {
	var last []Chat
	err := d.db.NewRaw(`SELECT outcome, tags FROM chats WHERE user_id = ? AND id <> ? AND status = 'ended'
		ORDER BY created_at DESC LIMIT 1`, f.Chat.UserID, f.Chat.ID).Scan(ctx, &last)
	if err != nil || len(last) == 0 {
		return err
	}
	f.suggest(FromLastChat, deref(last[0].Outcome), last[0].Tags)
	return nil
}

func (d *Desk) suggestMostUsed(ctx context.Context, f *WrapUpForm) error {
	department, args := `department IS NULL`, []any{}
	if f.Chat.Department != nil {
		department, args = `department = ?`, []any{*f.Chat.Department}
	}
	var recent []Chat
	err := d.db.NewRaw(`SELECT outcome, tags FROM chats WHERE `+department+` AND wrapped_up_at IS NOT NULL
		ORDER BY wrapped_up_at DESC LIMIT ?`, append(args, recentChats)...).Scan(ctx, &recent)
	if err != nil {
		return err
	}
	outcomes, tags := map[string]int{}, map[string]int{}
	for i := range recent {
		if recent[i].Outcome != nil {
			outcomes[*recent[i].Outcome]++
		}
		for _, tag := range recent[i].Tags {
			tags[tag]++
		}
	}
	outcome := ""
	for _, name := range f.Lists.Outcomes { // of equals the first in the list
		if outcomes[name] > outcomes[outcome] {
			outcome = name
		}
	}
	var common []string
	for _, name := range f.Lists.Tags {
		if 2*tags[name] >= max(1, len(recent)) {
			common = append(common, name)
		}
	}
	f.suggest(FromMostUsed, outcome, common)
	return nil
}
