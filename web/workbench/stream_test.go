package workbench

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/models"
	"parley/models/testdb"
	"parley/views/chat"
	"parley/views/text"
	view "parley/views/workbench"
	"parley/web/kit"
	"parley/web/live"
)

// screen is the page of an agent who never asks for it again: what the frames of the stream make of it.
type screen struct {
	mu       sync.Mutex
	page     *html.Node
	threads  map[string]map[string]string // bubbles by chat and id
	statuses map[string]string            // of own messages, by id
	frames   []live.Frame                 // since the last take
	changed  chan struct{}
	err      error
}

func newScreen() *screen {
	return &screen{
		page: &html.Node{Type: html.ElementNode, Data: "body"}, threads: map[string]map[string]string{},
		statuses: map[string]string{}, changed: make(chan struct{}, 1),
	}
}

func (s *screen) Send(f live.Frame, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frames = append(s.frames, f)
	switch f.Event {
	case "part":
		for _, n := range fragment(string(f.Data)) {
			s.place(n)
		}
	case "message":
		for _, n := range fragment(string(f.Data)) {
			in, id := attr(n, "data-chat"), attr(n, "data-id")
			if s.threads[in] == nil {
				s.threads[in] = map[string]string{}
			}
			s.threads[in][id] = bubbleOf(outer(n))
			s.statuses[id] = attr(n, "data-status")
		}
	case "message_status":
		var e struct {
			ChatID    string `json:"chat_id"`
			MessageID int64  `json:"message_id"`
			UpTo      int64  `json:"up_to"`
			Status    string
		}
		if err := json.Unmarshal(f.Data, &e); err != nil {
			return err
		}
		for key := range s.threads[e.ChatID] {
			id, _ := strconv.ParseInt(key, 10, 64)
			if s.statuses[key] != "" && s.statuses[key] != "read" && (id <= e.UpTo || id == e.MessageID) {
				s.statuses[key] = e.Status
			}
		}
	}
	return nil
}

// place does what the page's script does with a part.
func (s *screen) place(n *html.Node) {
	if attr(n, "id") == "list-row" {
		s.placeRow(n)
		return
	}
	old := find(s.page, attr(n, "id"))
	if old == nil {
		s.page.AppendChild(n)
		return
	}
	old.Parent.InsertBefore(n, old)
	old.Parent.RemoveChild(old)
}

func (s *screen) placeRow(n *html.Node) {
	if old := find(s.page, attr(n, "data-gone")); old != nil {
		old.Parent.RemoveChild(old)
	}
	li := n.FirstChild
	if li == nil {
		return
	}
	n.RemoveChild(li)
	if old := find(s.page, attr(li, "id")); old != nil {
		old.Parent.RemoveChild(old)
	}
	rows := find(s.page, attr(n, "data-section")).LastChild
	next := find(rows, attr(n, "data-next"))
	if want := attr(n, "data-next"); want != "" && next == nil {
		s.err = fmt.Errorf("a row comes before %s, which is not in %s", want, attr(n, "data-section"))
	}
	rows.InsertBefore(li, next)
}

// part is a part of the page as it is drawn, "" when there is none.
func (s *screen) part(id string) string {
	if n := find(s.page, id); n != nil {
		return outer(n)
	}
	return ""
}

func (s *screen) Retry(time.Duration) error { return nil }
func (s *screen) Heartbeat() error          { return nil }
func (s *screen) Disconnected() bool        { return false }
func (s *screen) Flush() error {
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return nil
}

func (s *screen) take() []live.Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	frames := s.frames
	s.frames = nil
	return frames
}

