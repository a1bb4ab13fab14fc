package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// maxFound is the most users that a search returns.
const maxFound = 20

// FoundUser is a user as a search shows it.
type FoundUser struct {
	User `bun:",extend"`

	Chats      int        `bun:"chats"`
	LastChatAt *time.Time `bun:"last_chat_at"`
}

// FindUsers returns the user with that id and the users whose e-mail address or name begins with the text, in any case:
// the first 20, and whether there are more. Admins only; an empty text is validation_failed.
func (d *Desk) FindUsers(ctx context.Context, actor Actor, text string) ([]FoundUser, bool, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, false, err
	}
	text, err := validateText("q", text, 1, 254)
	if err != nil {
		return nil, false, err
	}
	begins := likePattern(text) + "%"
	users := []FoundUser{}
	err = d.db.NewRaw(`SELECT u.*, c.chats, c.last_chat_at FROM users u,
			LATERAL (SELECT count(*) AS chats, max(created_at) AS last_chat_at FROM chats WHERE user_id = u.id) c
		WHERE u.id IN (SELECT ?0 UNION (SELECT id FROM users WHERE lower(email) LIKE lower(?1) LIMIT ?2) UNION (SELECT id FROM users
		WHERE lower(name) LIKE lower(?1) LIMIT ?2))
		ORDER BY u.id <> ?0, lower(u.name), u.id LIMIT ?2`, text, begins, maxFound+1).Scan(ctx, &users)
	if err != nil {
		return nil, false, translate(err)
	}
	return users[:min(len(users), maxFound)], len(users) > maxFound, nil
}

// UserHoldings is how much is stored about a user.
type UserHoldings struct {
	User                               User
	Chats, Open                        int
	Messages, Notes, Ratings, Sessions int // Notes are those in chats
	UserNotes, Tags, Pages             int // notes about the user, tags of the user, and visited pages
	FirstChatAt, LastChatAt            *time.Time
}

// UserHoldings returns how much is stored about a user. Admins only; an unknown user is user_not_found.
func (d *Desk) UserHoldings(ctx context.Context, actor Actor, userID string) (*UserHoldings, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	u, err := d.UserByID(ctx, userID)
	if err != nil {
		return nil, err
	}
	h := &UserHoldings{User: *u}
	err = d.db.NewRaw(`SELECT count(*) AS chats, count(*) FILTER (WHERE status <> 'ended') AS open,
		coalesce(sum(total_messages), 0) AS messages,
			coalesce(sum(last_seq - total_messages), 0) AS notes, count(rating) AS ratings, min(created_at) AS first_chat_at,
			max(created_at) AS last_chat_at,
			(SELECT count(*) FROM sessions WHERE user_id = ?0 AND expires_at > now()) AS sessions,
			(SELECT count(*) FROM user_notes WHERE user_id = ?0) AS user_notes,
			(SELECT count(*) FROM user_tags WHERE user_id = ?0) AS tags,
			(SELECT count(*) FROM chat_pages p JOIN chats c ON c.id = p.chat_id WHERE c.user_id = ?0) AS pages
		FROM chats WHERE user_id = ?0`, userID).Scan(ctx, h)
	return h, translate(err)
}

// UserExport is everything that is stored about a user, as one document.
type UserExport struct {
	Format     string            `json:"format"` // "parley-user-export"
	Version    int               `json:"version"`
	ExportedAt time.Time         `json:"exported_at"`
	User       ExportedUser      `json:"user"`
	Sessions   []ExportedSession `json:"sessions"`
	Chats      []ExportedChat    `json:"chats"` // the oldest first
}

// ExportedUser is the profile.
type ExportedUser struct {
	ID         string    `bun:"id"          json:"id"`
	Name       *string   `bun:"name"        json:"name"`
	Email      *string   `bun:"email"       json:"email"`
	Avatar     *string   `bun:"avatar"      json:"avatar"`
	IsVerified bool      `bun:"is_verified" json:"is_verified"`
	Locale     string    `bun:"locale"      json:"locale"`
	CreatedAt  time.Time `bun:"created_at"  json:"created_at"`

	Attributes Attributes `bun:"attributes,type:jsonb" json:"attributes"`
	Tags       []string   `bun:"-"                     json:"tags"`
	Notes      []UserNote `bun:"-"                     json:"notes"` // of agents about the user, the newest first
}

// ExportedSession is a browser or a device of the user, without what opens it.
type ExportedSession struct {
	ID        string    `bun:"id"         json:"id"`
	UserAgent string    `bun:"user_agent" json:"user_agent"`
	SeenAt    time.Time `bun:"seen_at"    json:"seen_at"`
	CreatedAt time.Time `bun:"created_at" json:"created_at"`
	ExpiresAt time.Time `bun:"expires_at" json:"expires_at"`
}

