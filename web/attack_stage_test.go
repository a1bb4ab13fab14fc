package web_test

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver with which the tests read the stored data

	"parley/models"
	"parley/models/testdb"
	"parley/web"
)

// stage is an instance with a user of every kind and a chat in every state, for attacks by other callers.
type stage struct {
	*testServer
	db         *sql.DB
	sums       string // the query of kept
	people     map[string]*models.Agent
	bot        string // the id of a bot that gets no chats
	callers    []caller
	chats      map[models.Status]scene // of the owner, in a chat with anna
	sent       map[string]sentFile     // the file of each chat that has one
	serial     int
	alertRules []int64 // of the scenes
}

// caller is a caller with or without a credential.
type caller struct {
	name  string
	token string
	kind  string // the kind of credential: "user", "agent", or "" for none
	role  models.Role
	known bool         // a user verified by a host site
	part  bool         // a participant of the chat of the scene
	scope models.Scope // of an API key
}

// scene is a chat with the values that requests about it need.
type scene struct {
	chat          string
	owner, user   string // the user's token and id
	session       string // the id of a session of the agent
	device        string // the id of a device of the agent, or of the one in the path
	reply         string // the id of a canned reply of the agent's own
	view          string // the id of a report that another agent shares
	option        string // the id of an outcome
	alert         int64  // the id of an open alert
	alertRule     int64
	note          int64            // the id of a note about the owner
	wallboard     int64            // the id of a wallboard's key
	apiKey        int64            // the id of an API key
	webhook       int64            // the id of a webhook that is paused, the same for all
	delivery      int64            // the id of something that it is to be told
	temporary     int64            // the id of a temporary capacity of no agent
	earlier       string           // the id of an ended chat of the owner with the agent
	said          map[string]int64 // the message that users, and that agents, may confirm
	slug, address string           // a short name and an e-mail address that are not used elsewhere
}

// wallKey opens a wallboard.
const wallKey = "the-key-of-a-wallboard"

// sentFile has the values for a request about a file.
type sentFile struct {
	message  int64
	publicID string
}

// served and unserved are departments: only anna belongs to the first one, and no agent to the second one.
const served, unserved = "cards", "parcels"