func fragment(of string) []*html.Node {
	nodes, err := html.ParseFragment(strings.NewReader(of), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		panic(err)
	}
	return nodes
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func find(n *html.Node, id string) *html.Node {
	if n == nil || id == "" {
		return nil
	}
	for d := range n.Descendants() {
		if attr(d, "id") == id {
			return d
		}
	}
	return nil
}

// What a clock shows is another thing a second later.
var (
	clocks = regexp.MustCompile(`(<time [^>]*data-(?:since|until)=[^>]*>)[^<]*`)
	rings  = regexp.MustCompile(`stroke-dasharray="\d+ 100"`)
	tones  = regexp.MustCompile(`ring-(?:red|amber)|ring(?: )"`)
	// The strip tells a wait in whole seconds, and is not drawn again for less than two.
	oldest   = regexp.MustCompile(`datetime="[^"]*"|data-since="[^"]*"`)
	statuses = regexp.MustCompile(`data-(?:seen|status)="[^"]*"|data-slot="status">[^<]*`)
)

func outer(n *html.Node) string {
	var b strings.Builder
	if err := html.Render(&b, n); err != nil {
		panic(err)
	}
	drawn := clocks.ReplaceAllString(b.String(), "$1")
	drawn = tones.ReplaceAllString(rings.ReplaceAllString(drawn, ""), "")
	if strings.HasPrefix(drawn, `<p class="strip"`) {
		drawn = oldest.ReplaceAllString(drawn, "")
	}
	return drawn
}

func bubbleOf(drawn string) string { return statuses.ReplaceAllString(drawn, "") }

// stage is a desk with an agent whose workbench is open.
type stage struct {
	t      *testing.T
	desk   *models.Desk // by which everybody acts
	reader *models.Desk // of the stream
	link   *testdb.Link
	hub    *live.Hub
	agent  *models.Agent
	screen *screen
}

// relayed carries events to the hub as Redis does.
type relayed struct {
	t   *testing.T
	hub *live.Hub
}

func (r relayed) Publish(events []models.Event) {
	raw, err := json.Marshal(events)
	var got []models.Event
	if err == nil {
		err = json.Unmarshal(raw, &got)
	}
	if err != nil {
		r.t.Error(err)
	}
	r.hub.Publish(got)
}

func openDesk(t *testing.T, url string, settings models.Settings) *models.Desk {
	t.Helper()
	db, err := models.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	d := models.NewDesk(db, settings, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		d.Close()
		_ = db.Close()
	})
	return d
}

var root = models.Actor{Kind: models.KindAgent, ID: "root", Role: models.RoleAdmin}

func newStage(t *testing.T, settings models.Settings) *stage {
	t.Helper()
	s := &stage{t: t}
	url := testdb.Postgres(t)
	s.link = testdb.NewLink(t, url)
	s.desk, s.reader = openDesk(t, url, settings), openDesk(t, s.link.URL, settings)
	s.hub = live.New(live.Options{Desk: s.reader, Log: slog.New(slog.DiscardHandler)})
	s.desk.SetPublisher(relayed{t, s.hub})
	s.must(s.desk.RecordHeartbeat(t.Context()))
	s.agent = s.newAgent("anna", models.RoleAgent, 5)
	return s
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) newAgent(name string, role models.Role, capacity int) *models.Agent {
	s.t.Helper()
	a, err := s.desk.AddAgent(s.t.Context(), root, models.NewAgent{
		Email: name + "@example.com", Name: name,
		Password: "correct horse", Role: role, MaxConcurrent: capacity,
	})
	s.must(err)
	a, err = s.desk.SetPresence(s.t.Context(), models.AgentActor(a), models.Online)
	s.must(err)
	return a
}

// open opens the stream of the agent's workbench.
func (s *stage) open() {
	s.t.Helper()
	s.screen = newScreen()
	stream, err := s.hub.Open(s.t.Context(), live.Receiver{Actor: models.AgentActor(s.agent), View: live.Own, Board: true})
	s.must(err)
	h := New(&kit.Kit{Desk: s.reader})
	ctx, cancel := context.WithCancel(text.With(s.t.Context(), "en"))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = stream.Run(ctx, &frameWriter{handlers: h, agent: s.agent, csrf: "token"}, s.screen)
	}()
	s.t.Cleanup(func() { cancel(); <-ended })
	s.until("the page is drawn", func() string {
		if s.screen.part("list") == "" {
			return "no list"
		}
		return ""
	})
}

// until waits until nothing is wrong with the screen.
func (s *stage) until(what string, wrong func() string) {
	s.t.Helper()
	late := time.After(10 * time.Second)
	for {
		s.screen.mu.Lock()
		problem := wrong()
		if s.screen.err != nil {
			problem = s.screen.err.Error()
		}
		s.screen.mu.Unlock()
		if problem == "" {
			return
		}
		select {
		case <-s.screen.changed:
		case <-late:
			s.t.Fatalf("%s: %s", what, problem)
		}
	}
}

// fresh reads the workbench as a new page does.
func (s *stage) fresh() *workbench {
	b := &workbench{desk: s.desk, at: time.Now(), csrf: "token"}
	b.overviewAt = b.at
	s.must(b.read(s.t.Context(), s.agent.ID))
	var err error
	b.overview, err = s.desk.Overview(s.t.Context())
	s.must(err)
	return b
}

