package web

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

// house is what the supervisor's page shows, as the desk tells it.
type house struct {
	at          time.Time
	settings    models.Settings
	overview    models.Overview
	queue       []models.QueueEntry // the first ones, or all
	lines       []models.Line
	load        []models.AgentLoad
	departments []models.Department
	day         []models.MinuteSample
	stats       *models.Stats
	houseFilter
}

// houseFilter is what of the house somebody looks at.
type houseFilter struct {
	chosen string // a department, "" for all
	whole  bool   // everybody, not only the first ones
}

// filterOf reads the filter of a page. What cannot be the name of a department is "-", which none has.
func filterOf(c echo.Context) houseFilter {
	f := houseFilter{chosen: c.QueryParam("department"), whole: c.QueryParam("show") == "all"}
	if !kit.Storable(f.chosen) {
		f.chosen = "-"
	}
	return f
}

// firstRows is how many who wait, and how many agents, are shown until somebody asks for all.
const firstRows = 50

// readHouse asks for what moves all the time, for all of it at once. The overview is given where it is known already.
func (s *Server) readHouse(ctx context.Context, f houseFilter, known *models.Overview) (*house, error) {
	h := &house{at: time.Now(), settings: s.Desk.Settings(), houseFilter: f}
	first := firstRows
	if f.whole {
		first = 0
	}
	parts, ctx := errgroup.WithContext(ctx)
	parts.SetLimit(2) // a tick draws for every supervisor at once, and sends need connections too
	parts.Go(func() (err error) {
		if known != nil {
			h.overview = *known
			return nil
		}
		h.overview, err = s.Desk.Overview(ctx)
		return err
	})
	parts.Go(func() (err error) {
		h.queue, h.lines, err = s.Desk.Queue(ctx, models.QueueFilter{Department: f.chosen, First: first})
		return err
	})
	parts.Go(func() (err error) {
		h.load, err = s.Desk.Load(ctx)
		return err
	})
	parts.Go(func() (err error) {
		h.departments, err = s.Desk.Departments(ctx)
		return err
	})
	return h, parts.Wait()
}

// lastDay is what moves once a minute, for everybody who looks at it.
type lastDay struct {
	mu      sync.Mutex
	minute  time.Time
	samples []models.MinuteSample
	stats   *models.Stats
}

// readDay adds the last 24 hours, as they were at most a minute ago.
func (s *Server) readDay(ctx context.Context, h *house) error {
	d := &s.day
	d.mu.Lock()
	defer d.mu.Unlock()
	if minute := h.at.Truncate(time.Minute); minute.After(d.minute) || d.minute.Sub(minute) > time.Minute { // or the clock was set back
		samples, err := s.Desk.Day(ctx, h.at.Add(-24*time.Hour), h.at)
		if err != nil {
			return err
		}
		stats, err := s.Desk.Stats(ctx, h.at.Add(-24*time.Hour), h.at)
		if err != nil {
			return err
		}
		d.minute, d.samples, d.stats = minute, samples, stats
	}
	h.day, h.stats = d.samples, d.stats
	return nil
}

// board turns the house into the view's data.
func (h *house) board(ctx context.Context) view.Board {
	filter := h.filter(ctx)
	return view.Board{
		Tiles: h.tiles(ctx), Queue: h.queueView(ctx, filter), Agents: h.agentsView(filter),
		Day: dayView(ctx, h.day), Totals: totalsView(ctx, h.stats),
	}
}

func (h *house) filter(ctx context.Context) view.Filter {
	all := text.T(ctx, "supervisor.filter.all")
	f := view.Filter{Chosen: h.chosen, Name: all, Choices: []view.Choice{{Name: all}}}
	for _, d := range h.departments {
		f.Choices = append(f.Choices, view.Choice{Slug: d.Slug, Name: d.Name})
		if d.Slug == h.chosen {
			f.Name = d.Name
		}
	}
	return f
}

// departmentName is the name that people read; a short name without a department is said as it is.
func (h *house) departmentName(slug string) string {
	for _, d := range h.departments {
		if d.Slug == slug {
			return d.Name
		}
	}
	return slug
}

// waiting is how many wait in the lines of the filter, and since when whoever came first does.
func (h *house) waiting() (n int, oldest time.Time) {
	for _, l := range h.lines {
		if h.chosen != "" && h.chosen != l.Department {
			continue
		}
		if n += l.Length; oldest.IsZero() || l.OldestAt.Before(oldest) {
			oldest = l.OldestAt
		}
	}
	return n, oldest
}

// serves tells whether an agent belongs to the filter.
func (h *house) serves(a *models.Agent) bool {
	return h.chosen == "" || a.Serves(&h.chosen)
}

func (h *house) queueView(ctx context.Context, filter view.Filter) view.Queue {
	q := view.Queue{Filter: filter, NobodyOnline: h.online() == 0}
	used, slots := h.slots()
	q.FreeSlots = slots - used
	if s := h.overview.LastPickupSeconds; s != nil && h.chosen == "" {
		q.PickedUpAfter = time.Duration(*s) * time.Second
	}
	for i := range h.queue {
		q.Rows = append(q.Rows, h.waitingRow(ctx, &h.queue[i]))
	}
	if q.Length = len(q.Rows); !h.whole && q.Length == firstRows { // fewer are all, whatever the lines were a moment before
		n, _ := h.waiting()
		q.Length = max(n, q.Length)
	}
	return q
}

