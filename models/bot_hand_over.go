package models

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun/dialect/pgdialect"
)

// Why a chat is handed over without a word of the bot. The values are in the audit log.
const (
	botSilent   = "silent"   // a message of the user was not answered in time
	botDisabled = "disabled" // by an administrator
	botKeyless  = "no_key"   // its last API key was revoked or has expired
)

// HandOverRequest is what a bot says when it hands a chat over.
type HandOverRequest struct {
	Note       string // that only agents see, at most 4,000 characters; "" for none
	Department string // short name of the department that is to get it; "" for its own
}

// HandOverToPerson ends what a bot does in a chat and returns the chat. It waits for a person then, at the place in the queue that it would
// have if it had waited since it began. The bot and supervisors may do so. No bot gets the chat again.
//
// A chat that no bot has is 409 chat_not_with_bot, an ended one 409 chat_ended, one that the actor may not know of 404 chat_not_found. An
// unknown department or a note that is too long is validation_failed.
func (d *Desk) HandOverToPerson(ctx context.Context, actor Actor, chatID string, r HandOverRequest) (*Chat, error) {
	note, err := d.optionalMessageText("note", r.Note, maxContent)
	if err != nil {
		return nil, err
	}
	return d.withMovableChat(ctx, actor, chatID, func(ctx context.Context, t *tx, change *chatChange) error {
		c := &change.Chat
		if !c.IsWithBot() {
			return ErrChatNotWithBot
		}
		if note != nil {
			change.addMessage(Message{SenderType: FromAgent, SenderID: actor.ID, ByBot: actor.IsBot, Type: Note, Content: *note})
		}
		foreign, from, department := !actor.isParticipant(c), c.ServedBy(), c.Department
		if r.Department != "" {
			c.Department = &r.Department
		}
		if err := d.requeue(ctx, t, change, SystemHandedOver); err != nil || !foreign {
			return err
		}
		return t.auditMove(ctx, actor, AuditChatTransferred, c, from, department)
	})
}

// AskForPerson hands a chat that a bot has over because its user asks for it, and returns the chat; where no bot has it, this changes
// nothing. To all others it is 404 chat_not_found, and an ended chat is 409 chat_ended.
func (d *Desk) AskForPerson(ctx context.Context, actor Actor, chatID string) (*Chat, error) {
	var asked *Chat
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		if !actor.IsUser() || !actor.isParticipant(c) {
			return ErrChatNotFound
		}
		if !c.IsOpen() {
			return ErrChatEnded
		}
		change := t.change(c)
		if asked = &change.Chat; !c.IsWithBot() {
			return nil
		}
		change.addAgentLine(SystemPersonAsked, nil)
		return d.requeue(ctx, t, change, SystemHandedOver)
	})
	return asked, err
}

// handOver takes an active chat from its bot. It waits at the place of its beginning: unlike a chat that comes back from a person it is
// not put before others.
func (c *chatChange) handOver(from *Agent) {
	c.addSystemMessage(SystemHandedOver, map[string]string{"agent": from.Name})
	chat := &c.Chat
	chat.Status, chat.AgentID, chat.AssignedAt = Waiting, nil, nil
	// The user waits for a person from now on, and has sent no heartbeats before.
	chat.LiveAt, chat.UserSeenAt = &c.now, c.now
	if chat.AwaitingReplySince == nil {
		chat.AwaitingReplySince = &c.now
	}
	chat.IdleSince, chat.WarnedAt = nil, nil
	c.lowerHand()
	c.PrevAgentID, c.Returned, c.queueCause = from.ID, true, CauseReturned
}

// dueOfBots are the active chats c of bots b that are handed over now, because a message of the user was not answered in time, or because
// the bot can no longer answer. After an outage of Parley the time to answer starts again. The chats are found by chats_active_by_agent,
// at most 1,000 of each bot.
const dueOfBots = ` FROM bots b JOIN agents a ON a.id = b.agent_id JOIN chats c ON c.agent_id = b.agent_id AND c.status = 'active' CROSS JOIN pulse p
	WHERE (` + isSilent + ` OR a.disabled_at IS NOT NULL OR NOT ` + hasBotKey + `)`

