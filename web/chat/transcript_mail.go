package chat

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/views/text"
	"parley/web/api"
	"parley/web/kit"
)

type transcriptMailInput struct {
	Email    string `json:"email"`
	TimeZone string `json:"time_zone"`
}

// MailTranscript has the transcript of a chat sent by e-mail and answers 202 with the recipient. Without an address it is the one that is
// known of the user. An unknown time zone is 422.
func (h *Handlers) MailTranscript(c echo.Context) error {
	var in transcriptMailInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	zone, err := kit.TimeZone(in.TimeZone)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	to, err := h.Desk.SendTranscript(ctx, kit.ActorOf(c), kit.ChatID(c), models.TranscriptRequest{
		Email: in.Email, Locale: text.Lang(ctx), TimeZone: zone,
	})
	if err != nil {
		return err
	}
	return h.Respond(c, kit.Result{Status: http.StatusAccepted, JSON: api.MailedTranscript{
		Message: text.T(ctx, "done.transcript_mailed", "Address", to), Email: to,
	}})
}

type revokeLinksInput struct {
	ReplyAddresses kit.Int `json:"reply_addresses"` // 0 or 1
}

// RevokeLinks makes the links invalid that were mailed for a chat, and if asked the addresses for replies too.
func (h *Handlers) RevokeLinks(c echo.Context) error {
	var in revokeLinksInput
	if err := kit.Bind(c, &in); err != nil {
		return err
	}
	if in.ReplyAddresses != 0 && in.ReplyAddresses != 1 {
		return kit.InvalidField("reply_addresses", "out_of_bounds", "reply_addresses must be 0 or 1.")
	}
	ctx := c.Request().Context()
	if err := h.Desk.RevokeContinueLinks(ctx, kit.ActorOf(c), kit.ChatID(c), in.ReplyAddresses == 1); err != nil {
		return err
	}
	done := "done.links_revoked"
	if in.ReplyAddresses == 1 {
		done = "done.mail_revoked"
	}
	return h.Respond(c, kit.Result{JSON: api.Done{Message: text.T(ctx, done)}})
}
