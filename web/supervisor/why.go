package supervisor

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// maxWhySearch is the most characters of a name that is searched for in the answer why a chat waits.
const maxWhySearch = 80

// Why answers why a chat waits: for each agent the first rule by which the agent does not get it.
func (h *Handlers) Why(c echo.Context) error {
	ctx := c.Request().Context()
	w, err := h.Desk.WhyWaiting(ctx, kit.ActorOf(c), kit.ChatID(c))
	if err != nil {
		return err
	}
	department, agent, err := h.namesFor(c, &w.Chat.Chat)
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.WhyWaitingOf(w, department, agent)})
	}
	why := whyView(text.Lang(ctx), w, department, agent, searchOf(c), c.QueryParam("all") != "")
	if kit.Format(c) == kit.Fragment {
		return h.Render(c, http.StatusOK, view.WhyParts(why))
	}
	why.Frame = h.AgentFrame(c, "live", why.Title(ctx))
	why.Frame.Scripts = []string{"supervisor.js"}
	why.Frame.Words = []string{"supervisor."}
	return h.Render(c, http.StatusOK, view.WhyPage(why))
}

// searchOf returns the name that is searched for. What no name can contain finds nothing.
func searchOf(c echo.Context) string {
	q := strings.TrimSpace(c.QueryParam("q"))
	if !utf8.ValidString(q) || utf8.RuneCountInString(q) > maxWhySearch {
		return "\uFFFD"
	}
	return q
}

// namesFor returns the name of the chat's department and of its agent, each "" if there is none.
func (h *Handlers) namesFor(c echo.Context, chat *models.Chat) (department, agent string, err error) {
	ctx := c.Request().Context()
	if chat.Department != nil {
		departments, err := h.Desk.Departments(ctx)
		if err != nil {
			return "", "", err
		}
		department = (&board{departments: departments}).departmentName(*chat.Department)
	}
	if id := chat.ServedBy(); id != "" {
		a, err := h.Desk.AgentByID(ctx, id)
		if err != nil {
			return "", "", err
		}
		agent = a.Name
	}
	return department, agent, nil
}