func newStage(t *testing.T, change ...func(*setup)) *stage {
	t.Helper()
	s := &stage{people: map[string]*models.Agent{}, sent: map[string]sentFile{}, chats: map[models.Status]scene{}}
	databaseURL := testdb.Postgres(t)
	patient := func(set *setup) {
		set.databaseURL = databaseURL
		set.settings = func(m *models.Settings) {
			m.RateSend, m.RateEnd, m.RateRate, m.RateFile, m.RateLogin, m.RateAPIKey = 100_000, 100_000, 100_000, 100_000, 100_000, 100_000
			m.PresenceTimeout, m.IdleWarning, m.IdleTimeout, m.EditPeriod = time.Hour, time.Hour, 2*time.Hour, 24*time.Hour
			m.AssistantTokens, m.RateAssistant = 1_000_000_000, 100_000
		}
		set.options = func(o *web.Options) { o.Assistant = assistantSaying(t, "Hello") }
	}
	s.testServer = startServer(t, append([]func(*setup){patient}, change...)...)
	var err error
	s.db, err = sql.Open("pgx", databaseURL)
	s.must(err)
	t.Cleanup(func() { _ = s.db.Close() })
	for _, slug := range []string{served, unserved} {
		_, err := s.desk.AddDepartment(t.Context(), admin, slug, slug)
		s.must(err)
	}
	s.exec(
		`INSERT INTO questions (kind, name_en, name_zh_cn, is_required, asked, position, retired_at) VALUES ('text', 'Order', '', false, 'before', 1, NULL),
		('text', 'Site', '', false, 'waiting', 2, NULL), ('email', 'Address', '', false, 'before', 3, NULL),
		('text', 'Old', '', false, 'before', 4, now())`,
	)
	s.must(s.desk.Reload(t.Context()))
	s.sumQuery()

	anna := s.person("anna", models.RoleAgent, served)
	bob, dora, gone := s.person("bob", models.RoleAgent), s.person("dora", models.RoleAgent), s.person("gone", models.RoleAgent)
	ruth, alex := s.person("ruth", models.RoleSupervisor), s.person("alex", models.RoleAdmin)
	s.bothOnline()
	for _, state := range []models.Status{models.Ended, models.Active, models.Waiting} {
		s.chats[state] = s.scene(state)
	}
	s.fileIn(s.chats[models.Active])
	s.callers = []caller{
		{name: "nobody"},
		{name: "a disabled agent", token: s.session(gone.ID)},
		{name: "an agent who signed out", token: s.session(dora.ID)},
		{name: "an agent whose session is over", token: s.session(dora.ID)},
		{name: "a user whose session is over", token: s.anonymous()},
		{
			name:  "a user whose token is over",
			token: signed(t, jwt.MapClaims{"sub": "late", "exp": time.Now().Add(-time.Hour).Unix()}, nil, nil),
		},
		{name: "the owner", kind: "user", part: true},
		{name: "another user", token: s.anonymous(), kind: "user"},
		{name: "an identified user", token: s.signedUser("u-1"), kind: "user", known: true},
		{name: "a user who is named as the agent is", token: s.signedUser(anna.ID), kind: "user", known: true},
		{name: "the agent", token: s.session(anna.ID), kind: "agent", role: models.RoleAgent, part: true},
		{name: "another agent", token: s.session(bob.ID), kind: "agent", role: models.RoleAgent},
		{name: "a supervisor", token: s.session(ruth.ID), kind: "agent", role: models.RoleSupervisor},
		{name: "an administrator", token: s.session(alex.ID), kind: "agent", role: models.RoleAdmin},
	}
	for _, scope := range models.Scopes() {
		s.callers = append(s.callers, s.apiKey(scope, anna.ID))
	}
	// A bot is refused like an agent without a part in the chat.
	asks := s.newBot("Attacker")
	bot := s.apiKey(models.ScopeWriteMessages, asks)
	bot.name, bot.part = "a bot", false
	s.callers, s.bot = append(s.callers, bot), s.newBot("Spare")
	s.signedUser("u-2") // of the rules
	disabled := true
	_, err = s.desk.UpdateAgent(t.Context(), admin, gone.ID, models.AgentChange{Disabled: &disabled})
	s.must(err)
	s.must(s.desk.SignOut(t.Context(), s.caller("an agent who signed out").token))
	s.over("an agent whose session is over", "a user whose session is over")
	return s
}

// bothOnline sets anna and bob online again after any change.
func (s *stage) bothOnline() {
	s.t.Helper()
	for _, name := range []string{"anna", "bob"} {
		_, err := s.desk.SetPresence(s.t.Context(), models.AgentActor(s.people[name]), models.Online)
		s.must(err)
	}
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// hashed is the hash of the password. Hashing is slow, so it is computed once.
var hashed = sync.OnceValues(func() (string, error) {
	return argon2id.CreateHash(password, &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32})
})

// person adds an agent with the maximum capacity.
func (s *stage) person(name string, role models.Role, departments ...string) *models.Agent {
	s.t.Helper()
	hash, err := hashed()
	s.must(err)
	id := uuid.NewString()
	s.exec(
		`INSERT INTO agents (id, email, name, role, password_hash, max_concurrent) VALUES ($1, $2, $3, $4, $5, 100)`,
		id,
		name+"@example.com",
		name,
		role,
		hash,
	)
	for _, slug := range departments {
		s.exec(`INSERT INTO agent_departments VALUES ($1, $2)`, id, slug)
	}
	a, err := s.desk.AgentByID(s.t.Context(), id)
	s.must(err)
	s.people[name] = a
	return a
}

