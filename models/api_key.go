package models

import (
	"context"
	"database/sql"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun/dialect/pgdialect"
)

// APIKeyPrefix is the beginning of every API key, by which people and scanners for leaked secrets recognize one.
const APIKeyPrefix = "parley_"

const (
	// MaxAPIKeys is how many keys can be in use.
	MaxAPIKeys = 100
	// MaxAPIKeyDays is the longest time until a key expires, in days.
	MaxAPIKeyDays = 3650

	maxAPIKeyNetworks = 20
	// apiKeySeenEvery is how often the last use of a key is stored, and so how exact it is.
	apiKeySeenEvery = time.Minute
	// shownKeyLength is how many characters of a key, with the prefix, are kept to recognize it.
	shownKeyLength = len(APIKeyPrefix) + 4
)

// Scope is what an API key may be used for. Each endpoint that accepts keys requires one.
type Scope string

// The scopes of API keys.
const (
	ScopeReadChats     Scope = "chats:read"     // reading any chat and searching in all
	ScopeWriteMessages Scope = "messages:write" // working in the chats of one agent, as that agent
	ScopeUsers         Scope = "users"          // finding, exporting and erasing users
	ScopeReports       Scope = "reports:read"
	ScopeQueue         Scope = "queue"    // reading the queue, assigning chats and setting their priority
	ScopeWebhooks      Scope = "webhooks" // managing webhooks and reading what they were told
)

// Scopes returns all scopes, in the order in which they are shown.
func Scopes() []Scope {
	return []Scope{ScopeReadChats, ScopeWriteMessages, ScopeQueue, ScopeReports, ScopeUsers, ScopeWebhooks}
}

// APIKey lets another system of the company call the JSON interface. The key itself is not kept.
type APIKey struct {
	ID         int64      `bun:"id"`
	Name       string     `bun:"name"`
	Hash       []byte     `bun:"key_hash"`
	Start      string     `bun:"key_start"` // the first characters of the key
	Scopes     []string   `bun:"scopes,array"`
	AgentID    *string    `bun:"agent_id"` // the agent whose chats it works in; nil without that scope
	AgentName  string     `bun:"agent_name"`
	Networks   []string   `bun:"networks,array"` // from which it is accepted, in CIDR notation; none for any
	ExpiresAt  *time.Time `bun:"expires_at"`     // nil for never
	CreatedBy  *string    `bun:"created_by"`     // agent; nil once that agent is gone
	ByName     string     `bun:"created_name"`   // present name of that agent, "" for none
	CreatedAt  time.Time  `bun:"created_at"`
	LastUsedAt *time.Time `bun:"last_used_at"` // to the minute; nil for never
	RevokedAt  *time.Time `bun:"revoked_at"`
}

// Allows reports whether the key has a scope.
func (k *APIKey) Allows(s Scope) bool { return slices.Contains(k.Scopes, string(s)) }

