package models

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// CannedScope is who a canned reply is for.
type CannedScope string

// The scopes of canned replies.
const (
	CannedMine       CannedScope = "mine"       // one agent
	CannedDepartment CannedScope = "department" // the agents of one department
	CannedEveryone   CannedScope = "everyone"
)

var cannedScopes = []CannedScope{CannedMine, CannedDepartment, CannedEveryone}

// CannedLanguages are the values of CannedReply.Language: any language, then those of the catalogue.
var CannedLanguages = []string{"", "en", "zh-CN"}

// The longest texts of a canned reply, in characters, and the most rows of an import.
const (
	MaxCannedTitle = 80
	MaxCannedBody  = 4000
	MaxCannedRows  = 2000
)

// CannedReply is a prepared answer. AgentID is set when it is one agent's own, Department when it is a department's;
// without either it is everyone's.
type CannedReply struct {
	bun.BaseModel `bun:"table:canned_replies"`

	ID         string    `bun:"id,pk"`
	AgentID    *string   `bun:"agent_id"`
	Department *string   `bun:"department"`
	Shortcut   string    `bun:"shortcut"`
	Title      string    `bun:"title"`
	Body       string    `bun:"body"`
	Language   string    `bun:"language"`
	UseCount   int64     `bun:"use_count"`
	CreatedAt  time.Time `bun:"created_at"`
	UpdatedAt  time.Time `bun:"updated_at"`
}

// Scope returns who the reply is for.
func (r *CannedReply) Scope() CannedScope {
	switch {
	case r.AgentID != nil:
		return CannedMine
	case r.Department != nil:
		return CannedDepartment
	}
	return CannedEveryone
}

// CanChange reports whether the actor may change and remove the reply: agents their own, administrators every one.
func (r *CannedReply) CanChange(actor Actor) bool {
	return r.AgentID != nil && *r.AgentID == actor.ID || actor.AtLeast(RoleAdmin)
}

// NewCannedReply is what an agent enters for a canned reply. Department is the short name, for that scope only.
type NewCannedReply struct {
	Scope      CannedScope
	Department string
	Shortcut   string
	Title      string
	Body       string
	Language   string
}

// CannedFilter selects canned replies. Empty fields select everything. Text is searched in shortcut, title and body.
type CannedFilter struct {
	Text       string
	Scope      CannedScope
	Department string
	Language   string
	// OfAllAgents adds the own replies of other agents, for administrators.
	OfAllAgents bool
}

var (
	errCannedScope    = invalid("scope", fieldUnknown, "scope must be mine, department or everyone.")
	errCannedLanguage = invalid("language", fieldUnknown, "language must be en, zh-CN, or empty for any.")
	errCannedOnlyMine = ErrRoleRequired.WithDetail(
		"Only administrators change replies of a department or of everyone. Use the scope mine.",
	)
)