// session opens a session for an agent without the slow password check.
func (s *stage) session(agentID string) string {
	s.t.Helper()
	s.serial++
	token := fmt.Sprintf("session-%d-of-%s", s.serial, agentID)
	s.exec(
		`INSERT INTO sessions (token_hash, agent_id, expires_at) VALUES ($1, $2, now() + interval '1 hour')`,
		models.HashToken(token),
		agentID,
	)
	return token
}

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// resetWebhooks takes back what requests did to the webhook, and removes those that they added. A second call changes nothing.
func (s *stage) resetWebhooks(id int64) {
	s.t.Helper()
	s.exec(`UPDATE webhooks SET removed_at = CASE WHEN id <> $1 THEN coalesce(removed_at, now()) END, state = 'paused', secret = $2,
		headers = '{"X-Tenant": "shop"}'`, id, hookSecret)
}

// hook returns the ids of a webhook and of a delivery to it. It is the same for all scenes, since webhooks are limited; fill lets it be there
// again if a request removed it, and removes what others added.
func (s *stage) hook() (webhook, delivery int64) {
	s.t.Helper()
	const hook = `SELECT w.id, min(d.id) FROM webhooks w JOIN webhook_deliveries d ON d.webhook_id = w.id
		WHERE w.url = 'https://127.0.0.1/hook' GROUP BY w.id`
	err := s.db.QueryRowContext(s.t.Context(), hook).Scan(&webhook, &delivery)
	if err == nil {
		return webhook, delivery
	}
	s.exec(`WITH w AS (INSERT INTO webhooks (name, url, events, headers, secret, state)
			VALUES ('Shop', 'https://127.0.0.1/hook', '{chat.ended}', '{"X-Tenant": "shop"}', $1, 'paused') RETURNING id),
		e AS (INSERT INTO webhook_events (type, body)
			VALUES ('alert.raised', '{"alert": {"id": 1, "kind": "queue_length", "raised_at": "2026-01-01T00:00:00Z"}}') RETURNING id)
		INSERT INTO webhook_deliveries (webhook_id, event_id) SELECT w.id, e.id FROM w, e`, hookSecret)
	s.must(s.db.QueryRowContext(s.t.Context(), hook).Scan(&webhook, &delivery))
	return webhook, delivery
}

// apiKey makes a key for one scope, which works in chats as the agent.
func (s *stage) apiKey(scope models.Scope, agentID string) caller {
	s.t.Helper()
	_, key, err := s.desk.AddAPIKey(
		s.t.Context(),
		admin,
		models.NewAPIKey{Name: string(scope), Scopes: []string{string(scope)}, AgentID: agentID},
	)
	s.must(err)
	c := caller{name: "a key for " + string(scope), token: key, kind: "agent", role: models.RoleAdmin, scope: scope}
	if scope == models.ScopeWriteMessages {
		c.role, c.part = models.RoleAgent, true
	}
	return c
}

// newBot adds a bot that gets no chats.
func (s *stage) newBot(name string) string {
	s.t.Helper()
	b, err := s.desk.AddBot(s.t.Context(), admin, models.BotChange{Name: &name, ServesGeneral: new(bool)})
	s.must(err)
	return b.ID
}

// another opens one more session for the agent and returns its id.
func (s *stage) another() (id string) {
	s.t.Helper()
	token := s.session(s.people["anna"].ID)
	s.must(s.db.QueryRowContext(s.t.Context(), `SELECT id FROM sessions WHERE token_hash = $1`, models.HashToken(token)).Scan(&id))
	return id
}

// device makes the one device that gets notifications: of anna, or of the agent in the path.
func (s *stage) device(l web.Line) (id string) {
	s.t.Helper()
	agent := s.people["anna"].ID
	if strings.Contains(l.Path, "{agent_id}") {
		agent = s.people["dora"].ID
	}
	s.exec(`DELETE FROM push_subscriptions`)
	s.must(s.db.QueryRowContext(s.t.Context(), `INSERT INTO push_subscriptions (agent_id, session_hash, endpoint, p256dh, auth)
		VALUES ($1, $2, 'https://push.example.com/two', decode(repeat('04', 65), 'hex'), decode(repeat('00', 16), 'hex')) RETURNING id`,
		agent, models.HashToken(s.session(agent))).Scan(&id))
	return id
}

func (s *stage) anonymous() string {
	s.t.Helper()
	token, _, err := s.desk.StartUserSession(s.t.Context(), "en", "test")
	s.must(err)
	return token
}

