package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/admin"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

func webhookRow(w *models.Webhook) view.Webhook {
	return view.Webhook{
		ID: strconv.FormatInt(w.ID, 10), Name: w.Name, URL: w.URL, Agent: w.AgentName, Events: w.Events, State: string(w.State),
		FailingSince: w.FailingSince, DeliveredAt: w.DeliveredAt, Pending: w.Pending, Failed: w.Failed, By: w.ByName, At: w.CreatedAt,
		PreviousSecretUntil: w.PreviousSecretUntil,
	}
}

// webhookForm returns the form of a webhook as it was filled in. Whose chats it is told of can be chosen where there are bots.
func (h *Handlers) webhookForm(c echo.Context, in webhookInput, fieldErrors view.Errors) (view.WebhookForm, error) {
	ctx := c.Request().Context()
	form := view.WebhookForm{Name: in.Name, URL: in.URL, Headers: strings.Join(in.Headers, "\n"), Errors: fieldErrors}
	for _, e := range models.WebhookEventTypes() {
		form.Events = append(form.Events, view.WebhookEvent{
			Name: string(e), Word: webhookEventWord(ctx, e), Chosen: slices.Contains(in.Events, string(e)),
		})
	}
	if form.Agent = ofAllChats; in.AgentID != nil && *in.AgentID != "" {
		form.Agent = *in.AgentID
	}
	bots, err := h.Desk.Bots(ctx, kit.ActorOf(c))
	if err != nil || len(bots) == 0 && form.Agent == ofAllChats {
		return form, err
	}
	form.Agents = []view.Choice{{Value: ofAllChats, Name: text.T(ctx, "admin.webhooks.of_all")}}
	for i := range bots {
		form.Agents = append(form.Agents, view.Choice{Value: bots[i].ID, Name: bots[i].Name})
	}
	if !slices.ContainsFunc(form.Agents, func(choice view.Choice) bool { return choice.Value == form.Agent }) {
		name := form.Agent
		if a, err := h.Desk.AgentByID(ctx, form.Agent); err == nil {
			name = a.Name
		}
		form.Agents = append(form.Agents, view.Choice{Value: form.Agent, Name: name})
	}
	return form, nil
}

func webhookEventWord(ctx context.Context, e models.WebhookEventType) string {
	return text.T(ctx, "admin.webhooks.event."+string(e))
}

// webhook returns the page of a webhook with its form, as it was filled in or as the webhook is, and the part of its log that the query
// selects. A query that selects nothing sensible selects all.
func (h *Handlers) webhook(c echo.Context, w *models.Webhook, in *webhookInput, fieldErrors view.Errors) (*view.WebhookDetail, error) {
	ctx := c.Request().Context()
	if in == nil {
		in = &webhookInput{
			Name: w.Name, URL: w.URL, Events: w.Events, Headers: slices.Sorted(maps.Keys(w.Headers)), AgentID: w.AgentID,
		}
	}
	form, err := h.webhookForm(c, *in, fieldErrors)
	if err != nil {
		return nil, err
	}
	page := &view.WebhookDetail{
		Frame: h.AdminFrame(c, "webhooks", w.Name), Webhook: webhookRow(w), Form: form,
		State: c.QueryParam("state"), Type: c.QueryParam("type"), From: c.QueryParam("from"), To: c.QueryParam("to"),
	}
	f, err := webhookFilter(c)
	found, hasOlder := []models.WebhookDelivery{}, false
	if err == nil {
		found, hasOlder, err = h.Desk.WebhookDeliveries(ctx, kit.ActorOf(c), w.ID, f)
	}
	if refusal, isRefused := formErrors(ctx, err); err != nil && (isRefused || errors.Is(err, kit.Malformed(""))) {
		page.State, page.Type, page.From, page.To, page.FilterErrors = "", "", "", "", refusal
		found, hasOlder, err = h.Desk.WebhookDeliveries(ctx, kit.ActorOf(c), w.ID, models.WebhookDeliveryFilter{})
	}
	if err != nil {
		return nil, err
	}
	page.IsFiltered = page.State != "" || page.Type != "" || page.From != "" || page.To != ""
	page.States = []view.Choice{{Name: text.T(ctx, "admin.webhooks.any_state")}}
	for _, s := range models.WebhookDeliveryStates {
		page.States = append(page.States, view.Choice{Value: string(s), Name: text.T(ctx, "admin.webhooks.delivery."+string(s))})
	}
	page.Types = []view.Choice{{Name: text.T(ctx, "admin.webhooks.any_event")}}
	for _, e := range append(models.WebhookEventTypes(), models.WebhookTest) {
		page.Types = append(page.Types, view.Choice{Value: string(e), Name: webhookEventWord(ctx, e)})
	}
	page.Deliveries = api.Map(found, func(d *models.WebhookDelivery) view.WebhookDelivery { return webhookDeliveryRow(ctx, d) })
	if hasOlder {
		query := url.Values{"before": {strconv.FormatInt(found[len(found)-1].ID, 10)}}
		for name, value := range map[string]string{"state": page.State, "type": page.Type, "from": page.From, "to": page.To} {
			if value != "" {
				query.Set(name, value)
			}
		}
		page.Older = webhookPath(w.ID) + "?" + query.Encode() + "#log-h"
	}
	return page, nil
}

func webhookDeliveryRow(ctx context.Context, d *models.WebhookDelivery) view.WebhookDelivery {
	row := view.WebhookDelivery{
		ID: strconv.FormatInt(d.ID, 10), WebhookID: strconv.FormatInt(d.WebhookID, 10), Type: string(d.Type),
		Word: webhookEventWord(ctx, d.Type), EventID: d.EventID, State: string(d.State), Attempts: d.Attempts, At: d.CreatedAt,
		Reason: api.WebhookReason(ctx, d.Error, d.Status), CanReplay: d.Type != models.WebhookTest,
	}
	if d.Status != nil {
		row.Status = strconv.Itoa(*d.Status)
	}
	if d.ChatID != nil {
		row.ChatID = *d.ChatID
	}
	if d.State == models.WebhookPending && d.DueAt.After(time.Now()) {
		row.NextAt = &d.DueAt
	}
	return row
}

func (h *Handlers) webhookDeliveryView(c echo.Context, w *models.Webhook, d *models.WebhookDeliveryDetail) view.WebhookDeliveryDetail {
	ctx := c.Request().Context()
	page := view.WebhookDeliveryDetail{
		Frame: h.AdminFrame(c, "webhooks", text.T(ctx, "admin.webhooks.delivery_title")), Name: w.Name, URL: w.URL,
		Delivery: webhookDeliveryRow(ctx, &d.WebhookDelivery), Payload: indented(d.Payload),
	}
	for i := range d.Made {
		a := &d.Made[i]
		attempt := view.WebhookAttempt{
			Number:         a.Number,
			At:             a.At,
			Took:           time.Duration(a.DurationMS) * time.Millisecond,
			Reason:         api.WebhookReason(ctx, a.Error, a.Status),
			RequestHeaders: headerLines(a.RequestHeaders),
			AnswerHeaders:  headerLines(a.AnswerHeaders),
			Answer:         a.Answer,
		}
		if a.Status != nil {
			attempt.Status = strconv.Itoa(*a.Status)
		}
		page.Attempts = append(page.Attempts, attempt)
	}
	return page
}

func headerLines(headers map[string]string) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		lines = append(lines, name+": "+headers[name])
	}
	return strings.Join(lines, "\n")
}

// indented returns JSON as people read it.
func indented(raw string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(raw), "", "  ") != nil {
		return raw
	}
	return out.String()
}
