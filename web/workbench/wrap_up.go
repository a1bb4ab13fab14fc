package workbench

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/present"
)

type wrapUpInput struct {
	Outcome string   `json:"outcome"`
	Tags    []string `json:"tags"`
}

// WrapUp returns outcome and tags of a chat, what is offered for it, and a suggestion.
func (h *Handlers) WrapUp(c echo.Context) error {
	f, err := h.Desk.WrapUpForm(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.WrapUpOf(f, h.Desk.IsToWrapUp(&f.Chat.Chat))})
}

// SetWrapUp sets outcome and tags of an ended chat.
func (h *Handlers) SetWrapUp(c echo.Context) error {
	var in wrapUpInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	_, err := h.Desk.WrapUpChat(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c), models.WrapUp(in))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.wrapped_up")}})
}

// SkipWrapUp leaves an ended chat without a wrap-up.
func (h *Handlers) SkipWrapUp(c echo.Context) error {
	if _, err := h.Desk.SkipWrapUp(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c)); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(c.Request().Context(), "done.wrap_up_skipped")}})
}

// SkipWrapUps leaves all ended chats of the caller without a wrap-up that need none.
func (h *Handlers) SkipWrapUps(c echo.Context) error {
	ctx := c.Request().Context()
	skipped, err := h.Desk.SkipWrapUps(ctx, kit.ActorOf(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.SkippedWrapUps{Message: text.T(ctx, "done.wrap_ups_skipped"), SkippedCount: skipped}})
}

// ChatsToWrapUp lists the caller's ended chats that still wait for a wrap-up.
func (h *Handlers) ChatsToWrapUp(c echo.Context) error {
	chats, err := h.Desk.ChatsToWrapUp(c.Request().Context(), kit.ActorOf(c).ID)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(chats, api.AgentChatOf)})
}

// wrapUpFragment draws the dialog of an ended chat, or the fields for the dialog that ends an open one. For a chat that is
// in the other state by now it draws nothing.
func (h *Handlers) wrapUpFragment(c echo.Context, b *workbench, id, dialog string) error {
	w, err := b.wrapUp(c.Request().Context(), id, dialog == "wrap-up")
	if err != nil {
		return err
	}
	if w == nil || dialog == "end" {
		return h.Render(c, http.StatusOK, view.WrapUpFields(w))
	}
	return h.Render(c, http.StatusOK, view.WrapUpDialog(*w, false))
}

// wrapUp returns the choices for a chat that has ended, or that is open, with what the chat has or what is suggested
// chosen; nil for one in the other state.
func (b *workbench) wrapUp(ctx context.Context, id string, ended bool) (*view.WrapUp, error) {
	f, err := b.desk.WrapUpForm(ctx, b.actor(), id)
	if err != nil || ended != (f.Chat.Status == models.Ended) {
		return nil, err
	}
	c := f.Chat
	w := &view.WrapUp{
		CSRF: b.csrf, ChatID: id, Name: c.UserName,
		OutcomeReason: string(f.Suggested.OutcomeSource), TagsReason: string(f.Suggested.TagsSource),
		IsOutcomeRequired: f.Lists.IsOutcomeRequired, AreTagsRequired: f.Lists.AreTagsRequired,
	}
	w.CanSkip = b.desk.IsToWrapUp(&c.Chat) && !w.IsOutcomeRequired && !w.AreTagsRequired
	outcome := f.Suggested.Outcome
	if c.Outcome != nil {
		outcome = *c.Outcome
	}
	w.Outcomes = choices(f.Lists.Outcomes, present.Deref(c.Outcome))
	for i := range w.Outcomes {
		w.Outcomes[i].Chosen = w.Outcomes[i].Name == outcome
	}
	w.Tags = choices(f.Lists.Tags, c.Tags...)
	for i := range w.Tags {
		name := w.Tags[i].Name
		w.Tags[i].Chosen = slices.Contains(c.Tags, name) || slices.Contains(f.Suggested.Tags, name)
	}
	return w, nil
}

// choices returns what is offered, and after it what the chat has though it is no longer offered.
func choices(offered []string, has ...string) []view.WrapUpChoice {
	var all []view.WrapUpChoice
	for _, name := range offered {
		all = append(all, view.WrapUpChoice{Name: name})
	}
	for _, name := range has {
		if name != "" && !slices.Contains(offered, name) {
			all = append(all, view.WrapUpChoice{Name: name})
		}
	}
	return all
}

// isToWrapUp reports whether this agent still has to wrap up an ended chat.
func (b *workbench) isToWrapUp(c *models.Chat) bool {
	return c.ServedBy() == b.self.ID && b.desk.IsToWrapUp(c)
}

// addWrapUp adds outcome and tags to what is shown in place of the composer of an ended chat.
func (b *workbench) addWrapUp(w *view.ComposerData, c *models.Chat) {
	w.Outcome, w.Tags, w.IsToWrapUp = present.Deref(c.Outcome), c.Tags, b.isToWrapUp(c)
	mine := c.ServedBy() == b.self.ID || b.actor().AtLeast(models.RoleSupervisor)
	l := b.desk.WrapUpLists(c)
	w.IsWrapUpRequired = l.IsOutcomeRequired || l.AreTagsRequired
	w.CanWrapUp = mine && (w.Outcome != "" || len(w.Tags) > 0 || !l.IsEmpty())
}
