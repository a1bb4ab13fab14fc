package workbench

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/present"
)

// searchResults returns the found chats as the page and the palette show them.
func (h *Handlers) searchResults(c echo.Context, q models.SearchQuery, found *models.SearchResult) (view.SearchResults, error) {
	ctx, actor := c.Request().Context(), kit.ActorOf(c)
	results := view.SearchResults{Query: q.Text, All: searchURL(c, "")}
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return results, err
	}
	names := map[string]string{}
	for _, d := range departments {
		names[d.Slug] = d.Name
	}
	seen := map[string]bool{}
	for i := range found.Hits {
		hit := &found.Hits[i]
		row := searchHit(ctx, hit, actor)
		row.Department = names[present.Deref(hit.Department)]
		results.Hits = append(results.Hits, row)
		if isCalled(hit, q.Text) && !seen[hit.UserID] {
			seen[hit.UserID] = true
			row.Href = searchPage + "?" + url.Values{"user_id": {hit.UserID}}.Encode()
			results.People = append(results.People, row)
		}
	}
	if found.Next != "" {
		results.Next = searchURL(c, found.Next)
	}
	if q.Cursor != "" {
		results.First = searchURL(c, "")
	}
	return results, nil
}

// isCalled reports whether the name of the user begins with the text, or a word of it does.
func isCalled(hit *models.SearchHit, text string) bool {
	name := strings.ToLower(hit.UserName)
	text = strings.ToLower(strings.TrimSpace(text))
	return text != "" && (strings.HasPrefix(name, text) || strings.Contains(name, " "+text))
}

func searchHit(ctx context.Context, hit *models.SearchHit, actor models.Actor) view.SearchHit {
	c := &hit.Chat
	row := view.SearchHit{
		ChatID: c.ID, Href: hitURL(hit, actor), Name: hit.UserName, Unverified: hit.NameIsUnverified, Agent: hit.AgentName,
		IsOpen: c.IsOpen(), At: c.CreatedAt, Outcome: present.Deref(c.Outcome), Tags: c.Tags,
	}
	if c.ServedBy() == actor.ID {
		row.Agent = text.T(ctx, "ui.you")
	}
	if c.EndedAt != nil {
		row.At, row.Ended = *c.EndedAt, present.Outcome(ctx, c)
	}
	if c.Rating != nil {
		row.Rating = strconv.FormatFloat(*c.Rating, 'f', -1, 64)
	}
	if m := hit.Message; m != nil {
		for _, p := range m.Parts {
			row.Parts = append(row.Parts, view.SnippetPart(p))
		}
		switch {
		case m.Type == models.Note:
			row.Sender = text.T(ctx, "search.note")
		case m.SenderType == models.FromUser:
			row.Sender = api.ShortName(hit.UserName)
		default:
			row.Sender = text.T(ctx, "staff.role.agent")
		}
	}
	return row
}

// hitURL returns the address at which the actor reads the chat, at the message that was found.
func hitURL(hit *models.SearchHit, actor models.Actor) string {
	at := "/workbench/chats/"
	if actor.AtLeast(models.RoleSupervisor) && hit.ServedBy() != actor.ID {
		at = "/supervisor/chats/"
	}
	at += url.PathEscape(hit.ID)
	if hit.Message == nil {
		return at
	}
	id := strconv.FormatInt(hit.Message.ID, 10)
	return at + "?message=" + id + "#m-" + id
}

// searchForm returns the form with what this request has in it.
func (h *Handlers) searchForm(c echo.Context) (view.Search, error) {
	ctx := c.Request().Context()
	form := view.Search{Values: map[string]string{}}
	for _, name := range searchFields {
		if value := c.QueryParam(name); kit.Storable(value) {
			form.Values[name] = value
			form.IsFiltered = form.IsFiltered || value != "" && name != "q"
		}
	}
	agents, err := h.Desk.Agents(ctx)
	if err != nil {
		return form, err
	}
	departments, err := h.Desk.Departments(ctx)
	if err != nil {
		return form, err
	}
	anyone := view.Option{Name: text.T(ctx, "search.any")}
	form.Agents, form.Departments, form.Ratings = []view.Option{anyone}, []view.Option{anyone}, []view.Option{anyone}
	for i := range agents {
		form.Agents = append(form.Agents, view.Option{Value: agents[i].ID, Name: agents[i].Name})
	}
	for _, d := range departments {
		form.Departments = append(form.Departments, view.Option{Value: d.Slug, Name: d.Name})
	}
	for n := 1; n <= 5; n++ {
		form.Ratings = append(form.Ratings, view.Option{Value: strconv.Itoa(n), Name: strings.Repeat("★", n)})
	}
	offered := h.Desk.OfferedNames()
	form.Outcomes, form.Tags = offered.Outcomes, offered.Tags
	return form, nil
}
