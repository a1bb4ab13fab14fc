package inbound

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-message/textproto"
)

// isAutomatic reports whether a program wrote the mail, by its header: RFC 3834, and what programs set that do not follow it.
func isAutomatic(h message.Header, m *Mail) bool {
	if auto := strings.TrimSpace(h.Get("Auto-Submitted")); auto != "" && !strings.EqualFold(auto, "no") {
		return true
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Precedence"))) {
	case "bulk", "junk", "list", "auto_reply":
		return true
	}
	for fields := h.Fields(); fields.Next(); {
		switch name := strings.ToLower(fields.Key()); {
		case strings.HasPrefix(name, "list-"), name == "x-auto-response-suppress", name == "x-autoreply", name == "x-autorespond",
			name == "x-autoresponse", name == "x-loop":
			return true
		case name == "return-path" && strings.TrimSpace(fields.Value()) == "<>":
			return true
		}
	}
	local, _, _ := strings.Cut(strings.ToLower(m.FromEmail), "@")
	return local == "mailer-daemon" || local == "postmaster" || isAutomaticSubject(m.Subject)
}

// automaticSubjects are how the subjects of absence notes begin whose programs set no field for it.
var automaticSubjects = []string{
	"automatic reply:",
	"auto reply:",
	"auto-reply:",
	"autoreply:",
	"out of office:",
	"自动回复:",
	"自动回复：",
	"自動回覆:",
}

func isAutomaticSubject(subject string) bool {
	subject = strings.ToLower(strings.TrimSpace(subject))
	for _, begin := range automaticSubjects {
		if strings.HasPrefix(subject, begin) {
			return true
		}
	}
	return false
}

// maxStatusBytes is how much of a delivery status is read.
const maxStatusBytes = 64 << 10

// readDeliveryStatus reads the part of a bounce that programs read: groups of fields, the first about the mail and one for each recipient.
func (r *partReader) readDeliveryStatus(body io.Reader) error {
	b := r.mail.Bounce
	if b == nil {
		return drain(body)
	}
	in := bufio.NewReader(io.LimitReader(tolerant{body}, maxStatusBytes))
	for {
		h, err := textproto.ReadHeader(in)
		if recipient := afterType(h.Get("Final-Recipient")); recipient != "" && !b.Permanent {
			b.Recipient = toUTF8([]byte(recipient))
			b.Permanent = strings.EqualFold(strings.TrimSpace(h.Get("Action")), "failed")
			if b.Reason = toUTF8([]byte(afterType(h.Get("Diagnostic-Code")))); b.Reason == "" {
				b.Reason = toUTF8([]byte(h.Get("Status")))
			}
		}
		if err != nil || h.Len() == 0 {
			if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				b.Reason = strings.TrimSpace(b.Reason) // a malformed report counts as far as it was read
			}
			return drain(body)
		}
	}
}

// afterType returns the value of a field such as "rfc822; maria@example.org".
func afterType(value string) string {
	_, after, found := strings.Cut(value, ";")
	if !found {
		return strings.TrimSpace(value)
	}
	return strings.TrimSpace(after)
}

// readReturned reads which mail a bounce is about.
func (r *partReader) readReturned(body io.Reader) error {
	if h, err := textproto.ReadHeader(bufio.NewReader(io.LimitReader(tolerant{body}, maxHeaderBytes))); err == nil || h.Len() > 0 {
		header := mail.Header{Header: message.Header{Header: h}}
		r.mail.Bounce.MessageID, _ = header.MessageID()
	}
	return drain(body)
}
