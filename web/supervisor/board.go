package supervisor

import (
	"context"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/errgroup"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/kit"
	"parley/web/present"
)

// The thresholds of the board. Beyond a warning a number is amber, beyond a critical one red; the tile names the threshold.
const (
	maxWaiting   = 5
	waitWarning  = 3 * time.Minute
	waitCritical = 4 * time.Minute
	replyWarning = 30 * time.Second
	maxAbandoned = 3
)

// board is the data of the supervisor's page, as it was read from the desk at one time. It is shared by all streams of a filter,
// so nothing changes it.
type board struct {
	readAt           time.Time
	settings         models.Settings
	overview         models.Overview
	queue            []models.QueueEntry // the first rows, or all
	departmentQueues []models.DepartmentQueue
	messages         []models.QueueEntry // that wait: the first rows and one more, or all
	load             []models.AgentLoad
	departments      []models.Department
	replyDebt        func(*models.Chat) time.Duration
	day              []models.MinuteSample
	stats            *models.Stats
	forecast         *models.Forecast // a few minutes old; nil if it could not be read
	bots             []models.Bot
	boardFilter
}

// boardFilter is the part of the installation that a page shows.
type boardFilter struct {
	department string // slug, "" for all departments
	showAll    bool   // all rows, not only the first ones
}

// filterFromQuery reads the filter of a page. A department that PostgreSQL could not be asked for becomes "-", which none has.
func filterFromQuery(c echo.Context) boardFilter {
	f := boardFilter{department: c.QueryParam("department"), showAll: c.QueryParam("show") == "all"}
	if !kit.Storable(f.department) {
		f.department = "-"
	}
	return f
}

// initialRows is how many waiting chats, and how many agents, are shown until the page is asked for all.
const initialRows = 50

// known is what a caller has of a board already; the zero known is nothing.
type known struct {
	overview    *models.Overview
	load        []models.AgentLoad
	departments []models.Department
}

// readBoard reads in parallel what the caller does not have of the board of a filter. The last 24 hours are not part of it, see readDay.
func (h *Handlers) readBoard(ctx context.Context, f boardFilter, has known) (*board, error) {
	h.reads.Add(1)
	b := &board{readAt: time.Now(), settings: h.Desk.Settings(), load: has.load, departments: has.departments, boardFilter: f}
	b.replyDebt = func(c *models.Chat) time.Duration { return h.Desk.ReplyDebt(c, b.readAt) }
	first := initialRows
	if f.showAll {
		first = 0
	}
	parts, reading := errgroup.WithContext(ctx)
	parts.SetLimit(2) // all boards are drawn at the same tick, and sending messages needs connections too
	parts.Go(func() (err error) {
		if has.overview != nil {
			b.overview = *has.overview
			return nil
		}
		b.overview, err = h.Desk.Overview(reading)
		return err
	})
	parts.Go(func() (err error) {
		b.queue, b.departmentQueues, err = h.Desk.Queue(reading, models.QueueFilter{Department: f.department, First: first})
		return err
	})
	parts.Go(func() (err error) {
		filter := models.QueueFilter{Department: f.department}
		if !f.showAll {
			filter.First = initialRows + 1
		}
		b.messages, err = h.Desk.WaitingMessages(reading, filter)
		return err
	})
	parts.Go(func() (err error) {
		if has.load == nil {
			b.load, err = h.Desk.Load(reading)
		}
		return err
	})
	parts.Go(func() (err error) {
		if has.departments == nil {
			b.departments, err = h.Desk.Departments(reading)
		}
		return err
	})
	return b, parts.Wait()
}

// readLiveBoard is readBoard with bots and the last 24 hours.
func (h *Handlers) readLiveBoard(ctx context.Context, f boardFilter, has known) (*board, error) {
	b, err := h.readBoard(ctx, f, has)
	if err != nil {
		return nil, err
	}
	if b.hasDepartment() {
		b.forecast = h.forecasts.of(ctx, h, b)
	}
	// A board is shared by all supervisors who look at it, so that it is read as one of them.
	if b.bots, err = h.Desk.Bots(ctx, models.Actor{Kind: models.KindAgent, Role: models.RoleSupervisor}); err != nil {
		return nil, err
	}
	return b, h.readDay(ctx, b)
}

// dayCache keeps the figures of the last day, which change once a minute, for all boards of this instance.
type dayCache struct {
	mu      sync.Mutex
	minute  time.Time
	samples []models.MinuteSample
	stats   *models.Stats
}

// readDay adds the last 24 hours to a board, at most a minute old.
func (h *Handlers) readDay(ctx context.Context, b *board) error {
	d := &h.day
	d.mu.Lock()
	defer d.mu.Unlock()
	if minute := b.readAt.Truncate(time.Minute); minute.After(d.minute) || d.minute.Sub(minute) > time.Minute { // or the clock was set back
		samples, err := h.Desk.Day(ctx, b.readAt.Add(-24*time.Hour), b.readAt)
		if err != nil {
			return err
		}
		stats, err := h.Desk.Stats(ctx, b.readAt.Add(-24*time.Hour), b.readAt)
		if err != nil {
			return err
		}
		d.minute, d.samples, d.stats = minute, samples, stats
	}
	b.day, b.stats = d.samples, d.stats
	return nil
}

