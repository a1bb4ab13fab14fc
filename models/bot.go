package models

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"time"

	"github.com/google/uuid"
)

// AgentKind is whether an agent is a person or a program.
type AgentKind string

// The kinds of agents.
const (
	HumanAgent AgentKind = "human"
	BotAgent   AgentKind = "bot" // signs in to nothing and answers with an API key; see [Bot]
)

// The bounds of what a bot may be set to, and its defaults.
const (
	MaxBotChats          = 1000
	MinBotAnswerSeconds  = 2
	MaxBotAnswerSeconds  = 120
	DefaultBotChats      = 50
	DefaultAnswerSeconds = 10
)

const (
	// silentLimit is after how many chats in a row that a bot did not answer it is passed over, and passedOverFor for how long.
	silentLimit   = 3
	passedOverFor = 5 * time.Minute
)

// Bot is a program that gets new chats before any person does. As an agent it is always offline and has no capacity, so it is
// counted nowhere among the people.
type Bot struct {
	ID              string     `bun:"id"`
	Name            string     `bun:"name"`
	DisabledAt      *time.Time `bun:"disabled_at"`
	Departments     []string   `bun:"departments,array"` // whose chats it gets
	ServesGeneral   bool       `bun:"serves_general"`    // gets the chats that ask for no department
	MaxConcurrent   int        `bun:"max_concurrent"`    // chats at the same time
	AnswerSeconds   int        `bun:"answer_seconds"`    // until a chat that it does not answer is handed over
	SilentInARow    int        `bun:"silent_in_a_row"`   // chats handed over so since its latest answer
	PassedOverUntil *time.Time `bun:"passed_over_until"`
	CreatedAt       time.Time  `bun:"created_at"`

	Chats        int  `bun:"chats"`          // that it has now
	HasKey       bool `bun:"has_key"`        // an API key that it can use
	IsPassedOver bool `bun:"is_passed_over"` // on PostgreSQL's clock
}

// BotState is whether a bot gets chats, and if not, why.
type BotState string

// The states of bots. The first that applies counts.
const (
	BotDisabled   BotState = "disabled"
	BotWithoutKey BotState = "no_key"
	BotPassedOver BotState = "passed_over" // it did not answer several times
	BotFull       BotState = "full"
	BotReady      BotState = "ready"
)

// State returns whether the bot gets chats now.
func (b *Bot) State() BotState {
	switch {
	case b.DisabledAt != nil:
		return BotDisabled
	case !b.HasKey:
		return BotWithoutKey
	case b.IsPassedOver:
		return BotPassedOver
	case b.Chats >= b.MaxConcurrent:
		return BotFull
	}
	return BotReady
}

// IsBot reports whether the agent is a program.
func (a *Agent) IsBot() bool { return a.Kind == BotAgent }

// IsWithBot reports whether a bot has the chat, or had it to its end.
func (c *Chat) IsWithBot() bool { return c.BotID != nil && c.AgentID != nil && *c.BotID == *c.AgentID }

const (
	// notWithBot is the condition on chats that no bot has, nor had to their end.
	notWithBot = `(bot_id IS NULL OR agent_id IS DISTINCT FROM bot_id)`

	// hasBotKey is the condition on agents a with an API key that is valid and has the scope to write messages.
	hasBotKey = `EXISTS (SELECT FROM api_keys k WHERE k.agent_id = a.id AND k.revoked_at IS NULL
		AND (k.expires_at IS NULL OR k.expires_at > statement_timestamp()) AND '` + string(ScopeWriteMessages) + `' = ANY(k.scopes))`

	activeOfBot = `(SELECT count(*) FROM chats c WHERE c.agent_id = a.id AND c.status = 'active')`

	selectBots = `SELECT a.id, a.name, a.disabled_at, a.created_at, b.serves_general, b.max_concurrent, b.answer_seconds, b.silent_in_a_row,
			b.passed_over_until, coalesce(b.passed_over_until > statement_timestamp(), false) AS is_passed_over,
			` + hasBotKey + ` AS has_key, ` + activeOfBot + ` AS chats, ARRAY(SELECT department FROM agent_departments d WHERE d.agent_id = a.id ORDER BY 1) AS departments
		FROM bots b JOIN agents a ON a.id = b.agent_id `
)

// Bots returns all bots by name, disabled ones last. It is for supervisors, to all others 403 role_required.
func (d *Desk) Bots(ctx context.Context, actor Actor) ([]Bot, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	bots := []Bot{}
	err := d.db.NewRaw(selectBots+`ORDER BY a.disabled_at IS NOT NULL, lower(a.name), a.id`).Scan(ctx, &bots)
	return bots, translate(err)
}

