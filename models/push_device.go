package models

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// MaxPushDevices is how many devices of an agent get notifications.
const MaxPushDevices = 20

// PushDevice is a browser that shows an agent notifications while no window of Parley is open. It belongs to the session in
// which it was added, and goes with it.
type PushDevice struct {
	ID        string     `bun:"id"`
	AgentID   string     `bun:"agent_id"`
	Endpoint  string     `bun:"endpoint"` // where its push service takes messages; a secret of the browser
	P256dh    []byte     `bun:"p256dh"`   // with Auth the keys to which messages are encrypted
	Auth      []byte     `bun:"auth"`
	UserAgent string     `bun:"user_agent"`
	Locale    string     `bun:"locale"` // language of the notifications
	CreatedAt time.Time  `bun:"created_at"`
	SentAt    *time.Time `bun:"sent_at"`   // when the push service last accepted a message; nil for never
	FailedAt  *time.Time `bun:"failed_at"` // when it last refused one, unless it has accepted one since
	Current   bool       `bun:"current"`   // it was added in the session that asks
}

// Fingerprint returns the SHA-256 of the endpoint in hexadecimal digits, by which a browser recognizes itself.
func (p *PushDevice) Fingerprint() string {
	sum := sha256.Sum256([]byte(p.Endpoint))
	return hex.EncodeToString(sum[:])
}

// PushKeys are the VAPID keys by which push services recognize this installation.
type PushKeys struct {
	Public  []byte `bun:"public_key"`
	Private []byte `bun:"private_key"`
}

// PushKeys returns the keys of this installation, which are made once.
func (d *Desk) PushKeys(ctx context.Context) (k PushKeys, err error) {
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		const stored = `SELECT public_key, private_key FROM push_keys`
		err := t.NewRaw(stored).Scan(ctx, &k)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		fresh, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		if _, err := t.NewRaw(`INSERT INTO push_keys (public_key, private_key) VALUES (?, ?) ON CONFLICT DO NOTHING`,
			fresh.PublicKey().Bytes(), fresh.Bytes()).Exec(ctx); err != nil {
			return err
		}
		return t.NewRaw(stored).Scan(ctx, &k)
	})
	return k, err
}

// NewPushDevice is what a browser tells of itself when it subscribes.
type NewPushDevice struct {
	Endpoint     string // an https address of at most 1024 printable ASCII characters
	P256dh, Auth string // in base64url, as PushSubscription.toJSON returns them
	UserAgent    string // cut to 200 characters
	Locale       string // one that Parley has not is English
}

const maxEndpoint = 1024

var endpointForm = regexp.MustCompile(`^https://[\x21-\x7e]+$`)

// check refuses what is no subscription and returns the keys in bytes. Whether the push service may be asked is decided by
// [Pusher], and again when it is.
func (n *NewPushDevice) check(accepts func(endpoint string) bool) (p256dh, auth []byte, err error) {
	var faults fieldFaults
	switch {
	case n.Endpoint == "":
		faults.add(invalid("endpoint", fieldRequired, "Send the endpoint of the subscription."))
	case !isEndpoint(n.Endpoint) || !accepts(n.Endpoint):
		faults.add(
			invalid("endpoint", fieldInvalid, "endpoint must be the https address of a public push service, at most 1024 characters."),
		)
	}
	p256dh = decodeKey(n.P256dh)
	if _, kerr := ecdh.P256().NewPublicKey(p256dh); kerr != nil {
		faults.add(invalid("p256dh", fieldInvalid, "p256dh must be the public key of the subscription: 65 bytes in base64url."))
	}
	if auth = decodeKey(n.Auth); len(auth) != 16 {
		faults.add(invalid("auth", fieldInvalid, "auth must be the secret of the subscription: 16 bytes in base64url."))
	}
	return p256dh, auth, faults.err()
}

// isEndpoint reports whether a text has the form of an endpoint.
func isEndpoint(text string) bool {
	u, err := url.Parse(text)
	return err == nil && len(text) <= maxEndpoint && endpointForm.MatchString(text) && u.Hostname() != "" && u.User == nil &&
		u.Fragment == ""
}

// decodeKey decodes base64url with or without padding; nil for anything else.
func decodeKey(text string) []byte {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil
	}
	return raw
}

const selectPushDevices = `SELECT s.id::text, s.agent_id, s.endpoint, s.p256dh, s.auth, s.user_agent, s.locale, s.created_at, s.sent_at,
	s.failed_at, s.session_hash = ? AS current
	FROM push_subscriptions s JOIN sessions e ON e.token_hash = s.session_hash AND e.expires_at > now() `

