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

// mostSegments is how many segments a load bar has; beyond that each stands for several slots.
const mostSegments = 24

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

// slots counts those of the filter's online agents.
func (b *board) slots() (used, all int) {
	for i := range b.load {
		if a := &b.load[i].Agent; b.serves(a) && a.Presence == models.Online {
			used += min(a.Load, a.MaxConcurrent)
			all += a.MaxConcurrent
		}
	}
	return used, all
}

// agentsView puts whoever has owed an answer longest first, then those who hold chats or could.
func (b *board) agentsView(filter view.Filter) view.Agents {
	shown := view.Agents{Online: b.online(), Filter: filter}
	for i := range b.load {
		if b.serves(&b.load[i].Agent) {
			shown.Cards = append(shown.Cards, b.agentCard(&b.load[i]))
		}
	}
	slices.SortStableFunc(shown.Cards, func(x, y view.Agent) int {
		if c := longestFirst(x.Owed, y.Owed); c != 0 {
			return c
		}
		return cmp.Compare(presenceRank[x.Presence], presenceRank[y.Presence])
	})
	shown.First = len(shown.Cards)
	if !b.all {
		shown.First = min(shown.First, firstRows)
	}
	return shown
}

var presenceRank = map[string]int{"online": 0, "away": 1, "offline": 2}

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

func (b *board) agentCard(l *models.AgentLoad) view.Agent {
	a := &l.Agent
	card := view.Agent{
		ID: a.ID, Name: a.Name, Presence: string(a.Presence), Since: a.DesiredPresenceAt, Load: a.Load, Slots: a.MaxConcurrent,
		Segments: b.segments(l), Ratings: a.RatingCount,
	}
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
		card.Owed = &l.AwaitingSince[0]
		card.Level = levelOf(b.at.Sub(*card.Owed), owedOver, present.LateReplyAfter)
	}
	return card
}

// segments says for each slot what its chat is, the most urgent first.
func (b *board) segments(l *models.AgentLoad) []string {
	late := 0
	for _, since := range l.AwaitingSince {
		if b.at.Sub(since) > present.LateReplyAfter {
			late++
		}
	}
	owed := len(l.AwaitingSince)
	answered := max(0, l.Agent.Load-owed-l.Quiet) // load and chats are read a moment apart
	all := strings.Repeat("late ", late) + strings.Repeat("owed ", owed-late) + strings.Repeat("answered ", answered) +
		strings.Repeat("quiet ", l.Quiet) + strings.Repeat("free ", max(0, l.Agent.MaxConcurrent-owed-answered-l.Quiet))
	kinds := strings.Fields(all)
	if len(kinds) <= mostSegments {
		return kinds
	}
	few := make([]string, mostSegments)
	for i := range few {
		few[i] = kinds[i*len(kinds)/mostSegments]
	}
	return few
}
