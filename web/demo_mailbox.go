package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"parley/views/demo"
	"parley/web/kit"
	"parley/web/mail"
)

// demoMailbox serves the mails that were sent while Parley is tried. Elsewhere there is no such page.
func (s *Server) demoMailbox(c echo.Context) error {
	if s.opts.Mailbox == nil {
		return kit.StatusError(http.StatusNotFound)
	}
	page := demo.Mailbox{Theme: kit.Theme(c)}
	for _, m := range s.opts.Mailbox.Mails() {
		page.Mails = append(page.Mails, mailView(&m))
	}
	return s.Render(c, http.StatusOK, demo.MailboxPage(page))
}

// demoMail serves one mail with its headers, its text, and its HTML in a frame.
func (s *Server) demoMail(c echo.Context) error {
	m, err := s.mailFromPath(c)
	if err != nil {
		return err
	}
	page := demo.Mailbox{Theme: kit.Theme(c), Open: mailView(m)}
	for _, h := range m.Headers {
		page.Open.Headers = append(page.Open.Headers, demo.MailHeader(h))
	}
	page.Open.Text = m.Text
	return s.RenderEmbedded(c, kit.Embedding{FrameSource: s.Origin(c)}, http.StatusOK, demo.MailPage(page))
}

// mailFramePolicy is the content policy of a mail in its frame: it may use its own styles, and its links open in a new tab.
const mailFramePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; " +
	"sandbox allow-popups allow-popups-to-escape-sandbox"

// demoMailHTML serves the HTML of a mail for the frame.
func (s *Server) demoMailHTML(c echo.Context) error {
	m, err := s.mailFromPath(c)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", mailFramePolicy)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	return c.HTML(http.StatusOK, strings.Replace(m.HTML, "<head>", `<head><base target="_blank">`, 1))
}

func (s *Server) mailFromPath(c echo.Context) (*mail.ReceivedMail, error) {
	if s.opts.Mailbox != nil {
		if id, err := strconv.Atoi(c.Param("number")); err == nil {
			if m, found := s.opts.Mailbox.Mail(id); found {
				return &m, nil
			}
		}
	}
	return nil, kit.StatusError(http.StatusNotFound)
}

func mailView(m *mail.ReceivedMail) demo.Mail {
	return demo.Mail{
		Path: "/demo/mailbox/" + url.PathEscape(strconv.Itoa(m.ID)), At: m.ReceivedAt, From: m.From, To: m.To, Subject: m.Subject,
	}
}