// signedUser returns the token of an existing user.
func (s *stage) signedUser(id string) string {
	s.t.Helper()
	_, err := s.desk.EnsureUser(s.t.Context(), models.Identity{ID: id, Verified: true})
	s.must(err)
	return signed(s.t, jwt.MapClaims{"sub": id, "exp": time.Now().Add(time.Hour).Unix()}, nil, nil)
}

// over makes the sessions of callers expire.
func (s *stage) over(names ...string) {
	s.t.Helper()
	for _, name := range names {
		s.exec(`UPDATE sessions SET expires_at = now() - interval '1 second' WHERE token_hash = $1`, models.HashToken(s.caller(name).token))
	}
}

func (s *stage) exec(query string, args ...any) {
	s.t.Helper()
	_, err := s.db.ExecContext(s.t.Context(), query, args...)
	s.must(err)
}

func (s *stage) caller(name string) caller {
	s.t.Helper()
	for _, c := range s.callers {
		if c.name == name {
			return c
		}
	}
	s.t.Fatalf("no caller is named %q", name)
	return caller{}
}

// alertRule creates a rule. Rules are limited, so of those of earlier scenes only the first, which stay in use, and the latest are kept.
func (s *stage) alertRule() (id int64) {
	s.t.Helper()
	s.must(s.db.QueryRowContext(s.t.Context(), `INSERT INTO alert_rules (kind, threshold, hold_seconds, is_enabled)
		VALUES ('queue_length', 10000, 0, false) RETURNING id`).Scan(&id))
	const first, most = 20, 50
	if s.alertRules = append(s.alertRules, id); len(s.alertRules) > most {
		s.exec(`DELETE FROM alert_rules WHERE id = $1`, s.alertRules[first])
		s.alertRules = slices.Delete(s.alertRules, first, first+1)
	}
	return id
}

