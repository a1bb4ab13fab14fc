package admin

import (
	"net/http"
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

// webhookInput is the form of a webhook. Headers are lines such as "Authorization: Bearer …", all in one field or each in one of a list;
// a name alone keeps the value that the webhook has.
type webhookInput struct {
	Name    string   `json:"name"`
	URL     string   `json:"url"`
	Events  []string `json:"events"`
	Headers []string `json:"headers"`
	AgentID *string  `json:"agent_id"`
}

// ofAllChats is the agent_id of the form for no agent: an empty field of a form is one that was not sent.
const ofAllChats = "all"

func (in *webhookInput) fields() models.WebhookFields {
	f := models.WebhookFields{Name: in.Name, URL: in.URL, Events: in.Events, Headers: map[string]string{}, AgentID: in.AgentID}
	if in.AgentID != nil && *in.AgentID == ofAllChats {
		f.AgentID = new(string)
	}
	for _, lines := range in.Headers {
		for line := range strings.Lines(lines) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			if name = strings.TrimSpace(name); name != "" {
				f.Headers[name] = strings.TrimSpace(value)
			}
		}
	}
	return f
}

func webhookID(c echo.Context) (int64, error) {
	id, err := strconv.ParseInt(c.Param("webhook_id"), 10, 64)
	if err != nil {
		return 0, models.ErrWebhookNotFound
	}
	return id, nil
}

func webhookPath(id int64) string { return "/admin/webhooks/" + strconv.FormatInt(id, 10) }

// WebhooksPage lists the webhooks, with a form for one more.
func (h *Handlers) WebhooksPage(c echo.Context) error {
	if kit.Format(c) == kit.JSON {
		all, err := h.Desk.Webhooks(c.Request().Context(), kit.ActorOf(c))
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: api.Map(all, api.WebhookOf)})
	}
	page, err := h.webhooks(c, webhookInput{}, nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, page)
}

func (h *Handlers) webhooks(c echo.Context, in webhookInput, fieldErrors view.Errors) (templ.Component, error) {
	ctx := c.Request().Context()
	all, err := h.Desk.Webhooks(ctx, kit.ActorOf(c))
	if err != nil {
		return nil, err
	}
	form, err := h.webhookForm(c, in, fieldErrors)
	if err != nil {
		return nil, err
	}
	return view.WebhooksPage(view.Webhooks{
		Frame: h.AdminFrame(c, "webhooks", text.T(ctx, "admin.webhooks.title")), Form: form, Rows: api.Map(all, webhookRow),
	}), nil
}

// AddWebhook adds a webhook and answers 201 with its secret, which is shown this once.
func (h *Handlers) AddWebhook(c echo.Context) error {
	var in webhookInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	added, err := h.Desk.AddWebhook(kit.FormContext(c), kit.ActorOf(c), in.fields())
	if err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) { return h.webhooks(c, in, fieldErrors) })
	}
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{Status: http.StatusCreated, JSON: api.NewWebhookOf(added)})
	}
	return h.webhookWithSecret(c, added)
}

// webhookWithSecret shows the page of a webhook with its secret.
func (h *Handlers) webhookWithSecret(c echo.Context, w *models.Webhook) error {
	page, err := h.webhook(c, w, nil, nil)
	if err != nil {
		return err
	}
	page.Secret = w.Secret
	return h.Render(c, http.StatusOK, view.WebhookPage(*page))
}

// WebhookPage shows a webhook with what it was told.
func (h *Handlers) WebhookPage(c echo.Context) error {
	id, err := webhookID(c)
	if err != nil {
		return err
	}
	w, err := h.Desk.Webhook(c.Request().Context(), kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.WebhookOf(w)})
	}
	page, err := h.webhook(c, w, nil, nil)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, view.WebhookPage(*page))
}

// UpdateWebhook changes a webhook.
func (h *Handlers) UpdateWebhook(c echo.Context) error {
	id, err := webhookID(c)
	if err != nil {
		return err
	}
	var in webhookInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	w, err := h.Desk.UpdateWebhook(ctx, kit.ActorOf(c), id, in.fields())
	if err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
			w, err := h.Desk.Webhook(ctx, kit.ActorOf(c), id)
			if err != nil {
				return nil, err
			}
			page, err := h.webhook(c, w, &in, fieldErrors)
			if err != nil {
				return nil, err
			}
			return view.WebhookPage(*page), nil
		})
	}
	return h.Respond(c, kit.Result{JSON: api.WebhookOf(w), Redirect: webhookPath(id)})
}

// RotateWebhookSecret gives a webhook another secret, which is shown this once.
func (h *Handlers) RotateWebhookSecret(c echo.Context) error {
	id, err := webhookID(c)
	if err != nil {
		return err
	}
	w, err := h.Desk.RotateWebhookSecret(c.Request().Context(), kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.NewWebhookOf(w)})
	}
	return h.webhookWithSecret(c, w)
}

// PauseWebhook holds the deliveries of a webhook back, or with false has them made again.
func (h *Handlers) PauseWebhook(pause bool) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := webhookID(c)
		if err != nil {
			return err
		}
		change := h.Desk.ResumeWebhook
		if pause {
			change = h.Desk.PauseWebhook
		}
		w, err := change(c.Request().Context(), kit.ActorOf(c), id)
		if err != nil {
			return err
		}
		return h.Respond(c, kit.Result{JSON: api.WebhookOf(w), Redirect: webhookPath(id)})
	}
}

// RemoveWebhook removes a webhook.
func (h *Handlers) RemoveWebhook(c echo.Context) error {
	id, err := webhookID(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.Desk.RemoveWebhook(ctx, kit.ActorOf(c), id); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(ctx, "done.webhook_removed")}, Redirect: "/admin/webhooks"})
}