// Bot returns a bot. It is for supervisors, to all others 403 role_required; an unknown one is 404 bot_not_found.
func (d *Desk) Bot(ctx context.Context, actor Actor, id string) (*Bot, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	b := new(Bot)
	err := d.db.NewRaw(selectBots+`WHERE a.id = ?`, id).Scan(ctx, b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrBotNotFound
	}
	return b, translate(err)
}

// bot returns one bot, or bot_not_found. Where lock is set, the row of its agent is locked.
func (t *tx) bot(ctx context.Context, id string, lock bool) (*Bot, error) {
	if lock {
		if _, err := t.NewRaw(`SELECT FROM agents WHERE id = ? FOR UPDATE`, id).Exec(ctx); err != nil {
			return nil, err
		}
	}
	b := new(Bot)
	err := t.NewRaw(selectBots+`WHERE a.id = ?`, id).Scan(ctx, b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrBotNotFound
	}
	return b, err
}

// BotChange is what AddBot and UpdateBot set. A nil field stays as it is; of a new bot it is the default.
type BotChange struct {
	Name          *string
	Departments   *[]string
	ServesGeneral *bool
	MaxConcurrent *int
	AnswerSeconds *int
	Disabled      *bool
}

// validate refuses fields out of bounds, and puts the name on one line without surrounding white space.
func (c *BotChange) validate() error {
	var faults fieldFaults
	if c.Name != nil {
		name, err := validateText("name", oneLine(*c.Name), 1, 80)
		faults.add(err)
		c.Name = &name
	}
	if n := c.MaxConcurrent; n != nil && (*n < 1 || *n > MaxBotChats) {
		faults.add(invalid("max_concurrent", fieldOutOfBounds, "A bot can have 1 to 1,000 chats at the same time."))
	}
	if n := c.AnswerSeconds; n != nil && (*n < MinBotAnswerSeconds || *n > MaxBotAnswerSeconds) {
		faults.add(invalid("answer_seconds", fieldOutOfBounds, "The time to answer must be 2 to 120 seconds."))
	}
	return faults.err()
}

// AddBot adds a bot, which gets chats as soon as it has an API key. Admins only. A name that another bot has, in any case, is 409
// bot_name_taken. Fields out of bounds and unknown departments are validation_failed.
func (d *Desk) AddBot(ctx context.Context, actor Actor, n BotChange) (*Bot, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	if n.Name == nil {
		n.Name = new(string)
	}
	if err := n.validate(); err != nil {
		return nil, err
	}
	id := uuid.NewString()
	var added *Bot
	err := d.changeSettings(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lockBotNames(ctx); err != nil { // before the row is inserted, or two requests would wait for each other
			return err
		}
		// The address is none: the column belongs to people, who sign in with theirs. No password fits an empty hash.
		_, err := t.NewRaw(`INSERT INTO agents (id, email, name, role, password_hash, max_concurrent, max_messages, kind)
			VALUES (?0, ?0 || '@bot.invalid', ?1, 'agent', '', 0, 0, 'bot')`, id, *n.Name).Exec(ctx)
		if err != nil {
			return err
		}
		if _, err := t.NewRaw(`INSERT INTO bots (agent_id) VALUES (?)`, id).Exec(ctx); err != nil {
			return err
		}
		if err := n.write(ctx, t, id); err != nil {
			return err
		}
		if added, err = t.bot(ctx, id, false); err != nil {
			return err
		}
		return t.audit(ctx, actor, AuditBotAdded, added.subject(), details{
			"departments": added.Departments, "serves_general": added.ServesGeneral, "capacity": added.MaxConcurrent,
			"answer_seconds": added.AnswerSeconds,
		})
	})
	return added, err
}

func (b *Bot) subject() Subject { return Subject{Kind: SubjectAgent, ID: b.ID, Name: b.Name} }

// lockBotNames lets one transaction at a time give bots their names: of two at once one would not see the name of the other.
func (t *tx) lockBotNames(ctx context.Context) error {
	_, err := t.NewRaw(`LOCK TABLE bots IN SHARE ROW EXCLUSIVE MODE`).Exec(ctx)
	return err
}

