package api

import "parley/models"

// UserProfile is what agents know about the user of a chat.
type UserProfile struct {
	UserID         string            `json:"user_id"`
	UserName       string            `json:"user_name"` // made up if none is known
	UserEmail      *string           `json:"user_email"`
	UserAvatar     *string           `json:"user_avatar"`
	UserIsVerified IntBool           `json:"user_is_verified"` // name, e-mail address and attributes come from a signed token
	Locale         string            `json:"locale"`
	Attributes     models.Attributes `json:"attributes"`
	Tags           []string          `json:"tags"`
	Notes          []UserNote        `json:"notes"` // newest first
	CreatedAt      Time              `json:"created_at"`
}

// UserProfileOf returns the body of a profile.
func UserProfileOf(p *models.UserProfile) UserProfile {
	u := &p.User
	return UserProfile{
		UserID:         u.ID,
		UserName:       u.DisplayName(),
		UserEmail:      u.Email,
		UserAvatar:     u.Avatar,
		UserIsVerified: IntBool(u.IsVerified),
		Locale:         u.Locale,
		Attributes:     AttributesOf(u.Attributes),
		Tags:           p.Tags,
		Notes:          Map(p.Notes, UserNoteOf),
		CreatedAt:      Time(u.CreatedAt),
	}
}

// AttributesOf returns attributes as an object, empty for none.
func AttributesOf(a models.Attributes) models.Attributes {
	if a == nil {
		return models.Attributes{}
	}
	return a
}

// UserNote is what an agent wrote about a user.
type UserNote struct {
	NoteID      int64   `json:"note_id"`
	ServiceID   *string `json:"service_id"` // its author
	ServiceName *string `json:"service_name"`
	Content     string  `json:"content"`
	Version     int     `json:"version"`
	CreatedAt   Time    `json:"created_at"`
	EditedAt    *Time   `json:"edited_at"`
	EditorID    *string `json:"editor_id"`
	EditorName  *string `json:"editor_name"`
}

// UserNoteOf returns the body of a note.
func UserNoteOf(n *models.UserNote) UserNote {
	return UserNote{
		NoteID: n.ID, ServiceID: n.AgentID, ServiceName: n.AgentName, Content: n.Content, Version: n.Version, CreatedAt: Time(n.CreatedAt),
		EditedAt: OptionalTime(n.EditedAt), EditorID: n.EditedBy, EditorName: n.EditorName,
	}
}

// VisitedPage is a page of the site on which the user was during a chat.
type VisitedPage struct {
	URL       string  `json:"url"`
	Title     *string `json:"title"`
	VisitedAt Time    `json:"visited_at"`
}

// VisitedPageOf returns the body of a page.
func VisitedPageOf(p *models.VisitedPage) VisitedPage {
	return VisitedPage{URL: p.URL, Title: p.Title, VisitedAt: Time(p.At)}
}

// EarlierChat is an ended chat of the user of another chat.
type EarlierChat struct {
	Chat
	ServiceName    *string  `json:"service_name"`
	DepartmentName *string  `json:"department_name"`
	Outcome        *string  `json:"outcome"`
	Tags           []string `json:"tags"`
	FirstMessage   *string  `json:"first_message"` // how it begins
	IsReadable     IntBool  `json:"is_readable"`
	Hits           []Hit    `json:"hits"`
}

// Hit is a message that a search found.
type Hit struct {
	MessageID  int64  `json:"message_id"`
	SenderType string `json:"sender_type"`
	Before     string `json:"before"`
	Match      string `json:"match"`
	After      string `json:"after"`
}

// EarlierChatOf returns the body of an earlier chat. Its comments are for those who may read it.
func EarlierChatOf(e *models.EarlierChat) EarlierChat {
	out := EarlierChat{
		Chat: ChatOf(&e.Chat), ServiceName: e.AgentName, DepartmentName: e.DepartmentName, Outcome: e.Outcome, Tags: TagsOf(&e.Chat),
		FirstMessage: e.FirstText, IsReadable: IntBool(e.CanRead),
		Hits: Map(e.Hits, func(h *models.Hit) Hit { return Hit{h.MessageID, string(h.SenderType), h.Before, h.Match, h.After} }),
	}
	if !e.CanRead {
		out.UserComment = nil
	}
	return out
}
