package models

import (
	"context"
	"errors"
	"time"
)

const (
	// PushAfter is how long an agent must have given no sign of life before devices are told: longer than the streams of an
	// open window take to give the next one, with a pause of the network.
	PushAfter = 20 * time.Second
	// PushTTL is how long a push service keeps a notification for a device that is off, and for how long Parley tries to send it.
	PushTTL = 5 * time.Minute
	// pushMaxAge is the age from which an event is not told any more, as after a night without Parley.
	pushMaxAge = 10 * time.Minute
	// pushLease is how long one attempt may take before another worker tries again, and longer than it does take.
	pushLease   = time.Minute
	maxPushes   = 40 // that are sent at once
	pushRetry   = 10 * time.Second
	maxPushWait = 2 * time.Minute
)

// PushKind is what a notification is about.
type PushKind string

// The kinds of notifications.
const (
	PushChat     PushKind = "chat"     // assigned to the agent and not opened
	PushMessage  PushKind = "message"  // from the user of a chat, not delivered to any window
	PushOffer    PushKind = "offer"    // of a chat by another agent
	PushReminder PushKind = "reminder" // of a chat that was not opened
	PushTest     PushKind = "test"     // that the agent asked for
)

// PushNotice is one notification for one device.
type PushNotice struct {
	Device   PushDevice
	Kind     PushKind
	ChatID   string // "" for a test
	UserName string // what to call the user of the chat
	// IsUnverified is whether no site has signed who the user is, although the user gave a name.
	IsUnverified bool
	FromName     string // agent who made an offer; "" for other kinds
	Content      string // of the latest message; "" unless PUSH_MESSAGE_TEXT allows it
}

// Pusher sends notifications to push services.
type Pusher interface {
	// Accepts reports whether an endpoint may be a push service: a public https address.
	Accepts(endpoint string) bool
	// Push sends a notification. An error that is no [*PushError] is temporary.
	Push(ctx context.Context, n PushNotice) error
}

// PushError is the refusal of a notification.
type PushError struct {
	IsGone     bool          // the subscription has ended, so the device is removed
	IsFinal    bool          // the same notification would be refused again
	RetryAfter time.Duration // as the push service asks; zero when unknown
	Cause      error
}

func (e *PushError) Error() string { return e.Cause.Error() }
func (e *PushError) Unwrap() error { return e.Cause }

// SetPusher sets who sends notifications. It is called at most once, before the desk is used; without it none are sent.
func (d *Desk) SetPusher(p Pusher) { d.pusher = p }

func (d *Desk) acceptsEndpoint(endpoint string) bool {
	return d.pusher == nil || d.pusher.Accepts(endpoint)
}

// Pushed returns how many notifications this process has sent, how many attempts failed, and how many devices were removed
// because their push service no longer knows them.
func (d *Desk) Pushed() (sent, failed, removed int64) {
	return d.pushes.sent.Load(), d.pushes.failed.Load(), d.pushes.removed.Load()
}

// TestPush sends a test notification to a device of the actor. A device that is gone is push_device_not_found, also when its
// push service says so; a push service that refuses or does not answer is 409 push_failed.
func (d *Desk) TestPush(ctx context.Context, actor Actor, id string) error {
	if err := actor.require(RoleAgent); err != nil {
		return err
	}
	var devices []PushDevice
	err := d.db.NewRaw(selectPushDevices+`WHERE s.agent_id = ? AND s.id::text = ?`, []byte{}, actor.ID, id).Scan(ctx, &devices)
	if err != nil {
		return translate(err)
	}
	if len(devices) == 0 {
		return ErrPushDeviceNotFound
	}
	if d.pusher == nil {
		return ErrPushFailed
	}
	err = d.pusher.Push(ctx, PushNotice{Device: devices[0], Kind: PushTest})
	if serr := d.storePush(context.WithoutCancel(ctx), &devices[0], err); serr != nil {
		return serr
	}
	var refusal *PushError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusal) && refusal.IsGone:
		return ErrPushDeviceNotFound
	}
	return ErrPushFailed.WithCause(err)
}

// storePush stores what became of an attempt to send to a device.
func (d *Desk) storePush(ctx context.Context, p *PushDevice, err error) error {
	query := `UPDATE push_subscriptions SET sent_at = clock_timestamp(), failed_at = NULL WHERE id = ? AND endpoint = ?`
	var refusal *PushError
	switch {
	case err == nil:
		d.pushes.sent.Add(1)
	case errors.As(err, &refusal) && refusal.IsGone:
		query = `DELETE FROM push_subscriptions WHERE id = ? AND endpoint = ?`
	default:
		d.pushes.failed.Add(1)
		query = `UPDATE push_subscriptions SET failed_at = clock_timestamp() WHERE id = ? AND endpoint = ?`
	}
	res, serr := d.db.NewRaw(query, p.ID, p.Endpoint).Exec(ctx)
	if serr == nil && refusal != nil && refusal.IsGone {
		n, _ := res.RowsAffected()
		d.pushes.removed.Add(n)
	}
	return translate(serr)
}
