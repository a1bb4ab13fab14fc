package widget

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"parley/static"
	"parley/views/chat"
	"parley/views/paths"
	"parley/views/text"
)

const maxPips = 6

// transcriptLink are the attributes of a link that downloads the transcript of a chat. The script adds the user's time zone to it.
func transcriptLink(ctx context.Context, chatID string) templ.Attributes {
	return templ.Attributes{
		"href":            string(paths.To(ctx, "/widget/chats/"+chatID+"/transcript")),
		"data-transcript": string(paths.To(ctx, static.URL("transcript.mjs"))), "download": true,
	}
}

// transcriptPageLink is transcriptLink for the transcript as a page.
func transcriptPageLink(ctx context.Context, chatID string) templ.Attributes {
	link := transcriptLink(ctx, chatID)
	link["href"] = link["href"].(string) + ".html"
	return link
}

func (p Panel) title(ctx context.Context) string {
	if p.Site == "" {
		return text.T(ctx, "widget.title_default")
	}
	return text.T(ctx, "widget.title", "Site", p.Site)
}

// name returns the heading of the panel: the agent once there is one, otherwise the team.
func (p Panel) name(ctx context.Context) string {
	switch {
	case p.Agent != nil:
		return p.Agent.Name
	case p.End != nil && p.End.Name != "":
		return p.End.Name
	}
	return p.title(ctx)
}

// isBot reports whether a bot answers now.
func (p Panel) isBot() bool { return p.State == Active && p.Agent != nil && p.Agent.Bot }

// isTeam reports whether the panel shows the team, and no agent yet.
func (p Panel) isTeam() bool { return p.Agent == nil && (p.End == nil || p.End.Name == "") }

// heading returns the first line of a text of the site.
func heading(own string) string {
	first, _, _ := strings.Cut(own, "\n")
	return first
}

// below returns the other lines of a text of the site, without empty ones.
func below(own string) (lines []string) {
	for line := range strings.Lines(own) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines[min(1, len(lines)):]
}

func (p Panel) faceName() string {
	switch {
	case p.Agent != nil:
		return p.Agent.Name
	case p.End != nil && p.End.Name != "":
		return p.End.Name
	}
	return p.Site
}

func (p Panel) stateText(ctx context.Context) string {
	switch p.State {
	case Waiting:
		if p.Left != nil {
			return text.T(ctx, "leave.state")
		}
		return p.Queue.positionText(ctx)
	case Active:
		switch {
		case p.Idle != nil && p.Idle.AwaitingReply:
			return text.T(ctx, "widget.state.no_answer_yet")
		case p.Idle != nil:
			return text.T(ctx, "widget.state.waiting_for_you")
		case p.Agent != nil && p.Agent.Away:
			return text.T(ctx, "widget.state.away", "Name", p.Agent.Name)
		}
		return text.T(ctx, "widget.state.online")
	case Offline:
		if p.IsClosed {
			return text.T(ctx, "widget.closed.state")
		}
		return text.T(ctx, "widget.state.nobody")
	case Connecting:
		return text.T(ctx, "widget.connecting")
	case Locked:
		return text.T(ctx, "widget.locked.state")
	}
	if p.AnswersIn > 0 {
		return text.T(ctx, "widget.state.online_answers", "Time", text.Spoken(ctx, p.AnswersIn))
	}
	return text.T(ctx, "widget.state.online")
}

// dot returns the presence drawn before the state, "" for none.
func (p Panel) dot() string {
	switch {
	case p.State == Greeting:
		return "online"
	case p.State == Offline:
		return "offline"
	}
	return ""
}

func (p Panel) faceDot() string {
	switch {
	case p.State != Active || p.Agent == nil:
		return ""
	case p.Agent.Away:
		return "away"
	}
	return "online"
}

func (p Panel) placeholder(ctx context.Context) string {
	switch {
	case p.State == Active && p.Idle != nil && !p.Idle.AwaitingReply:
		return text.T(ctx, "widget.go_on")
	case p.State == Active && p.Agent != nil:
		return text.T(ctx, "widget.write_to", "Name", p.Agent.Name)
	case p.State == Waiting || p.State == Connecting:
		return text.T(ctx, "widget.add_something")
	}
	return text.T(ctx, "widget.write_question")
}

func label(ctx context.Context, p Panel) string {
	if p.State == Active && p.Agent != nil {
		return text.T(ctx, "chat.message_to", "Name", p.Agent.Name)
	}
	return text.T(ctx, "widget.first_question")
}

func closeText(ctx context.Context, p Panel) string {
	if p.State == Waiting && p.Left == nil {
		return text.T(ctx, "widget.close_kept")
	}
	return text.T(ctx, "widget.close")
}

// composer goes to the chat, or starts one with the first question.
func composer(ctx context.Context, p Panel) chat.Composer {
	c := chat.Composer{
		Action: "/widget/assign", Name: "message", CSRF: p.CSRF, Label: label(ctx, p), Placeholder: p.placeholder(ctx),
		Hidden: p.asked(),
	}
	if p.ChatID != "" && p.State != Ended {
		c.Action, c.Name, c.Hidden = "/widget/chats/"+p.ChatID+"/messages", "content", nil
		c.Files = "/widget/chats/" + p.ChatID + "/files"
	}
	return c
}

