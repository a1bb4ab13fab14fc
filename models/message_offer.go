package models

import (
	"context"
	"time"
)

// MessageOffer is why a user is offered to leave a message instead of waiting, "" if it is not offered. The values are
// stable: clients read them.
type MessageOffer string

// The reasons. A user is told the first that applies.
const (
	OfferedClosed   MessageOffer = "closed"          // outside the opening hours
	OfferedNoAgent  MessageOffer = "no_agent_online" // who serves the queue
	OfferedQueue    MessageOffer = "queue_too_long"  // longer than MESSAGE_QUEUE_LIMIT
	OfferedLongWait MessageOffer = "long_wait"       // MESSAGE_WAIT_THRESHOLD, predicted or waited
)

// messageOffer decides whether a user at a position of a department's queue, who waited so long, is offered to leave a
// message.
func (d *Desk) messageOffer(department *string, at time.Time, position int, e Estimate, waited time.Duration) MessageOffer {
	s, hours := d.Settings(), d.HoursOf(deref(department))
	switch {
	case !s.Messages:
		return ""
	case hours != nil && !hours.IsOpen(at):
		return OfferedClosed
	case !e.Known:
		return OfferedNoAgent
	case s.MessageQueue > 0 && position > s.MessageQueue:
		return OfferedQueue
	case s.MessageWait > 0 && max(waited, time.Duration(e.Seconds)*time.Second) >= s.MessageWait:
		return OfferedLongWait
	}
	return ""
}

// MessageOffer returns why a user who would ask a department, "" for none, is offered to leave a message now, "" if it is
// not offered.
func (d *Desk) MessageOffer(ctx context.Context, department string, at time.Time) (MessageOffer, error) {
	var asked *string
	if department != "" {
		asked = &department
	}
	position, e, err := d.positionOf(ctx, lastInQueue(asked))
	if err != nil {
		return "", translate(err)
	}
	return d.messageOffer(asked, at, position, e.at(position, asked), 0), nil
}

// lastInQueue returns a chat that is about to be queued as the last of its queue.
func lastInQueue(department *string) *Chat {
	return &Chat{Department: department, QueuedAt: time.Now().AddDate(1, 0, 0)} // behind every chat that waits
}