// scene creates a user with a chat in that state, "" for none, and unused names.
func (s *stage) scene(state models.Status) scene {
	s.t.Helper()
	s.serial++
	sc := scene{owner: s.anonymous(), slug: fmt.Sprintf("spare-%d", s.serial), address: fmt.Sprintf("person-%d@example.com", s.serial)}
	anna := models.AgentActor(s.people["anna"])
	sc.session = s.another()
	sc.alertRule = s.alertRule()
	s.exec(`DELETE FROM questions WHERE id > 4`) // what the attacks added: questions in use are limited
	s.must(s.db.QueryRowContext(s.t.Context(), `INSERT INTO alerts (kind, threshold, hold_seconds, window_minutes, value, worst, raised_at)
		VALUES ('queue_length', 1, 0, 0, 2, 2, now()) RETURNING id`).Scan(&sc.alert))
	sc.reply, sc.option = uuid.NewString(), uuid.NewString()
	sc.view = uuid.NewString()
	s.exec(
		`INSERT INTO report_views (id, agent_id, name, query, is_shared) VALUES ($1, $2, $1, 'range=7d', true)`,
		sc.view,
		s.people["dora"].ID,
	)
	// Keys in use are limited, so each scene has one that was revoked, and all have the same open one.
	s.must(
		s.db.QueryRowContext(s.t.Context(), `INSERT INTO wallboard_keys (name, key_hash, revoked_at) VALUES ('Hall', $1, now()) RETURNING id`,
			models.HashToken(uuid.NewString())).
			Scan(&sc.wallboard),
	)
	s.exec(`DELETE FROM api_keys WHERE name LIKE 'spare-%'`) // what the attacks added
	s.must(
		s.db.QueryRowContext(s.t.Context(), `INSERT INTO api_keys (name, key_hash, key_start, scopes, revoked_at)
			VALUES ('Shop', $1, 'parley_', '{queue}', now()) RETURNING id`, models.HashToken(uuid.NewString())).
			Scan(&sc.apiKey),
	)
	sc.webhook, sc.delivery = s.hook()
	s.exec(`INSERT INTO wallboard_keys (name, key_hash) VALUES ('Hall', $1) ON CONFLICT DO NOTHING`, models.HashToken(wallKey))
	s.exec(`INSERT INTO wrap_up_options (id, kind, name) VALUES ($1, 'outcome', $2)`, sc.option, "of-"+sc.slug)
	s.exec(`INSERT INTO wrap_up_options (id, kind, name) VALUES ('solved', 'outcome', 'Solved'), ('refund', 'tag', 'Refund')
		ON CONFLICT DO NOTHING`)
	s.exec(
		`INSERT INTO canned_replies (id, agent_id, shortcut, title, body) VALUES ($1, $2, $3, 'Title', 'Body')`,
		sc.reply,
		anna.ID,
		"of-"+sc.slug,
	)
	u, _, _, err := s.desk.UserBySession(s.t.Context(), sc.owner)
	s.must(err)
	sc.user, sc.earlier = u.ID, "earlier-"+sc.slug
	s.must(s.db.QueryRowContext(s.t.Context(), `INSERT INTO user_notes (user_id, content) VALUES ($1, 'A note') RETURNING id`, u.ID).
		Scan(&sc.note))
	s.must(s.db.QueryRowContext(s.t.Context(), `INSERT INTO temporary_capacities (change, by_id, ends_at)
		VALUES (1, 'ruth', now() + interval '10 minutes') RETURNING id`).Scan(&sc.temporary))
	s.exec(`INSERT INTO chats (id, user_id, agent_id, status, queued_at, user_seen_at, created_at, assigned_at, first_assigned_at, ended_at,
		ended_reason, ended_type, wrapped_up_at)
		VALUES ($1, $2, $3, 'ended', now(), now(), now(), now(), now(), now(), 'service_ended', 'manual', now())`, sc.earlier, u.ID, anna.ID)
	if state == "" {
		return sc
	}
	department := served
	if state == models.Waiting {
		department = unserved
	}
	got, err := s.desk.Assign(s.t.Context(), u.ID, models.AssignRequest{Message: "The owner's words", Department: department})
	s.must(err)
	sc.chat, sc.said = got.Chat.ID, map[string]int64{"agent": got.Message.ID, "supervisor": got.Message.ID}
	s.exec(
		`INSERT INTO received_mails (chat_id, token, key, kind, first_message_id, last_message_id, from_email, from_name, subject, content, size,
		received_at) VALUES ($1::text, $1::text, sha256(convert_to($1::text, 'UTF8')), 'reply', $2, $2, 'owner@example.com', 'Owner', 'Re', 'The whole mail', 1, now())`,
		sc.chat,
		got.Message.ID,
	)
	if state == models.Waiting {
		return sc
	}
	answered, _, err := s.desk.Send(s.t.Context(), anna, sc.chat, models.NewMessage{Content: "The agent's words"})
	s.must(err)
	sc.said["user"] = answered.ID
	if state == models.Ended {
		_, err := s.desk.End(s.t.Context(), anna, sc.chat, "")
		s.must(err)
	}
	return sc
}

// leave frees the capacity of the agent.
func (s *stage) leave(sc scene) {
	if sc.chat != "" {
		_, _ = s.desk.End(s.t.Context(), admin, sc.chat, "")
	}
}