// write stores the change of a bot. A bot that is enabled again is passed over no longer.
func (c *BotChange) write(ctx context.Context, t *tx, id string) error {
	if c.Name != nil {
		if err := t.lockBotNames(ctx); err != nil {
			return err
		}
		var taken bool
		err := t.NewRaw(`SELECT EXISTS (SELECT FROM agents WHERE kind = 'bot' AND lower(name) = lower(?) AND id <> ?)`, *c.Name, id).
			Scan(ctx, &taken)
		if err != nil {
			return err
		}
		if taken {
			return ErrBotNameTaken
		}
	}
	_, err := t.NewRaw(`UPDATE agents SET name = coalesce(?, name),
		disabled_at = CASE WHEN ?1::boolean THEN coalesce(disabled_at, now()) WHEN NOT ?1::boolean THEN NULL ELSE disabled_at END WHERE id = ?2`,
		c.Name, c.Disabled, id).Exec(ctx)
	if err != nil {
		return err
	}
	_, err = t.NewRaw(`UPDATE bots SET serves_general = coalesce(?0, serves_general), max_concurrent = coalesce(?1, max_concurrent),
			answer_seconds = coalesce(?2, answer_seconds), silent_in_a_row = CASE WHEN NOT ?3::boolean THEN 0 ELSE silent_in_a_row END,
			passed_over_until = CASE WHEN NOT ?3::boolean THEN NULL ELSE passed_over_until END WHERE agent_id = ?4`,
		c.ServesGeneral, c.MaxConcurrent, c.AnswerSeconds, c.Disabled, id).Exec(ctx)
	if err != nil || c.Departments == nil {
		return err
	}
	return setDepartments(ctx, t, id, *c.Departments)
}

// UpdateBot changes a bot and returns it as it is now. Admins only. The chats of a bot that is disabled are handed over. It refuses as
// [Desk.AddBot] does; an unknown bot is 404 bot_not_found.
func (d *Desk) UpdateBot(ctx context.Context, actor Actor, id string, change BotChange) (*Bot, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	if err := change.validate(); err != nil {
		return nil, err
	}
	var after *Bot
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.bot(ctx, id, true)
		if err != nil {
			return err
		}
		if err := change.write(ctx, t, id); err != nil {
			return err
		}
		if after, err = t.bot(ctx, id, false); err != nil {
			return err
		}
		changed := changedOf(before, after)
		if len(changed) == 0 {
			return nil
		}
		if (before.DisabledAt == nil) != (after.DisabledAt == nil) { // its keys and streams end, or work again
			t.emit(Event{Kind: KindSignedOut, AgentID: id})
		}
		return t.audit(ctx, actor, AuditBotChanged, before.subject(), changed)
	})
	if err != nil {
		return nil, err
	}
	if after.DisabledAt != nil && after.Chats > 0 {
		d.sweepBotsNow(ctx)
	}
	return after, nil
}

// changedOf returns what differs between two states of a bot, for the audit log.
func changedOf(before, after *Bot) details {
	changed := details{}
	for name, values := range map[string]step{
		"name": {before.Name, after.Name}, "departments": {before.Departments, after.Departments},
		"serves_general": {before.ServesGeneral, after.ServesGeneral}, "capacity": {before.MaxConcurrent, after.MaxConcurrent},
		"answer_seconds": {before.AnswerSeconds, after.AnswerSeconds},
		"enabled":        {before.DisabledAt == nil, after.DisabledAt == nil},
	} {
		if !reflect.DeepEqual(values.From, values.To) {
			changed[name] = values
		}
	}
	return changed
}

// chooseBot returns the bot that gets a new chat of a department, that with the most room left, and nil if none does. The caller holds
// the queue's lock: only new chats go to bots, so no other transaction gives a bot a chat at the same time.
func (d *Desk) chooseBot(ctx context.Context, t *tx, department *string) (*Agent, error) {
	if !t.bots {
		return nil, nil //nolint:nilnil // a person gets it
	}
	var id string
	err := t.NewRaw(`SELECT a.id FROM bots b JOIN agents a ON a.id = b.agent_id CROSS JOIN LATERAL `+activeOfBot+` l (chats)
		WHERE a.disabled_at IS NULL AND (b.passed_over_until IS NULL OR b.passed_over_until <= statement_timestamp())
			AND l.chats < b.max_concurrent AND `+hasBotKey+`
			AND CASE WHEN ?0::text IS NULL THEN b.serves_general
				ELSE EXISTS (SELECT FROM agent_departments d WHERE d.agent_id = a.id AND d.department = ?0) END
		ORDER BY l.chats::float8 / b.max_concurrent, a.id LIMIT 1`, department).Scan(ctx, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // a person gets it
	}
	if err != nil {
		return nil, err
	}
	return d.agent(ctx, t, id)
}
