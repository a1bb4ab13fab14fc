package models

import (
	"time"

	"github.com/uptrace/bun"
)

// SenderType is which side a message comes from.
type SenderType string

// The sides of a chat.
const (
	FromUser   SenderType = "user"
	FromAgent  SenderType = "customer_service"
	FromSystem SenderType = "system"
)

// MessageType is what a message is.
type MessageType string

// The types of messages. A note is seen by agents only.
const (
	Text          MessageType = "text"
	Image         MessageType = "image"
	File          MessageType = "file"
	SystemMessage MessageType = "system"
	Note          MessageType = "note"
)

// MessageStatus is how far a message has come: sent → delivered → read, never back. ("sending" exists only at the client.)
type MessageStatus string

// The statuses of a stored message.
const (
	Sent      MessageStatus = "sent"
	Delivered MessageStatus = "delivered"
	Read      MessageStatus = "read"
)

// The kinds of system messages; the words are made by whoever shows them, in the reader's language.
const (
	SystemJoined      = "joined"       // agent, wait_seconds
	SystemReturned    = "returned"     // agent: lost connection, the chat is in front of the queue
	SystemRequeued    = "requeued"     // agent: gave the chat back to the queue
	SystemTransferred = "transferred"  // from, to
	SystemIdleWarning = "idle_warning" // seconds
	SystemBrought     = "brought"      // what follows was said in another chat of the same person
	SystemGoesOn      = "goes_on"      // agent, "" for none yet: the person goes on in another chat
)

// Message is one line of a chat.
type Message struct {
	bun.BaseModel `bun:"table:messages" json:"-"`

	ID              int64             `bun:"id,pk" json:"id"`
	ChatID          string            `bun:"chat_id,pk" json:"chat_id"`
	Seq             int               `bun:"seq" json:"seq"`         // dense within the chat, from 1
	Version         int64             `bun:"version" json:"version"` // the change of the chat that brought it
	SenderType      SenderType        `bun:"sender_type" json:"sender_type"`
	SenderID        string            `bun:"sender_id" json:"sender_id"`
	Type            MessageType       `bun:"message_type" json:"message_type"`
	Content         string            `bun:"content" json:"content"`
	SystemKind      *string           `bun:"system_kind" json:"system_kind,omitempty"`
	SystemArgs      map[string]string `bun:"system_args,type:jsonb" json:"system_args,omitempty"`
	ClientMessageID *string           `bun:"client_message_id" json:"client_message_id,omitempty"`
	Status          MessageStatus     `bun:"status" json:"status"`
	CreatedAt       time.Time         `bun:"created_at" json:"created_at"`
	DeliveredAt     *time.Time        `bun:"delivered_at" json:"delivered_at,omitempty"`
	ReadAt          *time.Time        `bun:"read_at" json:"read_at,omitempty"`
	Attachment      *Attachment       `bun:"attachment,type:jsonb,scanonly" json:"attachment,omitempty"` // of images and files; its Name is the Content
}
