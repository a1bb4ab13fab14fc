package widget

import (
	"context"
	"time"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	"parley/views/widget"
	"parley/web/api"
	"parley/web/live"
	"parley/web/present"
)

// longWaitAfter is how long a user must have waited, regardless of the estimate, before the wait is called long.
const longWaitAfter = 2 * time.Minute

// keptPositionAfter is how long a user must have waited before the panel reports, on reconnecting, that the position was kept.
const keptPositionAfter = 10 * time.Second

// bubble returns a message as the user sees it.
func (p *panel) bubble(ctx context.Context, m *models.Message) (chat.Message, error) {
	message := chat.Message{
		ID: m.ID, ChatID: m.ChatID, ClientID: present.Deref(m.ClientMessageID), Text: m.Content, At: m.CreatedAt,
		Status: string(m.Status), File: present.FileView(p.links, m, "/widget"),
	}
	present.AddChanges(&message, m)
	switch m.SenderType {
	case models.FromSystem:
		message.From, message.Text = chat.FromSystem, api.MessageText(ctx, m, api.ForUser)
	case models.FromUser:
		message.From, message.Mine = chat.FromUser, true
		message.ChangeUntil = present.ChangeUntil(m, p.desk.Settings().EditPeriod)
		if p.chat != nil && p.chat.ServedBy() != "" {
			a, err := p.agent(ctx, p.chat.ServedBy())
			if err != nil {
				return message, err
			}
			message.To = api.ShortName(a.Name)
		}
	default:
		a, err := p.agent(ctx, m.SenderID)
		if err != nil {
			return message, err
		}
		message.From, message.Name, message.Bot = chat.FromAgent, api.ShortName(a.Name), m.ByBot
		message.Quick = m.QuickReplies
	}
	return message, nil
}

// queueView returns the view data of a position in the queue. The wait is long once it exceeds one and a half times the estimate.
func queueView(c *models.Chat, status models.QueueStatus) *widget.Queue {
	e := status.Estimate
	waited := time.Duration(status.WaitSeconds) * time.Second
	threshold := longWaitAfter
	if c.EstimatedWaitSeconds != nil {
		threshold = max(longWaitAfter, time.Duration(*c.EstimatedWaitSeconds)*time.Second*3/2)
	}
	return &widget.Queue{
		Position: status.Position, Since: c.WaitsSince(), Known: e.Known, NoAgentOnline: !e.Known, LongWait: waited > threshold,
		HasTranscript: c.TotalMessages > 0,
		Low:           time.Duration(e.LowSeconds) * time.Second, High: time.Duration(e.HighSeconds) * time.Second,
		Median: time.Duration(e.Seconds) * time.Second,
	}
}

// queueReason returns why the position or the estimated wait changed, nil if the change is not worth a notice.
func queueReason(q live.Queued) *widget.Reason {
	from, to := q.Previous, q.Status.Position
	minutesSooner := (q.Before.Estimate.Seconds - q.Status.Estimate.Seconds) / 60
	minutesLater := shownMinutes(q.Status.Estimate) - shownMinutes(q.Before.Estimate)
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
	case q.Cause == models.CauseAgentOn && minutesSooner > 0:
		return &widget.Reason{Kind: string(q.Cause), Minutes: minutesSooner}
	case q.Cause == models.CauseAgentOff && minutesLater > 0:
		return &widget.Reason{Kind: string(q.Cause), Minutes: minutesLater}
	case minutesLater > 0: // chats take longer, or fewer users leave
		return &widget.Reason{Kind: "slower", Minutes: minutesLater}
	}
	return nil
}

// shownMinutes returns the longest wait that an estimate is shown with.
func shownMinutes(e models.Estimate) int {
	_, to := text.Minutes(time.Duration(e.LowSeconds)*time.Second, time.Duration(e.HighSeconds)*time.Second)
	return to
}

func (p *panel) idleView() *widget.Idle {
	expiresAt := p.desk.EndsAt(p.chat)
	if expiresAt.IsZero() {
		return nil
	}
	s := p.desk.Settings()
	awaiting := p.chat.LastSender != nil && *p.chat.LastSender == models.FromUser
	return &widget.Idle{
		Until: expiresAt, Span: s.IdleTimeout - s.IdleWarning, IdleFor: s.IdleWarning,
		AwaitingReply: awaiting, Returns: awaiting && s.IdleAgentAction == models.IdleRequeue,
	}
}

// endView returns how the chat ended.
func (p *panel) endView(ctx context.Context) (*widget.End, error) {
	c := p.chat
	e := &widget.End{
		Kind: endKind(c), Reason: present.Deref(c.EndedReason), At: *c.EndedAt, IdleFor: p.desk.Settings().IdleTimeout,
		CanRate: c.Rating == nil && c.ServedBy() != "",
	}
	if c.Rating != nil {
		e.Rated, e.Chosen = *c.Rating, present.RatingReasons(ctx, c)
	}
	if c.ServedBy() == "" {
		return e, nil
	}
	if e.CanRate {
		var err error
		if e.Offered, err = offeredReasons(ctx, p.desk); err != nil {
			return nil, err
		}
	}
	a, err := p.agent(ctx, c.ServedBy())
	if err == nil {
		e.Name = api.ShortName(a.Name)
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
			return "agent_idle"
		}
		return "user_idle"
	}
	return "closed"
}
