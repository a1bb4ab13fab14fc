package models

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// The most quick replies of a message, and the longest one in characters.
const (
	MaxQuickReplies    = 10
	maxQuickReplyChars = 80
)

// checkQuickReplies returns quick replies as they are stored, nil for none, and refuses those of people.
func (d *Desk) checkQuickReplies(actor Actor, replies []string) ([]string, error) {
	if len(replies) == 0 {
		return nil, nil
	}
	if !actor.IsBot {
		return nil, invalid("quick_replies", fieldInvalid, "Only bots send quick replies.")
	}
	if len(replies) > MaxQuickReplies {
		return nil, invalid("quick_replies", fieldTooMany, "A message can have at most 10 quick replies.")
	}
	kept := make([]string, 0, len(replies))
	for _, r := range replies {
		text, err := d.messageText("quick_replies", oneLine(r), 1, maxQuickReplyChars)
		if err != nil {
			return nil, err
		}
		if slices.Contains(kept, text) {
			return nil, invalid("quick_replies", fieldTaken, "Two of the quick replies are the same.")
		}
		kept = append(kept, text)
	}
	return kept, nil
}

// sendByBot stores a text message of the bot that has the chat. Unlike an answer of a person it is no first response. It fails with
// [errNotStored] when the bot may not write in the chat or the key was used before.
func (d *Desk) sendByBot(ctx context.Context, actor Actor, o *pendingMessage, lastSeen *int64, replies []string) (*Message, error) {
	var m *Message
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, o.chatID)
		if err != nil {
			return err
		}
		if c.Status != Active || !actor.isParticipant(c) {
			return errNotStored
		}
		if lastSeen != nil {
			newer, err := t.newerMessage(ctx, actor, o.chatID, *lastSeen)
			if err != nil {
				return err
			}
			if newer != nil {
				return t.refuseAsNewer(ctx, actor, o, newer)
			}
		}
		change := t.change(c)
		change.addMessage(Message{
			SenderType: FromAgent, SenderID: actor.ID, Type: Text, Content: o.content, ClientMessageID: o.key,
			ByBot: true, QuickReplies: replies,
		})
		chat := &change.Chat
		chat.LastMessageAt, chat.LastSender, chat.IdleSince, chat.WarnedAt = &change.now, ptr(FromAgent), &change.now, nil
		chat.AwaitingReplySince = nil
		chat.UnreadByUser++
		if chat.IsUnopened() {
			chat.OpenedAt = &change.now
		}
		if err := t.save(ctx, change); err != nil {
			return err
		}
		m = &change.Messages[0]
		_, err = t.NewRaw(`UPDATE bots SET silent_in_a_row = 0, passed_over_until = NULL
			WHERE agent_id = ? AND (silent_in_a_row > 0 OR passed_over_until IS NOT NULL)`, actor.ID).Exec(ctx)
		return err
	})
	if violates(err, messagesClientMessageIDUnique) {
		err = errNotStored
	}
	return m, err
}

// ContentWithReplies returns the text of the message with its quick replies as numbered lines, for those who cannot choose one.
func (m *Message) ContentWithReplies() string {
	if len(m.QuickReplies) == 0 {
		return m.Content
	}
	var b strings.Builder
	b.WriteString(m.Content + "\n")
	for i, r := range m.QuickReplies {
		b.WriteString("\n" + strconv.Itoa(i+1) + ". " + r)
	}
	return b.String()
}
