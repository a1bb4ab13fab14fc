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

// The lines that a number crosses. Beyond over it is amber, beyond late red; the screen names the line.
const (
	waitingOver   = 5
	waitOver      = 3 * time.Minute
	waitLate      = 4 * time.Minute
	owedOver      = 30 * time.Second
	abandonedOver = 3
)

// board is what the supervisor's page shows, as the desk tells it.
type board struct {
	at          time.Time
	settings    models.Settings
	overview    models.Overview
	queue       []models.QueueEntry // the first ones, or all
	lines       []models.DepartmentQueue
	load        []models.AgentLoad
	departments []models.Department
	day         []models.MinuteSample
	stats       *models.Stats
	boardFilter
}

// boardFilter is what of the house somebody looks at.
type boardFilter struct {
	chosen string // a department, "" for all
	all    bool   // everybody, not only the first ones
}

// filterOf reads the filter of a page. What cannot be the name of a department is "-", which none has.
func filterOf(c echo.Context) boardFilter {
	f := boardFilter{chosen: c.QueryParam("department"), all: c.QueryParam("show") == "all"}
	if !kit.Storable(f.chosen) {
		f.chosen = "-"
	}
	return f
}

// firstRows is how many who wait, and how many agents, are shown until somebody asks for all.
const firstRows = 50

