package models

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// MaxTags is how many tags a chat can have.
const MaxTags = 20

// WrapUp is what an agent says about a chat after its end.
type WrapUp struct {
	Outcome string // the name of one that is offered for the chat, in any case; "" for none
	Tags    []string
}

// WrapUpLists are the names of what is offered for a chat, by name, and what is required of it.
type WrapUpLists struct {
	Outcomes, Tags                     []string
	IsOutcomeRequired, AreTagsRequired bool
}

// IsEmpty reports whether nothing is offered.
func (l *WrapUpLists) IsEmpty() bool { return len(l.Outcomes)+len(l.Tags) == 0 }

// missing returns the required fields that are not filled in, nil for none.
func (l *WrapUpLists) missing(outcome *string, tags []string) error {
	var faults fieldFaults
	if l.IsOutcomeRequired && outcome == nil {
		faults.add(invalid("outcome", fieldRequired, "This chat needs an outcome. Choose one."))
	}
	if l.AreTagsRequired && len(tags) == 0 {
		faults.add(invalid("tags", fieldRequired, "This chat needs a tag. Choose at least one."))
	}
	return faults.err()
}

// isOfferedTo reports whether chats of a department, nil for none, can get the option.
func (o *WrapUpOption) isOfferedTo(department *string) bool {
	return o.RetiredAt == nil && (o.Department == nil || same(o.Department, department))
}

// listsOf returns the lists for a chat of a department, nil for none, out of the options that are offered.
func (d *Desk) listsOf(options []WrapUpOption, department *string) *WrapUpLists {
	l := &WrapUpLists{Outcomes: []string{}, Tags: []string{}}
	for i := range options {
		o := &options[i]
		if !o.isOfferedTo(department) {
			continue
		}
		list := &l.Tags
		if o.Kind == OutcomeOption {
			list = &l.Outcomes
		}
		if _, found := findName(*list, o.Name); !found { // a department may have a name that everyone has
			*list = append(*list, o.Name)
		}
	}
	s := d.Settings()
	l.IsOutcomeRequired = s.RequireOutcome && len(l.Outcomes) > 0
	l.AreTagsRequired = s.RequireTags && len(l.Tags) > 0
	return l
}

// WrapUpLists returns what is offered for a chat. It is what this instance holds in memory, up to 3 s old.
func (d *Desk) WrapUpLists(c *Chat) *WrapUpLists { return d.listsOf(*d.options.Load(), c.Department) }

// OfferedNames returns the names of all outcomes and tags that are offered for any chat. Like WrapUpLists it is up to 3 s old.
func (d *Desk) OfferedNames() *WrapUpLists {
	l := &WrapUpLists{Outcomes: []string{}, Tags: []string{}}
	for _, o := range *d.options.Load() {
		list := &l.Tags
		if o.Kind == OutcomeOption {
			list = &l.Outcomes
		}
		if _, found := findName(*list, o.Name); !found {
			*list = append(*list, o.Name)
		}
	}
	return l
}

// IsToWrapUp reports whether an ended chat still waits for its agent to choose or to skip outcome and tags. That is so
// for chats that ended after something was first offered for them.
func (d *Desk) IsToWrapUp(c *Chat) bool {
	if c.Status != Ended || c.AgentID == nil || c.WrappedUpAt != nil {
		return false
	}
	// Lists of many chats ask for each of them, so this makes no lists.
	return slices.ContainsFunc(*d.options.Load(), func(o WrapUpOption) bool {
		return o.isOfferedTo(c.Department) && !c.EndedAt.Before(o.CreatedAt)
	})
}

// maxToWrapUp is how many chats ChatsToWrapUp returns.
const maxToWrapUp = 50

// ChatsToWrapUp returns the ended chats of an agent that are still to be wrapped up, the latest first, at most 50.
func (d *Desk) ChatsToWrapUp(ctx context.Context, agentID string) ([]AgentChat, error) {
	if len(*d.options.Load()) == 0 {
		return []AgentChat{}, nil
	}
	return d.agentChats(ctx, `WHERE c.agent_id = $1 AND c.status = 'ended' AND c.wrapped_up_at IS NULL
		AND c.ended_at >= (SELECT min(o.created_at) FROM wrap_up_options o
			WHERE o.retired_at IS NULL AND (o.department IS NULL OR o.department = c.department))
		ORDER BY c.ended_at DESC, c.id LIMIT $2`, agentID, maxToWrapUp)
}

// WrapUpChat sets outcome and tags of an ended chat, in place of those that it has. The agent who served it may do so,
// and supervisors; to all others it is 404 chat_not_found. The audit log records who changes what a chat had, and
// supervisors. An open chat is 409 chat_not_ended. An outcome or tag that is neither offered for the chat nor one that it
// has, more than [MaxTags] tags, and a missing one that is required, are validation_failed.
func (d *Desk) WrapUpChat(ctx context.Context, actor Actor, chatID string, w WrapUp) (*Chat, error) {
	return d.withEndedChat(ctx, actor, chatID, func(ctx context.Context, t *tx, change *chatChange) error {
		l, err := d.applyWrapUp(ctx, t, change, w)
		if err != nil {
			return err
		}
		c, before := &change.Chat, &change.before
		if err := l.missing(c.Outcome, c.Tags); err != nil {
			return err
		}
		var changed []string
		if !same(c.Outcome, before.Outcome) {
			changed = append(changed, "outcome")
		}
		if !slices.Equal(c.Tags, before.Tags) {
			changed = append(changed, "tags")
		}
		wasDone := before.WrappedUpAt != nil && !before.WrapUpSkipped
		if wasDone && len(changed) == 0 {
			return nil
		}
		if c.WrappedUpAt == nil {
			c.WrappedUpAt = &change.now
		}
		c.WrapUpSkipped = false
		if wasDone || !actor.isParticipant(c) {
			// What they were is not recorded: rows cannot be changed, so erasing the user could not remove it.
			if err := t.audit(ctx, actor, AuditWrapUpChanged, aboutChat(c), details{"changed": changed}); err != nil {
				return err
			}
		}
		return t.save(ctx, change)
	})
}