// AddPushDevice adds the browser of a session, or stores again what it tells of itself, and returns it. A browser that
// another agent used before is that agent's no longer.
//
// An actor who is no agent gets 403 agents_only. What is no subscription to a public push service is validation_failed, a
// session that has ended 401 unauthorized, and with MaxPushDevices others it is 409 too_many_push_devices.
func (d *Desk) AddPushDevice(ctx context.Context, actor Actor, session []byte, n NewPushDevice) (*PushDevice, error) {
	if !actor.IsAgent() {
		return nil, forbidden("agents_only", "Only agents get notifications.")
	}
	p256dh, auth, err := n.check(d.acceptsEndpoint)
	if err != nil {
		return nil, err
	}
	added := &PushDevice{}
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		// One at a time for each agent, so that two requests at once cannot both take the last place.
		if _, err := d.lockAgent(ctx, t, actor.ID); err != nil {
			return err
		}
		_, err := t.NewRaw(`DELETE FROM push_subscriptions WHERE endpoint = ? AND agent_id <> ?`, n.Endpoint, actor.ID).Exec(ctx)
		if err != nil {
			return err
		}
		var others int
		if err := t.NewRaw(`SELECT count(*) FROM push_subscriptions WHERE agent_id = ? AND endpoint <> ?`, actor.ID, n.Endpoint).
			Scan(ctx, &others); err != nil {
			return err
		}
		if others >= MaxPushDevices {
			return ErrTooManyPushDevices
		}
		var id string
		err = t.NewRaw(`INSERT INTO push_subscriptions (agent_id, session_hash, endpoint, p256dh, auth, user_agent, locale)
			VALUES (?, ?, ?, ?, ?, left(?, 200), ?) ON CONFLICT (endpoint) DO UPDATE SET session_hash = excluded.session_hash,
				p256dh = excluded.p256dh, auth = excluded.auth, user_agent = excluded.user_agent, locale = excluded.locale, failed_at = NULL
			WHERE push_subscriptions.agent_id = excluded.agent_id RETURNING id::text`,
			actor.ID, session, n.Endpoint, p256dh, auth, n.UserAgent, knownLocale(n.Locale)).Scan(ctx, &id)
		switch {
		case violates(err, pushSubscriptionsSessionHashFkey):
			return ErrUnauthorized
		case errors.Is(err, sql.ErrNoRows): // another agent added it in the meantime
			return ErrPushDeviceTaken
		case err != nil:
			return err
		}
		err = t.NewRaw(selectPushDevices+`WHERE s.id::text = ?`, session, id).Scan(ctx, added)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrUnauthorized
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return added, nil
}

// PushDevices returns the devices of an agent, the newest first. Agents see their own, administrators those of all, others
// get 403 role_required. session is the token hash of the session that asks.
func (d *Desk) PushDevices(ctx context.Context, actor Actor, agentID string, session []byte) ([]PushDevice, error) {
	if err := requireSelfOrAdmin(actor, agentID); err != nil {
		return nil, err
	}
	devices := []PushDevice{}
	err := d.db.NewRaw(selectPushDevices+`WHERE s.agent_id = ? ORDER BY s.created_at DESC, s.id`, session, agentID).Scan(ctx, &devices)
	return devices, translate(err)
}

func requireSelfOrAdmin(actor Actor, agentID string) error {
	if actor.IsAgent() && actor.ID == agentID {
		return nil
	}
	return actor.require(RoleAdmin)
}

// RemovePushDevice removes a device of an agent, who gets no more notifications there. Agents remove their own,
// administrators those of all, others get 403 role_required. A device that is gone, or not of that agent, is
// push_device_not_found.
func (d *Desk) RemovePushDevice(ctx context.Context, actor Actor, agentID, id string) error {
	if err := requireSelfOrAdmin(actor, agentID); err != nil {
		return err
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		res, err := t.NewRaw(`DELETE FROM push_subscriptions WHERE agent_id = ? AND id::text = ?`, agentID, id).Exec(ctx)
		if err != nil {
			return err
		}
		if n, _ := res.RowsAffected(); n == 0 {
			return ErrPushDeviceNotFound
		}
		if actor.IsAgent() && actor.ID == agentID {
			return nil
		}
		return t.audit(ctx, actor, AuditPushDeviceRemoved, Subject{Kind: SubjectAgent, ID: agentID}, nil)
	})
}
