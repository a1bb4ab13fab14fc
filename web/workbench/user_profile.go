package workbench

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/api"
	"parley/web/kit"
)

// UserProfile returns what agents know about the user of a chat; the scripts of the page receive the fragment of the route.
func (h *Handlers) UserProfile(c echo.Context) error {
	if kit.Format(c) != kit.JSON {
		return h.Respond(c, kit.Result{})
	}
	p, err := h.Desk.UserProfile(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.UserProfileOf(p)})
}

// ChatPages lists the pages of the site on which the user was during a chat.
func (h *Handlers) ChatPages(c echo.Context) error {
	pages, err := h.Desk.PagesOfChat(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(pages, api.VisitedPageOf)})
}

// UserPanel draws the panel about the user of a chat again.
func (h *Handlers) UserPanel(c echo.Context) (templ.Component, error) {
	b := h.workbenchOf(c)
	ctx := c.Request().Context()
	found, err := b.desk.Chat(ctx, b.actor(), kit.ChatID(c))
	if err != nil {
		return nil, err
	}
	p, err := b.userPanel(ctx, found, nil)
	return view.About(p), err
}

// UserTags draws the tags of the user of a chat.
func (h *Handlers) UserTags(c echo.Context) (templ.Component, error) {
	b := h.workbenchOf(c)
	p := view.UserPanel{ChatID: kit.ChatID(c), CSRF: b.csrf}
	err := b.addProfile(c.Request().Context(), &p)
	return view.AboutTags(p), err
}

// UserNotes draws the notes about the user of a chat.
func (h *Handlers) UserNotes(c echo.Context) (templ.Component, error) {
	b := h.workbenchOf(c)
	p := view.UserPanel{ChatID: kit.ChatID(c), CSRF: b.csrf}
	err := b.addProfile(c.Request().Context(), &p)
	return view.AboutNotes(p), err
}

// workbenchOf returns the workbench of the caller without its chats.
func (h *Handlers) workbenchOf(c echo.Context) *workbench {
	return &workbench{desk: h.Desk, links: h.PageFileLinks(), at: time.Now(), csrf: kit.CSRFToken(c), self: kit.AgentOf(c)}
}

type tagInput struct {
	Tag string `json:"tag"`
}

// AddUserTag gives the user of a chat a tag.
func (h *Handlers) AddUserTag(c echo.Context) error { return h.changeTag(c, h.Desk.AddUserTag) }

// RemoveUserTag takes a tag from the user of a chat.
func (h *Handlers) RemoveUserTag(c echo.Context) error { return h.changeTag(c, h.Desk.RemoveUserTag) }

func (h *Handlers) changeTag(c echo.Context, change func(ctx context.Context, actor models.Actor, chatID, tag string) error) error {
	var in tagInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := change(ctx, kit.ActorOf(c), kit.ChatID(c), in.Tag); err != nil {
		return err
	}
	p, err := h.Desk.UserProfile(ctx, kit.ActorOf(c), kit.ChatID(c))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: struct {
		Tags []string `json:"tags"`
	}{p.Tags}})
}

// UserTagsInUse lists tags of users that begin with q, the most used first.
func (h *Handlers) UserTagsInUse(c echo.Context) error {
	if kit.Format(c) == kit.Page { // only the scripts of the page ask
		return h.Respond(c, kit.Result{Redirect: "/workbench"})
	}
	tags, err := h.Desk.UserTagsInUse(c.Request().Context(), kit.ActorOf(c), c.QueryParam("q"))
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: tags})
}

type noteInput struct {
	Content string  `json:"content"`
	Version kit.Int `json:"version"`
}

// AddUserNote stores a note about the user of a chat.
func (h *Handlers) AddUserNote(c echo.Context) error {
	var in noteInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	n, err := h.Desk.AddUserNote(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c), in.Content)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{Status: http.StatusCreated, JSON: api.UserNoteOf(n)})
}