// SkipWrapUp takes an ended chat off those that are to be wrapped up, and leaves outcome and tags as they are. Skipping
// again, or after the wrap-up, changes nothing. A missing one that is required is validation_failed; the other refusals
// are those of WrapUpChat.
func (d *Desk) SkipWrapUp(ctx context.Context, actor Actor, chatID string) (*Chat, error) {
	return d.withEndedChat(ctx, actor, chatID, func(ctx context.Context, t *tx, change *chatChange) error {
		c := &change.Chat
		if c.WrappedUpAt != nil {
			return nil
		}
		if err := d.WrapUpLists(c).missing(c.Outcome, c.Tags); err != nil {
			return err
		}
		c.WrappedUpAt, c.WrapUpSkipped = &change.now, true
		return t.save(ctx, change)
	})
}

// SkipWrapUps takes every chat off those that an agent is to wrap up, but for those that need an outcome or a tag, and
// returns how many it took off.
func (d *Desk) SkipWrapUps(ctx context.Context, actor Actor) (skipped int, err error) {
	if !actor.IsAgent() {
		return 0, forbidden("wrong_credential", "This is for agents.")
	}
	chats, err := d.ChatsToWrapUp(ctx, actor.ID)
	if err != nil {
		return 0, err
	}
	slices.SortFunc(chats, func(a, b AgentChat) int { return strings.Compare(a.ID, b.ID) })
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		var changes []*chatChange
		for i := range chats {
			c, err := lockChat(ctx, t, chats[i].ID)
			if errors.Is(err, ErrChatNotFound) {
				continue // erased meanwhile
			}
			if err != nil {
				return err
			}
			if !actor.isParticipant(c) || c.WrappedUpAt != nil || d.WrapUpLists(c).missing(c.Outcome, c.Tags) != nil {
				continue
			}
			change := t.change(c)
			change.Chat.WrappedUpAt, change.Chat.WrapUpSkipped = &change.now, true
			changes = append(changes, change)
		}
		if skipped = len(changes); skipped == 0 {
			return nil
		}
		return t.saveAll(ctx, changes)
	})
	return skipped, err
}

// withEndedChat runs f in a transaction with an ended chat locked that the actor may wrap up, and returns the chat
// afterwards.
func (d *Desk) withEndedChat(ctx context.Context, actor Actor, chatID string,
	f func(ctx context.Context, t *tx, change *chatChange) error,
) (*Chat, error) {
	var after *Chat
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		if !actor.IsAgent() {
			return ErrChatNotFound
		}
		if err := actor.checkCanRead(c); err != nil {
			return err
		}
		if c.Status != Ended {
			return ErrChatNotEnded
		}
		change := t.change(c)
		after = &change.Chat
		return f(ctx, t, change)
	})
	return after, err
}

// wrapUpAtEnd sets outcome and tags of a chat that is being ended. The wrap-up is done, unless one that is required is
// missing or there was nothing to choose from.
func (d *Desk) wrapUpAtEnd(ctx context.Context, t *tx, change *chatChange, w WrapUp) error {
	l, err := d.applyWrapUp(ctx, t, change, w)
	if err != nil {
		return err
	}
	c := &change.Chat
	if !l.IsEmpty() && l.missing(c.Outcome, c.Tags) == nil {
		c.WrappedUpAt = &change.now
	}
	return nil
}

// applyWrapUp sets outcome and tags as they are written in the lists, and returns the lists. It reads them, so that what
// was retired a moment ago is refused on every instance.
func (d *Desk) applyWrapUp(ctx context.Context, t *tx, change *chatChange, w WrapUp) (*WrapUpLists, error) {
	c := &change.Chat
	var options []WrapUpOption
	err := t.NewRaw(`SELECT * FROM wrap_up_options WHERE retired_at IS NULL AND (department IS NULL OR department = ?)
		ORDER BY lower(name), id`, c.Department).Scan(ctx, &options)
	if err != nil {
		return nil, err
	}
	l := d.listsOf(options, c.Department)
	outcome, tags := c.Outcome, c.Tags
	c.Outcome, c.Tags = nil, nil
	if w.Outcome != "" {
		known := l.Outcomes
		if outcome != nil {
			known = append([]string{*outcome}, known...)
		}
		name, found := findName(known, w.Outcome)
		if !found {
			return nil, invalid("outcome", fieldUnknown, "This outcome is not offered for this chat.")
		}
		c.Outcome = &name
	}
	known := slices.Concat(tags, l.Tags)
	for _, tag := range w.Tags {
		name, found := findName(known, tag)
		switch {
		case !found:
			return nil, invalid("tags", fieldUnknown, "A tag is not offered for this chat.")
		case !slices.Contains(c.Tags, name):
			c.Tags = append(c.Tags, name)
		}
	}
	if len(c.Tags) > MaxTags {
		return nil, invalid("tags", fieldOutOfBounds, "A chat can have 20 tags. Choose fewer.")
	}
	slices.Sort(c.Tags)
	return l, nil
}

// findName returns the name in the list that equals another one in any case, and whether there is one.
func findName(list []string, name string) (string, bool) {
	name = strings.TrimSpace(name)
	i := slices.IndexFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
	if i < 0 {
		return "", false
	}
	return list[i], true
}
