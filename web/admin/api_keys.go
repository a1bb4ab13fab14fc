package admin

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

// apiKeyInput is the form of a new key. Networks is one field with all of them, or a list for programs.
type apiKeyInput struct {
	Name     string      `json:"name"`
	Scopes   []string    `json:"scopes"`
	AgentID  string      `json:"agent_id"`
	Networks []string    `json:"networks"`
	Days     kit.FormInt `json:"expires_in_days"`
}

// APIKeysPage lists the keys, with a form for one more.
func (h *Handlers) APIKeysPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		keys, err := h.Desk.APIKeys(c.Request().Context(), kit.ActorOf(c))
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: api.Map(keys, api.APIKeyOf)})
	}
	page, err := h.apiKeys(c, newKeyOf(c), nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, view.APIKeysPage(*page))
}

// newKeyOf returns the form of a new key: for the agent that the address names, as the page of a bot does, with the scope that goes with
// it.
func newKeyOf(c echo.Context) apiKeyInput {
	in := apiKeyInput{AgentID: c.QueryParam("agent_id")}
	if in.AgentID != "" {
		in.Scopes = []string{string(models.ScopeWriteMessages)}
	}
	return in
}

// AddAPIKey makes a key and answers 201 with it. It is shown this once.
func (h *Handlers) AddAPIKey(c echo.Context) error {
	var in apiKeyInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	n := models.NewAPIKey{Name: in.Name, Scopes: in.Scopes, AgentID: in.AgentID, Networks: in.Networks}
	if in.Days != "" {
		n.Days = in.Days.Int()
	}
	added, key, err := h.Desk.AddAPIKey(kit.FormContext(c), kit.ActorOf(c), n)
	if err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
			page, err := h.apiKeys(c, in, fieldErrors)
			if err != nil {
				return nil, err
			}
			return view.APIKeysPage(*page), nil
		})
	}
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{Status: http.StatusCreated, JSON: api.NewAPIKey{APIKey: api.APIKeyOf(added), Key: key}})
	}
	page, err := h.apiKeys(c, apiKeyInput{}, nil)
	if err != nil {
		return err
	}
	page.AddedName, page.AddedKey = added.Name, key
	return h.Render(c, http.StatusOK, view.APIKeysPage(*page))
}

// RevokeAPIKey ends the use of a key.
func (h *Handlers) RevokeAPIKey(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("api_key_id"), 10, 64)
	if err != nil {
		return models.ErrAPIKeyNotFound
	}
	k, err := h.Desk.RevokeAPIKey(c.Request().Context(), kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.APIKeyOf(k), Redirect: "/admin/api-keys"})
}

// apiKeys returns the page with the keys and the form as it was filled in.
func (h *Handlers) apiKeys(c echo.Context, in apiKeyInput, fieldErrors view.Errors) (*view.APIKeys, error) {
	ctx := c.Request().Context()
	keys, err := h.Desk.APIKeys(ctx, kit.ActorOf(c))
	if err != nil {
		return nil, err
	}
	agents, err := h.Desk.AgentsAndBots(ctx)
	if err != nil {
		return nil, err
	}
	page := &view.APIKeys{
		Frame: h.AdminFrame(c, "api_keys", text.T(ctx, "admin.api_keys.title")), Errors: fieldErrors,
		NewName: in.Name, NewAgent: in.AgentID, NewNetworks: strings.Join(in.Networks, ", "), NewDays: string(in.Days),
	}
	for _, s := range models.Scopes() {
		page.Scopes = append(page.Scopes, view.Scope{
			Name: string(s), Word: scopeWord(ctx, s), Chosen: slices.Contains(in.Scopes, string(s)),
		})
	}
	for i := range agents {
		if a := &agents[i]; a.DisabledAt == nil {
			page.Agents = append(page.Agents, view.KeyAgent{ID: a.ID, Name: a.Name})
		}
	}
	for i := range keys {
		page.Rows = append(page.Rows, apiKeyRow(&keys[i]))
	}
	return page, nil
}

func apiKeyRow(k *models.APIKey) view.APIKey {
	return view.APIKey{
		ID: strconv.FormatInt(k.ID, 10), Name: k.Name, Start: k.Start, Scopes: k.Scopes, Agent: k.AgentName,
		Networks: strings.Join(k.Networks, ", "), ExpiresAt: k.ExpiresAt, Expired: k.ExpiresAt != nil && !time.Now().Before(*k.ExpiresAt),
		By: k.ByName, At: k.CreatedAt, LastUsedAt: k.LastUsedAt, RevokedAt: k.RevokedAt,
	}
}

func scopeWord(ctx context.Context, s models.Scope) string {
	switch s {
	case models.ScopeReadChats:
		return text.T(ctx, "admin.api_keys.scope.read_chats")
	case models.ScopeWriteMessages:
		return text.T(ctx, "admin.api_keys.scope.write_messages")
	case models.ScopeUsers:
		return text.T(ctx, "admin.api_keys.scope.users")
	case models.ScopeReports:
		return text.T(ctx, "admin.api_keys.scope.reports")
	case models.ScopeQueue:
		return text.T(ctx, "admin.api_keys.scope.queue")
	case models.ScopeWebhooks:
		return text.T(ctx, "admin.api_keys.scope.webhooks")
	}
	return string(s)
}
