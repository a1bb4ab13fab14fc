package workbench

import (
	"cmp"
	"slices"
	"time"

	"parley/models"
	"parley/views/ui"
	view "parley/views/workbench"
	"parley/web/present"
)

func (b *workbench) me() view.Me {
	m := view.Me{
		CSRF: b.csrf, Presence: string(b.self.Presence), Detail: string(b.self.Detail()), Since: b.self.DesiredPresenceAt,
		Load: b.load(), Segments: b.segments(),
	}
	m.Capacity = b.self.MaxConcurrent
	change := b.self.PresenceChange()
	m.ExtraUntil, m.HasExtra = change.ExtraUntil, change.HasExtra
	if change.MaxUntil != nil {
		m.Temporary = &view.TemporaryCapacity{Now: b.self.MaxConcurrent, Regular: b.self.RegularCapacity(), Until: *change.MaxUntil}
	}
	for i := range b.reasons {
		r := &b.reasons[i]
		m.Reasons = append(m.Reasons, view.BreakReason{ID: r.ID, Name: r.In(b.lang), Minutes: r.Minutes})
	}
	if on := b.self.Break(); on != nil {
		m.Break = &view.Break{ReasonID: on.Reason.ID, Name: on.Reason.In(b.lang), EndsAt: on.EndsAt, IsOver: on.IsOver}
	}
	if b.self.Presence != b.self.DesiredPresence && b.self.DisabledAt == nil {
		m.Since = b.lostAt()
		m.Lost = &m.Since
	}
	return m
}

func (b *workbench) reminders() view.Reminders {
	r := b.self.Reminders()
	out := view.Reminders{Repeat: r.Repeat, After: b.desk.Settings().RemindAfter}
	for _, p := range r.QuietPeriods(b.at) {
		out.Quiet = append(out.Quiet, view.Period(p))
	}
	return out
}

// lostAt returns when Parley lost contact with the agent. Until the sweep has stored it, it is calculated.
func (b *workbench) lostAt() time.Time {
	if b.self.LostAt != nil {
		return *b.self.LostAt
	}
	return b.self.SeenAt.Add(b.desk.Settings().PresenceTimeout)
}

func (b *workbench) queueSummary() view.QueueSummary {
	s := view.QueueSummary{
		Waiting: b.overview.Waiting,
		Detail:  string(b.self.Detail()),
		Free:    max(0, b.self.MaxConcurrent-b.self.Reserved-b.load()),
	}
	if s.Waiting > 0 {
		s.Oldest = b.overviewAt.Add(-time.Duration(b.overview.LongestWaitSeconds) * time.Second)
	}
	return s
}

// list returns the chats by section: those that await a reply, the longest wait first, then the answered and the last ended ones, the
// latest first.
func (b *workbench) list() view.List {
	s := b.desk.Settings()
	l := view.List{CanSkipAll: !s.RequireOutcome && !s.RequireTags, CSRF: b.csrf}
	for i := range b.chats {
		row := b.row(&b.chats[i])
		switch {
		case row.IsMessage && row.State != "ended":
			l.Messages = append(l.Messages, row)
		case row.State == "awaiting":
			l.AwaitingReply = append(l.AwaitingReply, row)
		case row.State != "ended":
			l.Answered = append(l.Answered, row)
		case b.isToWrapUp(&b.chats[i].Chat):
			l.ToWrapUp = append(l.ToWrapUp, row)
		case len(l.Ended) < endedShown:
			l.Ended = append(l.Ended, row)
		}
	}
	slices.SortStableFunc(l.AwaitingReply, func(a, b view.Row) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ChatID, b.ChatID))
	})
	slices.SortStableFunc(l.Messages, func(a, b view.Row) int {
		switch aOwed, bOwed := a.State == "awaiting", b.State == "awaiting"; {
		case aOwed && bOwed:
			return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ChatID, b.ChatID))
		case aOwed:
			return -1
		case bOwed:
			return 1
		}
		return cmp.Or(b.Since.Compare(a.Since), cmp.Compare(a.ChatID, b.ChatID))
	})
	return l
}