// ExportedChat is a chat with all its messages, including the notes that agents wrote about the user.
type ExportedChat struct {
	Chat `bun:",extend"`

	AgentName   *string           `bun:"agent_name"  json:"agent_name"`
	Assignments *int              `bun:"assignments" json:"assignments"` // how often it was given to an agent
	Messages    []ExportedMessage `bun:"-"           json:"messages"`
	Pages       []VisitedPage     `bun:"-"           json:"pages"`           // of the site, during the chat
	Answers     []Answer          `bun:"-"           json:"answers"`         // to the questions before and while waiting
	Offers      []Offer           `bun:"-"           json:"transfer_offers"` // with what agents wrote about the user; the oldest first
	Outgoing    []OutgoingMail    `bun:"-"           json:"outgoing_mails"`  // the oldest first
	Replies     []ReplyAddress    `bun:"-"           json:"reply_addresses"` // of the user's e-mail addresses, without the token
	Mails       []ReceivedMail    `bun:"-"           json:"received_mails"`  // the oldest first
}

// ExportedMessage is a message with its author and its status changes.
type ExportedMessage struct {
	Message `bun:",extend"`

	SenderName    *string           `bun:"sender_name" json:"sender_name"` // of agents
	StatusChanges []ExportedStatus  `bun:"-"           json:"status_changes"`
	File          *ExportedFile     `bun:"-"           json:"file,omitempty"`     // also of a withdrawn message
	Versions      []ExportedVersion `bun:"-"           json:"versions,omitempty"` // the oldest first
}

// ExportedVersion is what a message was before it was edited or withdrawn.
type ExportedVersion struct {
	ChatID     string    `bun:"chat_id"     json:"-"`
	MessageID  int64     `bun:"message_id"  json:"-"`
	Version    int64     `bun:"version"     json:"version"` // the chat's version that replaced it
	Content    string    `bun:"content"     json:"content"`
	WrittenAt  time.Time `bun:"written_at"  json:"written_at"`
	ReplacedAt time.Time `bun:"replaced_at" json:"replaced_at"`
}

// ExportedFile describes the file of a message. The file itself is downloaded from the chat.
type ExportedFile struct {
	MessageID   int64  `bun:"message_id"   json:"-"`
	Name        string `bun:"name"         json:"name"`
	ContentType string `bun:"content_type" json:"content_type"`
	Size        int64  `bun:"size"         json:"size"` // bytes
	Width       *int   `bun:"width"        json:"width,omitempty"`
	Height      *int   `bun:"height"       json:"height,omitempty"`
}

// ExportedStatus is one step of the status of a message.
type ExportedStatus struct {
	ChatID    string        `bun:"chat_id"    json:"-"`
	MessageID int64         `bun:"message_id" json:"-"`
	Status    MessageStatus `bun:"status"     json:"status"`
	Version   int64         `bun:"version"    json:"version"`
	ChangedAt time.Time     `bun:"changed_at" json:"changed_at"`
}