// AcceptsFrom reports whether the key may be used from an address: from any if the key names no network.
func (k *APIKey) AcceptsFrom(address string) bool {
	if len(k.Networks) == 0 {
		return true
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	return slices.ContainsFunc(k.Networks, func(text string) bool {
		network, err := netip.ParsePrefix(text)
		return err == nil && network.Contains(ip)
	})
}

// Actor returns the actor of the key for all scopes but ScopeWriteMessages. It has the rights of an administrator: the scopes of the key
// decide which endpoints it reaches.
func (k *APIKey) Actor() Actor { return Actor{Kind: KindAgent, ID: "key-" + k.id(), Role: RoleAdmin} }

func (k *APIKey) id() string { return strconv.FormatInt(k.ID, 10) }

func (k *APIKey) subject() Subject { return Subject{Kind: SubjectAPIKey, ID: k.id(), Name: k.Name} }

const selectAPIKeys = `SELECT k.id, k.name, k.key_hash, k.key_start, k.scopes, k.agent_id, coalesce(s.name, '') AS agent_name, k.networks,
		k.expires_at, k.created_by, coalesce(a.name, '') AS created_name, k.created_at, k.last_used_at, k.revoked_at
	FROM api_keys k LEFT JOIN agents a ON a.id = k.created_by LEFT JOIN agents s ON s.id = k.agent_id `

// APIKeys returns the keys in use by name, expired ones among them, then those that were revoked in the last 30 days. Administrators only.
func (d *Desk) APIKeys(ctx context.Context, actor Actor) ([]APIKey, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	keys := []APIKey{}
	err := d.db.NewRaw(selectAPIKeys+`WHERE k.revoked_at IS NULL OR k.revoked_at > now() - make_interval(secs => ?)
		ORDER BY k.revoked_at DESC NULLS FIRST, lower(k.name), k.id`, revokedKept.Seconds()).Scan(ctx, &keys)
	return keys, translate(err)
}

// NewAPIKey is a key to be made.
type NewAPIKey struct {
	Name    string
	Scopes  []string
	AgentID string // required with ScopeWriteMessages, otherwise ignored
	// Networks are addresses and networks in CIDR notation; an entry may have several, with commas or spaces between them.
	Networks []string
	Days     int // until it expires, 0 for never
}

// AddAPIKey makes a key and returns it with its row; it cannot be read again. Administrators only. These are validation_failed: a name out
// of 1 to 80 characters, no scope or an unknown one, ScopeWriteMessages without an agent who can sign in, a network that is none or more
// than 20 of them, and days out of 0 to MaxAPIKeyDays. With MaxAPIKeys in use it is 409 too_many_api_keys. A form that was sent before,
// see [WithForm], gives its key another secret, because the first one was never seen.
func (d *Desk) AddAPIKey(ctx context.Context, actor Actor, n NewAPIKey) (*APIKey, string, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, "", err
	}
	if err := n.validate(); err != nil {
		return nil, "", err
	}
	key, _ := newToken()
	key = APIKeyPrefix + key
	hash := HashToken(key)
	added := &APIKey{}
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		// Two requests at once may not both take the last place.
		if _, err := t.NewRaw(`LOCK TABLE api_keys IN SHARE ROW EXCLUSIVE MODE`).Exec(ctx); err != nil {
			return err
		}
		id, again, err := t.once(ctx, `SELECT id FROM api_keys WHERE id = ? AND last_used_at IS NULL AND revoked_at IS NULL`,
			func() (int64, error) { return t.insertAPIKey(ctx, actor, n, key[:shownKeyLength], hash) })
		if err != nil {
			return err
		}
		if again {
			_, err := t.NewRaw(`UPDATE api_keys SET key_hash = ?, key_start = ? WHERE id = ?`, hash, key[:shownKeyLength], id).Exec(ctx)
			if err != nil {
				return err
			}
		}
		if err := t.NewRaw(selectAPIKeys+`WHERE k.id = ?`, id).Scan(ctx, added); err != nil || again {
			return err
		}
		return t.audit(ctx, actor, AuditAPIKeyAdded, added.subject(), details{
			"scopes": strings.Join(added.Scopes, ", "), "networks": strings.Join(added.Networks, ", "), "agent": added.AgentName,
		})
	})
	if err != nil {
		return nil, "", err
	}
	return added, key, nil
}

// validate brings the values into the form in which they are stored.
func (n *NewAPIKey) validate() (err error) {
	var faults fieldFaults
	n.Name, err = validateText("name", oneLine(n.Name), 1, 80)
	faults.add(err)
	chosen := n.Scopes
	n.Scopes = nil
	for _, s := range Scopes() {
		if slices.Contains(chosen, string(s)) {
			n.Scopes = append(n.Scopes, string(s))
		}
	}
	for _, s := range chosen {
		if !slices.Contains(n.Scopes, s) {
			faults.add(invalid("scopes", fieldUnknown, "One of these scopes does not exist. Choose from the list."))
		}
	}
	if len(n.Scopes) == 0 {
		faults.add(invalid("scopes", fieldRequired, "Choose what the key may be used for."))
	}
	if !slices.Contains(n.Scopes, string(ScopeWriteMessages)) {
		n.AgentID = ""
	} else if n.AgentID == "" {
		faults.add(invalid("agent_id", fieldRequired, "Choose the agent whose chats the key works in."))
	}
	n.Networks, err = parseNetworks(n.Networks)
	faults.add(err)
	if n.Days < 0 || n.Days > MaxAPIKeyDays {
		faults.add(invalid("expires_in_days", fieldOutOfBounds, "Choose 0 to 3650 days; 0 is no end."))
	}
	return faults.err()
}