func (b *workbench) row(c *models.AgentChat) view.Row {
	r := view.Row{
		ChatID:           c.ID,
		Name:             c.UserName,
		NameIsUnverified: c.NameIsUnverified,
		State:            stateOf(&c.Chat),
		Since:            lastActivity(&c.Chat),
		EndsAt:           b.desk.EndsAt(&c.Chat),
		PageTitle:        present.Deref(c.PageTitle),
		Last:             present.Deref(c.LastContent),
		LastType:         present.LastType(c),
		Unread:           c.UnreadByAgent,
		New:              c.FirstResponseAt == nil && c.Status == models.Active,
	}
	if c.IsUnopened() {
		r.UnopenedSince = *c.AssignedAt
	}
	if c.IsMessage() {
		r.IsMessage, r.ReplyDebt = true, b.replyDebt(&c.Chat)
	}
	r.LastByAgent = c.LastSender != nil && *c.LastSender == models.FromAgent && c.LastSenderID == b.self.ID
	switch r.State {
	case "ended":
		r.Unread = 0
	case "idle":
		settings := b.desk.Settings()
		r.WarningPeriod = settings.IdleTimeout - settings.IdleWarning
	}
	return r
}

// replyDebt returns the reply debt of a message in whole minutes: rows that show the same are not sent again.
func (b *workbench) replyDebt(c *models.Chat) time.Duration {
	if c.Status != models.Active || c.AwaitingReplySince == nil {
		return 0
	}
	return max(time.Minute, b.desk.ReplyDebt(c, b.at).Truncate(time.Minute))
}

// stateOf returns the state of a row: awaiting, answered, idle or ended.
func stateOf(c *models.Chat) string {
	switch {
	case c.Status == models.Ended:
		return "ended"
	case c.AwaitingReplySince != nil:
		return "awaiting"
	case c.WarnedAt != nil:
		return "idle"
	}
	return "answered"
}

func lastActivity(c *models.Chat) time.Time {
	switch {
	case c.EndedAt != nil:
		return *c.EndedAt
	case c.AwaitingReplySince != nil:
		return *c.AwaitingReplySince
	case c.LastMessageAt != nil:
		return *c.LastMessageAt
	case c.AssignedAt != nil:
		return *c.AssignedAt
	}
	return c.CreatedAt
}

// segments returns the load of the agent, the most urgent chat first, filled up with free capacity. It has one for each chat, even when
// they exceed the capacity.
func (b *workbench) segments() []ui.CapacitySegment {
	var segments []ui.CapacitySegment
	l := b.list()
	for _, row := range append(l.AwaitingReply, l.Answered...) {
		s := ui.CapacitySegment{Kind: row.State}
		if row.State == "awaiting" {
			s.Since = row.Since
			if b.at.Sub(row.Since) >= present.LateReplyAfter {
				s.Kind = "late"
			}
		}
		segments = append(segments, s)
	}
	for range b.self.Reserved {
		segments = append(segments, ui.CapacitySegment{Kind: "offered"})
	}
	for len(segments) < b.self.MaxConcurrent {
		segments = append(segments, ui.CapacitySegment{Kind: "free"})
	}
	return segments
}

func (b *workbench) empty() view.EmptyState {
	l := b.list()
	e := view.EmptyState{
		CSRF:     b.csrf,
		Presence: string(b.self.Presence),
		Detail:   string(b.self.Detail()),
		Chats:    len(l.AwaitingReply) + len(l.Answered),
		Waiting:  b.overview.Waiting,
	}
	switch {
	case len(l.AwaitingReply) > 0:
		e.Longest = l.AwaitingReply[0].ChatID
	case len(l.Messages) > 0 && l.Messages[0].State == "awaiting":
		e.Longest = l.Messages[0].ChatID
	}
	return e
}

// transferOptions returns the agents and queues that can be offered a chat.
func (b *workbench) transferOptions(c *models.AgentChat, options *models.TransferOptions) *view.Transfer {
	t := &view.Transfer{CSRF: b.csrf, ChatID: c.ID, Name: c.UserName, Seconds: int(b.desk.Settings().OfferPeriod.Seconds())}
	for i := range options.Agents {
		a := &options.Agents[i]
		t.Agents = append(t.Agents, view.AgentOption{ID: a.ID, Name: a.Name, Load: a.Load, Reserved: a.Reserved, Max: a.MaxConcurrent})
	}
	for i := range options.Departments {
		d := &options.Departments[i]
		t.Departments = append(t.Departments, view.DepartmentOption{
			Slug: d.Slug, Name: d.Name, Online: d.Online, Free: d.Free, Waiting: d.Waiting,
		})
	}
	return t
}
