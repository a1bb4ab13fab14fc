package mail

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"parley/models"
	view "parley/views/mail"
	"parley/views/text"
	"parley/views/ui"
	"parley/web/api"
	"parley/web/present"
)

// defaultColor is the colour of mails where that of the settings leaves no text readable.
const defaultColor = "#0b5968"

// compose returns the message for a mail, in its language.
func (m *Mailer) compose(ctx context.Context, mail *models.Mail) (*gomail.Msg, error) {
	ctx = text.With(ctx, text.Match("", mail.Locale))
	if len(mail.Texts) > 0 {
		own := text.NewOverrides(api.Map(mail.Texts, func(o *models.TextOverride) text.Override {
			return text.Override{Lang: o.Locale, Key: o.Key, Text: o.Text}
		}))
		ctx = text.WithOverrides(ctx, func() *text.Overrides { return own })
	}
	data := m.view(ctx, mail)
	var html strings.Builder
	if err := view.HTML(data).Render(ctx, &html); err != nil {
		return nil, err
	}
	plain, err := view.Text(html.String())
	if err != nil {
		return nil, err
	}
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(address(data.Site, mail.From))
	message.ToMailAddress(address(mail.ToName, mail.To))
	if mail.ReplyTo != "" {
		message.ReplyToMailAddress(address(data.Site, mail.ReplyTo))
		if message.EnvelopeFrom(mail.ReplyTo) != nil { // bounces come back into the chat
			return nil, errors.New("the reply address is not valid")
		}
	}
	message.Subject(view.Subject(ctx, data, mail.InReplyTo != ""))
	message.SetDate()
	message.SetMessageIDWithValue(mail.MessageID)
	if mail.InReplyTo != "" {
		message.SetGenHeader(gomail.HeaderInReplyTo, "<"+mail.InReplyTo+">")
		message.SetGenHeaderPreformatted(gomail.HeaderReferences, "<"+strings.Join(mail.References, ">\r\n <")+">")
	}
	// Programs that answer by themselves, such as out-of-office replies, leave such mail alone.
	submitted := "auto-generated"
	if mail.Kind == models.MailReceived {
		submitted = "auto-replied"
	}
	message.SetGenHeader("Auto-Submitted", submitted)
	message.SetGenHeader("X-Auto-Response-Suppress", "OOF, AutoReply")
	message.SetGenHeader("Content-Language", text.Lang(ctx))
	message.SetBodyString(gomail.TypeTextPlain, plain)
	message.AddAlternativeString(gomail.TypeTextHTML, html.String())
	return message, nil
}

func address(name, of string) *mail.Address { return &mail.Address{Name: oneLine(name), Address: of} }

// oneLine keeps a name in its header.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// view returns what a mail shows.
func (m *Mailer) view(ctx context.Context, mail *models.Mail) view.Mail {
	brand, readable := ui.ParseBrand(mail.Color)
	if !readable {
		brand, _ = ui.ParseBrand(defaultColor)
	}
	data := view.Mail{
		Kind: string(mail.Kind), Site: mail.FromName, Brand: brand, ToName: oneLine(mail.ToName), CanReply: mail.ReplyTo != "",
		Began: mail.Chat.CreatedAt.In(mail.Zone), Reference: mail.Chat.ID,
	}
	if data.Site == "" {
		data.Site = text.T(ctx, "mail.site")
	}
	data.Zone = text.T(ctx, "transcript.zone", "Zone", mail.Zone.String(), "Offset", data.Began.Format("-07:00"))
	if mail.Token != "" {
		data.Link, data.Until = m.publicURL+"/continue/"+mail.Token, mail.Until
	}
	for i := range mail.Messages {
		said := messageView(ctx, &mail.Messages[i], mail.Kind == models.MailTranscript, mail.Zone)
		if i == 0 {
			data.Agent = said.Sender
		} else if said.Sender != data.Agent {
			data.Agent = ""
		}
		data.Messages = append(data.Messages, said)
	}
	for i := range mail.Quoted {
		data.Quoted = append(data.Quoted, messageView(ctx, &mail.Quoted[i], false, mail.Zone))
	}
	return data
}

func messageView(ctx context.Context, m *models.MailMessage, withTime bool, zone *time.Location) view.Message {
	said := view.Message{
		Lines: view.Lines(present.TranscriptText(ctx, &m.Message)), IsOwn: m.SenderType == models.FromUser,
		Sender: present.TranscriptSender(ctx, &m.Message, m.SenderName),
	}
	if withTime {
		said.Time = m.CreatedAt.In(zone).Format("2006-01-02 15:04")
	}
	if m.EditedAt != nil && !m.IsWithdrawn() {
		said.Note = text.T(ctx, "transcript.edited")
	}
	return said
}

var _ models.Mailer = (*Mailer)(nil)
