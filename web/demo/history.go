package demo

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"parley/models"
)

const pastChats = 48

// history is the sample data of the past day: users, chats and messages.
type history struct {
	rng      *rand.Rand
	now      time.Time
	agents   []models.Agent
	reasons  []models.RatingReason // that users can choose
	users    []models.User
	chats    []models.Chat
	messages []models.Message
	minutes  []models.MinuteSample
}

func ptr[T any](v T) *T { return &v }

// newHistory returns the same day each time, relative to now.
func newHistory(agents []models.Agent, reasons []models.RatingReason, now time.Time) *history {
	h := &history{rng: rand.New(rand.NewPCG(7, 11)), now: now, agents: agents, reasons: reasons, minutes: dayOfSamples(now)}
	for i := range people {
		g := &people[i]
		u := models.User{
			ID: g.ID, Locale: g.Locale, IsVerified: g.Name != "", Attributes: g.attributes(),
			CreatedAt: now.Add(-time.Duration(2+i) * 24 * time.Hour),
		}
		if g.Name != "" {
			u.Name, u.Email = ptr(g.Name), ptr(g.ID[len("demo-"):]+"@example.com")
		}
		h.users = append(h.users, u)
	}
	starts := make([]time.Time, pastChats)
	for i := range starts {
		starts[i] = h.randomTime()
	}
	slices.SortFunc(starts, time.Time.Compare)
	all := scripts()
	order := h.rng.Perm(len(all))
	for i, at := range starts {
		s := &all[order[i%len(order)]]
		agent := &agents[h.rng.IntN(len(agents))]
		h.addChat(s, h.userSpeaking(s.Lang, i), agent, at, i)
	}
	return h
}

// randomTime returns a time of the past day, more often a busy one, and never so late that the chat would not have ended.
func (h *history) randomTime() time.Time {
	for {
		at := h.now.Add(-20*time.Minute - time.Duration(h.rng.Int64N(int64(23*time.Hour))))
		if h.rng.Float64() < 0.05+demandAt(at) {
			return at
		}
	}
}

func (h *history) userSpeaking(lang string, n int) *models.User {
	var matching []int
	for i := range h.users {
		if h.users[i].Locale == lang {
			matching = append(matching, i)
		}
	}
	return &h.users[matching[n%len(matching)]]
}

func (h *history) randomBetween(from, to int) time.Duration {
	return time.Duration((float64(from) + h.rng.Float64()*float64(to-from)) * float64(time.Second))
}

// addChat adds one chat as the program would have stored it.
func (h *history) addChat(s *script, user *models.User, agent *models.Agent, at time.Time, n int) {
	c := models.Chat{
		ID:         uuid.NewString(),
		UserID:     user.ID,
		Status:     models.Ended,
		Channel:    models.ChannelChat,
		QueuedAt:   at,
		UserSeenAt: at,
		CreatedAt:  at,
		PageURL:    ptr("https://kestrel.example" + s.Page),
		PageTitle:  ptr(s.Title),
	}
	if s.Department != "" {
		c.Department = &s.Department
	}
	p := &pastChat{history: h, chat: &c, at: at}
	p.addMessage(models.FromUser, user.ID, s.Lines[0].Text)
	switch n % 16 {
	case 5: // did not want to wait
		p.at = p.at.Add(h.randomBetween(60, 200))
		p.end(models.ReasonCancelled, models.TypeManual)
	case 13: // went away
		p.at = p.at.Add(h.randomBetween(300, 400))
		p.end(models.ReasonAbandoned, models.TypeAuto)
	default:
		p.addTalk(s, user, agent, n)
	}
	h.chats = append(h.chats, c)
}

// pastChat is a chat that is being written, with its current time.
type pastChat struct {
	*history
	chat *models.Chat
	at   time.Time
}

