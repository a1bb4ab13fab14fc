package supervisor

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/errgroup"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
	"parley/web/kit"
)

// The thresholds of the board. Beyond a warning a number is amber, beyond a critical one red; the tile names the threshold.
const (
	maxWaiting   = 5
	waitWarning  = 3 * time.Minute
	waitCritical = 4 * time.Minute
	replyWarning = 30 * time.Second
	maxAbandoned = 3
)

// board is the data of the supervisor's page, as it was read from the desk at one time.
type board struct {
	lang             string // of the reader
	readAt           time.Time
	settings         models.Settings
	overview         models.Overview
	queue            []models.QueueEntry // the first rows, or all
	departmentQueues []models.DepartmentQueue
	load             []models.AgentLoad
	departments      []models.Department
	day              []models.MinuteSample
	stats            *models.Stats
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

// readBoard reads queue, load and departments in parallel, and the overview unless the caller has it already.
func (h *Handlers) readBoard(ctx context.Context, f boardFilter, known *models.Overview) (*board, error) {
	b := &board{lang: text.Lang(ctx), readAt: time.Now(), settings: h.Desk.Settings(), boardFilter: f}
	first := initialRows
	if f.showAll {
		first = 0
	}
	parts, ctx := errgroup.WithContext(ctx)
	parts.SetLimit(2) // all boards are drawn at the same tick, and sending messages needs connections too
	parts.Go(func() (err error) {
		if known != nil {
			b.overview = *known
			return nil
		}
		b.overview, err = h.Desk.Overview(ctx)
		return err
	})
	parts.Go(func() (err error) {
		b.queue, b.departmentQueues, err = h.Desk.Queue(ctx, models.QueueFilter{Department: f.department, First: first})
		return err
	})
	parts.Go(func() (err error) {
		b.load, err = h.Desk.Load(ctx)
		return err
	})
	parts.Go(func() (err error) {
		b.departments, err = h.Desk.Departments(ctx)
		return err
	})
	return b, parts.Wait()
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
		Tiles: b.tiles(ctx), Queue: b.queueView(ctx, filter), Agents: b.agentsView(filter),
		Day: dayView(ctx, b.day), Totals: totalsView(ctx, b.stats), Counts: countsView(ctx, b.stats),
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
		Since:    e.Chat.QueuedAt, Level: levelOf(waited, waitWarning, waitCritical), EstimatedWait: estimatedWait(ctx, e.Estimate),
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

func (b *board) tiles(ctx context.Context) []view.Tile {
	return []view.Tile{b.waitingTile(ctx), b.longestWaitTile(ctx), b.estimatedWaitTile(ctx), b.capacityTile(ctx), b.abandonedTile(ctx)}
}

func (b *board) waitingTile(ctx context.Context) view.Tile {
	n, _ := b.waiting()
	t := view.Tile{
		ID: "waiting", Href: "#queue", Label: text.T(ctx, "supervisor.tile.waiting"), Number: strconv.Itoa(n),
		Spark: b.spark(func(s models.MinuteSample) int { return s.Waiting }),
	}
	switch {
	case n > maxWaiting:
		t.Level, t.ThresholdText = view.Over, text.T(ctx, "supervisor.tile.over", "Limit", maxWaiting)
	case n == 0:
		t.Note = text.T(ctx, "supervisor.tile.waiting_nobody")
	}
	return t
}

func (b *board) longestWaitTile(ctx context.Context) view.Tile {
	t := view.Tile{
		ID: "longest", Href: "#queue", Label: text.T(ctx, "supervisor.tile.longest"), Number: text.Clock(0),
		Spark: b.spark(func(s models.MinuteSample) int { return s.LongestWaitSeconds }),
	}
	if _, t.Since = b.waiting(); !t.Since.IsZero() {
		t.Level = levelOf(b.readAt.Sub(t.Since), waitWarning, waitCritical)
	}
	switch {
	case t.Since.IsZero():
		t.Note = text.T(ctx, "supervisor.tile.waiting_nobody")
	case t.Level == view.Late:
		t.ThresholdText = text.T(ctx, "supervisor.tile.over", "Limit", text.Clock(waitCritical))
	case t.Level == view.Over:
		t.ThresholdText = text.T(ctx, "supervisor.tile.over", "Limit", text.Clock(waitWarning))
	}
	return t
}

func (b *board) estimatedWaitTile(ctx context.Context) view.Tile {
	t := view.Tile{
		ID: "expected", Href: "#queue", Label: text.T(ctx, "supervisor.tile.expected"),
		Note: text.T(ctx, "supervisor.tile.expected_note"), Word: true,
	}
	e := b.nextEstimate()
	switch low, high := text.Minutes(time.Duration(e.LowSeconds)*time.Second, time.Duration(e.HighSeconds)*time.Second); {
	case b.online() == 0:
		t.Number, t.Note = text.T(ctx, "supervisor.tile.expected_unknown"), text.T(ctx, "supervisor.tile.expected_nobody")
	case !e.Known:
		t.Number = text.T(ctx, "supervisor.tile.expected_unknown")
	case e.Seconds == 0:
		t.Number = text.T(ctx, "supervisor.tile.expected_now")
	default:
		t.Word, t.Unit = false, text.T(ctx, "supervisor.tile.expected_unit")
		switch {
		case high <= 1:
			t.Number, t.Word = text.T(ctx, "supervisor.tile.expected_soon"), true
		case low == 0:
			t.Number = fmt.Sprintf("≤ %d", high)
		case low == high:
			t.Number = strconv.Itoa(high)
		default:
			t.Number = fmt.Sprintf("%d–%d", low, high)
		}
	}
	return t
}

// nextEstimate returns the estimated wait of a chat that would start now. It is 0 while there is capacity and no chat waits.
func (b *board) nextEstimate() models.Estimate {
	if b.department == "" {
		return b.overview.Estimate
	}
	for _, l := range b.departmentQueues {
		if l.Department == b.department {
			return l.Estimate
		}
	}
	used, slots := b.capacity()
	return models.Estimate{Known: used < slots}
}

func (b *board) capacityTile(ctx context.Context) view.Tile {
	used, slots := b.capacity()
	t := view.Tile{
		ID: "slots", Href: "#agents", Label: text.T(ctx, "supervisor.tile.slots"), Number: strconv.Itoa(used),
		Unit: text.T(ctx, "supervisor.tile.slots_of", "All", slots), Spark: b.spark(func(s models.MinuteSample) int { return s.Load }),
	}
	switch {
	case slots == 0:
		t.Note = text.T(ctx, "supervisor.tile.slots_none")
	case used >= slots:
		t.Level, t.ThresholdText = view.Over, text.T(ctx, "supervisor.tile.slots_full")
	default:
		t.Note = text.T(ctx, "supervisor.tile.slots_free", "Count", slots-used)
	}
	return t
}

func (b *board) abandonedTile(ctx context.Context) view.Tile {
	n := b.overview.AbandonedLast30
	t := view.Tile{
		ID: "left", Href: "#totals", Label: text.T(ctx, "supervisor.tile.left"), Number: strconv.Itoa(n),
		Unit: text.T(ctx, "supervisor.tile.left_unit"),
	}
	switch {
	case n > maxAbandoned:
		t.Level, t.ThresholdText = view.Over, text.T(ctx, "supervisor.tile.over", "Limit", maxAbandoned)
	case b.department != "":
		t.Note = text.T(ctx, "supervisor.tile.left_all")
	case b.stats != nil && b.stats.Started > 0:
		left := b.stats.Abandoned + b.stats.Cancelled
		t.Note = text.T(ctx, "supervisor.tile.left_day", "Count", left, "Percent", percent(left, b.stats.Started))
	}
	return t
}

// spark returns a figure of the last hour, one point a minute. Samples are not kept by department, so a filtered board has none.
func (b *board) spark(figure func(models.MinuteSample) int) []float64 {
	if b.department != "" {
		return nil
	}
	var points []float64
	for _, s := range b.day {
		if b.readAt.Sub(s.Minute) <= time.Hour {
			points = append(points, float64(figure(s)))
		}
	}
	return points
}

func percent(part, total int) int {
	if total == 0 {
		return 0
	}
	return (200*part + total) / (2 * total)
}
