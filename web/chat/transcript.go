package chat

import (
	"bufio"
	"context"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/chat"
	"parley/views/text"
	"parley/web/kit"
	"parley/web/present"
)

// Transcript sends all messages of a chat as a text file, with times in the time zone of the query, UTC without one. It reads and sends
// one page of messages after the other; what is sent meanwhile is part of the file. An unknown time zone is 422.
func (h *Handlers) Transcript(c echo.Context) error {
	return h.sendTranscript(c, "txt", "text/plain; charset=utf-8", h.writeTranscript)
}

// TranscriptHTML is Transcript as a page that can be printed.
func (h *Handlers) TranscriptHTML(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderContentSecurityPolicy, kit.ClosedPolicy+"; sandbox") // its style is for the file that is stored
	return h.sendTranscript(c, "html", "text/html; charset=utf-8", h.writeTranscriptPage)
}

// transcriptWriter writes a chat of which the first messages were read.
type transcriptWriter func(c echo.Context, out io.Writer, zone *time.Location, chat *models.Chat, page []models.Message) error

func (h *Handlers) sendTranscript(c echo.Context, extension, contentType string, write transcriptWriter) error {
	ctx, actor, id := c.Request().Context(), kit.ActorOf(c), kit.ChatID(c)
	zone, err := kit.QueryTimeZone(c)
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
	header.Set(echo.HeaderContentType, contentType)
	name := "chat-" + found.CreatedAt.In(zone).Format("2006-01-02-1504") + "." + extension
	header.Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	header.Set(echo.HeaderCacheControl, "private, no-store")
	header.Set(echo.HeaderXContentTypeOptions, "nosniff")
	c.Response().WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	out := bufio.NewWriter(idleTimeoutWriter{c.Response(), http.NewResponseController(c.Response())})
	if err = write(c, out, zone, &found.Chat, page); err == nil {
		err = out.Flush()
	}
	if err != nil {
		h.Log.Warn("a transcript was cut off", "chat_id", id, "error", err)
		panic(http.ErrAbortHandler) // the status is sent: only a broken connection shows that the file is not complete
	}
	return nil
}

// transcriptMessages returns the messages of a chat with the names of their agents. It ends at the first failure and keeps it in err.
func (h *Handlers) transcriptMessages(c echo.Context, chatID string, page []models.Message, err *error) iter.Seq2[*models.Message, string] {
	ctx, actor, names := c.Request().Context(), kit.ActorOf(c), map[string]string{}
	return func(yield func(*models.Message, string) bool) {
		for len(page) > 0 {
			for i := range page {
				m := &page[i]
				if m.SenderType == models.FromAgent && names[m.SenderID] == "" {
					a, readErr := h.Desk.AgentByID(ctx, m.SenderID)
					if *err = readErr; readErr != nil {
						return
					}
					names[m.SenderID] = a.Name
				}
				if !yield(m, names[m.SenderID]) {
					return
				}
			}
			if page, *err = h.Desk.Messages(ctx, actor, chatID, page[len(page)-1].ID, models.MaxLimit); *err != nil {
				return
			}
		}
	}
}

func (h *Handlers) writeTranscript(c echo.Context, out io.Writer, zone *time.Location, of *models.Chat, page []models.Message) error {
	ctx := c.Request().Context()
	answers, err := h.Desk.AnswersOf(ctx, of)
	if err != nil {
		return err
	}
	t := transcript{out: out, zone: zone}
	if err := t.begin(ctx, of, present.Answers(ctx, answers)); err != nil {
		return err
	}
	for m, name := range h.transcriptMessages(c, of.ID, page, &err) {
		if writeErr := t.message(ctx, m, name); writeErr != nil {
			return writeErr
		}
	}
	if err != nil {
		return err
	}
	return t.end(ctx)
}

func (h *Handlers) writeTranscriptPage(c echo.Context, out io.Writer, zone *time.Location, of *models.Chat, page []models.Message) error {
	ctx := c.Request().Context()
	answers, err := h.Desk.AnswersOf(ctx, of)
	if err != nil {
		return err
	}
	began := of.CreatedAt.In(zone)
	t := chat.Transcript{
		ChatID: of.ID, Began: began.Format("2006-01-02 15:04"), Zone: zone.String(), Offset: began.Format("-07:00"),
		Answers: present.Answers(ctx, answers), IsCutOff: func() bool { return err != nil },
	}
	t.Messages = func(yield func(chat.TranscriptLine) bool) {
		for m, name := range h.transcriptMessages(c, of.ID, page, &err) {
			if !yield(transcriptLine(ctx, m, name, zone)) {
				return
			}
		}
	}
	if renderErr := chat.TranscriptPage(t).Render(ctx, out); renderErr != nil {
		return renderErr
	}
	return err
}

func transcriptLine(ctx context.Context, m *models.Message, name string, zone *time.Location) chat.TranscriptLine {
	at := m.CreatedAt.In(zone)
	line := chat.TranscriptLine{
		Sender: present.TranscriptSender(ctx, m, name), Text: present.TranscriptText(ctx, m), IsOwn: m.SenderType == models.FromUser,
		Time: at.Format("2006-01-02 15:04:05"), Stamp: at.Format(time.RFC3339),
	}
	if m.EditedAt != nil && !m.IsWithdrawn() {
		line.Note = text.T(ctx, "transcript.edited")
	}
	return line
}