func (s *stage) draw(what templ.Component) string {
	return outer(s.node(what))
}

func (s *stage) node(what templ.Component) *html.Node {
	var b strings.Builder
	s.must(what.Render(text.With(s.t.Context(), "en"), &b))
	return fragment(b.String())[0]
}

// differs compares the screen with a fresh page and tells the first thing that is not alike.
func (s *stage) differs(threads bool) string {
	b := s.fresh()
	pairs := map[string][2]string{
		"list":    {s.screen.part("list"), s.draw(view.Chats(b.list()))},
		"me":      {s.screen.part("me"), s.draw(view.Status(b.me()))},
		"lost":    {s.screen.part("lost"), s.draw(view.Lost(b.me()))},
		"strip":   {s.screen.part("strip"), s.draw(view.Queue(b.queueSummary()))},
		"nothing": {s.screen.part("nothing"), s.draw(view.NoChat(b.empty()))},
	}
	ctx := text.With(s.t.Context(), "en")
	for i := range b.chats {
		c := &b.chats[i]
		p, err := b.userPanel(ctx, c, nil)
		s.must(err)
		w, err := b.composer(ctx, c)
		s.must(err)
		for id, fresh := range map[string]templ.Component{
			"talk-h-": view.Header(b.head(c)), "about-name-": view.AboutName(p),
			"about-page-": view.AboutPage(p), "about-contact-": view.AboutContact(p),
		} {
			if drawn := s.screen.part(id + c.ID); drawn != "" {
				pairs[id+c.ID] = [2]string{drawn, s.draw(fresh)}
			}
		}
		if drawn := s.screen.part("write-" + c.ID); drawn != "" && w.Closed == "ended" && w.Reason != "user_ended" {
			pairs["write-"+c.ID] = [2]string{drawn, s.draw(view.Composer(w))}
		}
		if !threads {
			continue
		}
		messages, _, err := s.desk.MessagesBefore(ctx, root, c.ID, 0, 200)
		s.must(err)
		for j := range messages {
			m, err := b.bubble(ctx, c.UserName, &messages[j])
			s.must(err)
			id := strconv.FormatInt(m.ID, 10)
			drawn, ok := s.screen.threads[c.ID][id]
			if !ok {
				continue // from before it was this agent's
			}
			pairs["m-"+id] = [2]string{drawn, bubbleOf(s.draw(chat.Bubble(m)))}
			if m.Mine && m.From == chat.FromAgent {
				pairs["status of m-"+id] = [2]string{s.screen.statuses[id], m.Status}
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(pairs)) {
		if pair := pairs[id]; pair[0] != pair[1] {
			return fmt.Sprintf("%s is drawn\n%s\nand would be\n%s", id, pair[0], pair[1])
		}
	}
	return ""
}

// TestTheStreamDrawsWhatAFreshPageDraws does at random what users and agents do, and compares the page that was updated by
// the stream with a new one.
func TestTheStreamDrawsWhatAFreshPageDraws(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			settings := models.DefaultSettings()
			settings.IdleWarning = time.Nanosecond // the next sweep warns every chat
			s := newStage(t, settings)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() { defer close(ended); _ = s.hub.Run(ctx) }()
			t.Cleanup(func() { cancel(); <-ended })
			s.open()
			a := newActors(s, rand.New(rand.NewPCG(seed, 0)))
			for n := range 200 {
				what, threads := a.act()
				if what == "" {
					continue
				}
				s.until(fmt.Sprintf("step %d of %d, %s", n, seed, what), func() string { return s.differs(threads) })
			}
			if len(a.done) < 15 {
				t.Errorf("only these were done: %v", a.done)
			}
		})
	}
}