// fileIn returns a file of the owner of an open chat. The first call sends it.
func (s *stage) fileIn(sc scene) sentFile {
	s.t.Helper()
	if had, ok := s.sent[sc.chat]; ok {
		return had
	}
	got := s.file(userFiles+sc.chat+"/files", sc.owner, "a.txt", []byte("The owner's file")).want(201)
	address, err := url.Parse(got.attachment()["url"].(string))
	s.must(err)
	id, ok := got.object()["id"].(float64)
	if !ok {
		s.t.Fatalf("no message has the file: %s", got.Body)
	}
	s.sent[sc.chat] = sentFile{int64(id), strings.TrimPrefix(address.Path, "/files/")}
	return s.sent[sc.chat]
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

// isOwnMessage reports whether a path names a message that its caller must have sent.
func isOwnMessage(path string) bool {
	return strings.HasSuffix(path, "/messages/{message_id}") || strings.HasSuffix(path, "/withdraw")
}

// fill inserts the values of a scene into a path or a body.
func (s *stage) fill(text string, l web.Line, sc scene) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		switch name {
		case "{chat_id}":
			return sc.chat
		case "{message_id}":
			if strings.Contains(l.Path, "/files/") {
				return fmt.Sprint(s.fileIn(sc).message)
			}
			who := l.Who
			if isOwnMessage(l.Path) {
				who = map[string]string{"user": "agent", "agent": "user"}[who]
			}
			return fmt.Sprint(sc.said[who])
		case "{public_id}":
			return s.fileIn(sc).publicID
		case "{session_id}":
			return sc.session
		case "{device_id}":
			return cmp.Or(sc.device, "00000000-0000-4000-8000-000000000000")
		case "{note_id}":
			return fmt.Sprint(sc.note)
		case "{earlier_id}":
			return sc.earlier
		case "{temporary_id}":
			return fmt.Sprint(sc.temporary)
		case "{alert_id}":
			return fmt.Sprint(sc.alert)
		case "{rule_id}":
			return fmt.Sprint(sc.alertRule)
		case "{bot_id}":
			return s.bot
		case "{option_id}":
			return sc.option
		case "{wallboard_id}":
			return fmt.Sprint(sc.wallboard)
		case "{api_key_id}":
			return fmt.Sprint(sc.apiKey)
		case "{webhook_id}":
			s.resetWebhooks(sc.webhook)
			return fmt.Sprint(sc.webhook)
		case "{delivery_id}":
			return fmt.Sprint(sc.delivery)
		case "{wall_key}":
			return wallKey
		case "{reply_id}":
			return sc.reply
		case "{view_id}":
			return sc.view
		case "{user_id}":
			return sc.user
		case "{service_id}":
			return s.people["anna"].ID
		case "{other_id}":
			return s.people["bob"].ID
		case "{agent_id}":
			return s.people["dora"].ID
		case "{slug}":
			return sc.slug
		case "{reason_id}", "{rating_reason_id}", "{question_id}": // each action has one of a new installation, or of the stage
			switch {
			case strings.HasSuffix(l.Path, "/retire"):
				return "3"
			case strings.HasSuffix(l.Path, "/restore"):
				return "4"
			}
			return "1"
		case "{key}":
			return "QUEUE_BATCH"
		case "{avatar_id}": // which no look has
			return "0123456789abcdef01234567"
		case "{token}": // of a link in an e-mail, which is not signed
			return "not-a-token"
		case "{number}", "{mail_id}":
			return "1"
		case "{address}":
			return sc.address
		case "{signed}":
			return s.signedUser("u-2")
		}
		s.t.Fatalf("nothing says what %s is", name)
		return ""
	})
}

// call sends a request with a token: like a program to paths of the contract, like a browser to pages.
func (s *stage) call(l web.Line, token, path, body string, change ...func(http.Header)) answer {
	s.t.Helper()
	header := http.Header{"Accept": {"application/json"}}
	switch {
	case token == "":
	case l.API:
		header.Set("Authorization", "Bearer "+token)
	default:
		header.Set("Cookie", cookieOf(l)+"="+token)
		header.Set("X-CSRF-Token", web.CSRFFor(token))
	}
	if body != "" {
		header.Set("Content-Type", "application/json")
	}
	raw := []byte(body)
	if rules[l.Name].file && l.Method == http.MethodPost {
		header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
		raw = formOf(field{name: "file", file: `"a.txt"`, kind: "text/plain", content: []byte("A file")})
	}
	for _, f := range change {
		f(header)
	}
	return s.send(l.Method, strings.Replace(path, "*", "app.css", 1), header, raw)
}

// cookieOf returns the name of the cookie for a page.
func cookieOf(l web.Line) string {
	if l.Who == "user" || strings.HasPrefix(l.Path, "/widget") {
		return "parley_user"
	}
	return "parley_session"
}

// parse decodes the body of a valid request; "" has no fields.
func parse(t *testing.T, body string) map[string]any {
	t.Helper()
	fields := map[string]any{}
	if body != "" {
		if err := json.Unmarshal([]byte(body), &fields); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
	}
	return fields
}

// literal writes a value as a form does.
func literal(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	raw, _ := json.Marshal(v)
	return string(raw)
}