func (h *house) waitingRow(ctx context.Context, e *models.QueueEntry) view.Waiting {
	waited := time.Duration(e.WaitSeconds) * time.Second
	row := view.Waiting{
		ChatID: e.Chat.ID, Place: e.Position, Name: e.UserName, Claimed: e.NameIsClaim, Priority: e.Chat.Priority, Returned: e.Chat.ReturnedAt != nil,
		Since: e.Chat.QueuedAt, Level: levelOf(waited, waitOver, waitLate), Expected: expected(ctx, e.Estimate), Why: why(ctx, e.WhyWaiting),
	}
	if e.Chat.Department != nil {
		row.Slug, row.Department = *e.Chat.Department, h.departmentName(*e.Chat.Department)
	}
	// An open window is a sign of life every 30 s; two that are missing mean that it is closed.
	if h.at.Sub(e.Chat.UserSeenAt) > 2*min(30*time.Second, h.settings.QueueGrace/4) {
		until := e.Chat.UserSeenAt.Add(h.settings.QueueGrace)
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

func (h *house) tiles(ctx context.Context) []view.Tile {
	return []view.Tile{h.waitingTile(ctx), h.longestTile(ctx), h.expectedTile(ctx), h.slotsTile(ctx), h.leftTile(ctx)}
}

func (h *house) waitingTile(ctx context.Context) view.Tile {
	n, _ := h.waiting()
	t := view.Tile{ID: "waiting", Href: "#queue", Label: text.T(ctx, "supervisor.tile.waiting"), Number: strconv.Itoa(n), Spark: h.spark(func(s models.MinuteSample) int { return s.Waiting })}
	switch {
	case n > waitingOver:
		t.Level, t.Crossed = view.Over, text.T(ctx, "supervisor.tile.over", "Limit", waitingOver)
	case n == 0:
		t.Note = text.T(ctx, "supervisor.tile.waiting_nobody")
	}
	return t
}

func (h *house) longestTile(ctx context.Context) view.Tile {
	t := view.Tile{ID: "longest", Href: "#queue", Label: text.T(ctx, "supervisor.tile.longest"), Number: text.Clock(0), Spark: h.spark(func(s models.MinuteSample) int { return s.LongestWaitSeconds })}
	if _, t.Since = h.waiting(); !t.Since.IsZero() {
		t.Level = levelOf(h.at.Sub(t.Since), waitOver, waitLate)
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

func (h *house) expectedTile(ctx context.Context) view.Tile {
	t := view.Tile{ID: "expected", Href: "#queue", Label: text.T(ctx, "supervisor.tile.expected"), Note: text.T(ctx, "supervisor.tile.expected_note"), Word: true}
	e := h.nextEstimate()
	switch low, high := text.Minutes(time.Duration(e.LowSeconds)*time.Second, time.Duration(e.HighSeconds)*time.Second); {
	case h.online() == 0:
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
func (h *house) nextEstimate() models.Estimate {
	if h.chosen == "" {
		return h.overview.Estimate
	}
	for _, l := range h.lines {
		if l.Department == h.chosen {
			return l.Estimate
		}
	}
	used, slots := h.slots()
	return models.Estimate{Known: used < slots}
}

func (h *house) slotsTile(ctx context.Context) view.Tile {
	used, slots := h.slots()
	t := view.Tile{ID: "slots", Href: "#agents", Label: text.T(ctx, "supervisor.tile.slots"), Number: strconv.Itoa(used), Unit: text.T(ctx, "supervisor.tile.slots_of", "All", slots), Spark: h.spark(func(s models.MinuteSample) int { return s.Load })}
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

func (h *house) leftTile(ctx context.Context) view.Tile {
	n := h.overview.AbandonedLast30
	t := view.Tile{ID: "left", Href: "#totals", Label: text.T(ctx, "supervisor.tile.left"), Number: strconv.Itoa(n), Unit: text.T(ctx, "supervisor.tile.left_unit")}
	switch {
	case n > abandonedOver:
		t.Level, t.Crossed = view.Over, text.T(ctx, "supervisor.tile.over", "Limit", abandonedOver)
	case h.chosen != "":
		t.Note = text.T(ctx, "supervisor.tile.left_all")
	case h.stats != nil && h.stats.Started > 0:
		left := h.stats.Abandoned + h.stats.Cancelled
		t.Note = text.T(ctx, "supervisor.tile.left_day", "Count", left, "Percent", percent(left, h.stats.Started))
	}
	return t
}

// spark is a figure of the last hour, one point a minute. The samples are of the whole house, so a filter has none.
func (h *house) spark(figure func(models.MinuteSample) int) []float64 {
	if h.chosen != "" {
		return nil
	}
	var points []float64
	for _, s := range h.day {
		if h.at.Sub(s.Minute) <= time.Hour {
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