// EditUserNote replaces the text of a note about the user of a chat. If another agent changed it meanwhile, pages show both texts.
func (h *Handlers) EditUserNote(c echo.Context) error {
	var in noteInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	n, err := h.Desk.EditUserNote(c.Request().Context(), kit.ActorOf(c), kit.ChatID(c), noteID(c), in.Content, int(in.Version))
	if changed := changedNote(err); changed != nil && kit.Format(c) != kit.JSON {
		return h.renderNoteConflict(c, changed, in.Content)
	}
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.UserNoteOf(n), Fragment: func() (templ.Component, error) {
		b := h.workbenchOf(c)
		return view.Note(b.noteView(kit.ChatID(c), n)), nil
	}})
}

// RemoveUserNote deletes a note about the user of a chat.
func (h *Handlers) RemoveUserNote(c echo.Context) error {
	var in noteInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	err := h.Desk.RemoveUserNote(ctx, kit.ActorOf(c), kit.ChatID(c), noteID(c), int(in.Version))
	if changed := changedNote(err); changed != nil && kit.Format(c) != kit.JSON {
		return h.renderNoteConflict(c, changed, "")
	}
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(ctx, "done.user_note_removed")}})
}

// noteID returns the note that the path names, 0 for what is no number and so no note either.
func noteID(c echo.Context) int64 {
	id, _ := strconv.ParseInt(c.Param("note_id"), 10, 64)
	return id
}

// changedNote returns the note as it is now if that is why a change was refused.
func changedNote(err error) *models.UserNote {
	var refused *models.Error
	if errors.As(err, &refused) && errors.Is(err, models.ErrUserNoteChanged) {
		return refused.Note
	}
	return nil
}

// renderNoteConflict draws a note that another agent changed, with the text that the caller entered in its field, "" for none.
func (h *Handlers) renderNoteConflict(c echo.Context, now *models.UserNote, entered string) error {
	id := kit.ChatID(c)
	if kit.Format(c) == kit.Fragment {
		n := h.workbenchOf(c).noteView(id, now)
		n.Conflict, n.Entered = true, entered
		return h.Render(c, http.StatusConflict, view.Note(n))
	}
	b, err := h.readWorkbench(c)
	if err != nil {
		return err
	}
	open, err := b.open(c.Request().Context(), id, "", 0)
	if err != nil {
		return err
	}
	for i := range open.User.Notes {
		if n := &open.User.Notes[i]; n.ID == now.ID {
			n.Conflict, n.Entered = true, entered
		}
	}
	return h.renderWorkbench(c, http.StatusConflict, b, open)
}

// addProfile adds tags and notes to the panel.
func (b *workbench) addProfile(ctx context.Context, p *view.UserPanel) error {
	profile, err := b.desk.UserProfile(ctx, b.actor(), p.ChatID)
	if err != nil {
		return err
	}
	p.CSRF, p.UserID, p.Tags = b.csrf, profile.User.ID, profile.Tags
	for i := range profile.Notes {
		p.Notes = append(p.Notes, b.noteView(p.ChatID, &profile.Notes[i]))
	}
	return nil
}

func (b *workbench) noteView(chatID string, n *models.UserNote) view.UserNote {
	out := view.UserNote{
		CSRF: b.csrf, ChatID: chatID, ID: n.ID, Version: n.Version, Text: n.Content, At: n.CreatedAt,
		Author: b.noteName(n.AgentID, n.AgentName),
	}
	if n.EditedAt != nil {
		out.At, out.Editor, out.IsEdited = *n.EditedAt, b.noteName(n.EditedBy, n.EditorName), true
	}
	return out
}

// noteName returns the name of the agent of a note, "" for the agent of this workbench.
func (b *workbench) noteName(id, name *string) string {
	switch {
	case name == nil:
		return "–"
	case id != nil && *id == b.self.ID:
		return ""
	}
	return *name
}

// pages returns the pages that the user visited during a chat.
func (b *workbench) pages(ctx context.Context, chatID string) ([]view.VisitedPage, error) {
	visited, err := b.desk.PagesOfChat(ctx, b.actor(), chatID)
	if err != nil {
		return nil, err
	}
	return api.Map(visited, func(p *models.VisitedPage) view.VisitedPage {
		return view.VisitedPage{URL: p.URL, Title: pageTitle(p), At: p.At}
	}), nil
}
