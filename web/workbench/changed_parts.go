package workbench

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/a-h/templ"

	"parley/models"
	view "parley/views/workbench"
	"parley/web/live"
)

// drawing is the data of the page without the open chat.
type drawing struct {
	me    view.Me
	queue view.QueueSummary
	empty view.EmptyState
	list  view.List

	offers []view.OfferCard

	reminders view.Reminders
	closing   view.Closing
}

func (b *workbench) drawing(ctx context.Context) drawing {
	return drawing{
		me: b.me(), queue: b.queueSummary(), empty: b.empty(), list: b.list(), offers: b.offerCards(ctx), reminders: b.reminders(),
		closing: b.closing(),
	}
}

// changedParts returns the parts of the page that differ from those drawn last, and records that they are drawn.
func (f *frameWriter) changedParts(ctx context.Context, b *workbench) []templ.Component {
	before, now := f.drawn, b.drawing(ctx)
	var parts []templ.Component
	if !reflect.DeepEqual(before.me, now.me) {
		before.me.Segments = now.me.Segments
		if reflect.DeepEqual(before.me, now.me) {
			parts = append(parts, view.MyCapacity(now.me))
		} else {
			parts = append(parts, view.Status(now.me))
		}
	}
	if !sameLost(before.me, now.me) {
		parts = append(parts, view.Lost(now.me))
	}
	if !sameNote(before.me, now.me) {
		parts = append(parts, view.PresenceNote(now.me))
	}
	if !reflect.DeepEqual(before.me.Temporary, now.me.Temporary) {
		parts = append(parts, view.CapacityNote(now.me))
	}
	if sameQueue(before.queue, now.queue) {
		now.queue.Oldest = before.queue.Oldest
	} else {
		parts = append(parts, view.Queue(now.queue))
	}
	if !reflect.DeepEqual(before.reminders, now.reminders) {
		parts = append(parts, view.ReminderRules(now.reminders))
	}
	if !reflect.DeepEqual(before.closing, now.closing) {
		parts = append(parts, view.ClosingNote(now.closing))
	}
	if before.empty != now.empty {
		parts = append(parts, view.NoChat(now.empty))
	}
	if !reflect.DeepEqual(before.offers, now.offers) {
		parts = append(parts, view.Offers(now.offers))
	}
	if len(before.list.Messages) != len(now.list.Messages) {
		parts = append(parts, view.MessageCount(len(now.list.Messages)))
	}
	f.drawn = now
	return append(parts, changedRows(before.list, now.list)...)
}

// sameNote reports whether two states show the same note about the presence.
func sameNote(a, b view.Me) bool {
	isOver := func(m view.Me) bool { return m.Break != nil && m.Break.IsOver }
	switch {
	case a.Detail != b.Detail || isOver(a) != isOver(b):
		return false
	case isOver(a):
		return reflect.DeepEqual(a.Break, b.Break)
	}
	return a.Detail != "inactive" || a.Load == b.Load && a.Since.Equal(b.Since)
}

func sameLost(a, b view.Me) bool {
	if a.Lost == nil || b.Lost == nil {
		return a.Lost == b.Lost
	}
	return a.Lost.Equal(*b.Lost) && a.Load == b.Load
}

// sameQueue reports whether two summaries of the queue look the same. The longest wait is in whole seconds, so the start that is calculated
// from it varies.
func sameQueue(a, b view.QueueSummary) bool {
	moved := a.Oldest.Sub(b.Oldest).Abs()
	a.Oldest, b.Oldest = time.Time{}, time.Time{}
	return a == b && moved < 2*time.Second
}

// placed is a row of the list with its section.
type placed struct {
	section string
	row     view.Row
}

// changedRows returns the parts that turn one list into another: the removed rows, then the changed ones from last to first, each with the
// row that follows it. The order depends only on what rows show, so unchanged rows keep their order.
func changedRows(before, now view.List) []templ.Component {
	var parts []templ.Component
	old, rows := placedRows(before), placedRows(now)
	known, kept := make(map[string]placed, len(old)), make(map[string]bool, len(rows))
	for _, p := range rows {
		kept[p.row.ChatID] = true
	}
	for _, p := range old {
		if known[p.row.ChatID] = p; !kept[p.row.ChatID] {
			parts = append(parts, view.GoneRow(p.row.ChatID))
		}
	}
	for i := len(rows) - 1; i >= 0; i-- {
		p, next := rows[i], ""
		if i+1 < len(rows) && rows[i+1].section == p.section {
			next = rows[i+1].row.ChatID
		}
		if known[p.row.ChatID] != p {
			parts = append(parts, view.PlacedRow(p.section, next, p.row))
		}
	}
	return parts
}

