package models

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/mail"
	"strings"
	"time"
)

// tokenPlace stands for the token in the form of reply addresses.
const tokenPlace = "{token}"

// replyTokenLength is the length of a token: 130 bits in base 32.
const replyTokenLength = 26

// ReplyAddressForm is how reply addresses look: an address with {token} in the part before the @, such as
// support+{token}@example.com. The zero value stands for none: replies by e-mail are off.
type ReplyAddressForm struct{ before, after string } // what surrounds the token, in lower case

// ParseReplyAddressForm reads the value of MAIL_REPLY_ADDRESS, of which "" is none. A form that makes no valid address, or one
// whose local part exceeds the 64 bytes of RFC 5321, is validation_failed.
func ParseReplyAddressForm(text string) (ReplyAddressForm, error) {
	if text = strings.ToLower(strings.TrimSpace(text)); text == "" {
		return ReplyAddressForm{}, nil
	}
	before, after, _ := strings.Cut(text, tokenPlace)
	form := ReplyAddressForm{before: before, after: after}
	sample := form.Address(strings.Repeat("a", replyTokenLength))
	at := strings.LastIndexByte(sample, '@')
	parsed, err := mail.ParseAddress(sample)
	if strings.Count(text, tokenPlace) != 1 || err != nil || parsed.Address != sample || strings.Contains(before, "@") || at > 64 {
		return ReplyAddressForm{}, invalid("MAIL_REPLY_ADDRESS", fieldInvalid,
			"MAIL_REPLY_ADDRESS is an address with {token} before the @, such as support+{token}@example.com.")
	}
	return form, nil
}

// IsSet reports whether replies by e-mail are on.
func (f ReplyAddressForm) IsSet() bool { return f.after != "" }

// Domain returns the domain of reply addresses, in lower case.
func (f ReplyAddressForm) Domain() string { return f.after[strings.LastIndexByte(f.after, '@')+1:] }

// Address returns the address with a token.
func (f ReplyAddressForm) Address(token string) string { return f.before + token + f.after }

// Token returns the token of an address in any case, and false for an address that no token makes.
func (f ReplyAddressForm) Token(address string) (token string, ok bool) {
	if !f.IsSet() {
		return "", false
	}
	token, ok = strings.CutPrefix(strings.ToLower(address), f.before)
	if !ok {
		return "", false
	}
	token, ok = strings.CutSuffix(token, f.after)
	return token, ok && isReplyToken(token)
}

func isReplyToken(token string) bool {
	return len(token) == replyTokenLength &&
		!strings.ContainsFunc(token, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '2' || r > '7') })
}

// ReplyAddress is who may reply by e-mail into which chat.
type ReplyAddress struct {
	Token     string     `bun:"token"      json:"-"`
	ChatID    string     `bun:"chat_id"    json:"-"`
	UserID    string     `bun:"user_id"    json:"-"` // the user of the chat
	Email     string     `bun:"email"      json:"email"`
	CreatedAt time.Time  `bun:"created_at" json:"created_at"`
	RevokedAt *time.Time `bun:"revoked_at" json:"revoked_at"`
}

// ReplyAddress returns the address at which replies of an e-mail address come back into a chat, "" while MAIL_REPLY_ADDRESS is
// not set. It is made by the first call, and the same from then on until it is revoked. The chat must be stored. It checks no
// actor: mail to the address becomes messages of the chat's user.
func (d *Desk) ReplyAddress(ctx context.Context, chatID, email string) (string, error) {
	address, err := d.replyAddress(ctx, d.db, chatID, email)
	return address, translate(err)
}

// replyAddress is ReplyAddress for use within a transaction.
func (d *Desk) replyAddress(ctx context.Context, q rawQuerier, chatID, email string) (string, error) {
	form := d.Settings().ReplyAddress
	if !form.IsSet() {
		return "", nil
	}
	var token string
	err := q.NewRaw(`INSERT INTO reply_addresses (token, chat_id, email) VALUES (?, ?, ?)
		ON CONFLICT (chat_id, lower(email)) WHERE revoked_at IS NULL DO UPDATE SET chat_id = EXCLUDED.chat_id
		RETURNING token`, strings.ToLower(rand.Text()), chatID, email).Scan(ctx, &token)
	return form.Address(token), err
}

// errNoReplyAddress is the refusal of an address that leads into no chat. It does not tell whether the address ever did.
var errNoReplyAddress = notFound("reply_address_not_found", "This address does not exist.")

// ReplyAddressOf returns the chat and the sender of a reply address. Upper and lower case are the same. An address of another form, one
// with an unknown or revoked token, and one of a chat that was deleted is 404 reply_address_not_found.
func (d *Desk) ReplyAddressOf(ctx context.Context, address string) (*ReplyAddress, error) {
	token, ok := d.Settings().ReplyAddress.Token(address)
	if !ok {
		return nil, errNoReplyAddress
	}
	a, err := replyAddressByToken(ctx, d.db, token)
	return a, translate(err)
}

// replyAddressByToken returns the address with a token that is in use, or errNoReplyAddress.
func replyAddressByToken(ctx context.Context, q rawQuerier, token string) (*ReplyAddress, error) {
	a := new(ReplyAddress)
	err := q.NewRaw(`SELECT r.*, c.user_id FROM reply_addresses r JOIN chats c ON c.id = r.chat_id
		WHERE r.token = ? AND r.revoked_at IS NULL`, token).Scan(ctx, a)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNoReplyAddress
	}
	return a, err
}

// RevokeReplyAddress refuses further mail to a reply address, such as one that was published. Mail of the chat that is sent
// afterwards carries a new one. Admins only; it refuses as [Desk.ReplyAddressOf] does, also an address that was revoked before.
func (d *Desk) RevokeReplyAddress(ctx context.Context, actor Actor, address string) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	a, err := d.ReplyAddressOf(ctx, address)
	if err != nil {
		return err
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		res, err := t.NewRaw(`UPDATE reply_addresses SET revoked_at = clock_timestamp() WHERE token = ? AND revoked_at IS NULL`, a.Token).
			Exec(ctx)
		if err != nil {
			return err
		}
		if n, _ := res.RowsAffected(); n == 0 {
			return errNoReplyAddress
		}
		return t.audit(ctx, actor, AuditReplyAddressRevoked, Subject{Kind: SubjectChat, ID: a.ChatID, UserID: a.UserID}, nil)
	})
}
