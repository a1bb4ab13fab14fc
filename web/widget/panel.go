package widget

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
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

// endedChatShown is how long after its end a chat is still shown to its user, who can read and rate it.
const endedChatShown = time.Hour

// embedOptions are the options that the site passed when it opened the panel.
type embedOptions struct {
	Query  url.Values
	origin string // of the site, "" unless the panel may exchange messages with it
}

// EmbedOptionsOf reads the query of the panel's page: of this request, or of the page from which it came.
func (h *Handlers) EmbedOptionsOf(c echo.Context) embedOptions {
	v := embedOptions{Query: c.QueryParams()}
	if c.Path() != "/widget" {
		v.Query = url.Values{}
		if from, err := url.Parse(kit.RefererPage(c)); err == nil && from.Path == "/widget" {
			v.Query = from.Query()
		}
	}
	if origin := v.Query.Get("origin"); origin == h.Origin(c) || slices.Contains(h.Desk.AllowedOrigins(), origin) {
		v.origin = origin
	}
	return v
}

// Origin returns the origin of the site, "" unless the panel may exchange messages with it.
func (v embedOptions) Origin() string { return v.origin }

// get returns an option as text of at most n characters.
func (v embedOptions) get(name string, n int) string {
	value := v.Query.Get(name)
	if !kit.Storable(value) {
		return ""
	}
	return present.Shorten(value, n)
}