// webhookFilter reads the filter of a log from the query. A date in "to" includes the whole day.
func webhookFilter(c echo.Context) (f models.WebhookDeliveryFilter, err error) {
	state, kind := c.QueryParam("state"), c.QueryParam("type")
	f.State, f.Type = models.WebhookDeliveryState(state), models.WebhookEventType(kind)
	if f.From, err = kit.QueryTime(c, "from", time.Time{}); err != nil {
		return f, err
	}
	if f.To, err = kit.QueryTime(c, "to", time.Time{}); err != nil {
		return f, err
	}
	f.To = endOfDay(f.To, c.QueryParam("to"))
	f.Before, err = kit.QueryInt(c, "before", 0)
	return f, err
}

// endOfDay returns the end of the day if the time was entered as a date.
func endOfDay(at time.Time, entered string) time.Time {
	if _, err := time.Parse(time.DateOnly, entered); err == nil {
		return at.AddDate(0, 0, 1)
	}
	return at
}

// WebhookDeliveries lists what a webhook was told, newest first.
func (h *Handlers) WebhookDeliveries(c echo.Context) error {
	id, err := webhookID(c)
	if err != nil {
		return err
	}
	f, err := webhookFilter(c)
	if err != nil {
		return err
	}
	if f.Limit, err = kit.QueryLimit(c); err != nil {
		return err
	}
	found, hasOlder, err := h.Desk.WebhookDeliveries(c.Request().Context(), kit.ActorOf(c), id, f)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{
		JSON: api.WebhookDeliveries{Deliveries: api.Map(found, api.WebhookDeliveryOf), HasOlder: api.IntBool(hasOlder)},
	})
}

// WebhookDeliveryPage shows what was sent and answered.
func (h *Handlers) WebhookDeliveryPage(c echo.Context) error {
	id, delivery, err := webhookDelivery(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	d, err := h.Desk.WebhookDelivery(ctx, kit.ActorOf(c), id, delivery)
	if err != nil {
		return err
	}
	if kit.Format(c) == kit.JSON {
		return h.Respond(c, kit.Result{JSON: api.WebhookDeliveryDetailOf(d)})
	}
	w, err := h.Desk.Webhook(ctx, kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	return h.Render(c, http.StatusOK, view.WebhookDeliveryPage(h.webhookDeliveryView(c, w, d)))
}

func webhookDelivery(c echo.Context) (webhook, delivery int64, err error) {
	if webhook, err = webhookID(c); err != nil {
		return 0, 0, err
	}
	if delivery, err = strconv.ParseInt(c.Param("delivery_id"), 10, 64); err != nil {
		return 0, 0, models.ErrWebhookDeliveryNotFound
	}
	return webhook, delivery, nil
}

// TestWebhook tells a webhook of a test and shows what it answered.
func (h *Handlers) TestWebhook(c echo.Context) error {
	id, err := webhookID(c)
	if err != nil {
		return err
	}
	d, err := h.Desk.TestWebhook(c.Request().Context(), kit.ActorOf(c), id)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{
		JSON: api.WebhookDeliveryDetailOf(d), Redirect: webhookPath(id) + "/deliveries/" + strconv.FormatInt(d.ID, 10),
	})
}

// ReplayWebhookDelivery has a delivery made again.
func (h *Handlers) ReplayWebhookDelivery(c echo.Context) error {
	id, delivery, err := webhookDelivery(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.Desk.ReplayWebhookDelivery(ctx, kit.ActorOf(c), id, delivery); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{
		JSON:     api.WebhookReplay{Message: text.T(ctx, "done.webhook_replayed", "Count", 1), Replayed: 1},
		Redirect: webhookPath(id) + "/deliveries/" + strconv.FormatInt(delivery, 10),
	})
}

// webhookReplayInput selects the deliveries that are made again.
type webhookReplayInput struct {
	State string `json:"state"`
	Type  string `json:"type"`
	From  string `json:"from"`
	To    string `json:"to"`
}

func (in *webhookReplayInput) filter() (f models.WebhookDeliveryFilter, err error) {
	f.State, f.Type = models.WebhookDeliveryState(in.State), models.WebhookEventType(in.Type)
	if in.From != "" {
		if f.From, err = kit.ParseTime("from", in.From); err != nil {
			return f, err
		}
	}
	if in.To != "" {
		if f.To, err = kit.ParseTime("to", in.To); err != nil {
			return f, err
		}
		f.To = endOfDay(f.To, in.To)
	}
	return f, nil
}

// ReplayWebhookDeliveries has the deliveries of a period made again.
func (h *Handlers) ReplayWebhookDeliveries(c echo.Context) error {
	id, err := webhookID(c)
	if err != nil {
		return err
	}
	var in webhookReplayInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	f, err := in.filter()
	n := 0
	if err == nil {
		n, err = h.Desk.ReplayWebhookDeliveries(ctx, kit.ActorOf(c), id, f)
	}
	if err != nil {
		return h.redrawForm(c, err, func(fieldErrors view.Errors) (templ.Component, error) {
			w, err := h.Desk.Webhook(ctx, kit.ActorOf(c), id)
			if err != nil {
				return nil, err
			}
			page, err := h.webhook(c, w, nil, nil)
			if err != nil {
				return nil, err
			}
			page.ReplayErrors = fieldErrors
			return view.WebhookPage(*page), nil
		})
	}
	return h.Respond(c, kit.Result{
		JSON:     api.WebhookReplay{Message: text.T(ctx, "done.webhook_replayed", "Count", n), Replayed: n},
		Redirect: webhookPath(id) + "?state=pending#log-h",
	})
}
