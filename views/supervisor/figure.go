package supervisor

import (
	"context"
	"slices"
	"strconv"
	"time"

	"parley/views/text"
)

// Unit is what a figure is counted in.
type Unit string

// The units.
const (
	InNumbers  Unit = "number"
	InSeconds  Unit = "seconds"
	InPercent  Unit = "percent"  // a share from 0 to 1 in files and JSON
	InStars    Unit = "stars"    // 1 to 5
	InChats    Unit = "chats"    // at a time
	InPriority Unit = "priority" // −100 to 100
)

// Figure is the definition of a number that supervisors see. Its name and its meaning are the texts figure.<key>.name and .means; the
// description of a field in OpenAPI is the meaning in English. Figures is the only list of them; a test fails for a number without one.
type Figure struct {
	Key     string // also the column of reports in files, and the anchor on the page of definitions
	Unit    Unit
	Formula string   // in keys and in fields of the JSON; "" for what is counted as it is
	Set     string   // the part of a report that has it, "" for none
	JSON    []string // schema and property in OpenAPI
	Columns []string // file and column, apart from those of reports
	Live    bool     // on the live page
}

// ReportSets are the parts of a report in their order.
var ReportSets = []string{"volume", "waiting", "handling", "quality", "presence"}

// Figures are the definitions, in the order of their page.
var Figures = []Figure{
	{Key: "chats", Unit: InNumbers, Set: "volume", JSON: []string{"ReportFigures.chats"}, Columns: []string{"counts.chats"}},
	{Key: "answered", Unit: InNumbers, Set: "volume", JSON: []string{"ReportFigures.answered", "Stats.assigned"}, Live: true},
	{Key: "abandoned", Unit: InNumbers, Set: "volume", JSON: []string{"ReportFigures.abandoned", "Stats.abandoned"}},
	{Key: "cancelled", Unit: InNumbers, Set: "volume", JSON: []string{"ReportFigures.cancelled", "Stats.cancelled"}},
	{
		Key:     "abandoned_share",
		Unit:    InPercent,
		Formula: "(abandoned + cancelled) ÷ chats",
		Set:     "volume",
		JSON:    []string{"ReportFigures.abandoned_share"},
	},
	{Key: "timeouts", Unit: InNumbers, Set: "volume", JSON: []string{"ReportFigures.timeouts", "Stats.timeouts"}},
	{Key: "bot_only_chats", Unit: InNumbers, Set: "volume", JSON: []string{"ReportFigures.bot_only_chats", "Stats.bot_only_chats"}},
	{Key: "messages", Unit: InNumbers, Set: "volume", JSON: []string{"ReportFigures.messages", "Stats.messages"}},
	{Key: "messages_left", Unit: InNumbers, Set: "volume", JSON: []string{"ReportFigures.messages_left"}},
	{Key: "messages_answered", Unit: InNumbers, Set: "volume", JSON: []string{"ReportFigures.messages_answered"}},

	{
		Key:     "wait_median",
		Unit:    InSeconds,
		Formula: "P50(first_assigned_at − queued_at)",
		Set:     "waiting",
		JSON:    []string{"ReportFigures.wait_median"},
		Live:    true,
	},
	{
		Key:     "wait_p90",
		Unit:    InSeconds,
		Formula: "P90(first_assigned_at − queued_at)",
		Set:     "waiting",
		JSON:    []string{"ReportFigures.wait_p90"},
	},
	{
		Key:     "wait_mean",
		Unit:    InSeconds,
		Formula: "Σ(first_assigned_at − queued_at) ÷ answered",
		Set:     "waiting",
		JSON:    []string{"ReportFigures.wait_mean"},
	},
	{
		Key:     "first_response_median",
		Unit:    InSeconds,
		Formula: "P50(first_response_at − first_assigned_at)",
		Set:     "waiting",
		JSON:    []string{"ReportFigures.first_response_median"},
		Live:    true,
	},
	{
		Key:     "first_response_p90",
		Unit:    InSeconds,
		Formula: "P90(first_response_at − first_assigned_at)",
		Set:     "waiting",
		JSON:    []string{"ReportFigures.first_response_p90"},
	},
	{
		Key:     "first_response_mean",
		Unit:    InSeconds,
		Formula: "mean(first_response_at − first_assigned_at)",
		Set:     "waiting",
		JSON:    []string{"ReportFigures.first_response_mean"},
	},
	{
		Key:     "message_answer_median",
		Unit:    InSeconds,
		Formula: "P50(first_response_at − queued_at)",
		Set:     "waiting",
		JSON:    []string{"ReportFigures.message_answer_median"},
	},

	{
		Key:     "handle_median",
		Unit:    InSeconds,
		Formula: "P50(ended_at − first_assigned_at)",
		Set:     "handling",
		JSON:    []string{"ReportFigures.handle_median"},
	},
	{
		Key:     "handle_p90",
		Unit:    InSeconds,
		Formula: "P90(ended_at − first_assigned_at)",
		Set:     "handling",
		JSON:    []string{"ReportFigures.handle_p90"},
	},
	{
		Key:     "handle_mean",
		Unit:    InSeconds,
		Formula: "Σ(ended_at − first_assigned_at) ÷ answered",
		Set:     "handling",
		JSON:    []string{"ReportFigures.handle_mean", "Stats.handle_seconds_mean"},
	},
	{
		Key:     "wrap_up_median",
		Unit:    InSeconds,
		Formula: "P50(wrapped_up_at − ended_at)",
		Set:     "handling",
		JSON:    []string{"ReportFigures.wrap_up_median"},
	},
	{
		Key:     "wrap_up_p90",
		Unit:    InSeconds,
		Formula: "P90(wrapped_up_at − ended_at)",
		Set:     "handling",
		JSON:    []string{"ReportFigures.wrap_up_p90"},
	},
	{
		Key:     "wrap_up_mean",
		Unit:    InSeconds,
		Formula: "mean(wrapped_up_at − ended_at)",
		Set:     "handling",
		JSON:    []string{"ReportFigures.wrap_up_mean", "Stats.wrap_up_seconds_mean"},
		Live:    true,
	},
	{Key: "transfers", Unit: InNumbers, Formula: "Σ(assignments − 1)", Set: "handling", JSON: []string{"ReportFigures.transfers"}},
	{
		Key:     "one_touch_share",
		Unit:    InPercent,
		Formula: "answered with assignments = 1 ÷ answered",
		Set:     "handling",
		JSON:    []string{"ReportFigures.one_touch_share"},
	},

	{Key: "ratings", Unit: InNumbers, Set: "quality", JSON: []string{"ReportFigures.ratings", "Stats.ratings"}},
	{
		Key:     "rating_mean",
		Unit:    InStars,
		Formula: "Σ rating ÷ ratings",
		Set:     "quality",
		JSON:    []string{"ReportFigures.rating_mean", "Stats.rating_mean"},
	},
	{
		Key:     "csat",
		Unit:    InPercent,
		Formula: "ratings ≥ 4 ÷ ratings",
		Set:     "quality",
		JSON:    []string{"ReportFigures.csat", "Stats.csat"},
		Live:    true,
	},

	{Key: "online_seconds", Unit: InSeconds, Set: "presence", JSON: []string{"ReportFigures.online_seconds"}},
	{Key: "away_seconds", Unit: InSeconds, Set: "presence", JSON: []string{"ReportFigures.away_seconds"}},
	{Key: "break_seconds", Unit: InSeconds, Set: "presence", JSON: []string{"ReportFigures.break_seconds"}},
	{
		Key:     "load",
		Unit:    InChats,
		Formula: "Σ(ended_at − first_assigned_at) ÷ online_seconds",
		Set:     "presence",
		JSON:    []string{"ReportFigures.load"},
	},
	{
		Key:     "occupancy",
		Unit:    InPercent,
		Formula: "Σ(ended_at − first_assigned_at) ÷ Σ(online_seconds × max_concurrent)",
		Set:     "presence",
		JSON:    []string{"ReportFigures.occupancy"},
	},

	{Key: "started", Unit: InNumbers, JSON: []string{"Stats.started"}, Live: true},
	{Key: "ended", Unit: InNumbers, JSON: []string{"Stats.ended"}},
	{Key: "left", Unit: InNumbers, Formula: "abandoned + cancelled", Live: true},
	{Key: "wait_seconds", Unit: InSeconds, Formula: "first_assigned_at − queued_at", JSON: []string{"Stats.wait_seconds"}},
	{
		Key:     "first_response_seconds",
		Unit:    InSeconds,
		Formula: "first_response_at − first_assigned_at",
		JSON:    []string{"Stats.first_response_seconds"},
	},
	{
		Key:     "predicted_error",
		Unit:    InSeconds,
		Formula: "mean(|estimated_wait_seconds − wait|)",
		JSON:    []string{"Stats.predicted_error_seconds_mean"},
	},

	{Key: "waiting", Unit: InNumbers, Live: true, Columns: []string{"day.waiting"}},
	{Key: "longest_wait", Unit: InSeconds, Formula: "now − min(queued_at)", Live: true, Columns: []string{"day.longest_wait_seconds"}},
	{Key: "estimated_wait", Unit: InSeconds, Formula: "P10–P90", Live: true, JSON: []string{"QueueEntry.estimated_wait_seconds"}},
	{Key: "places", Unit: InNumbers, Formula: "Σ load ÷ Σ max_concurrent", Live: true, Columns: []string{"day.slots"}},
	{Key: "left_lately", Unit: InNumbers, Formula: "abandoned + cancelled", Live: true},
	{Key: "queue_position", Unit: InNumbers, JSON: []string{"QueueEntry.queue_position"}, Columns: []string{"queue.place"}},
	{
		Key:     "wait_now",
		Unit:    InSeconds,
		Formula: "now − queued_at",
		JSON:    []string{"QueueEntry.wait_seconds"},
		Columns: []string{"queue.wait_seconds"},
	},
	{Key: "priority", Unit: InPriority, JSON: []string{"QueueEntry.priority"}, Columns: []string{"queue.priority"}},
	{Key: "agents_online", Unit: InNumbers, Columns: []string{"day.agents_online"}},
	{Key: "load_now", Unit: InChats, JSON: []string{"Load.load"}, Columns: []string{"day.chats_held"}},
	{Key: "capacity", Unit: InChats, JSON: []string{"Load.max_concurrent"}},
	{Key: "utilisation", Unit: InPercent, Formula: "load ÷ max_concurrent", JSON: []string{"Load.utilisation"}},
	{Key: "oldest_unanswered", Unit: InSeconds, Formula: "now − min(awaiting_since)", JSON: []string{"Load.oldest_unanswered_seconds"}},
}

