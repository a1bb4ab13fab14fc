package widget

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	"parley/views/widget"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/live"
	"parley/web/present"
)

// shownEnded is how long after its end a chat is still shown to its user, to be read and rated.
const shownEnded = time.Hour

// visit is what the site around the frame told when it opened the panel.
type visit struct {
	Query  url.Values
	origin string // "" unless the panel may talk to it
}

// VisitOf reads the query of the panel's page: of this request, or of the page that it came from.
func (h *Handlers) VisitOf(c echo.Context) visit {
	v := visit{Query: c.QueryParams()}
	if c.Path() != "/widget" {
		v.Query = url.Values{}
		if from, err := url.Parse(kit.PageBehind(c)); err == nil && from.Path == "/widget" {
			v.Query = from.Query()
		}
	}
	if origin := v.Query.Get("origin"); origin == h.Origin(c) || slices.Contains(h.Desk.AllowedOrigins(), origin) {
		v.origin = origin
	}
	return v
}

// get is a value of the visit as text of at most n characters.
func (v visit) get(name string, n int) string {
	value := v.Query.Get(name)
	if !kit.Storable(value) {
		return ""
	}
	return present.Shorten(value, n)
}

// page is the address of the panel's page with the last messages; after names the ended chat that is not to be shown again.
func (v visit) page(after string) string {
	query := url.Values{}
	for name, values := range v.Query {
		if name != "after" && name != "before" {
			query[name] = values
		}
	}
	if after != "" {
		query.Set("after", after)
	}
	if len(query) == 0 {
		return "/widget"
	}
	return "/widget?" + query.Encode()
}

// panel is what one user's window shows, as the desk tells it at one time.
type panel struct {
	desk   *models.Desk
	links  api.FileLinks
	at     time.Time
	user   models.Actor // without an id for whoever has no session yet
	pace   *answerTime
	visit  visit
	csrf   string
	chat   *models.Chat // the open one, else the one that ended last; nil for none
	agents map[string]*models.Agent
}

func (h *Handlers) newPanel(c echo.Context) *panel {
	p := &panel{desk: h.Desk, links: h.PageFileLinks(), pace: &h.pace, at: time.Now(), visit: h.VisitOf(c), csrf: kit.CSRFToken(c), agents: map[string]*models.Agent{}}
	if who, ok := c.Get(kit.CallerKey).(*kit.Caller); ok {
		p.user = who.Actor
	}
	return p
}

func (p *panel) isAnonymous() bool { return p.user.ID == "" }

// draftKey names a user in the storage of their browser, without the id, which may be an address: "" for nobody, and beginning with "anon-" for
// an anonymous user.
func draftKey(userID string) string {
	if userID == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(userID))
	key := hex.EncodeToString(sum[:8])
	if models.IsAnonymousID(userID) {
		return "anon-" + key
	}
	return key
}

// read finds the chat to show.
func (p *panel) read(ctx context.Context) error {
	p.at = time.Now()
	p.chat = nil
	if p.isAnonymous() {
		return nil
	}
	open, err := p.desk.OpenChats(ctx, p.user)
	if err != nil {
		return err
	}
	if len(open) > 0 {
		p.chat = &open[0]
		return nil
	}
	all, err := p.desk.ChatsOfUser(ctx, p.user.ID)
	if err != nil || len(all) == 0 {
		return err
	}
	if last := &all[0]; last.EndedAt != nil && p.at.Sub(*last.EndedAt) < shownEnded && last.ID != p.visit.Query.Get("after") {
		p.chat = last
	}
	return nil
}

// cursor is from where the page's stream goes on.
func (p *panel) cursor() string {
	if p.chat == nil || p.chat.EndedAt != nil && p.at.Sub(*p.chat.EndedAt) >= present.EndedChatWindow {
		return live.Cursor(p.at)
	}
	return live.Cursor(p.at, *p.chat)
}

// agent is one of the people who answer.
func (p *panel) agent(ctx context.Context, id string) (*models.Agent, error) {
	if a := p.agents[id]; a != nil {
		return a, nil
	}
	a, err := p.desk.AgentByID(ctx, id)
	if err == nil {
		p.agents[id] = a
	}
	return a, err
}

// view is the panel without its messages.
func (p *panel) view(ctx context.Context) (widget.Panel, error) {
	v := widget.Panel{State: widget.Greeting, CSRF: p.csrf, Origin: p.visit.origin, Site: p.visit.get("site", 40), Here: p.visit.page(""),
		Department: p.visit.get("department", 50), PageURL: p.visit.get("page_url", 500), PageTitle: p.visit.get("page_title", 200),
		Thread: chat.Thread{Me: chat.FromUser, Label: text.T(ctx, "chat.messages")}}
	v.Fresh, v.Stranger, v.User = v.Here, p.isAnonymous(), draftKey(p.user.ID)
	if v.Stranger && p.desk.Settings().RequireIdentity {
		v.State = widget.Locked
		return v, nil
	}
	if p.chat == nil {
		online, err := p.desk.OnlineCount(ctx)
		if err != nil || online == 0 {
			v.State = widget.Offline
			return v, err
		}
		v.AnswersIn = p.pace.typical(ctx, p.desk, p.at)
		return v, nil
	}
	v.ChatID, v.Fresh, v.Thread.ChatID = p.chat.ID, p.visit.page(p.chat.ID), p.chat.ID
	switch p.chat.Status {
	case models.Waiting:
		status, err := p.desk.QueueStatus(ctx, p.user.ID)
		if err != nil {
			return v, err
		}
		v.State, v.Queue = widget.Waiting, queueOf(p.chat, status)
	case models.Active:
		a, err := p.agent(ctx, p.chat.ServedBy())
		if err != nil {
			return v, err
		}
		v.State, v.Agent, v.Idle = widget.Active, &widget.Agent{Name: present.ShortName(a.Name), Away: a.Presence != models.Online}, p.idle()
		v.Thread.Other = v.Agent.Name
	default:
		end, err := p.end(ctx)
		if err != nil {
			return v, err
		}
		v.State, v.End, v.Thread.Other = widget.Ended, end, end.Name
	}
	return v, nil
}

// withMessages adds the messages of the chat that come before an id, or the last ones for 0.
func (p *panel) withMessages(ctx context.Context, t *chat.Thread, before int64) error {
	if p.chat == nil {
		return nil
	}
	messages, hasEarlier, err := p.desk.MessagesBefore(ctx, p.user, p.chat.ID, before, present.ThreadMessages)
	if err != nil {
		return err
	}
	t.ChatID = p.chat.ID
	t.History = chat.History{HasEarlier: hasEarlier, Page: p.visit.page(p.visit.Query.Get("after")), Before: before,
		Load: "/widget/chats/" + url.PathEscape(p.chat.ID) + "/messages"}
	for i := range messages {
		said, err := p.bubble(ctx, &messages[i])
		if err != nil {
			return err
		}
		t.Messages = append(t.Messages, said)
	}
	return nil
}

// withDepartment leaves out a department that does not exist: a slip of the site must not keep its visitors from asking.
func (p *panel) withDepartment(ctx context.Context, v *widget.Panel) error {
	if v.Department == "" {
		return nil
	}
	departments, err := p.desk.Departments(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(departments, func(d models.Department) bool { return d.Slug == v.Department }) {
		v.Department, v.Refused = "", "department_not_found"
	}
	return nil
}
