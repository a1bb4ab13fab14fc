package models

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// A token of a link that continues a chat: the id of its row (16 bytes), its end in Unix seconds (8 bytes) and a
// signature of both (32 bytes).
const (
	continueTokenIDLength   = 16
	continueTokenSigned     = continueTokenIDLength + 8
	continueTokenTotalBytes = continueTokenSigned + sha256.Size
)

var (
	// ErrContinueLinkInvalid is 404: the link is not one of ours, or was revoked.
	ErrContinueLinkInvalid = notFound("continue_link_invalid", "This link is not valid. Use the link of the latest e-mail.")
	// ErrContinueLinkExpired is 404: the link was valid once.
	ErrContinueLinkExpired = notFound("continue_link_expired", "This link has expired. Use the link of the latest e-mail.")
)

// continueToken returns the token of a link that continues a chat until the given time, rounded to seconds, and that
// time. Calls for the same chat and time return the same token until the chat's links are revoked.
func (t *tx) continueToken(ctx context.Context, chatID string, until time.Time) (string, time.Time, error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh)
	var row struct {
		ID  uuid.UUID `bun:"id"`
		Key []byte    `bun:"key"`
	}
	err := t.NewRaw(`INSERT INTO continue_links (chat_id, key) VALUES (?, ?)
		ON CONFLICT (chat_id) WHERE revoked_at IS NULL DO UPDATE SET chat_id = EXCLUDED.chat_id RETURNING id, key`, chatID, fresh).Scan(ctx, &row)
	if err != nil {
		return "", time.Time{}, err
	}
	until = until.Truncate(time.Second)
	token := binary.BigEndian.AppendUint64(append([]byte{}, row.ID[:]...), uint64(until.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(token, signContinueToken(row.Key, token)...)), until, nil
}

func signContinueToken(key, signed []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(signed)
	return mac.Sum(nil)
}

// ChatByContinueToken returns the chat that a link in an e-mail continues. The holder of the token may read this chat
// as its user does, write in it while it is open and ask again once it has ended, see [Desk.AskAgain], and nothing else:
// compare [Desk.RevokeContinueLinks].
//
// A token that was not signed by us, one that was revoked and one of a chat that was deleted is 404 continue_link_invalid; one that
// is too old 404 continue_link_expired.
func (d *Desk) ChatByContinueToken(ctx context.Context, token string) (*Chat, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != continueTokenTotalBytes {
		return nil, ErrContinueLinkInvalid
	}
	var row struct {
		Key    []byte `bun:"key"`
		ChatID string `bun:"chat_id"`
	}
	err = d.db.NewRaw(`SELECT key, chat_id FROM continue_links WHERE id = ? AND revoked_at IS NULL`, uuid.UUID(raw[:continueTokenIDLength])).
		Scan(ctx, &row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrContinueLinkInvalid
	}
	if err != nil {
		return nil, translate(err)
	}
	if !hmac.Equal(raw[continueTokenSigned:], signContinueToken(row.Key, raw[:continueTokenSigned])) {
		return nil, ErrContinueLinkInvalid
	}
	until := binary.BigEndian.Uint64(raw[continueTokenIDLength:continueTokenSigned])
	if uint64(time.Now().Unix()) >= until {
		return nil, ErrContinueLinkExpired
	}
	c := new(Chat)
	if err := d.db.NewRaw(`SELECT * FROM chats WHERE id = ?`, row.ChatID).Scan(ctx, c); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return nil, ErrContinueLinkInvalid
		}
		return nil, translate(err)
	}
	return c, nil
}

// AskAgain stores a question of the user by the link of a chat that has ended, as a reply by e-mail does: in the user's open
// chat, or else in a new message in the same department, with the same contact and a line for agents about the earlier chat.
// It returns the token of a link to where the question is, and "" if the answer does not go to the address of the link: its
// holder may not read that chat. While the chat of the link is open, the question is stored there.
//
// It refuses the token as [Desk.ChatByContinueToken] does, and the question as [Desk.LeaveMessage]: messages that are switched
// off are 409 messages_off.
func (d *Desk) AskAgain(ctx context.Context, token string, asked NewMessage) (string, error) {
	before, err := d.ChatByContinueToken(ctx, token)
	if err != nil {
		return "", err
	}
	if before.IsOpen() {
		_, _, err := d.Send(ctx, UserActor(before.UserID), before.ID, asked)
		return token, err
	}
	if !d.Settings().Messages || before.ContactEmail == nil {
		return "", errMessagesOff
	}
	content, err := d.messageText("content", asked.Content, 1, maxContent)
	if err != nil {
		return "", err
	}
	if _, err := clientMessageID(asked.ClientMessageID); err != nil {
		return "", err
	}
	for range 3 { // the user's open chat may end, and another may begin, at any time
		c, found, err := d.openChat(ctx, before.UserID)
		switch {
		case err != nil:
			return "", err
		case found:
			_, _, err = d.Send(ctx, UserActor(c.UserID), c.ID, asked)
		default:
			to := &contact{email: *before.ContactEmail, name: before.ContactName, locale: deref(before.ContactLocale)}
			r := AssignRequest{ClientMessageID: asked.ClientMessageID, Department: deref(before.Department), follows: before.ID}
			c, _, err = d.startChat(ctx, before.UserID, r, content, nil, nil, to)
		}
		if ErrChatEnded.Is(err) || violates(err, chatsOneOpenPerUser) {
			continue
		}
		if err != nil {
			return "", err
		}
		return d.linkTo(ctx, c, *before.ContactEmail)
	}
	return "", errChatJustEnded
}

// linkTo returns the token of a link to a chat if its answers go to an address, and "" otherwise.
func (d *Desk) linkTo(ctx context.Context, c *Chat, email string) (token string, err error) {
	if !c.IsMessage() || !strings.EqualFold(deref(c.ContactEmail), email) {
		return "", nil
	}
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.tick(ctx); err != nil {
			return err
		}
		token, _, err = t.continueToken(ctx, c.ID, t.now.Add(d.Settings().ContinuePeriod))
		return err
	})
	return token, err
}

// RevokeContinueLinks makes all links that were mailed for a chat invalid, such as after one was forwarded, and with replies the
// addresses for replies too. Later mails carry new ones. The agent of the chat and supervisors may; to all others the chat is 404
// chat_not_found. Revoking again is not an error.
func (d *Desk) RevokeContinueLinks(ctx context.Context, actor Actor, chatID string, replies bool) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		c, err := lockChat(ctx, t, chatID)
		if err != nil {
			return err
		}
		if !actor.IsAgent() {
			return ErrChatNotFound
		}
		if err := actor.checkCanRead(c); err != nil {
			return err
		}
		if err := t.revoke(ctx, actor, c, "continue_links", AuditContinueLinksRevoked); err != nil || !replies {
			return err
		}
		return t.revoke(ctx, actor, c, "reply_addresses", AuditReplyAddressRevoked)
	})
}

// revoke revokes the rows of a locked chat in a table and records that, if there are any.
func (t *tx) revoke(ctx context.Context, actor Actor, c *Chat, table string, action AuditAction) error {
	res, err := t.NewRaw(`UPDATE ? SET revoked_at = clock_timestamp() WHERE chat_id = ? AND revoked_at IS NULL`, bun.Ident(table), c.ID).
		Exec(ctx)
	if err != nil {
		return err
	}
	if n, _ := res.RowsAffected(); n == 0 {
		return nil
	}
	return t.audit(ctx, actor, action, aboutChat(c), nil)
}