// shortcutForm is what a shortcut may be: it ends at the first space when it is typed after "/".
var shortcutForm = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]{0,39}$`)

// visibleReplies is the condition for the replies that the agent of ?0 can use: the own ones, those of the agent's
// departments, and everyone's.
const visibleReplies = `(agent_id = ?0 OR agent_id IS NULL AND (department IS NULL
	OR department IN (SELECT department FROM agent_departments WHERE agent_id = ?0)))`

// CannedReplies returns the replies that the actor can use, and for administrators with [CannedFilter.OfAllAgents] all
// there are, by shortcut. An unknown scope or language, what cannot be a short name of a department, and a text of more
// than 200 characters are validation_failed.
func (d *Desk) CannedReplies(ctx context.Context, actor Actor, f CannedFilter) ([]CannedReply, error) {
	if !actor.IsAgent() {
		return nil, ErrRoleRequired
	}
	if f.OfAllAgents {
		if err := actor.require(RoleAdmin); err != nil {
			return nil, err
		}
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	visible := visibleReplies
	if actor.AtLeast(RoleAdmin) {
		visible = `(agent_id IS NULL OR agent_id = ?0 OR ?5)`
	}
	replies := []CannedReply{}
	err := d.db.NewRaw(`SELECT * FROM canned_replies WHERE `+visible+`
		AND (?1 = '' OR ?1 = CASE WHEN agent_id IS NOT NULL THEN 'mine'
			WHEN department IS NOT NULL THEN 'department' ELSE 'everyone' END)
		AND (?2 = '' OR department = ?2) AND (?3 = '' OR language = ?3)
		AND (?4 = '' OR strpos(lower(shortcut || ' ' || title || ' ' || body), lower(?4)) > 0)
		ORDER BY shortcut, department NULLS LAST, agent_id NULLS FIRST, language, id`,
		actor.ID, f.Scope, f.Department, f.Language, strings.TrimPrefix(f.Text, "/"), f.OfAllAgents).Scan(ctx, &replies)
	return replies, translate(err)
}

func (f *CannedFilter) check() (err error) {
	switch {
	case f.Scope != "" && !slices.Contains(cannedScopes, f.Scope):
		return errCannedScope
	case f.Language != "" && !slices.Contains(CannedLanguages, f.Language):
		return errCannedLanguage
	case f.Department != "" && !slugForm.MatchString(f.Department):
		return errUnknownDepartment
	}
	f.Text, err = validateText("q", f.Text, 0, 200)
	return err
}

// UsableCannedReplies returns the replies that the actor can insert into a message: the own ones, those of the actor's
// departments, and everyone's. Unlike [Desk.CannedReplies] it is the same for every role.
func (d *Desk) UsableCannedReplies(ctx context.Context, actor Actor) ([]CannedReply, error) {
	return d.usableCannedReplies(ctx, actor, `*`)
}

// UsableCannedReplyVersions returns the replies of [Desk.UsableCannedReplies] in the same order with nothing but ID and
// UpdatedAt, so that asking whether anything changed is cheap.
func (d *Desk) UsableCannedReplyVersions(ctx context.Context, actor Actor) ([]CannedReply, error) {
	return d.usableCannedReplies(ctx, actor, `id, updated_at`)
}

func (d *Desk) usableCannedReplies(ctx context.Context, actor Actor, columns string) ([]CannedReply, error) {
	if !actor.IsAgent() {
		return nil, ErrRoleRequired
	}
	replies := []CannedReply{}
	err := d.db.NewRaw(`SELECT `+columns+` FROM canned_replies WHERE `+visibleReplies+` ORDER BY shortcut, language, id`,
		actor.ID).Scan(ctx, &replies)
	return replies, translate(err)
}

// CannedReply returns one reply. One that the actor may not read is canned_reply_not_found.
func (d *Desk) CannedReply(ctx context.Context, actor Actor, id string) (*CannedReply, error) {
	r, err := readCannedReply(ctx, d.db, actor, id, "")
	return r, translate(err)
}

func readCannedReply(ctx context.Context, q rawQuerier, actor Actor, id, lock string) (*CannedReply, error) {
	if !actor.IsAgent() {
		return nil, ErrRoleRequired
	}
	r := new(CannedReply)
	err := q.NewRaw(`SELECT * FROM canned_replies WHERE id = ?1 AND (?2 OR `+visibleReplies+`)`+lock,
		actor.ID, id, actor.AtLeast(RoleAdmin)).Scan(ctx, r)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrCannedReplyNotFound
	}
	return r, err
}

// AddCannedReply adds a reply. A shared one is for administrators only, else role_required. A shortcut that another
// reply has in the same scope and language is 409 canned_reply_taken; anything out of bounds is validation_failed.
func (d *Desk) AddCannedReply(ctx context.Context, actor Actor, in NewCannedReply) (*CannedReply, error) {
	r, err := checkCannedReply(actor, in)
	if err != nil {
		return nil, err
	}
	r.ID = uuid.NewString()
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		err := t.NewRaw(`INSERT INTO canned_replies (id, agent_id, department, shortcut, title, body, language)
			VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *`,
			r.ID, r.AgentID, r.Department, r.Shortcut, r.Title, r.Body, r.Language).Scan(ctx, r)
		if err != nil {
			return cannedViolation(err)
		}
		return t.auditCanned(ctx, actor, AuditCannedReplyAdded, r, r.details())
	})
	return r, err
}

// ChangeCannedReply replaces a reply, its use count apart. Agents change their own, administrators every one; the owner
// of an agent's own reply stays. It refuses what AddCannedReply refuses, and an unknown reply with canned_reply_not_found.
func (d *Desk) ChangeCannedReply(ctx context.Context, actor Actor, id string, in NewCannedReply) (*CannedReply, error) {
	r, err := checkCannedReply(actor, in)
	if err != nil {
		return nil, err
	}
	r.ID = id
	err = d.inTx(ctx, func(ctx context.Context, t *tx) error {
		before, err := lockCannedReply(ctx, t, actor, id)
		if err != nil {
			return err
		}
		if r.AgentID != nil && before.AgentID != nil {
			r.AgentID = before.AgentID
		}
		err = t.NewRaw(`UPDATE canned_replies SET agent_id = ?, department = ?, shortcut = ?, title = ?, body = ?, language = ?,
			updated_at = clock_timestamp() WHERE id = ? RETURNING *`,
			r.AgentID, r.Department, r.Shortcut, r.Title, r.Body, r.Language, id).Scan(ctx, r)
		if err != nil {
			return cannedViolation(err)
		}
		more := before.changes(r)
		if len(more) == 0 {
			return nil
		}
		if before.Scope() != CannedMine { // what was shared is on record also when it becomes one agent's own
			return t.audit(ctx, actor, AuditCannedReplyChanged, aboutCanned(before), more)
		}
		return t.auditCanned(ctx, actor, AuditCannedReplyChanged, r, more)
	})
	return r, err
}

// RemoveCannedReply removes a reply. Agents remove their own, administrators every one. An unknown reply is
// canned_reply_not_found.
func (d *Desk) RemoveCannedReply(ctx context.Context, actor Actor, id string) error {
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		r, err := lockCannedReply(ctx, t, actor, id)
		if err != nil {
			return err
		}
		if _, err := t.NewRaw(`DELETE FROM canned_replies WHERE id = ?`, id).Exec(ctx); err != nil {
			return err
		}
		return t.auditCanned(ctx, actor, AuditCannedReplyRemoved, r, r.details())
	})
}

// CountCannedReplyUse adds one to the use count of a reply that the actor can read, else canned_reply_not_found.
func (d *Desk) CountCannedReplyUse(ctx context.Context, actor Actor, id string) error {
	if _, err := d.CannedReply(ctx, actor, id); err != nil {
		return err
	}
	_, err := d.db.NewRaw(`UPDATE canned_replies SET use_count = use_count + 1 WHERE id = ?`, id).Exec(ctx)
	return translate(err)
}

// key is what is unique about a reply.
func (r *CannedReply) key() string {
	return strings.Join([]string{deref(r.AgentID), deref(r.Department), r.Shortcut, r.Language}, "\x00")
}

// checkCannedReply returns the reply as it is stored, without an id. A shortcut is stored in lower case, without the "/"
// before it.
func checkCannedReply(actor Actor, in NewCannedReply) (*CannedReply, error) {
	if !actor.IsAgent() {
		return nil, ErrRoleRequired
	}
	r := &CannedReply{Language: in.Language}
	switch in.Scope {
	case CannedMine, "":
		r.AgentID = &actor.ID
	case CannedDepartment:
		r.Department = &in.Department
	case CannedEveryone:
	default:
		return nil, errCannedScope
	}
	if r.AgentID == nil && !actor.AtLeast(RoleAdmin) {
		return nil, errCannedOnlyMine
	}
	if r.Department != nil && !slugForm.MatchString(in.Department) {
		return nil, errUnknownDepartment
	}
	if !slices.Contains(CannedLanguages, in.Language) {
		return nil, errCannedLanguage
	}
	var err error
	shortcut := strings.TrimPrefix(strings.TrimSpace(in.Shortcut), "/")
	if r.Shortcut, err = validateText("shortcut", strings.ToLower(shortcut), 1, 40); err != nil {
		return nil, err
	}
	if !shortcutForm.MatchString(r.Shortcut) {
		return nil, invalid("shortcut", fieldInvalid,
			"A shortcut has letters, digits, dots, hyphens and underscores, and begins with a letter or digit.")
	}
	if r.Title, err = validateText("title", oneLine(in.Title), 1, MaxCannedTitle); err != nil {
		return nil, err
	}
	r.Body, err = validateText("body", strings.ReplaceAll(in.Body, "\r\n", "\n"), 1, MaxCannedBody)
	return r, err
}

// lockCannedReply locks the row of a reply that the actor may change. One that is shared is role_required for agents.
func lockCannedReply(ctx context.Context, t *tx, actor Actor, id string) (*CannedReply, error) {
	r, err := readCannedReply(ctx, t, actor, id, ` FOR UPDATE`)
	if err != nil {
		return nil, err
	}
	if !r.CanChange(actor) {
		return nil, ErrRoleRequired.WithDetail("Only administrators change replies of a department or of everyone.")
	}
	return r, nil
}

func cannedViolation(err error) error {
	switch {
	case violates(err, cannedRepliesShortcutUnique):
		return ErrCannedReplyTaken
	case violates(err, cannedRepliesDepartmentFkey):
		return errUnknownDepartment
	}
	return err
}

// auditCanned records a change of a reply that is not only the actor's own.
func (t *tx) auditCanned(ctx context.Context, actor Actor, action AuditAction, r *CannedReply, more details) error {
	if r.AgentID != nil && *r.AgentID == actor.ID {
		return nil
	}
	return t.audit(ctx, actor, action, aboutCanned(r), more)
}

func aboutCanned(r *CannedReply) Subject {
	return Subject{Kind: SubjectCannedReply, ID: r.ID, Name: "/" + r.Shortcut}
}

func (r *CannedReply) details() details {
	more := details{"scope": r.Scope(), "language": r.Language}
	if r.Department != nil {
		more["department"] = *r.Department
	}
	return more
}

// changes returns what differs from another version. Of the body it only tells that it changed.
func (r *CannedReply) changes(to *CannedReply) details {
	more := details{}
	for name, values := range map[string]step{
		"shortcut":   {r.Shortcut, to.Shortcut},
		"title":      {r.Title, to.Title},
		"language":   {r.Language, to.Language},
		"scope":      {r.Scope(), to.Scope()},
		"department": {deref(r.Department), deref(to.Department)},
	} {
		if values.From != values.To {
			more[name] = values
		}
	}
	if r.Body != to.Body {
		more["characters"] = step{len([]rune(r.Body)), len([]rune(to.Body))}
	}
	return more
}