const isSilent = `coalesce(c.awaiting_since IS NOT NULL
	AND greatest(c.awaiting_since, c.assigned_at, p.resumed_at) + make_interval(secs => b.answer_seconds) <= clock_timestamp(), false)`

// botSweepBatch is how many chats one round of SweepBots reads.
const botSweepBatch = 100

// SweepBots hands the chats over whose bot has not answered in time, is disabled or has no API key any more, each in a transaction of its
// own, and passes a bot over for 5 minutes that did not answer in 3 chats in a row. It may run twice at once: what is due is decided again
// under the lock of the chat. A chat whose handing over fails keeps no other from it; its error is returned at the end.
func (d *Desk) SweepBots(ctx context.Context) error {
	if !d.reload.hasBots.Load() {
		return nil
	}
	failed := []string{}
	var first error
	for {
		var ids []string
		if err := d.db.NewRaw(`SELECT c.id`+dueOfBots+` AND c.id::text <> ALL(?) ORDER BY c.awaiting_since NULLS LAST, c.id LIMIT ?`,
			pgdialect.Array(failed), botSweepBatch).Scan(ctx, &ids); err != nil {
			return translate(err)
		}
		for _, id := range ids {
			err := d.handOverIfDue(ctx, id)
			if err == nil || errors.Is(err, ErrChatNotFound) {
				continue
			}
			if ctx.Err() != nil {
				return err
			}
			if failed = append(failed, id); first == nil {
				first = err
			}
		}
		if len(ids) < botSweepBatch {
			break
		}
	}
	if first != nil {
		return fmt.Errorf("chats of bots that could not be handed over: %d, the first is %s: %w", len(failed), failed[0], first)
	}
	return nil
}

// sweepBotsNow is SweepBots for a change that is committed: what fails is left to the task, which runs every second.
func (d *Desk) sweepBotsNow(ctx context.Context) {
	if err := d.SweepBots(ctx); err != nil {
		d.log.WarnContext(ctx, "chats of a bot that can no longer answer were not handed over yet", "error", err)
	}
}

// handOverIfDue hands one chat over if that is still due once the chat is locked, and records it.
func (d *Desk) handOverIfDue(ctx context.Context, chatID string) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		var why []string
		err = t.NewRaw(`SELECT CASE WHEN a.disabled_at IS NOT NULL THEN ? WHEN NOT `+hasBotKey+` THEN ? ELSE ? END`+dueOfBots+` AND c.id = ?`,
			botDisabled, botKeyless, botSilent, chatID).
			Scan(ctx, &why)
		if err != nil || len(why) == 0 {
			return err
		}
		change, bot := t.change(c), c.ServedBy()
		name := ""
		if err := t.NewRaw(`SELECT name FROM agents WHERE id = ?`, bot).Scan(ctx, &name); err != nil {
			return err
		}
		line := SystemBotGone
		if why[0] == botSilent {
			line = SystemBotSilent
		}
		change.addAgentLine(line, map[string]string{"agent": name})
		if err := d.requeue(ctx, t, change, SystemHandedOver); err != nil {
			return err
		}
		if why[0] == botSilent {
			_, err := t.NewRaw(`UPDATE bots SET silent_in_a_row = silent_in_a_row + 1, passed_over_until = CASE WHEN silent_in_a_row + 1 >= ?
				THEN clock_timestamp() + make_interval(secs => ?) ELSE passed_over_until END WHERE agent_id = ?`,
				silentLimit, passedOverFor.Seconds(), bot).
				Exec(ctx)
			if err != nil {
				return err
			}
		}
		return t.audit(ctx, Actor{}, AuditBotHandedOver, aboutChat(&change.Chat), details{"bot": name, "bot_id": bot, "reason": why[0]})
	})
}
