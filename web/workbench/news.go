package workbench

import (
	"context"
	"reflect"
	"time"

	"github.com/a-h/templ"

	"parley/models"
	view "parley/views/workbench"
	"parley/web/live"
)

// drawing is what stands on the page, as far as it belongs to no single chat.
type drawing struct {
	me    view.Me
	strip view.Strip
	empty view.Empty
	list  view.List
}

func (b *workbench) drawing() drawing {
	return drawing{me: b.me(), strip: b.strip(), empty: b.empty(), list: b.list()}
}

// news returns the parts of the page that look different from what was drawn last, and takes them as drawn.
func (f *frameWriter) news(b *workbench) []templ.Component {
	before, now := f.drawn, b.drawing()
	var parts []templ.Component
	if !reflect.DeepEqual(before.me, now.me) {
		before.me.Slots = now.me.Slots
		if reflect.DeepEqual(before.me, now.me) {
			parts = append(parts, view.MySlots(now.me))
		} else {
			parts = append(parts, view.Status(now.me))
		}
	}
	if lost := now.me.Lost; (lost == nil) != (before.me.Lost == nil) || lost != nil && (!lost.Equal(*before.me.Lost) || now.me.Load != before.me.Load) {
		parts = append(parts, view.Lost(now.me))
	}
	if sameStrip(before.strip, now.strip) {
		now.strip.Oldest = before.strip.Oldest
	} else {
		parts = append(parts, view.Queue(now.strip))
	}
	if before.empty != now.empty {
		parts = append(parts, view.Nothing(now.empty))
	}
	f.drawn = now
	return append(parts, rowNews(before.list, now.list)...)
}

// sameStrip reports whether two strips say the same. How long somebody waits is told in whole seconds and a moment later than it was read, so that
// the time at which the wait began is not always the same.
func sameStrip(a, b view.Strip) bool {
	moved := a.Oldest.Sub(b.Oldest).Abs()
	a.Oldest, b.Oldest = time.Time{}, time.Time{}
	return a == b && moved < 2*time.Second
}

// placed is a row of the list and where it is.
type placed struct {
	section string
	row     view.Row
}

// rowNews returns what turns one list into another: the rows that are gone, then the others that look different, from the last to the first, each
// with the row that follows. Rows are sorted by what they show, so those that look the same keep their order.
func rowNews(before, now view.List) []templ.Component {
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
	}{{view.SectionOwed, l.Owed}, {view.SectionAnswered, l.Answered}, {view.SectionEnded, l.Ended}} {
		for _, row := range s.rows {
			all = append(all, placed{s.section, row})
		}
	}
	return all
}

// chatNews returns the parts of chats that look different after a change of one: those of the chat itself, and where the change tells who the user
// is, those of the user's other chats.
func (f *frameWriter) chatNews(ctx context.Context, b *workbench, c *models.AgentChat, it live.Changed) ([]templ.Component, error) {
	before := f.last.chat(c.ID)
	parts := b.userNews(ctx, before, c)
	if it.User != nil {
		for i := range b.chats {
			if other := &b.chats[i]; other.ID != c.ID && other.UserID == c.UserID {
				parts = append(parts, b.userNews(ctx, f.last.chat(other.ID), other)...)
			}
		}
	}
	if before != nil && before.UserID != c.UserID { // who came before as somebody else has other earlier chats
		about, err := b.person(ctx, c, nil)
		if err != nil {
			return nil, err
		}
		parts = append(parts, view.About(about))
	}
	// The composer is drawn again only when it opens or closes: somebody may be writing in it.
	if it.Assigned() || it.Ended() || before == nil || c.Status == models.Ended && !sameEnd(&before.Chat, &c.Chat) {
		w, err := b.write(ctx, c)
		if err != nil {
			return nil, err
		}
		parts = append(parts, view.WriteBox(w))
	}
	return parts, nil
}

// userNews returns the head of a chat and the parts about its user that look different from before; all where before is nil.
func (b *workbench) userNews(ctx context.Context, before, now *models.AgentChat) []templ.Component {
	var parts []templ.Component
	parts = append(parts, b.headNews(before, now)...)
	is := personOf(ctx, now)
	if before == nil || !reflect.DeepEqual(personOf(ctx, before), is) {
		parts = append(parts, view.AboutName(is), view.AboutPage(is), view.AboutContact(is))
	}
	return parts
}

// headNews returns what looks different in the head of a chat.
func (b *workbench) headNews(before, now *models.AgentChat) []templ.Component {
	is := b.head(now)
	if before == nil {
		return []templ.Component{view.TalkHead(is)}
	}
	was := b.head(before)
	if was == is {
		return nil
	}
	if was.State, was.Owed = is.State, is.Owed; was == is {
		return []templ.Component{view.TalkOwed(is)}
	}
	return []templ.Component{view.TalkHead(is)}
}

// sameEnd reports whether two states of an ended chat end alike: it may be rated between them.
func sameEnd(a, b *models.Chat) bool {
	return a.Status == b.Status && reflect.DeepEqual(a.Rating, b.Rating) && reflect.DeepEqual(a.RatingComment, b.RatingComment)
}