// pageURL returns the address of the panel's page with the last messages; after is the id of an ended chat that it does not show any more.
func (v embedOptions) pageURL(after string) string {
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

// panel is the data of one user's panel, as it was read from the desk at one time.
type panel struct {
	desk       *models.Desk
	links      api.FileLinks
	readAt     time.Time
	user       models.Actor // without an id if there is no session yet
	look       models.Look  // of the site
	answerTime *answerTime
	options    embedOptions
	csrf       string
	chat       *models.Chat // the open one, otherwise the one that ended last; nil for none
	agents     map[string]*models.Agent
	offers     *offers
	// hasAssistantNotice is whether the user is told that agents may use an assistant.
	hasAssistantNotice bool
	offered            models.MessageOffer // to this user now
	isMessage          bool                // the request leaves a message
	isAnswer           bool                // the request stored answers
	typed              url.Values          // of a form with answers that was refused
	refused            map[string]string   // why answers were refused, by field
}

func (h *Handlers) newPanel(c echo.Context) *panel {
	p := &panel{
		desk: h.Desk, links: h.PageFileLinks(), answerTime: &h.answerTime, readAt: time.Now(), options: h.EmbedOptionsOf(c),
		csrf: kit.CSRFToken(c), agents: map[string]*models.Agent{},
		hasAssistantNotice: h.Assistant != nil && h.Desk.Settings().AssistantNotice,
		offers:             &h.offers, isMessage: c.Path() == "/widget/message", isAnswer: strings.HasSuffix(c.Path(), "/answers"),
	}
	p.look = h.Desk.LookOf(p.options.origin)
	if caller, ok := c.Get(kit.CallerKey).(*kit.Caller); ok {
		p.user = caller.Actor
	}
	return p
}

func (p *panel) isAnonymous() bool { return p.user.ID == "" }

// draftKey returns the key under which the browser stores a user's drafts. It is a hash, since an id may be an e-mail address; it begins
// with "anon-" for an anonymous user and is "" without a user.
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

// load reads the chat to show.
func (p *panel) load(ctx context.Context) error {
	p.readAt = time.Now()
	p.look = p.desk.LookOf(p.options.origin)
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
	if last := &all[0]; last.EndedAt != nil && p.readAt.Sub(*last.EndedAt) < endedChatShown && last.ID != p.options.Query.Get("after") {
		p.chat = last
	}
	return nil
}

// cursor returns the cursor from which the stream of the page continues.
func (p *panel) cursor() string {
	if p.chat == nil || p.chat.EndedAt != nil && p.readAt.Sub(*p.chat.EndedAt) >= present.EndedChatWindow {
		return live.Cursor(p.readAt)
	}
	return live.Cursor(p.readAt, *p.chat)
}

// agent returns an agent, read once for each panel.
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

// view returns the view data of the panel without its messages.
func (p *panel) view(ctx context.Context) (widget.Panel, error) {
	v, err := p.state(ctx)
	if err == nil {
		err = p.addMessage(ctx, &v)
	}
	if err == nil {
		v.Ask, err = p.ask(ctx, &v)
	}
	return v, err
}

// state returns the view data of the panel without its messages and questions.
func (p *panel) state(ctx context.Context) (widget.Panel, error) {
	v := widget.Panel{
		State: widget.Greeting, CSRF: p.csrf, Origin: p.options.origin, Site: cmp.Or(p.options.get("site", 40), p.look.Company),
		Here: p.options.pageURL(""), Look: p.lookView(ctx), HasAssistantNotice: p.hasAssistantNotice,
		Department: p.department(), PageURL: p.options.get("page_url", 500), PageTitle: p.options.get("page_title", 200),
		Thread: chat.Thread{Me: chat.FromUser, Label: text.T(ctx, "chat.messages")},
	}
	v.Fresh, v.NoSession, v.User = v.Here, p.isAnonymous(), draftKey(p.user.ID)
	if v.NoSession && p.desk.Settings().RequireIdentity {
		v.State = widget.Locked
		return v, nil
	}
	if p.chat == nil {
		online, err := p.desk.OnlineCount(ctx)
		if err != nil || online == 0 {
			var a models.Availability
			a.SetHours(p.desk.HoursOf(v.Department), time.Now())
			v.State, v.IsClosed, v.OpensAt = widget.Offline, !a.IsOpen, a.NextOpeningAt
			return v, err
		}
		v.AnswersIn = p.answerTime.get(ctx, p.desk, p.readAt)
		return v, nil
	}
	v.ChatID, v.Fresh, v.Thread.ChatID = p.chat.ID, p.options.pageURL(p.chat.ID), p.chat.ID
	switch p.chat.Status {
	case models.Waiting:
		status, err := p.desk.QueueStatus(ctx, p.user.ID)
		if err != nil {
			return v, err
		}
		v.State, v.Queue, p.offered = widget.Waiting, queueView(p.chat, status), status.MessageOffer
	case models.Active:
		a, err := p.agent(ctx, p.chat.ServedBy())
		if err != nil {
			return v, err
		}
		v.State, v.Agent, v.Idle = widget.Active, &widget.Agent{
			Name: api.ShortName(a.Name),
			Away: a.Presence != models.Online && !a.IsBot(), Bot: a.IsBot(),
		}, p.idleView()
		v.Thread.Other = v.Agent.Name
	default:
		end, err := p.endView(ctx)
		if err != nil {
			return v, err
		}
		v.State, v.End, v.Thread.Other = widget.Ended, end, end.Name
	}
	return v, nil
}

// addMessages adds to a thread the messages of the chat before an id, or its last ones for 0.
func (p *panel) addMessages(ctx context.Context, t *chat.Thread, before int64) error {
	if p.chat == nil {
		return nil
	}
	messages, hasEarlier, err := p.desk.MessagesBefore(ctx, p.user, p.chat.ID, before, present.ThreadMessages)
	if err != nil {
		return err
	}
	t.ChatID = p.chat.ID
	t.History = chat.History{
		HasEarlier: hasEarlier,
		Page:       p.options.pageURL(p.options.Query.Get("after")),
		Load:       "/widget/chats/" + url.PathEscape(p.chat.ID) + "/messages",
		Before:     before,
	}
	for i := range messages {
		message, err := p.bubble(ctx, &messages[i])
		if err != nil {
			return err
		}
		t.Messages = append(t.Messages, message)
	}
	return nil
}

// checkDepartment removes a department that does not exist, so that an error in the site's code does not keep users from starting a chat.
func (p *panel) checkDepartment(ctx context.Context, v *widget.Panel) error {
	if v.Department == "" {
		return nil
	}
	departments, err := p.desk.Departments(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(departments, func(d models.Department) bool { return d.Slug == v.Department }) {
		v.Department = ""
		if p.options.Query.Has("department") {
			v.Refused = "department_not_found"
		}
	}
	return nil
}

// offerNow returns which message is offered to users without a chat, as it was a few seconds ago.
func (p *panel) offerNow(ctx context.Context) models.MessageOffer {
	return p.offers.get(ctx, p.desk, p.department())
}

// isClosed reports whether it is outside the opening hours of the department that the site asks for or the user chose.
func (p *panel) isClosed() bool {
	hours := p.desk.HoursOf(p.department())
	return hours != nil && !hours.IsOpen(time.Now())
}