func (p *pastChat) addTalk(s *script, user *models.User, agent *models.Agent, n int) {
	c := p.chat
	if n%3 != 0 {
		p.at = p.at.Add(p.randomBetween(4, 150))
	}
	wait := p.at.Sub(c.QueuedAt)
	c.AgentID, c.AssignedAt, c.FirstAssignedAt = &agent.ID, ptr(p.at), ptr(p.at)
	estimate := wait.Seconds() * (0.7 + 0.6*p.rng.Float64())
	c.EstimatedWaitSeconds, c.EstimatedLowSeconds, c.EstimatedHighSeconds = ptr(
		int(estimate),
	), ptr(
		int(estimate*0.6),
	), ptr(
		int(estimate*1.5),
	)
	p.appendMessage(models.Message{
		SenderType: models.FromSystem, Type: models.SystemMessage, SystemKind: ptr(models.SystemJoined),
		SystemArgs: map[string]string{"agent": agent.Name, "wait_seconds": strconv.Itoa(int(wait.Seconds()))},
	})
	for i := 1; i < len(s.Lines); i++ {
		l := &s.Lines[i]
		p.at = p.at.Add(p.randomBetween(14, 50) + time.Duration(len(l.Text))*90*time.Millisecond)
		if !l.ByAgent {
			p.addMessage(models.FromUser, user.ID, l.Text)
			continue
		}
		p.addMessage(models.FromAgent, agent.ID, l.textFor(agent.Name))
		if c.FirstResponseAt == nil {
			c.FirstResponseAt = ptr(p.at)
		}
	}
	p.readAll()
	switch s.Ends {
	case endsTimeout:
		kind := models.TypeUserInactive
		if !s.Lines[len(s.Lines)-1].ByAgent {
			kind = models.TypeServiceInactive
		}
		p.at = p.at.Add(time.Minute)
		p.appendMessage(models.Message{
			SenderType: models.FromSystem, Type: models.SystemMessage, SystemKind: ptr(models.SystemIdleWarning),
			SystemArgs: map[string]string{"seconds": "60"},
		})
		c.WarnedAt = ptr(p.at)
		p.at = p.at.Add(time.Minute)
		p.end(models.ReasonTimeout, kind)
	case endsUser:
		p.at = p.at.Add(p.randomBetween(3, 15))
		p.end(models.ReasonUserEnded, models.TypeManual)
	default:
		p.at = p.at.Add(p.randomBetween(3, 15))
		p.end(models.ReasonServiceEnded, models.TypeManual)
	}
	p.wrapUp(s, n)
	if s.Ends != endsTimeout && n%4 != 1 {
		p.rate(user.Locale, n)
	}
}

// wrapUp gives the chat its outcome and tags. Every tenth is left without.
func (p *pastChat) wrapUp(s *script, n int) {
	c := p.chat
	c.Version++
	c.WrappedUpAt, c.WrapUpSkipped = ptr(p.at.Add(p.randomBetween(4, 40))), n%10 == 9
	if !c.WrapUpSkipped {
		c.Outcome, c.Tags = &s.WrapUp.Outcome, s.WrapUp.Tags
	}
}

func (p *pastChat) rate(locale string, n int) {
	ratings := []float64{5, 4.5, 5, 4, 5, 3.5, 4.5, 5, 4, 2}
	c := p.chat
	p.at = p.at.Add(p.randomBetween(5, 40))
	c.Version++
	c.Rating, c.RatedAt = ptr(ratings[n%len(ratings)]), ptr(p.at)
	if comment := ratingComments[locale][n%len(ratingComments[locale])]; comment != "" && *c.Rating >= 4 {
		c.RatingComment = &comment
	}
	var offered []models.ReasonName
	for _, r := range p.reasons {
		if stars := int(*c.Rating); r.MinStars <= stars && stars <= r.MaxStars {
			offered = append(offered, r.ReasonName)
		}
	}
	if len(offered) > 0 {
		c.RatingReasons = offered[n%len(offered):][:1]
	}
}

