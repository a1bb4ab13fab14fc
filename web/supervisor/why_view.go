package supervisor

import (
	"strings"

	"golang.org/x/text/cases"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/api"
)

// whyGroupRows is how many agents of a group are shown until all are asked for or a name is searched.
const whyGroupRows = 8

// whyOrder is the order of the groups: first the agents who could have the chat soonest.
var whyOrder = []models.Refusal{
	models.RefusalNext,
	models.RefusalOthersFirst,
	models.RefusalDeclined,
	models.RefusalOfferExpired,
	models.RefusalGaveBack,
	models.RefusalClosed,
	models.RefusalAtCapacity,
	models.RefusalLastChats,
	models.RefusalOnBreak,
	models.RefusalInactive,
	models.RefusalAway,
	models.RefusalLostContact,
	models.RefusalOffline,
	models.RefusalDepartment,
	models.RefusalTakesNone,
}

// whyView groups the agents by the rule, in the language of the reader.
func whyView(lang string, w *models.WaitExplanation, department, agent, search string, all bool) view.Why {
	why := view.Why{
		ChatID: w.Chat.ID, UserName: w.Chat.UserName, IsWaiting: w.Position > 0, Search: search, All: all,
		Summary: api.WhySummary(lang, w, department, agent),
	}
	groups := map[models.Refusal][]view.WhyAgent{}
	fold := cases.Fold()
	for i := range w.Agents {
		one := &w.Agents[i]
		if search != "" && !strings.Contains(fold.String(one.Agent.Name), fold.String(search)) {
			continue
		}
		why.Found++
		groups[one.Refusal] = append(groups[one.Refusal], whyAgent(lang, one, department))
	}
	for _, rule := range whyOrder {
		agents := groups[rule]
		if len(agents) == 0 {
			continue
		}
		title := text.In(lang, "supervisor.why.group."+string(rule))
		g := view.WhyGroup{Rule: string(rule), Title: title, Count: len(agents), Agents: agents}
		if !all && search == "" && len(agents) > whyGroupRows {
			g.Agents = agents[:whyGroupRows]
		}
		why.Groups = append(why.Groups, g)
	}
	return why
}

func whyAgent(lang string, one *models.AgentRefusal, department string) view.WhyAgent {
	a := &one.Agent
	out := view.WhyAgent{
		ID: a.ID, Name: a.Name, Detail: string(a.Detail()), Load: a.Load, Capacity: a.MaxConcurrent,
		Sentence: api.WhySentence(lang, one, department), Since: one.Since,
	}
	if one.KeptUntil != nil {
		out.KeptUntil = one.KeptUntil
		if one.KeptBecause != one.Refusal {
			out.Kept = text.In(lang, "supervisor.why.kept."+string(one.KeptBecause))
		}
	}
	return out
}
