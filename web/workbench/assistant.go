package workbench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/assistant"
	"parley/web/kit"
)

// assistantWriteTimeout is how long the client may take to receive a piece of an answer.
const assistantWriteTimeout = 10 * time.Second

// LimitAssistant bounds the size and the time of a request to the assistant, in place of the limits of other requests.
func LimitAssistant(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		original := c.Request()
		ctx, cancel := context.WithTimeout(original.Context(), assistant.Timeout+kit.RequestTimeout)
		defer cancel()
		c.SetRequest(original.WithContext(ctx))
		defer c.SetRequest(original)
		c.Request().Body = http.MaxBytesReader(c.Response(), original.Body, kit.BodyLimit)
		_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(assistant.Timeout + 2*kit.RequestTimeout))
		return next(c)
	}
}

type assistantInput struct {
	Task      models.AssistantTask `json:"task"`
	Text      string               `json:"text"`
	MessageID kit.Int              `json:"message_id"`
	Language  string               `json:"language"`
}

// assistantAnswer is the body of an answer, and of the event done.
type assistantAnswer struct {
	Text   string `json:"text"`
	Tokens int64  `json:"tokens"`
}

// Assist answers with what the assistant writes: as it is written, if the client accepts a stream of events (text, then done or failed),
// else as a whole. Nothing of it is stored or sent to the user.
func (h *Handlers) Assist(c echo.Context) error {
	chatID := kit.ChatID(c)
	if h.Assistant == nil {
		return models.ErrAssistantOff
	}
	var in assistantInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	call, err := h.Desk.BeginAssistantCall(ctx, kit.ActorOf(c), chatID, text.Lang(ctx), models.AssistantRequest{
		Task: in.Task, Text: in.Text, MessageID: int64(in.MessageID), Language: in.Language,
	})
	if err != nil {
		return err
	}
	out := &assistantStream{c: c, asked: strings.Contains(c.Request().Header.Get("Accept"), "text/event-stream")}
	answer, tokens, err := h.Assistant.Answer(ctx, call, out.piece)
	h.endAssistantCall(ctx, call, tokens)
	switch {
	case err != nil && out.begun:
		h.Log.Warn("assistant failed", "task", call.Task, "error", err)
		return out.send("failed", kit.ProblemOf(ctx, err))
	case err != nil:
		return err
	case out.asked:
		return out.send("done", assistantAnswer{answer, tokens})
	}
	return h.Respond(c, kit.Result{JSON: assistantAnswer{answer, tokens}})
}

// endAssistantCall gives back what a call did not use, also when its agent went away meanwhile.
func (h *Handlers) endAssistantCall(ctx context.Context, call *models.AssistantCall, tokens int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), kit.RequestTimeout)
	defer cancel()
	if err := h.Desk.EndAssistantCall(ctx, call, tokens); err != nil {
		h.Log.Warn("the tokens of an assistant call stay reserved", "error", err)
	}
}

// assistantStream writes an answer as server-sent events. It begins with the first piece, so that an error before it is answered as a
// problem.
type assistantStream struct {
	c            echo.Context
	asked, begun bool
}

func (s *assistantStream) piece(piece string) error {
	if !s.asked {
		return nil
	}
	return s.send("text", struct {
		Text string `json:"text"`
	}{piece})
}

func (s *assistantStream) send(event string, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	response := s.c.Response()
	if !s.begun {
		s.begun = true
		response.Header().Set(echo.HeaderContentType, "text/event-stream")
		response.Header().Set("X-Accel-Buffering", "no")
		response.WriteHeader(http.StatusOK)
	}
	controller := http.NewResponseController(response)
	_ = controller.SetWriteDeadline(time.Now().Add(assistantWriteTimeout))
	if _, err := fmt.Fprintf(response, "event: %s\ndata: %s\n\n", event, data); err != nil {
		return err
	}
	return controller.Flush()
}