func (p Panel) footText(ctx context.Context) string {
	switch p.State {
	case Waiting, Connecting:
		if p.Left != nil {
			return ""
		}
		return text.T(ctx, "widget.first_read")
	case Greeting:
		if p.HasAssistantNotice {
			return text.T(ctx, "widget.keep_secret_assistant")
		}
		return text.T(ctx, "widget.keep_secret")
	case Offline:
		return text.T(ctx, "widget.offline.foot")
	}
	return ""
}

func (q Queue) positionText(ctx context.Context) string {
	switch {
	case q.NoAgentOnline:
		return text.T(ctx, "widget.state.kept")
	case q.Position == 1 && q.Known:
		return text.T(ctx, "widget.state.next", "About", q.about(ctx))
	case q.Position == 1:
		return text.T(ctx, "widget.state.next_unknown")
	case q.Known:
		return text.T(ctx, "widget.state.place", "Place", q.Position, "About", q.about(ctx))
	}
	return text.T(ctx, "widget.state.place_unknown", "Place", q.Position)
}

// title returns the request to the user to reply, or the notice that the agent has not replied.
func (i Idle) title(ctx context.Context, agent string) string {
	if i.AwaitingReply {
		return text.T(ctx, "widget.idle.title_owed", "Name", agent)
	}
	return text.T(ctx, "widget.idle.title")
}

func (i Idle) detail(ctx context.Context) string {
	idleFor := text.Spoken(ctx, i.IdleFor)
	switch {
	case i.Returns:
		return text.T(ctx, "widget.idle.detail_returns", "Time", idleFor)
	case i.AwaitingReply:
		return text.T(ctx, "widget.idle.detail_awaiting", "Time", idleFor)
	}
	return text.T(ctx, "widget.idle.detail", "Time", idleFor)
}

func (i Idle) stay(ctx context.Context) string {
	if i.AwaitingReply {
		return text.T(ctx, "widget.idle.wait_on")
	}
	return text.T(ctx, "widget.idle.stay")
}

// turn returns the line above the range. It contains "about", unless the range is "less than a minute".
// isWide reports whether the range is so wide that its numbers would not help: over 10 minutes and over three times its
// lower end.
func (q Queue) isWide() bool {
	from, to := text.Minutes(q.Low, q.High)
	return to > 10 && to > 3*from
}

// class names an estimate whose range is wide by its median: under 2 minutes, under 10, or longer.
func (q Queue) class(ctx context.Context) string {
	switch {
	case q.Median < 2*time.Minute:
		return text.T(ctx, "widget.queue.class.shortly")
	case q.Median < 10*time.Minute:
		return text.T(ctx, "widget.queue.class.few_minutes")
	}
	return text.T(ctx, "widget.queue.class.longer")
}

func (q Queue) rangeText(ctx context.Context) string {
	if q.isWide() {
		return q.class(ctx)
	}
	return text.Range(ctx, q.Low, q.High)
}

func (q Queue) about(ctx context.Context) string {
	if q.isWide() {
		return q.class(ctx)
	}
	return text.About(ctx, q.Low, q.High)
}

func (q Queue) turn(ctx context.Context) string {
	if q.isWide() {
		return text.T(ctx, "widget.queue.turn")
	}
	if _, to := text.Minutes(q.Low, q.High); to <= 1 {
		return text.T(ctx, "widget.queue.turn_soon")
	}
	return text.T(ctx, "widget.queue.turn_in")
}

func (q Queue) ahead(ctx context.Context) string {
	return text.T(ctx, "widget.queue.ahead", "Count", q.Position-1)
}

// pip is one mark in the drawn queue: kind "ahead", "you", "behind", or "more" with a count.
type pip struct {
	kind string
	more int
}

// pips returns the drawn queue with at most maxPips marks, leaving out users furthest ahead.
func (q Queue) pips() []pip {
	ahead := q.Position - 1
	drawn := min(ahead, maxPips-1)
	var line []pip
	if ahead > drawn {
		drawn = maxPips - 2
		line = append(line, pip{kind: "more", more: ahead - drawn})
	}
	for range drawn {
		line = append(line, pip{kind: "ahead"})
	}
	line = append(line, pip{kind: "you"})
	for range min(q.Behind, maxPips-len(line)) {
		line = append(line, pip{kind: "behind"})
	}
	return line
}

func (r Reason) text(ctx context.Context) string {
	switch r.Kind {
	case "kept_place":
		return text.T(ctx, "widget.queue.kept_place", "Place", r.To)
	case "you_returned":
		return text.T(ctx, "widget.you_returned", "Name", r.Name)
	}
	return text.T(ctx, "widget.queue.reason."+r.Kind, "From", r.From, "To", r.To, "By", max(r.From-r.To, r.To-r.From), "Minutes", r.Minutes)
}

// worse reports whether the change is bad for the user.
func (r Reason) worse() bool {
	switch r.Kind {
	case "agent_off", "slower", "returned", "priority", "moved_back":
		return true
	}
	return false
}

func (e End) text(ctx context.Context) string {
	if e.Kind == "by_agent" && e.Name == "" {
		return text.T(ctx, "widget.ended.closed")
	}
	return text.T(ctx, "widget.ended."+e.Kind, "Name", e.Name, "Time", text.Spoken(ctx, e.IdleFor))
}

func (e End) question(ctx context.Context) string {
	if e.Name == "" {
		return text.T(ctx, "widget.rating.title_unnamed")
	}
	return text.T(ctx, "widget.rating.title", "Name", e.Name)
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// Words are the texts of the panel scripts in addition to those of a conversation.
var Words = []string{"widget.rating.value", "widget.rating.word.", "widget.add_something"}