// parseNetworks returns networks in CIDR notation, each once.
func parseNetworks(texts []string) ([]string, error) {
	networks := []string{}
	for _, text := range texts {
		for one := range strings.FieldsSeq(strings.ReplaceAll(text, ",", " ")) {
			network, err := netip.ParsePrefix(one)
			if ip, ipErr := netip.ParseAddr(one); ipErr == nil && ip.Zone() == "" {
				network, err = netip.PrefixFrom(ip, ip.BitLen()), nil
			}
			if err != nil || network.Addr().Is4In6() {
				return nil, invalid("networks", fieldInvalid,
					"This is no list of networks. Separate addresses such as 192.0.2.7, or networks such as 192.0.2.0/24, with commas.")
			}
			if known := network.Masked().String(); !slices.Contains(networks, known) {
				networks = append(networks, known)
			}
		}
	}
	if len(networks) > maxAPIKeyNetworks {
		return nil, invalid("networks", fieldTooLong, "These are too many networks. Enter at most 20.")
	}
	return networks, nil
}

func (t *tx) insertAPIKey(ctx context.Context, actor Actor, n NewAPIKey, start string, hash []byte) (id int64, err error) {
	var used int
	if err := t.NewRaw(`SELECT count(*) FROM api_keys WHERE revoked_at IS NULL`).Scan(ctx, &used); err != nil {
		return 0, err
	}
	if used >= MaxAPIKeys {
		return 0, ErrTooManyAPIKeys
	}
	if n.AgentID != "" {
		var there bool
		err := t.NewRaw(`SELECT EXISTS (SELECT FROM agents WHERE id = ? AND disabled_at IS NULL)`, n.AgentID).Scan(ctx, &there)
		if err != nil {
			return 0, err
		}
		if !there {
			return 0, invalid("agent_id", fieldUnknown, "This agent does not exist or is disabled.")
		}
	}
	err = t.NewRaw(`INSERT INTO api_keys (name, key_hash, key_start, scopes, agent_id, networks, expires_at, created_by)
		VALUES (?, ?, ?, ?, nullif(?, ''), ?, CASE WHEN ?6 > 0 THEN now() + make_interval(days => ?6) END,
			(SELECT id FROM agents WHERE id = ?7)) RETURNING id`,
		n.Name, hash, start, pgdialect.Array(n.Scopes), n.AgentID, pgdialect.Array(n.Networks), n.Days, actor.ID).Scan(ctx, &id)
	return id, err
}

// RevokeAPIKey ends the use of a key, with every stream that it opened, and returns it. The chats of a bot that has no key then are
// handed over. To revoke it again changes nothing. Administrators only. An unknown one is api_key_not_found.
func (d *Desk) RevokeAPIKey(ctx context.Context, actor Actor, id int64) (*APIKey, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	k := &APIKey{}
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		err := t.NewRaw(selectAPIKeys+`WHERE k.id = ? FOR UPDATE OF k`, id).Scan(ctx, k)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrAPIKeyNotFound
		}
		if err != nil || k.RevokedAt != nil {
			return err
		}
		err = t.NewRaw(`UPDATE api_keys SET revoked_at = now() WHERE id = ? RETURNING revoked_at`, id).Scan(ctx, &k.RevokedAt)
		if err != nil {
			return err
		}
		t.emit(Event{Kind: KindSignedOut, SessionHash: k.Hash})
		return t.audit(ctx, actor, AuditAPIKeyRevoked, k.subject(), nil)
	})
	if err != nil {
		return nil, err
	}
	if k.AgentID != nil {
		d.sweepBotsNow(ctx)
	}
	return k, nil
}

// APIKeyByToken returns the key that a token is, and stores the time of its use. It also returns the agent whose chats the key works in, or
// nil if it has none or that agent is disabled. A token that is no key, or one that was revoked or has expired, is 401 unauthorized.
func (d *Desk) APIKeyByToken(ctx context.Context, token string) (*APIKey, *Agent, error) {
	k := &APIKey{}
	err := d.db.NewRaw(selectAPIKeys+`WHERE k.key_hash = ? AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())`,
		HashToken(token)).Scan(ctx, k)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, ErrUnauthorized
	}
	if err != nil {
		return nil, nil, translate(err)
	}
	if k.LastUsedAt == nil || time.Since(*k.LastUsedAt) > apiKeySeenEvery { // a failure only makes the list less exact
		_, _ = d.db.NewRaw(`UPDATE api_keys SET last_used_at = now() WHERE id = ?`, k.ID).Exec(ctx)
	}
	if k.AgentID == nil {
		return k, nil, nil
	}
	agent, err := d.agent(ctx, d, *k.AgentID)
	if err != nil {
		return nil, nil, translate(err)
	}
	if agent.DisabledAt != nil {
		return k, nil, nil
	}
	return k, agent, nil
}