// readBoard asks for what moves all the time, for all of it at once. The overview is given where it is known already.
func (h *Handlers) readBoard(ctx context.Context, f boardFilter, known *models.Overview) (*board, error) {
	b := &board{at: time.Now(), settings: h.Desk.Settings(), boardFilter: f}
	first := firstRows
	if f.all {
		first = 0
	}
	parts, ctx := errgroup.WithContext(ctx)
	parts.SetLimit(2) // a tick draws for every supervisor at once, and sends need connections too
	parts.Go(func() (err error) {
		if known != nil {
			b.overview = *known
			return nil
		}
		b.overview, err = h.Desk.Overview(ctx)
		return err
	})
	parts.Go(func() (err error) {
		b.queue, b.lines, err = h.Desk.Queue(ctx, models.QueueFilter{Department: f.chosen, First: first})
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

// dayCache is what moves once a minute, for everybody who looks at it.
type dayCache struct {
	mu      sync.Mutex
	minute  time.Time
	samples []models.MinuteSample
	stats   *models.Stats
}

// readDay adds the last 24 hours, as they were at most a minute ago.
func (h *Handlers) readDay(ctx context.Context, b *board) error {
	d := &h.day
	d.mu.Lock()
	defer d.mu.Unlock()
	if minute := b.at.Truncate(time.Minute); minute.After(d.minute) || d.minute.Sub(minute) > time.Minute { // or the clock was set back
		samples, err := h.Desk.Day(ctx, b.at.Add(-24*time.Hour), b.at)
		if err != nil {
			return err
		}
		stats, err := h.Desk.Stats(ctx, b.at.Add(-24*time.Hour), b.at)
		if err != nil {
			return err
		}
		d.minute, d.samples, d.stats = minute, samples, stats
	}
	b.day, b.stats = d.samples, d.stats
	return nil
}

// view turns the house into the view's data.
func (b *board) view(ctx context.Context) view.Board {
	filter := b.filter(ctx)
	return view.Board{
		Tiles: b.tiles(ctx), Queue: b.queueView(ctx, filter), Agents: b.agentsView(filter),
		Day: dayView(ctx, b.day), Totals: totalsView(ctx, b.stats),
	}
}

func (b *board) filter(ctx context.Context) view.Filter {
	all := text.T(ctx, "supervisor.filter.all")
	f := view.Filter{Chosen: b.chosen, Name: all, Choices: []view.Choice{{Name: all}}}
	for _, d := range b.departments {
		f.Choices = append(f.Choices, view.Choice{Slug: d.Slug, Name: d.Name})
		if d.Slug == b.chosen {
			f.Name = d.Name
		}
	}
	return f
}

// departmentName is the name that people read; a short name without a department is said as it is.
func (b *board) departmentName(slug string) string {
	for _, d := range b.departments {
		if d.Slug == slug {
			return d.Name
		}
	}
	return slug
}

// waiting is how many wait in the lines of the filter, and since when whoever came first does.
func (b *board) waiting() (n int, oldest time.Time) {
	for _, l := range b.lines {
		if b.chosen != "" && b.chosen != l.Department {
			continue
		}
		if n += l.Length; oldest.IsZero() || l.OldestAt.Before(oldest) {
			oldest = l.OldestAt
		}
	}
	return n, oldest
}

// serves tells whether an agent belongs to the filter.
func (b *board) serves(a *models.Agent) bool {
	return b.chosen == "" || a.Serves(&b.chosen)
}

func (b *board) queueView(ctx context.Context, filter view.Filter) view.Queue {
	q := view.Queue{Filter: filter, NobodyOnline: b.online() == 0}
	used, slots := b.slots()
	q.FreeSlots = slots - used
	if s := b.overview.LastPickupSeconds; s != nil && b.chosen == "" {
		q.PickedUpAfter = time.Duration(*s) * time.Second
	}
	for i := range b.queue {
		q.Rows = append(q.Rows, b.waitingRow(ctx, &b.queue[i]))
	}
	if q.Length = len(q.Rows); !b.all && q.Length == firstRows { // fewer are all, whatever the lines were a moment before
		n, _ := b.waiting()
		q.Length = max(n, q.Length)
	}
	return q
}

func (b *board) waitingRow(ctx context.Context, e *models.QueueEntry) view.Waiting {
	waited := time.Duration(e.WaitSeconds) * time.Second
	row := view.Waiting{
		ChatID: e.Chat.ID, Place: e.Position, Name: e.UserName, Claimed: e.NameIsClaim, Priority: e.Chat.Priority, Returned: e.Chat.ReturnedAt != nil,
		Since: e.Chat.QueuedAt, Level: levelOf(waited, waitOver, waitLate), Expected: expected(ctx, e.Estimate), Why: why(ctx, e.WhyWaiting),
	}
	if e.Chat.Department != nil {
		row.Slug, row.Department = *e.Chat.Department, b.departmentName(*e.Chat.Department)
	}
	// An open window is a sign of life every 30 s; two that are missing mean that it is closed.
	if b.at.Sub(e.Chat.UserSeenAt) > 2*min(30*time.Second, b.settings.QueueGrace/4) {
		until := e.Chat.UserSeenAt.Add(b.settings.QueueGrace)
		row.KeptUntil = &until
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

func expected(ctx context.Context, e models.Estimate) string {
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

func why(ctx context.Context, reason string) string {
	switch reason {
	case models.WhyNobodyHasRoom:
		return text.T(ctx, "supervisor.why.nobody_has_room")
	case models.WhyNoMatch:
		return text.T(ctx, "supervisor.why.no_match")
	}
	return text.T(ctx, "supervisor.why.nobody_online")
}

func (b *board) tiles(ctx context.Context) []view.Tile {
	return []view.Tile{b.waitingTile(ctx), b.longestTile(ctx), b.expectedTile(ctx), b.slotsTile(ctx), b.leftTile(ctx)}
}

func (b *board) waitingTile(ctx context.Context) view.Tile {
	n, _ := b.waiting()
	t := view.Tile{ID: "waiting", Href: "#queue", Label: text.T(ctx, "supervisor.tile.waiting"), Number: strconv.Itoa(n), Spark: b.spark(func(s models.MinuteSample) int { return s.Waiting })}
	switch {
	case n > waitingOver:
		t.Level, t.Crossed = view.Over, text.T(ctx, "supervisor.tile.over", "Limit", waitingOver)
	case n == 0:
		t.Note = text.T(ctx, "supervisor.tile.waiting_nobody")
	}
	return t
}

func (b *board) longestTile(ctx context.Context) view.Tile {
	t := view.Tile{ID: "longest", Href: "#queue", Label: text.T(ctx, "supervisor.tile.longest"), Number: text.Clock(0), Spark: b.spark(func(s models.MinuteSample) int { return s.LongestWaitSeconds })}
	if _, t.Since = b.waiting(); !t.Since.IsZero() {
		t.Level = levelOf(b.at.Sub(t.Since), waitOver, waitLate)
	}
	switch {
	case t.Since.IsZero():
		t.Note = text.T(ctx, "supervisor.tile.waiting_nobody")
	case t.Level == view.Late:
		t.Crossed = text.T(ctx, "supervisor.tile.over", "Limit", text.Clock(waitLate))
	case t.Level == view.Over:
		t.Crossed = text.T(ctx, "supervisor.tile.over", "Limit", text.Clock(waitOver))
	}
	return t
}

func (b *board) expectedTile(ctx context.Context) view.Tile {
	t := view.Tile{ID: "expected", Href: "#queue", Label: text.T(ctx, "supervisor.tile.expected"), Note: text.T(ctx, "supervisor.tile.expected_note"), Word: true}
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
		case max(low, 1) == high:
			t.Number = strconv.Itoa(high)
		default:
			t.Number = fmt.Sprintf("%d–%d", max(low, 1), high)
		}
	}
	return t
}

// nextEstimate is the wait of somebody who would ask now; with room and nobody waiting there is none.
func (b *board) nextEstimate() models.Estimate {
	if b.chosen == "" {
		return b.overview.Estimate
	}
	for _, l := range b.lines {
		if l.Department == b.chosen {
			return l.Estimate
		}
	}
	used, slots := b.slots()
	return models.Estimate{Known: used < slots}
}

func (b *board) slotsTile(ctx context.Context) view.Tile {
	used, slots := b.slots()
	t := view.Tile{ID: "slots", Href: "#agents", Label: text.T(ctx, "supervisor.tile.slots"), Number: strconv.Itoa(used), Unit: text.T(ctx, "supervisor.tile.slots_of", "All", slots), Spark: b.spark(func(s models.MinuteSample) int { return s.Load })}
	switch {
	case slots == 0:
		t.Note = text.T(ctx, "supervisor.tile.slots_none")
	case used >= slots:
		t.Level, t.Crossed = view.Over, text.T(ctx, "supervisor.tile.slots_full")
	default:
		t.Note = text.T(ctx, "supervisor.tile.slots_free", "Count", slots-used)
	}
	return t
}

func (b *board) leftTile(ctx context.Context) view.Tile {
	n := b.overview.AbandonedLast30
	t := view.Tile{ID: "left", Href: "#totals", Label: text.T(ctx, "supervisor.tile.left"), Number: strconv.Itoa(n), Unit: text.T(ctx, "supervisor.tile.left_unit")}
	switch {
	case n > abandonedOver:
		t.Level, t.Crossed = view.Over, text.T(ctx, "supervisor.tile.over", "Limit", abandonedOver)
	case b.chosen != "":
		t.Note = text.T(ctx, "supervisor.tile.left_all")
	case b.stats != nil && b.stats.Started > 0:
		left := b.stats.Abandoned + b.stats.Cancelled
		t.Note = text.T(ctx, "supervisor.tile.left_day", "Count", left, "Percent", percent(left, b.stats.Started))
	}
	return t
}

// spark is a figure of the last hour, one point a minute. The samples are of the whole house, so a filter has none.
func (b *board) spark(figure func(models.MinuteSample) int) []float64 {
	if b.chosen != "" {
		return nil
	}
	var points []float64
	for _, s := range b.day {
		if b.at.Sub(s.Minute) <= time.Hour {
			points = append(points, float64(figure(s)))
		}
	}
	return points
}

func percent(part, whole int) int {
	if whole == 0 {
		return 0
	}
	return (200*part + whole) / (2 * whole)
}
