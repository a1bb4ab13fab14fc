package api

import (
	"slices"

	"parley/models"
	"parley/views/text"
)

// WhyWaiting is why a chat waits. A chat that does not wait any more has no position and no agents.
type WhyWaiting struct {
	ChatID        string       `json:"chat_id"`
	Status        string       `json:"status"`
	IsWaiting     IntBool      `json:"is_waiting"`
	Department    *string      `json:"department"`
	ServiceID     string       `json:"service_id"`
	QueuePosition *int         `json:"queue_position"`
	AsOf          Time         `json:"as_of"`
	SummaryEn     string       `json:"summary_en"`
	SummaryZhCN   string       `json:"summary_zh_cn"`
	Agents        []WhyRefusal `json:"agents"`
}

// WhyRefusal is why one agent does not have a waiting chat.
type WhyRefusal struct {
	ServiceID string `json:"service_id"`
	Name      string `json:"name"`
	Presence  string `json:"presence"`
	PresenceDetails
	Load          int     `json:"load"`
	Reserved      int     `json:"reserved"`
	MaxConcurrent int     `json:"max_concurrent"`
	Rule          string  `json:"rule"`
	SentenceEn    string  `json:"sentence_en"`
	SentenceZhCN  string  `json:"sentence_zh_cn"`
	Since         *Time   `json:"since"`
	Ahead         int     `json:"ahead"`
	KeptUntil     *Time   `json:"kept_until"`
	KeptBecause   *string `json:"kept_because"`
}

// WhyWaitingOf returns the body. department is the name of the chat's department, "" for none.
func WhyWaitingOf(w *models.WaitExplanation, department, agent string) WhyWaiting {
	c := &w.Chat.Chat
	out := WhyWaiting{
		ChatID: c.ID, Status: string(c.Status), IsWaiting: IntBool(w.Position > 0), Department: c.Department, ServiceID: c.ServedBy(),
		AsOf: Time(w.At), SummaryEn: WhySummary(text.English, w, department, agent),
		SummaryZhCN: WhySummary(text.Chinese, w, department, agent), Agents: make([]WhyRefusal, len(w.Agents)),
	}
	if w.Position > 0 {
		out.QueuePosition = &w.Position
	}
	for i := range w.Agents {
		out.Agents[i] = whyRefusalOf(&w.Agents[i], department)
	}
	return out
}

func whyRefusalOf(one *models.AgentRefusal, department string) WhyRefusal {
	a := &one.Agent
	out := WhyRefusal{
		ServiceID: a.ID, Name: a.Name, Presence: string(a.Presence), PresenceDetails: PresenceDetailsOf(a.PresenceChange()),
		Load: a.Load, Reserved: a.Reserved, MaxConcurrent: a.MaxConcurrent, Rule: string(one.Refusal),
		SentenceEn: WhySentence(text.English, one, department), SentenceZhCN: WhySentence(text.Chinese, one, department),
		Since: OptionalTime(one.Since), Ahead: one.Ahead, KeptUntil: OptionalTime(one.KeptUntil),
	}
	if because := string(one.KeptBecause); because != "" {
		out.KeptBecause = &because
	}
	return out
}

// WhySummary says in one sentence why a chat waits, or that it does not. agent is the name of the agent who has it, "" for none.
func WhySummary(lang string, w *models.WaitExplanation, department, agent string) string {
	say := func(key string, pairs ...any) string { return text.In(lang, "supervisor.why.summary."+key, pairs...) }
	of := func(key string, n int) string {
		if department == "" {
			return say(key, "Count", n)
		}
		return text.In(lang, "supervisor.why.summary_of."+key, "Count", n, "Department", department)
	}
	if w.Position == 0 {
		switch {
		case w.Chat.Status == models.Active:
			return say("assigned", "Name", agent)
		case w.Chat.Status == models.Ended:
			return say("ended")
		}
		return of("no_agent", 0) // it waits, and there is no agent at all
	}
	candidates, online, able := w.Count()
	var summary string
	isClosed := slices.ContainsFunc(w.Agents, func(one models.AgentRefusal) bool { return one.Refusal == models.RefusalClosed })
	switch {
	case isClosed:
		return say("closed")
	case candidates == 0:
		summary = of("no_agent", 0)
	case online == 0:
		summary = of("offline", candidates)
	case able > 0 && w.Position > 1:
		summary = say("others_first")
	case able > 0:
		return say("next")
	case online == candidates:
		summary = of("full", online)
	default:
		summary = of("online_full", online)
	}
	if w.Position > 1 {
		return say("and", "First", summary, "Then", say("ahead", "Count", w.Position-1))
	}
	return say("alone", "First", summary)
}

// WhySentence says why an agent does not have a waiting chat.
func WhySentence(lang string, one *models.AgentRefusal, department string) string {
	a := &one.Agent
	key := "supervisor.why.rule." + string(one.Refusal)
	switch one.Refusal {
	case models.RefusalDepartment:
		return text.In(lang, key, "Department", department)
	case models.RefusalOnBreak:
		if b := a.Break(); b != nil {
			return text.In(lang, "supervisor.why.rule.on_break_for", "Reason", b.Reason.In(lang))
		}
	case models.RefusalAtCapacity:
		if a.Reserved > 0 && !one.IsMessage {
			return text.In(lang, "supervisor.why.rule.offered", "Load", a.Load, "All", a.MaxConcurrent, "Offered", a.Reserved)
		}
		if one.IsMessage {
			return text.In(lang, "supervisor.why.rule.at_message_capacity", "Load", a.MessageLoad, "All", a.MaxMessages)
		}
		return text.In(lang, key, "Load", a.Load, "All", a.MaxConcurrent)
	case models.RefusalTakesNone:
		if one.IsMessage {
			return text.In(lang, "supervisor.why.rule.takes_no_messages")
		}
	case models.RefusalOthersFirst:
		return text.In(lang, key, "Count", one.Ahead)
	}
	return text.In(lang, key)
}
