package admin

import (
	"github.com/labstack/echo/v4"

	view "parley/views/admin"
	"parley/views/staff"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
	"parley/web/present"
)

// PushDevices responds with the devices on which an agent gets notifications.
func (h *Handlers) PushDevices(c echo.Context) error {
	a, err := h.AgentFromPath(c)
	if err != nil {
		return err
	}
	devices, err := h.Desk.PushDevices(c.Request().Context(), kit.ActorOf(c), a.ID, kit.CallerOf(c).Session)
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Map(devices, api.PushDeviceOf)})
}

// RemovePushDevice removes a device of an agent.
func (h *Handlers) RemovePushDevice(c echo.Context) error {
	a, err := h.AgentFromPath(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := h.Desk.RemovePushDevice(ctx, kit.ActorOf(c), a.ID, kit.PathID(c, "device_id")); err != nil {
		return err
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(ctx, "account.done.push_removed")}, Redirect: "/admin/people/" + a.ID})
}

// pushDevices are the devices of an agent on the page of the agent.
func (h *Handlers) pushDevices(c echo.Context, agentID string) ([]view.PushDevice, error) {
	ctx := c.Request().Context()
	devices, err := h.Desk.PushDevices(ctx, kit.ActorOf(c), agentID, kit.CallerOf(c).Session)
	if err != nil {
		return nil, err
	}
	var rows []view.PushDevice
	for i := range devices {
		program, phone := present.DescribeUserAgent(ctx, devices[i].UserAgent)
		rows = append(rows, view.PushDevice{ID: devices[i].ID, Device: staff.Device{
			Program: program, Phone: phone, Added: devices[i].CreatedAt, Sent: devices[i].SentAt, Failed: devices[i].FailedAt != nil,
		}})
	}
	return rows, nil
}