// FigureOf returns the definition with a key. An unknown key is a mistake in the code, which a test finds.
func FigureOf(key string) Figure {
	i := slices.IndexFunc(Figures, func(f Figure) bool { return f.Key == key })
	if i < 0 {
		return Figure{Key: key}
	}
	return Figures[i]
}

// ReportFigures returns the figures of a part of reports, with "" those of all parts.
func ReportFigures(set string) []Figure {
	var figures []Figure
	for _, f := range Figures {
		if f.Set != "" && (set == "" || f.Set == set) {
			figures = append(figures, f)
		}
	}
	return figures
}

// Name returns the name of the figure.
func (f Figure) Name(ctx context.Context) string { return text.T(ctx, "figure."+f.Key+".name") }

// Means returns what the figure is, in a sentence or two.
func (f Figure) Means(ctx context.Context) string { return text.T(ctx, "figure."+f.Key+".means") }

// UnitName returns the unit in the reader's language.
func (f Figure) UnitName(ctx context.Context) string {
	return text.T(ctx, "report.unit."+string(f.Unit))
}

// Href is the address of the definition.
func (f Figure) Href() string { return "/supervisor/definitions#" + f.Key }

// Show returns a value as it is read; nil is "–".
func (f Figure) Show(ctx context.Context, v *float64) string {
	switch {
	case v == nil:
		return "–"
	case f.Unit == InSeconds && *v >= 100*3600:
		return text.T(ctx, "ui.time.hours", "Hours", grouped(int64(*v/3600+0.5)))
	case f.Unit == InSeconds:
		return text.Clock(time.Duration(*v * float64(time.Second)).Round(time.Second))
	case f.Unit == InPercent:
		return text.T(ctx, "report.percent", "Percent", strconv.FormatFloat(*v*100, 'f', 1, 64))
	case f.Unit == InStars, f.Unit == InChats:
		return strconv.FormatFloat(*v, 'f', 2, 64)
	}
	return grouped(int64(*v))
}

// grouped writes a number with its thousands apart.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}
