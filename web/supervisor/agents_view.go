package supervisor

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/models"
	view "parley/views/supervisor"
	"parley/web/present"
)

// maxSegments is how many segments a load bar may have. Beyond that each represents several chats.
const maxSegments = 24

// online counts the agents of the filter who are online.
func (b *board) online() int {
	n := 0
	for i := range b.load {
		if a := &b.load[i].Agent; b.serves(a) && a.Presence == models.Online {
			n++
		}
	}
	return n
}

// capacity returns the load and the capacity of the filter's online agents. A place that an offer holds is not free.
func (b *board) capacity() (used, all int) {
	for i := range b.load {
		if a := &b.load[i].Agent; b.serves(a) && a.Presence == models.Online {
			used += min(a.Load+a.Reserved, a.MaxConcurrent)
			all += a.MaxConcurrent
		}
	}
	return used, all
}

// agentsView lists the agents of the filter: first those whose users have waited longest for a reply, then by presence.
func (b *board) agentsView(lang string, filter view.Filter) view.Agents {
	shown := view.Agents{Online: b.online(), Filter: filter}
	for i := range b.load {
		if b.serves(&b.load[i].Agent) {
			shown.Cards = append(shown.Cards, b.agentCard(lang, &b.load[i]))
		}
	}
	slices.SortStableFunc(shown.Cards, func(x, y view.Agent) int {
		if c := longestFirst(x.AwaitingReplySince, y.AwaitingReplySince); c != 0 {
			return c
		}
		return cmp.Compare(presenceRank[x.Detail], presenceRank[y.Detail])
	})
	shown.First = len(shown.Cards)
	if !b.showAll {
		shown.First = min(shown.First, initialRows)
	}
	return shown
}

var presenceRank = map[string]int{
	"online": 0, "last_chats": 1, "break": 2, "lost_contact": 3, "inactive": 3, "away": 3, "offline": 4,
}

func longestFirst(x, y *time.Time) int {
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil:
		return 1
	case y == nil:
		return -1
	}
	return x.Compare(*y)
}

func (b *board) agentCard(lang string, l *models.AgentLoad) view.Agent {
	a := &l.Agent
	card := view.Agent{
		ID:       a.ID,
		Name:     a.Name,
		Presence: string(a.Presence),
		Detail:   string(a.Detail()),
		Since:    a.DesiredPresenceAt,
		Load:     a.Load,
		Reserved: a.Reserved,
		Capacity: a.MaxConcurrent,
		Segments: b.segments(l),
		Ratings:  a.RatingCount,
	}
	if on := a.Break(); on != nil {
		card.BreakName, card.BreakEndsAt, card.BreakOver = on.Reason.In(lang), &on.EndsAt, on.IsOver
	}
	extra := a.PresenceChange()
	card.ExtraUntil, card.HasExtra = extra.ExtraUntil, extra.HasExtra
	card.TemporaryUntil = extra.MaxUntil
	if a.RatingCount > 0 {
		card.Rating = strconv.FormatFloat(a.AvgRating(), 'f', 1, 64)
	}
	for _, slug := range a.Departments {
		card.Slugs = append(card.Slugs, slug)
		card.Departments = append(card.Departments, b.departmentName(slug))
	}
	if a.Presence == models.Away && a.DesiredPresence == models.Online || a.LostAt != nil && a.Presence != models.Offline {
		back := a.SeenAt.Add(b.settings.PresenceTimeout + b.settings.PresenceGrace)
		card.LostContact, card.Since, card.ReturnsAt = true, a.SeenAt, &back
	}
	if len(l.AwaitingSince) > 0 {
		card.AwaitingReplySince = &l.AwaitingSince[0]
		card.Level = levelOf(b.readAt.Sub(*card.AwaitingReplySince), replyWarning, present.LateReplyAfter)
	}
	return card
}

// segments returns the kind of each segment of a load bar, the most urgent first: late, awaiting, answered, idle, offered or free.
func (b *board) segments(l *models.AgentLoad) []string {
	late := 0
	for _, since := range l.AwaitingSince {
		if b.readAt.Sub(since) > present.LateReplyAfter {
			late++
		}
	}
	awaiting := len(l.AwaitingSince)
	answered := max(0, l.Agent.Load-awaiting-l.Idle) // load and chats are read a moment apart
	all := strings.Repeat("late ", late) + strings.Repeat("awaiting ", awaiting-late) + strings.Repeat("answered ", answered) +
		strings.Repeat("idle ", l.Idle) + strings.Repeat("offered ", l.Agent.Reserved) +
		strings.Repeat("free ", max(0, l.Agent.MaxConcurrent-awaiting-answered-l.Idle-l.Agent.Reserved))
	kinds := strings.Fields(all)
	if len(kinds) <= maxSegments {
		return kinds
	}
	few := make([]string, maxSegments)
	for i := range few {
		few[i] = kinds[i*len(kinds)/maxSegments]
	}
	return few
}
