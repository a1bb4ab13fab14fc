package account

import (
	"encoding/base64"
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/models"
	view "parley/views/account"
	"parley/views/staff"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/present"
)

// PushDevices responds with the key that browsers subscribe with, and the caller's devices.
func (h *Handlers) PushDevices(c echo.Context) error {
	ctx := c.Request().Context()
	caller := kit.CallerOf(c)
	keys, err := h.Desk.PushKeys(ctx)
	if err != nil {
		return err
	}
	devices, err := h.Desk.PushDevices(ctx, caller.Actor, caller.Actor.ID, caller.Session)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.PushDevices{
		PublicKey: base64.RawURLEncoding.EncodeToString(keys.Public), Devices: api.Map(devices, api.PushDeviceOf),
	}})
}

// AddPushDevice adds the browser that sends its subscription and responds 201.
func (h *Handlers) AddPushDevice(c echo.Context) error {
	var in struct {
		Endpoint string `json:"endpoint"`
		P256dh   string `json:"p256dh"`
		Auth     string `json:"auth"`
	}
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	caller := kit.CallerOf(c)
	added, err := h.Desk.AddPushDevice(ctx, caller.Actor, caller.Session, models.NewPushDevice{
		Endpoint: in.Endpoint, P256dh: in.P256dh, Auth: in.Auth, UserAgent: kit.UserAgent(c), Locale: text.Lang(ctx),
	})
	if err != nil {
		return h.redrawForm(c, "push", err)
	}
	return h.Respond(c, kit.Result{Status: http.StatusCreated, JSON: api.PushDeviceOf(added), Redirect: "/account?done=push#push"})
}

// RemovePushDevice removes one of the caller's devices.
func (h *Handlers) RemovePushDevice(c echo.Context) error {
	ctx := c.Request().Context()
	actor := kit.ActorOf(c)
	if err := h.Desk.RemovePushDevice(ctx, actor, actor.ID, kit.PathID(c, "device_id")); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{
		JSON:     api.Done{Message: text.T(ctx, "account.done.push_removed")},
		Redirect: "/account?done=push_removed#push",
	})
}

// TestPushDevice sends a test notification to one of the caller's devices. It waits for the push service.
func (h *Handlers) TestPushDevice(c echo.Context) error {
	ctx := c.Request().Context()
	if err := h.Desk.TestPush(ctx, kit.ActorOf(c), kit.PathID(c, "device_id")); err != nil {
		return h.redrawForm(c, "push", err)
	}
	return h.Respond(c, kit.Result{
		JSON:     api.Done{Message: text.T(ctx, "account.done.push_tested")},
		Redirect: "/account?done=push_tested#push",
	})
}

// pushView is the section of notifications on the account page.
func (h *Handlers) pushView(c echo.Context) (view.Push, error) {
	ctx := c.Request().Context()
	caller := kit.CallerOf(c)
	keys, err := h.Desk.PushKeys(ctx)
	if err != nil {
		return view.Push{}, err
	}
	devices, err := h.Desk.PushDevices(ctx, caller.Actor, caller.Actor.ID, caller.Session)
	if err != nil {
		return view.Push{}, err
	}
	p := view.Push{Key: base64.RawURLEncoding.EncodeToString(keys.Public), ShowsText: h.Desk.Settings().PushMessageText}
	for i := range devices {
		d := &devices[i]
		program, phone := present.DescribeUserAgent(ctx, d.UserAgent)
		p.Devices = append(p.Devices, view.PushDevice{ID: d.ID, Fingerprint: d.Fingerprint(), Device: staff.Device{
			Program: program, Phone: phone, Added: d.CreatedAt, Sent: d.SentAt, Failed: d.FailedAt != nil,
		}})
	}
	return p, nil
}
