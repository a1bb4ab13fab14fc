package chat

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/api"
	"parley/web/kit"
)

// MaxDraftsPerMinute is how often an agent may save or discard drafts in a minute: the workbench saves at most once a second
// while the agent types, and once more when the field is left.
const MaxDraftsPerMinute = 120

type draftInput struct {
	Kind    string   `json:"kind"`
	Content string   `json:"content"`
	Version *kit.Int `json:"version"`
}

// Drafts lists the drafts in the caller's active chats.
func (h *Handlers) Drafts(c echo.Context) error {
	drafts, err := h.Desk.Drafts(c.Request().Context(), kit.ActorOf(c))
	if err != nil {
		return err
	}
	return h.respondDrafts(c, drafts)
}

// DraftsInChat lists the drafts in one chat of the caller's.
func (h *Handlers) DraftsInChat(c echo.Context) error {
	drafts, err := h.Desk.DraftsInChat(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c))
	if err != nil {
		return err
	}
	return h.respondDrafts(c, drafts)
}

func (h *Handlers) respondDrafts(c echo.Context, drafts []models.Draft) error {
	id := kit.ActorOf(c).ID
	return h.Respond(c, kit.Result{JSON: api.Map(drafts, func(d *models.Draft) api.Draft { return api.DraftOf(d, id) })})
}

// SaveDraft stores the caller's own draft and answers with it. An empty text discards the draft.
func (h *Handlers) SaveDraft(c echo.Context) error {
	id := kit.ChatID(c)
	var in draftInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	actor := kit.ActorOf(c)
	n := models.NewDraft{Kind: models.DraftKind(in.Kind), Content: in.Content, Version: (*int64)(in.Version)}
	saved, err := h.Desk.SaveDraft(c.Request().Context(), actor, id, n)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.DraftOf(saved, actor.ID)})
}

type discardDraftInput struct {
	Kind      string  `json:"kind"`
	ServiceID *string `json:"service_id"`
}

// DiscardDraft removes a draft: the caller's own, or the one of the agent in service_id. It answers 204.
func (h *Handlers) DiscardDraft(c echo.Context) error {
	id := kit.ChatID(c)
	var in discardDraftInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	author := ""
	if in.ServiceID != nil {
		author = *in.ServiceID
	}
	err := h.Desk.DiscardDraft(c.Request().Context(), kit.ActorOf(c), id, author, models.DraftKind(in.Kind))
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