func placedRows(l view.List) []placed {
	var all []placed
	for _, s := range []struct {
		section string
		rows    []view.Row
	}{
		{view.SectionAwaitingReply, l.AwaitingReply},
		{view.SectionAnswered, l.Answered},
		{view.SectionMessages, l.Messages},
		{view.SectionToWrapUp, l.ToWrapUp},
		{view.SectionEnded, l.Ended},
	} {
		for _, row := range s.rows {
			all = append(all, placed{s.section, row})
		}
	}
	return all
}

// changedChatParts returns the parts of chats that differ after a change of one: its own and, if its user changed, those of
// the user's other chats.
func (f *frameWriter) changedChatParts(ctx context.Context, b *workbench, c *models.AgentChat, it live.Changed) ([]templ.Component, error) {
	before := f.last.chat(c.ID)
	parts := b.changedUserParts(ctx, before, c)
	if it.User != nil {
		for i := range b.chats {
			if other := &b.chats[i]; other.ID != c.ID && other.UserID == c.UserID {
				parts = append(parts, b.changedUserParts(ctx, f.last.chat(other.ID), other)...)
			}
		}
	}
	// Another user has other earlier chats, and the panel quotes what the user said first.
	if before != nil && before.UserID != c.UserID || slices.ContainsFunc(it.Updated, isFromUser) {
		about, err := b.userPanel(ctx, c, nil)
		if err != nil {
			return nil, err
		}
		parts = append(parts, view.About(about))
	}
	if it.Answered() {
		answers, err := b.answers(ctx, &c.Chat)
		if err != nil {
			return nil, err
		}
		parts = append(parts, view.AboutAnswers(c.ID, answers))
	}
	if it.Assisted() || before == nil {
		a, err := b.assist(ctx, c)
		if err != nil {
			return nil, err
		}
		parts = append(parts, view.AssistBar(a))
	}
	// The composer is drawn again only when it opens or closes: it may contain a draft.
	if it.Assigned() || it.Ended() || before == nil || c.Status == models.Ended && !sameEnd(&before.Chat, &c.Chat) {
		w, err := b.composer(ctx, c)
		if err != nil {
			return nil, err
		}
		parts = append(parts, view.Composer(w))
	}
	return parts, nil
}

func isFromUser(m models.Message) bool { return m.SenderType == models.FromUser }

// changedUserParts returns the parts about the user of a chat, and its header, that differ from before; all of them if before is nil.
func (b *workbench) changedUserParts(ctx context.Context, before, now *models.AgentChat) []templ.Component {
	var parts []templ.Component
	parts = append(parts, b.changedHeader(before, now)...)
	is := userOf(ctx, now)
	if before == nil || !reflect.DeepEqual(userOf(ctx, before), is) {
		parts = append(parts, view.AboutName(is), view.AboutPage(is), view.AboutContact(is))
	}
	return parts
}

// changedHeader returns the header of a chat if it differs from before, or only HeaderWait if nothing else does.
func (b *workbench) changedHeader(before, now *models.AgentChat) []templ.Component {
	is := b.head(now)
	if before == nil {
		return []templ.Component{view.Header(is)}
	}
	was := b.head(before)
	if was == is {
		return nil
	}
	if was.State, was.AwaitingReplySince = is.State, is.AwaitingReplySince; was == is {
		return []templ.Component{view.HeaderWait(is)}
	}
	return []templ.Component{view.Header(is)}
}

// sameEnd reports whether the closed composer of two states of a chat looks the same. It changes when the chat ends, is rated or is
// wrapped up.
func sameEnd(a, b *models.Chat) bool {
	return a.Status == b.Status && reflect.DeepEqual(a.Rating, b.Rating) && reflect.DeepEqual(a.RatingComment, b.RatingComment) &&
		slices.Equal(a.RatingReasons, b.RatingReasons) &&
		reflect.DeepEqual(a.Outcome, b.Outcome) && slices.Equal(a.Tags, b.Tags) && reflect.DeepEqual(a.WrappedUpAt, b.WrappedUpAt)
}