// seeds are a few that are always taken; SEED takes another one.
func seeds(t *testing.T) []uint64 {
	t.Helper()
	if chosen := os.Getenv("SEED"); chosen != "" {
		n, err := strconv.ParseUint(chosen, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return []uint64{n}
	}
	return []uint64{1, 2, 3, rand.Uint64()}
}

// actors are everybody in a random story.
type actors struct {
	*stage
	dice    *rand.Rand
	users   []string
	held    map[string]string // sessions of anonymous users
	ben     *models.Agent
	ruth    *models.Agent
	renamed bool
	done    map[string]int
}

func newActors(s *stage, dice *rand.Rand) *actors {
	a := &actors{stage: s, dice: dice, held: map[string]string{}, done: map[string]int{}}
	a.ben, a.ruth = s.newAgent("ben", models.RoleAgent, 1), s.newAgent("ruth", models.RoleSupervisor, 1)
	_, err := s.desk.SetPresence(s.t.Context(), models.AgentActor(a.ruth), models.Away)
	s.must(err)
	for _, name := range []string{"maria", "li", "jo"} {
		u, err := s.desk.EnsureUser(s.t.Context(), models.Identity{ID: name, Name: name, Verified: true, Locale: "en"})
		s.must(err)
		a.users = append(a.users, u.ID)
	}
	for range 4 {
		token, u, err := s.desk.StartUserSession(s.t.Context(), "zh-CN", "test")
		s.must(err)
		a.users, a.held[u.ID] = append(a.users, u.ID), token
	}
	return a
}

func (a *actors) words() string {
	return []string{"Hello?", "Where is my <b>card</b>?", "👩‍👩‍👧‍👦 " + strings.Repeat("ü", 250), strings.Repeat("👨‍👩‍👧", 70), "Yes.", "a\nb"}[a.dice.IntN(6)]
}

// act does one thing; what is "" when it was refused. Bubbles keep the name that the user had when they were drawn, so
// threads are no longer compared after a user was renamed.
func (a *actors) act() (what string, threads bool) {
	ctx := a.t.Context()
	user := a.users[a.dice.IntN(len(a.users))]
	as, anna := models.UserActor(user), models.AgentActor(a.agent)
	ben, ruth := models.AgentActor(a.ben), models.AgentActor(a.ruth)
	chats, err := a.desk.ChatsOfUser(ctx, user)
	a.must(err)
	id := "none"
	if len(chats) > 0 {
		id = chats[0].ID
	}
	type action struct {
		name  string
		share int // how often it is tried
		do    func() error
	}
	send := func(by models.Actor) func() error {
		return func() error {
			_, _, err := a.desk.Send(ctx, by, id, models.NewMessage{Content: a.words()})
			return err
		}
	}
	confirm := func(by models.Actor, status models.MessageStatus) func() error {
		return func() error { return second(a.desk.ConfirmAll(ctx, by, id, status)) }
	}
	transfer := func(by models.Actor, r models.TransferRequest) func() error {
		return func() error { return second(a.desk.Transfer(ctx, by, id, r)) }
	}
	byHand := func(to string) func() error {
		return func() error { return second(a.desk.AssignByHand(ctx, ruth, id, to)) }
	}
	end := func(by models.Actor) func() error {
		return func() error { return second(a.desk.End(ctx, by, id, "")) }
	}
	presence := func(p models.Presence) func() error {
		return func() error { return second(a.desk.SetPresence(ctx, anna, p)) }
	}
	ask := func(r models.AssignRequest) func() error {
		return func() error { return second(a.desk.Assign(ctx, user, r)) }
	}
	all := []action{
		{"ask", 3, ask(models.AssignRequest{PageURL: "https://example.com/a", PageTitle: "A"})},
		{"ask with words", 6, ask(models.AssignRequest{Message: a.words()})},
		{"user sends", 8, send(as)},
		{"agent sends", 8, send(anna)},
		{"ben sends", 2, send(ben)},
		{"note", 3, func() error { return second(a.desk.AddNote(ctx, anna, id, a.words())) }},
		{"delivered to agent", 4, confirm(anna, models.Delivered)},
		{"read by agent", 4, confirm(anna, models.Read)},
		{"delivered to user", 4, confirm(as, models.Delivered)},
		{"read by user", 4, confirm(as, models.Read)},
		{"transfer", 3, transfer(anna, models.TransferRequest{ServiceID: a.ben.ID, Note: a.words()})},
		{"transfer back", 3, transfer(ben, models.TransferRequest{ServiceID: a.agent.ID})},
		{"requeue", 1, transfer(anna, models.TransferRequest{})},
		{"assign by hand", 2, byHand(a.agent.ID)},
		{"take over", 1, byHand(a.ben.ID)},
		{"end by agent", 1, end(anna)},
		{"end by user", 2, end(as)},
		{"end by supervisor", 1, end(ruth)},
		{"rate", 3, func() error { return a.desk.Rate(ctx, as, id, 4.5, "Quick.") }},
		{"move", 3, func() error {
			title := []string{"", "Cards"}[a.dice.IntN(2)]
			return a.desk.MovePage(ctx, as, id, models.Page{URL: fmt.Sprint("https://example.com/", a.dice.IntN(9)), Title: title})
		}},
		{"still here", 2, func() error { return a.desk.KeepAlive(ctx, as, id) }},
		{"warn", 2, func() error { return second(a.desk.SweepIdle(ctx)) }},
		{"away", 1, presence(models.Away)},
		{"online", 8, presence(models.Online)},
		{"offline", 1, presence(models.Offline)},
		{"capacity", 1, func() error {
			n := 3 + a.dice.IntN(3)
			return second(a.desk.UpdateAgent(ctx, root, a.agent.ID, models.AgentChange{MaxConcurrent: &n}))
		}},
		{"rename", 2, func() error { return a.rename(ctx, user) }},
		{"identify", 1, func() error { return a.identify(ctx, user) }},
		{"erase", 1, func() error { return a.erase(ctx, user) }},
	}
	shares := 0
	for _, one := range all {
		shares += one.share
	}
	at, do := a.dice.IntN(shares), all[0]
	for _, do = range all {
		if at -= do.share; at < 0 {
			break
		}
	}
	if err := do.do(); err != nil {
		if models.CodeOf(err) == "internal" {
			a.t.Fatalf("%s: %v", do.name, err)
		}
		return "", false
	}
	a.done[do.name]++
	return do.name + " of " + id, !a.renamed
}

func second[T any](_ T, err error) error { return err }

var errNotNow = &models.Error{Kind: models.Conflict, Code: "not_now"}

// rename changes what a user is called.
func (a *actors) rename(ctx context.Context, user string) error {
	a.renamed = true
	name := fmt.Sprint("Name ", a.dice.IntN(1000))
	if a.held[user] != "" {
		_, err := a.desk.IntroduceUser(ctx, user, name, "maria@example.com")
		return err
	}
	_, err := a.desk.EnsureUser(ctx, models.Identity{ID: user, Name: name, Verified: true})
	return err
}

// identify makes an anonymous user a user known to the site.
func (a *actors) identify(ctx context.Context, user string) error {
	if a.held[user] == "" {
		return errNotNow
	}
	a.renamed = true
	known := a.users[a.dice.IntN(3)]
	_, u, err := a.desk.Identify(ctx, models.Identity{ID: known, Name: "Known " + known}, a.held[user], "test")
	if err != nil {
		return err
	}
	delete(a.held, user)
	a.users = slices.DeleteFunc(a.users, func(id string) bool { return id == user })
	if !slices.Contains(a.users, u.ID) {
		a.users = append(a.users, u.ID)
	}
	return nil
}

func (a *actors) erase(ctx context.Context, user string) error {
	if a.held[user] == "" {
		return errNotNow
	}
	_, err := a.desk.EraseUser(ctx, root, user)
	token, u, again := a.desk.StartUserSession(ctx, "en", "test")
	a.must(again)
	delete(a.held, user)
	a.users[slices.Index(a.users, user)], a.held[u.ID] = u.ID, token
	return err
}

// TestAMessageCostsTheWorkbenchNoStatement counts what the stream asks PostgreSQL while two talk, and what it sends.
func TestAMessageCostsTheWorkbenchNoStatement(t *testing.T) {
	t.Parallel()
	s := newStage(t, models.DefaultSettings())
	anna := models.AgentActor(s.agent)
	var ids []string
	for n := range 5 {
		u, err := s.desk.EnsureUser(t.Context(), models.Identity{ID: fmt.Sprint("user-", n), Name: fmt.Sprint("User ", n), Verified: true})
		s.must(err)
		a, err := s.desk.Assign(t.Context(), u.ID, models.AssignRequest{Message: "Hello"})
		s.must(err)
		ids = append(ids, a.Chat.ID)
	}
	s.open()
	if s.link.Statements() == 0 {
		t.Fatal("the page was drawn without a statement: they are not counted")
	}
	heard := func(m *models.Message) func() string {
		return func() string {
			if s.screen.threads[m.ChatID][strconv.FormatInt(m.ID, 10)] == "" {
				return "the message has not come"
			}
			return ""
		}
	}
	before := s.link.Statements()
	const rounds = 10
	sent := 0
	for n := range rounds {
		user, id := models.UserActor("user-1"), ids[1]
		for range 2 {
			s.screen.take()
			m, _, err := s.desk.Send(t.Context(), user, id, models.NewMessage{Content: fmt.Sprint("Question ", n)})
			s.must(err)
			s.until("the question", heard(m))
			s.until("the row", func() string {
				if !strings.Contains(s.screen.part("item-"+id), fmt.Sprint("Question ", n)) {
					return "the row shows something else"
				}
				return ""
			})
			sent++
		}
		frames := s.screen.take()
		if len(frames) != 2 || len(fragment(string(frames[1].Data))) != 1 || !strings.HasPrefix(string(frames[1].Data), "<template") {
			t.Fatalf("a message costs more than a bubble and a row: %d frames, the last is %s", len(frames), frames[len(frames)-1].Data)
		}
		t.Logf("a message is %d and %d bytes", len(frames[0].Data), len(frames[1].Data))
		for _, status := range []models.MessageStatus{models.Delivered, models.Read} {
			_, err := s.desk.ConfirmAll(t.Context(), anna, id, status)
			s.must(err)
		}
		m, _, err := s.desk.Send(t.Context(), anna, id, models.NewMessage{Content: "Answer"})
		s.must(err)
		for _, status := range []models.MessageStatus{models.Delivered, models.Read} {
			_, err := s.desk.ConfirmAll(t.Context(), user, id, status)
			s.must(err)
		}
		s.until("the answer", heard(m))
		s.until("the receipt", func() string {
			if got := s.screen.statuses[strconv.FormatInt(m.ID, 10)]; got != "read" {
				return "it is " + got
			}
			return ""
		})
		sent++
	}
	if asked := s.link.Statements() - before; asked != 0 {
		t.Errorf("%d messages, each delivered and read, cost the stream %d statements", sent, asked)
	}
}

// TestARepairDrawsTheHeaderOfAChatThatCameBack: the chat left and returned, and the stream read that instead of hearing it.
func TestARepairDrawsTheHeaderOfAChatThatCameBack(t *testing.T) {
	t.Parallel()
	s := newStage(t, models.DefaultSettings())
	ctx := text.With(t.Context(), "en")
	ben := s.newAgent("ben", models.RoleAgent, 5)
	u, err := s.desk.EnsureUser(ctx, models.Identity{ID: "maria", Name: "Maria", Verified: true})
	s.must(err)
	started, err := s.desk.Assign(ctx, u.ID, models.AssignRequest{Message: "Hello"})
	s.must(err)
	of := map[string]*models.Agent{s.agent.ID: s.agent, ben.ID: ben}[started.Chat.ServedBy()]
	to := map[string]*models.Agent{s.agent.ID: ben, ben.ID: s.agent}[of.ID]
	f := &frameWriter{handlers: New(&kit.Kit{Desk: s.desk}), agent: of}
	_, err = f.Render(ctx, live.InitialState{})
	s.must(err)
	moved, err := s.desk.Transfer(ctx, models.AgentActor(of), started.Chat.ID, models.TransferRequest{ServiceID: to.ID})
	s.must(err)
	_, err = f.Render(ctx, live.Changed{Chat: *moved, Left: true})
	s.must(err)
	_, err = s.desk.Transfer(ctx, models.AgentActor(to), started.Chat.ID, models.TransferRequest{ServiceID: of.ID})
	s.must(err)
	frames, err := f.Render(ctx, live.Repaired{})
	s.must(err)
	for _, frame := range frames {
		if strings.Contains(string(frame.Data), `id="talk-h-`+started.Chat.ID) {
			return
		}
	}
	t.Errorf("no header in %d frames", len(frames))
}

// TestTheRingOfAWarnedChatEmptiesWithinTheWarningPeriod: the period is the one of the settings.
func TestTheRingOfAWarnedChatEmptiesWithinTheWarningPeriod(t *testing.T) {
	t.Parallel()
	settings := models.DefaultSettings()
	settings.IdleWarning, settings.IdleTimeout = time.Nanosecond, 4*time.Minute
	s := newStage(t, settings)
	u, err := s.desk.EnsureUser(t.Context(), models.Identity{ID: "maria", Name: "Maria", Verified: true})
	s.must(err)
	started, err := s.desk.Assign(t.Context(), u.ID, models.AssignRequest{Message: "Hello"})
	s.must(err)
	_, _, err = s.desk.Send(t.Context(), models.AgentActor(s.agent), started.Chat.ID, models.NewMessage{Content: "Hello Maria"})
	s.must(err)
	s.must(second(s.desk.SweepIdle(t.Context())))
	rows := s.fresh().list().Answered
	if len(rows) != 1 || rows[0].State != "idle" {
		t.Fatalf("the chat is not warned: %+v", rows)
	}
	if span := rows[0].WarningPeriod.Round(time.Second); span != 4*time.Minute {
		t.Errorf("the ring is full for the first %v before the end, not for %v", span, 4*time.Minute)
	}
}