// view returns the view data of the board.
func (b *board) view(ctx context.Context) view.Board {
	filter := b.filter(ctx)
	return view.Board{
		Tiles: b.tiles(ctx), Queue: b.queueView(ctx, filter), Agents: b.agentsView(text.Lang(ctx), filter),
		Day: dayView(ctx, b.day), Totals: totalsView(ctx, b.stats), Counts: countsView(ctx, b.stats), Staff: b.staff(),
		Bots: b.botsView(),
	}
}

func (b *board) filter(ctx context.Context) view.Filter {
	all := text.T(ctx, "supervisor.filter.all")
	f := view.Filter{Chosen: b.department, Name: all, Choices: []view.Choice{{Name: all}}}
	for _, d := range b.departments {
		f.Choices = append(f.Choices, view.Choice{Slug: d.Slug, Name: d.Name})
		if d.Slug == b.department {
			f.Name = d.Name
		}
	}
	return f
}

// departmentName returns the name of a department, or the slug itself if the department is gone.
func (b *board) departmentName(slug string) string {
	for _, d := range b.departments {
		if d.Slug == slug {
			return d.Name
		}
	}
	return slug
}

// waiting returns how many chats wait in the departments of the filter, and since when the oldest of them does.
func (b *board) waiting() (n int, oldest time.Time) {
	for _, l := range b.departmentQueues {
		if b.department != "" && b.department != l.Department {
			continue
		}
		if n += l.Length; oldest.IsZero() || l.OldestAt.Before(oldest) {
			oldest = l.OldestAt
		}
	}
	return n, oldest
}

// serves reports whether an agent belongs to the filter.
func (b *board) serves(a *models.Agent) bool {
	return b.department == "" || a.Serves(&b.department)
}

func (b *board) queueView(ctx context.Context, filter view.Filter) view.Queue {
	q := view.Queue{Filter: filter, NoAgentOnline: b.online() == 0}
	used, slots := b.capacity()
	q.FreeCapacity = slots - used
	if s := b.overview.LastPickupSeconds; s != nil && b.department == "" {
		q.PickedUpAfter = time.Duration(*s) * time.Second
	}
	for i := range b.queue {
		q.Rows = append(q.Rows, b.waitingRow(ctx, &b.queue[i]))
	}
	for i := range b.messages {
		if q.HasMoreMessages = !b.showAll && i == initialRows; q.HasMoreMessages {
			break
		}
		q.Messages = append(q.Messages, b.messageRow(ctx, &b.messages[i]))
	}
	if q.Length = len(q.Rows); !b.showAll && q.Length == initialRows { // fewer rows are all there are
		n, _ := b.waiting()
		q.Length = max(n, q.Length)
	}
	return q
}

func (b *board) waitingRow(ctx context.Context, e *models.QueueEntry) view.Waiting {
	waited := time.Duration(e.WaitSeconds) * time.Second
	row := view.Waiting{
		ChatID: e.Chat.ID, Position: e.Position, Name: e.UserName, Unverified: e.NameIsUnverified, Priority: e.Chat.Priority,
		Returned: e.Chat.ReturnedAt != nil,
		Since:    e.Chat.WaitsSince(), Level: levelOf(waited, waitWarning, waitCritical), EstimatedWait: estimatedWait(ctx, e.Estimate),
		Why: whyWaiting(ctx, e.WhyWaiting),
	}
	if e.Chat.Department != nil {
		row.Slug, row.Department = *e.Chat.Department, b.departmentName(*e.Chat.Department)
	}
	// An open widget reports every 30 s. Two missing reports mean that it is closed.
	if b.readAt.Sub(e.Chat.UserSeenAt) > 2*min(30*time.Second, b.settings.QueueGrace/4) {
		until := e.Chat.UserSeenAt.Add(b.settings.QueueGrace)
		row.PositionKeptUntil = &until
	}
	return row
}

// messageRow is waitingRow for a message, whose user waits for an e-mail.
func (b *board) messageRow(ctx context.Context, e *models.QueueEntry) view.Waiting {
	row := b.waitingRow(ctx, e)
	row.Level, row.PositionKeptUntil, row.Email = view.Fine, nil, present.Deref(e.Chat.ContactEmail)
	if e.Chat.AwaitingReplySince != nil {
		row.ReplyDebt = max(time.Minute, b.replyDebt(&e.Chat).Truncate(time.Minute))
	}
	return row
}

func levelOf(d, over, late time.Duration) view.Level {
	switch {
	case d > late:
		return view.Late
	case d > over:
		return view.Over
	}
	return view.Fine
}

func estimatedWait(ctx context.Context, e models.Estimate) string {
	switch {
	case !e.Known:
		return text.T(ctx, "supervisor.queue.expected_unknown")
	case e.Seconds == 0:
		return text.T(ctx, "supervisor.queue.expected_now")
	}
	low, high := time.Duration(e.LowSeconds)*time.Second, time.Duration(e.HighSeconds)*time.Second
	if _, most := text.Minutes(low, high); most <= 1 {
		return text.T(ctx, "supervisor.queue.expected_soon")
	}
	return text.Range(ctx, low, high)
}

func whyWaiting(ctx context.Context, reason string) string {
	switch reason {
	case models.WhyNoCapacity:
		return text.T(ctx, "supervisor.why.nobody_has_room")
	case models.WhyNoMatch:
		return text.T(ctx, "supervisor.why.no_match")
	}
	return text.T(ctx, "supervisor.why.nobody_online")
}
