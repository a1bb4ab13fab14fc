package chat

import (
	"bufio"
	"net/http"
	"time"
	_ "time/tzdata" // the time zones of users, on machines without a database of them

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/kit"
)

// Transcript sends all messages of a chat as a text file, with times in the time zone of the query, UTC without one. It reads and sends
// one page of messages after the other; what is sent meanwhile is part of the file. An unknown time zone is 422.
func (h *Handlers) Transcript(c echo.Context) error {
	ctx, actor, id := c.Request().Context(), kit.ActorOf(c), kit.ChatID(c)
	zone, err := timeZone(c.QueryParam("time_zone"))
	if err != nil {
		return err
	}
	found, err := h.Desk.Chat(ctx, actor, id)
	if err != nil {
		return err
	}
	page, err := h.Desk.Messages(ctx, actor, id, 0, models.MaxLimit)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "text/plain; charset=utf-8")
	header.Set(echo.HeaderContentDisposition, `attachment; filename="chat-`+found.CreatedAt.In(zone).Format("2006-01-02-1504")+`.txt"`)
	header.Set(echo.HeaderCacheControl, "private, no-store")
	c.Response().WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	out := bufio.NewWriter(idleTimeoutWriter{c.Response(), http.NewResponseController(c.Response())})
	t := transcript{out: out, zone: zone, names: map[string]string{}}
	err = h.writeTranscript(c, &t, &found.Chat, page)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		h.Log.Warn("a transcript was cut off", "chat_id", id, "error", err)
		panic(http.ErrAbortHandler) // the status is sent: only a broken connection shows that the file is not complete
	}
	return nil
}

// writeTranscript writes a chat of which the first messages were read.
func (h *Handlers) writeTranscript(c echo.Context, t *transcript, chat *models.Chat, page []models.Message) error {
	ctx, actor := c.Request().Context(), kit.ActorOf(c)
	if err := t.begin(ctx, chat); err != nil {
		return err
	}
	for len(page) > 0 {
		for i := range page {
			m := &page[i]
			if m.SenderType == models.FromAgent && t.names[m.SenderID] == "" {
				a, err := h.Desk.AgentByID(ctx, m.SenderID)
				if err != nil {
					return err
				}
				t.names[m.SenderID] = a.Name
			}
			if err := t.message(ctx, m); err != nil {
				return err
			}
		}
		var err error
		if page, err = h.Desk.Messages(ctx, actor, chat.ID, page[len(page)-1].ID, models.MaxLimit); err != nil {
			return err
		}
	}
	return t.end(ctx)
}

// timeZone returns a time zone by its IANA name, UTC for "".
func timeZone(name string) (*time.Location, error) {
	if name == "Local" { // that of this machine
		name = "-"
	}
	zone, err := time.LoadLocation(name)
	if err != nil || len(name) > 64 {
		return nil, kit.InvalidField("time_zone", "unknown", "time_zone must be the name of a time zone, such as Europe/Berlin.")
	}
	return zone, nil
}
