package widget

import (
	"context"
	"time"

	"parley/models"
	"parley/views/chat"
	"parley/views/widget"
	"parley/web/live"
	"parley/web/present"
)

// longWait is how long a wait must have been, whatever was predicted, before it is called long.
const longWait = 2 * time.Minute

// keptAfter is how long somebody must have waited to be told, on coming back, that the place was kept.
const keptAfter = 10 * time.Second

// bubble is a message as the user sees it.
func (p *panel) bubble(ctx context.Context, m *models.Message) (chat.Message, error) {
	said := chat.Message{ID: m.ID, ChatID: m.ChatID, ClientID: present.Deref(m.ClientMessageID), Text: m.Content, At: m.CreatedAt, Status: string(m.Status), File: present.FileView(p.links, m, "/widget")}
	switch m.SenderType {
	case models.FromSystem:
		said.From, said.Text = chat.FromSystem, present.UserSystemLine(ctx, m)
	case models.FromUser:
		said.From, said.Mine = chat.FromUser, true
		if p.chat != nil && p.chat.ServedBy() != "" {
			a, err := p.agent(ctx, p.chat.ServedBy())
			if err != nil {
				return said, err
			}
			said.To = present.ShortName(a.Name)
		}
	default:
		a, err := p.agent(ctx, m.SenderID)
		if err != nil {
			return said, err
		}
		said.From, said.Name = chat.FromAgent, present.ShortName(a.Name)
	}
	return said, nil
}

// queueOf is a place in words. Without anybody online there is no number.
func queueOf(c *models.Chat, status models.QueueStatus) *widget.Queue {
	e := status.Estimate
	waited := time.Duration(status.WaitSeconds) * time.Second
	foretold := longWait
	if c.EstimatedWaitSeconds != nil {
		foretold = max(longWait, time.Duration(*c.EstimatedWaitSeconds)*time.Second*3/2)
	}
	return &widget.Queue{Place: status.Position, Since: c.QueuedAt, Known: e.Known, Nobody: !e.Known, Long: waited > foretold,
		Low: time.Duration(e.LowSeconds) * time.Second, High: time.Duration(e.HighSeconds) * time.Second}
}

// reasonOf says why a place or a wait changed, nil when nothing is worth saying.
func reasonOf(q live.Queued) *widget.Reason {
	from, to := q.Previous, q.Status.Position
	sooner := (q.Before.Estimate.Seconds - q.Status.Estimate.Seconds) / 60
	switch {
	case from == 0:
		return nil
	case to < from && (q.Cause == models.CauseHelped || q.Cause == models.CauseLeft):
		return &widget.Reason{Kind: string(q.Cause), From: from, To: to}
	case to < from:
		return &widget.Reason{Kind: "moved_up", From: from, To: to}
	case to > from && (q.Cause == models.CauseReturned || q.Cause == models.CausePriority):
		return &widget.Reason{Kind: string(q.Cause), From: from, To: to}
	case to > from:
		return &widget.Reason{Kind: "moved_back", From: from, To: to}
	case !q.Before.Estimate.Known || !q.Status.Estimate.Known:
		return nil
	case q.Cause == models.CauseAgentOn && sooner > 0:
		return &widget.Reason{Kind: string(q.Cause), Minutes: sooner}
	case q.Cause == models.CauseAgentOff && sooner < 0:
		return &widget.Reason{Kind: string(q.Cause), Minutes: -sooner}
	}
	return nil
}

func (p *panel) idle() *widget.Idle {
	ends := p.desk.EndsAt(p.chat)
	if ends.IsZero() {
		return nil
	}
	s := p.desk.Settings()
	owed := p.chat.LastSender != nil && *p.chat.LastSender == models.FromUser
	return &widget.Idle{Until: ends, Span: s.IdleTimeout - s.IdleWarning, Quiet: s.IdleWarning,
		Owed: owed, Returns: owed && s.IdleAgentAction == models.IdleRequeue}
}

// end says how the shown chat ended.
func (p *panel) end(ctx context.Context) (*widget.End, error) {
	c := p.chat
	e := &widget.End{Kind: endKind(c), Reason: present.Deref(c.EndedReason), At: *c.EndedAt, Quiet: p.desk.Settings().IdleTimeout, CanRate: c.Rating == nil && c.ServedBy() != ""}
	if c.Rating != nil {
		e.Rated = *c.Rating
	}
	if c.ServedBy() == "" {
		return e, nil
	}
	a, err := p.agent(ctx, c.ServedBy())
	if err == nil {
		e.Name = present.ShortName(a.Name)
	}
	return e, err
}

func endKind(c *models.Chat) string {
	switch present.Deref(c.EndedReason) {
	case models.ReasonUserEnded:
		return "by_you"
	case models.ReasonServiceEnded:
		return "by_agent"
	case models.ReasonCancelled:
		return "cancelled"
	case models.ReasonAbandoned:
		return "abandoned"
	case models.ReasonTimeout:
		if present.Deref(c.EndedType) == models.TypeServiceInactive {
			return "agent_quiet"
		}
		return "user_quiet"
	}
	return "closed"
}