func (p *pastChat) addMessage(side models.SenderType, who, content string) {
	p.appendMessage(models.Message{SenderType: side, SenderID: who, Type: models.Text, Content: content})
	p.chat.LastMessageAt, p.chat.IdleSince, p.chat.LastSender = ptr(p.at), ptr(p.at), &side
}

// appendMessage sets the sequence number and version of a message. The database sets its id.
func (p *pastChat) appendMessage(m models.Message) {
	c := p.chat
	c.Version++
	c.LastSeq++
	c.TotalMessages++
	m.ChatID, m.Seq, m.Version, m.Status, m.CreatedAt = c.ID, c.LastSeq, c.Version, models.Sent, p.at
	p.messages = append(p.messages, m)
}

// readAll marks all messages as delivered and read within seconds.
func (p *pastChat) readAll() {
	p.chat.Version++
	for i := range p.messages {
		m := &p.messages[i]
		if m.ChatID != p.chat.ID || m.SenderType == models.FromSystem {
			continue
		}
		delivered := m.CreatedAt.Add(p.randomBetween(0, 1))
		if delivered.Before(*p.chat.AssignedAt) {
			delivered = *p.chat.AssignedAt
		}
		m.Status, m.DeliveredAt, m.ReadAt = models.Read, &delivered, ptr(delivered.Add(p.randomBetween(1, 4)))
	}
}

func (p *pastChat) end(reason, kind string) {
	p.chat.Version++
	p.chat.EndedAt, p.chat.EndedReason, p.chat.EndedType = ptr(p.at), &reason, &kind
}

// store writes everything in one transaction, unless it was written before. A concurrent seed waits for the keys of the users.
func (h *history) store(ctx context.Context, desk *models.Desk) error {
	tx, err := desk.DB().BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing to take back once it is committed
	added, err := tx.NewInsert().Model(&h.users).On("CONFLICT DO NOTHING").Exec(ctx)
	if err != nil {
		return err
	}
	if n, err := added.RowsAffected(); err != nil || n == 0 {
		return err
	}
	tags, notes := profilesBy(h.agents[0].ID)
	if _, err := tx.NewInsert().Model(&tags).ModelTableExpr("user_tags").Exec(ctx); err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(&notes).ModelTableExpr("user_notes").Exec(ctx); err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(&h.chats).ExcludeColumn("queue_id").Returning("NULL").Exec(ctx); err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(&h.messages).ExcludeColumn("id").Returning("id").Exec(ctx); err != nil {
		return err
	}
	steps := h.statusSteps()
	if _, err := tx.NewInsert().Model(&steps).ModelTableExpr("message_status_changes").Exec(ctx); err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(&h.minutes).ModelTableExpr("minute_buckets AS minute_sample").On("CONFLICT DO NOTHING").
		Exec(ctx); err != nil {
		return err
	}
	for day := range weeksBefore(h.now) {
		if _, err := tx.NewInsert().Model(&day).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
			return err
		}
	}
	for i := range h.chats {
		c := &h.chats[i]
		if c.Rating == nil {
			continue
		}
		_, err := tx.NewUpdate().Table("agents").Set("rating_sum = rating_sum + ?", *c.Rating).Set("rating_count = rating_count + 1").
			Where("id = ?", c.ServedBy()).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}

// statusStep is one row of the changes of message statuses.
type statusStep struct {
	ChatID    string
	MessageID int64
	Status    models.MessageStatus
	Version   int64
	ChangedAt time.Time
}

func (h *history) statusSteps() []statusStep {
	var steps []statusStep
	for _, m := range h.messages {
		if m.ReadAt == nil {
			continue
		}
		steps = append(steps, statusStep{m.ChatID, m.ID, models.Delivered, m.Version, *m.DeliveredAt},
			statusStep{m.ChatID, m.ID, models.Read, m.Version, *m.ReadAt})
	}
	return steps
}