// ExportUser returns everything that is stored about a user, as of one moment, and records the export in the audit log.
// Admins only; an unknown user is user_not_found.
func (d *Desk) ExportUser(ctx context.Context, actor Actor, userID string) (*UserExport, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	if _, err := validateText("user", userID, 0, maxContent); err != nil {
		return nil, err
	}
	var e *UserExport
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.NewRaw(`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`).Exec(ctx); err != nil {
			return err
		}
		if err := t.tick(ctx); err != nil {
			return err
		}
		e = &UserExport{Format: "parley-user-export", Version: 1, ExportedAt: t.now, Sessions: []ExportedSession{}, Chats: []ExportedChat{}}
		err := t.NewRaw(`SELECT * FROM users WHERE id = ?`, userID).Scan(ctx, &e.User)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrUserNotFound
		}
		if err != nil {
			return err
		}
		if err := t.NewRaw(`SELECT * FROM sessions WHERE user_id = ? ORDER BY created_at`, userID).Scan(ctx, &e.Sessions); err != nil {
			return err
		}
		if e.User.Tags, err = tagsOfUser(ctx, t, userID); err != nil {
			return err
		}
		if e.User.Notes, err = notesOfUser(ctx, t, userID); err != nil {
			return err
		}
		messages, err := e.readChats(ctx, t, userID)
		if err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditUserExported, aboutUser(userID), details{"chats": len(e.Chats), "messages": messages})
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// readChats reads the chats with their messages, and returns the number of messages.
func (e *UserExport) readChats(ctx context.Context, t *tx, userID string) (int, error) {
	err := t.NewRaw(`SELECT c.*, a.name AS agent_name FROM chats c LEFT JOIN agents a ON a.id = c.agent_id WHERE c.user_id = ?
		ORDER BY c.created_at, c.id`, userID).
		Scan(ctx, &e.Chats)
	if err != nil {
		return 0, err
	}
	var messages []ExportedMessage
	err = t.NewRaw(`SELECT m.*, a.name AS sender_name FROM messages m JOIN chats c ON c.id = m.chat_id
		LEFT JOIN agents a ON m.sender_type = 'customer_service' AND a.id = m.sender_id WHERE c.user_id = ?
		ORDER BY m.chat_id, m.id`, userID).Scan(ctx, &messages)
	if err != nil {
		return 0, err
	}
	var steps []ExportedStatus
	err = t.NewRaw(`SELECT s.* FROM message_status_changes s JOIN chats c ON c.id = s.chat_id WHERE c.user_id = ?
		ORDER BY s.changed_at, s.status`, userID).Scan(ctx, &steps)
	if err != nil {
		return 0, err
	}
	stepsOf := map[int64][]ExportedStatus{} // ids of messages are unique across chats
	for _, s := range steps {
		stepsOf[s.MessageID] = append(stepsOf[s.MessageID], s)
	}
	var files []ExportedFile
	err = t.NewRaw(`SELECT f.message_id, f.name, f.content_type, f.size, f.width, f.height FROM `+allAttachments+` f
		JOIN chats c ON c.id = f.chat_id WHERE c.user_id = ?`, userID).
		Scan(ctx, &files)
	if err != nil {
		return 0, err
	}
	fileOf := map[int64]*ExportedFile{}
	for i := range files {
		fileOf[files[i].MessageID] = &files[i]
	}
	var versions []ExportedVersion
	err = t.NewRaw(`SELECT v.* FROM message_versions v JOIN chats c ON c.id = v.chat_id WHERE c.user_id = ? ORDER BY v.version`, userID).
		Scan(ctx, &versions)
	if err != nil {
		return 0, err
	}
	versionsOf := map[int64][]ExportedVersion{}
	for _, v := range versions {
		versionsOf[v.MessageID] = append(versionsOf[v.MessageID], v)
	}
	var pages []VisitedPage
	err = t.NewRaw(`SELECT p.* FROM chat_pages p JOIN chats c ON c.id = p.chat_id
		WHERE c.user_id = ? ORDER BY p.id`, userID).Scan(ctx, &pages)
	if err != nil {
		return 0, err
	}
	pagesOf := map[string][]VisitedPage{}
	for _, p := range pages {
		pagesOf[p.ChatID] = append(pagesOf[p.ChatID], p)
	}
	var answers []Answer
	err = t.NewRaw(`SELECT a.* FROM chat_answers a JOIN chats c ON c.id = a.chat_id WHERE c.user_id = ? ORDER BY a.position, a.question_id`, userID).
		Scan(ctx, &answers)
	if err != nil {
		return 0, err
	}
	answersOf := map[string][]Answer{}
	for _, a := range answers {
		answersOf[a.ChatID] = append(answersOf[a.ChatID], a)
	}
	chats := make(map[string]*ExportedChat, len(e.Chats))
	for i := range e.Chats {
		c := &e.Chats[i]
		c.Messages, c.Pages, c.Offers = []ExportedMessage{}, append([]VisitedPage{}, pagesOf[c.ID]...), []Offer{}
		c.Answers = append([]Answer{}, answersOf[c.ID]...)
		c.Outgoing = []OutgoingMail{}
		c.Replies, c.Mails = []ReplyAddress{}, []ReceivedMail{}
		chats[c.ID] = c
	}
	offers, err := readOffers(ctx, t, `WHERE c.user_id = ? ORDER BY o.id`, userID)
	if err != nil {
		return 0, err
	}
	for i := range offers {
		c := chats[offers[i].ChatID]
		c.Offers = append(c.Offers, offers[i])
	}
	var outgoing []OutgoingMail
	err = t.NewRaw(`SELECT o.* FROM outgoing_mails o JOIN chats c ON c.id = o.chat_id WHERE c.user_id = ? ORDER BY o.created_at, o.id`, userID).
		Scan(ctx, &outgoing)
	if err != nil {
		return 0, err
	}
	for i := range outgoing {
		c := chats[outgoing[i].ChatID]
		c.Outgoing = append(c.Outgoing, outgoing[i])
	}
	if err := readMail(ctx, t, userID, chats); err != nil {
		return 0, err
	}
	for _, m := range messages {
		m.StatusChanges, m.File, m.Versions = append([]ExportedStatus{}, stepsOf[m.ID]...), fileOf[m.ID], versionsOf[m.ID]
		c := chats[m.ChatID]
		c.Messages = append(c.Messages, m)
	}
	return len(messages), nil
}

// readMail adds to the chats of a user what they have of e-mail.
func readMail(ctx context.Context, t *tx, userID string, chats map[string]*ExportedChat) error {
	var replies []ReplyAddress
	err := t.NewRaw(`SELECT r.* FROM reply_addresses r JOIN chats c ON c.id = r.chat_id WHERE c.user_id = ? ORDER BY r.created_at`, userID).
		Scan(ctx, &replies)
	if err != nil {
		return err
	}
	for i := range replies {
		c := chats[replies[i].ChatID]
		c.Replies = append(c.Replies, replies[i])
	}
	var mails []ReceivedMail
	err = t.NewRaw(`SELECT r.* FROM received_mails r JOIN chats c ON c.id = r.chat_id WHERE c.user_id = ? ORDER BY r.id`, userID).
		Scan(ctx, &mails)
	if err != nil {
		return err
	}
	for i := range mails {
		c := chats[mails[i].ChatID]
		c.Mails = append(c.Mails, mails[i])
	}
	return nil
}
