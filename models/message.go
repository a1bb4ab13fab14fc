package models

import (
	"time"

	"github.com/uptrace/bun"
)

// SenderType is the side of a chat that a message comes from.
type SenderType string

// The sides of a chat.
const (
	FromUser   SenderType = "user"
	FromAgent  SenderType = "customer_service"
	FromSystem SenderType = "system"
)

// MessageType is what a message is.
type MessageType string

// The types of messages.
const (
	Text          MessageType = "text"
	Image         MessageType = "image"  // with an attachment that is shown as a picture
	File          MessageType = "file"   // with any other attachment
	SystemMessage MessageType = "system" // from Parley itself, see [SystemJoined] and those after it
	Note          MessageType = "note"   // only agents see it
)

// MessageStatus is how far a message has come: sent → delivered → read, never back. The status "sending" exists only in
// clients.
type MessageStatus string

// The statuses of a stored message.
const (
	Sent      MessageStatus = "sent"
	Delivered MessageStatus = "delivered"
	Read      MessageStatus = "read"
)

// The kinds of system messages, with the names of their arguments. A system message has no content: each screen renders
// it from kind and arguments, in the language of its reader.
const (
	SystemJoined      = "joined"       // agent, agent_id, wait_seconds
	SystemReturned    = "returned"     // agent: lost the connection, the chat is in front of the queue
	SystemRequeued    = "requeued"     // agent: returned the chat to the queue
	SystemTransferred = "transferred"  // from, to, agent_id
	SystemIdleWarning = "idle_warning" // seconds until the chat ends
	SystemBrought     = "brought"      // the messages that follow come from another chat of the same user
	SystemGoesOn      = "goes_on"      // agent, "" for none yet: the user continues in another chat

	SystemMessageLeft = "message_left" // email: the answer goes there
	SystemMessageLive = "message_live" // the user came back and waits live

	// These are of type note: only agents see them.
	SystemOfferDeclined    = "offer_declined"     // agent
	SystemOfferDeclinedWhy = "offer_declined_why" // agent, reason
	SystemOfferExpired     = "offer_expired"      // agent: gave no answer
	SystemOfferUnavailable = "offer_unavailable"  // agent: is not online any more

	SystemPersonAsked = "person_asked" // the user asked for a person instead of the bot
	SystemBotSilent   = "bot_silent"   // agent: a bot that did not answer in time
	SystemBotGone     = "bot_gone"     // agent: a bot that was disabled or has no key any more

	SystemMailFollows   = "mail_follows"       // chat_id: the reply to an ended chat, which began this one
	SystemAskedAgain    = "asked_again"        // chat_id: an ended chat, by whose link the user asked again, which began this one
	SystemMailAutomatic = "mail_automatic"     // subject: an automatic answer came by e-mail
	SystemMailBounced   = "mail_bounced"       // email, reason: a mail of this chat could not be delivered
	SystemMailRefused   = "mail_files_refused" // names, reason: files of a mail that are not kept
	SystemMailEmpty     = "mail_empty"         // a mail without text and files

	SystemHandedOver = "handed_over" // agent: a bot that handed over, the chat waits for a person

	SystemSupervisorJoined = "supervisor_joined" // agent: writes in the chat beside its agent
	SystemSupervisorLeft   = "supervisor_left"   // agent
)

// whisperKind is the system kind of whispers. They are stored as notes of their sender, so that nothing that hides notes
// from users, in this release or an earlier one, can show them.
const whisperKind = "whisper"

// systemAgentID is the argument of system messages with the id of the agent who has the chat from then on. Messages of
// earlier releases lack it.
const systemAgentID = "agent_id"

// Message is one message of a chat.
type Message struct {
	bun.BaseModel `bun:"table:messages" json:"-"`

	ID              int64             `bun:"id,pk"                  json:"id"`
	ChatID          string            `bun:"chat_id,pk"             json:"chat_id"`
	Seq             int               `bun:"seq"                    json:"seq"`     // dense within the chat, from 1
	Version         int64             `bun:"version"                json:"version"` // the chat's version that added it
	SenderType      SenderType        `bun:"sender_type"            json:"sender_type"`
	SenderID        string            `bun:"sender_id"              json:"sender_id"`
	Type            MessageType       `bun:"message_type"           json:"message_type"`
	Content         string            `bun:"content"                json:"content"`
	SystemKind      *string           `bun:"system_kind"            json:"system_kind,omitempty"`
	SystemArgs      map[string]string `bun:"system_args,type:jsonb" json:"system_args,omitempty"`
	ClientMessageID *string           `bun:"client_message_id"      json:"client_message_id,omitempty"`
	Status          MessageStatus     `bun:"status"                 json:"status"`
	CreatedAt       time.Time         `bun:"created_at"             json:"created_at"`
	DeliveredAt     *time.Time        `bun:"delivered_at"           json:"delivered_at,omitempty"`
	ReadAt          *time.Time        `bun:"read_at"                json:"read_at,omitempty"`

	// A withdrawn message has neither content nor attachment. ChangedVersion is the chat's version that edited or withdrew it last.
	EditedAt       *time.Time `bun:"edited_at"                json:"edited_at,omitempty"`
	WithdrawnAt    *time.Time `bun:"withdrawn_at"             json:"withdrawn_at,omitempty"`
	ChangedVersion int64      `bun:"changed_version,nullzero" json:"changed_version,omitempty"`

	ByBot        bool     `bun:"by_bot"              json:"by_bot,omitempty"`
	QuickReplies []string `bun:"quick_replies,array" json:"quick_replies,omitempty"` // of a bot, to choose from; nil for none

	Via *string `bun:"via" json:"via,omitempty"` // ViaEmail; nil for the widget and the API

	// Attachment is set for images and files that were not withdrawn. Its Name is the Content of the message.
	Attachment *Attachment `bun:"attachment,type:jsonb,scanonly" json:"attachment,omitempty"`
}

// IsWithdrawn reports whether the sender took the message back.
func (m *Message) IsWithdrawn() bool { return m.WithdrawnAt != nil }

// IsWhisper reports whether the message is between the agent of the chat and supervisors. Its type is [Note].
func (m *Message) IsWhisper() bool { return m.Type == Note && deref(m.SystemKind) == whisperKind }

// ChangedAfterRead reports whether the message was edited or withdrawn after the other side had read it.
func (m *Message) ChangedAfterRead() bool {
	if m.ReadAt == nil {
		return false
	}
	return m.EditedAt != nil && m.EditedAt.After(*m.ReadAt) || m.WithdrawnAt != nil && m.WithdrawnAt.After(*m.ReadAt)
}
