package supervisor

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"parley/views/text"
	"parley/views/ui"
)

func chatURL(id string) templ.SafeURL {
	return templ.SafeURL("/supervisor/chats/" + url.PathEscape(id))
}

func agentURL(id string) templ.SafeURL {
	return templ.SafeURL("/supervisor/agents/" + url.PathEscape(id))
}

// csv is the address of a list as a file, with the filter of the page.
func csv(list string, f Filter) string {
	return "/supervisor/" + list + ".csv" + f.query()
}

func (f Filter) query() string { return departmentQuery(f.Chosen) }

func departmentQuery(slug string) string {
	if slug == "" {
		return ""
	}
	return "?department=" + url.QueryEscape(slug)
}

// showAllURL returns the address of a part of the page with all of its rows.
func showAllURL(f Filter, part string) templ.SafeURL {
	query := url.Values{"show": {"all"}}
	if f.Chosen != "" {
		query.Set("department", f.Chosen)
	}
	return templ.SafeURL("/supervisor?" + query.Encode() + "#" + part)
}

func replyLevelClass(l Level) string {
	switch l {
	case Over:
		return "awaiting-amber"
	case Late:
		return "awaiting-red"
	}
	return ""
}

func signedNumber(n int) string { return fmt.Sprintf("%+d", n) }

func emptyQueue(ctx context.Context, q Queue) string {
	free := text.T(ctx, "supervisor.empty.free", "Count", q.FreeCapacity)
	if q.PickedUpAfter == 0 {
		return free
	}
	return text.T(ctx, "supervisor.empty.queue_detail", "Time", text.Spoken(ctx, q.PickedUpAfter)) + " " + free
}

func presenceText(ctx context.Context, a Agent) string {
	switch {
	case a.LostContact:
		return text.T(ctx, "supervisor.agents.lost")
	case a.BreakName != "":
		return text.T(ctx, "ui.presence.break_for", "Reason", a.BreakName)
	default:
		return DetailText(ctx, a.Detail)
	}
}

// DetailText names the detail of a presence.
func DetailText(ctx context.Context, detail string) string {
	switch detail {
	case "online":
		return text.T(ctx, "ui.presence.online")
	case "last_chats":
		return text.T(ctx, "ui.presence.last_chats")
	case "break":
		return text.T(ctx, "ui.presence.break")
	case "inactive":
		return text.T(ctx, "ui.presence.inactive")
	case "lost_contact":
		return text.T(ctx, "supervisor.agents.lost")
	case "offline":
		return text.T(ctx, "ui.presence.offline")
	default:
		return text.T(ctx, "ui.presence.away")
	}
}

func departments(ctx context.Context, a Agent) string {
	return text.List(ctx, a.Departments)
}

func segmentText(ctx context.Context, kind string) string {
	switch kind {
	case "late":
		return text.T(ctx, "ui.slots.late")
	case "awaiting":
		return text.T(ctx, "ui.slots.awaiting")
	case "idle":
		return text.T(ctx, "ui.slots.idle")
	case "offered":
		return text.T(ctx, "ui.slots.offered")
	case "free":
		return text.T(ctx, "ui.slots.free")
	default:
		return text.T(ctx, "ui.slots.answered")
	}
}

// loadText describes the load bar, for example "5 of 5 slots used, 1 late, 2 awaiting reply".
func loadText(ctx context.Context, a Agent) string {
	said := []string{text.T(ctx, "supervisor.agents.used", "Used", a.Load, "All", a.Capacity)}
	for _, kind := range []string{"late", "awaiting", "idle", "offered"} {
		n := 0
		for _, s := range a.Segments {
			if s == kind {
				n++
			}
		}
		if n > 0 {
			said = append(said, fmt.Sprint(n, " ", segmentText(ctx, kind)))
		}
	}
	return text.Series(ctx, said)
}

// chartFigures is what the chart reads of a row: Unix seconds, waiting, longest wait in minutes, online, load.
func chartFigures(s Sample) string {
	return fmt.Sprintf("%d %d %.2f %d %d", s.At.Unix(), s.Waiting, s.Longest.Minutes(), s.Online, s.Load)
}

// cannotAssignReason returns why no chat can be assigned to an agent by hand.
func cannotAssignReason(ctx context.Context, a Agent) string {
	switch {
	case a.Presence == "offline":
		return text.T(ctx, "supervisor.assign.offline")
	case a.Presence != "online":
		return text.T(ctx, "supervisor.assign.away")
	case a.Load < a.Capacity:
		return text.T(ctx, "supervisor.assign.offered", "Load", a.Load, "All", a.Capacity, "Count", a.Reserved)
	default:
		return text.T(ctx, "supervisor.assign.full", "Load", a.Load, "All", a.Capacity)
	}
}

func slugs(a Agent) string { return strings.Join(a.Slugs, " ") }

func capacitySegments(a Agent) []ui.CapacitySegment {
	all := make([]ui.CapacitySegment, len(a.Segments))
	for i, kind := range a.Segments {
		all[i] = ui.CapacitySegment{Kind: kind}
	}
	return all
}

// maxCannotAssign is how many agents without capacity are listed with the reason.
const maxCannotAssign = 20

// byFreeCapacity returns the agents with the most free capacity first, then some of the others in the order of the grid, and how many are
// left out.
func (a Agents) byFreeCapacity() (cards []Agent, more int) {
	sorted := slices.Clone(a.Cards)
	slices.SortStableFunc(sorted, func(x, y Agent) int { return y.freeCapacity() - x.freeCapacity() })
	free := 0
	for free < len(sorted) && sorted[free].HasCapacity() {
		free++
	}
	most := min(len(sorted), free+maxCannotAssign)
	return sorted[:most], len(sorted) - most
}

func (a Agent) freeCapacity() int {
	if !a.HasCapacity() {
		return 0
	}
	return max(1, a.Capacity-a.Load-a.Reserved)
}

func queueURL(id, action string) templ.SafeURL {
	return templ.SafeURL("/supervisor/queue/" + url.PathEscape(id) + "/" + action)
}

// without leaves out the agent who has the chat already.
func (a Agents) without(id string) Agents {
	a.Cards = slices.DeleteFunc(slices.Clone(a.Cards), func(c Agent) bool { return c.ID == id })
	return a
}

var segment = map[string]string{
	"late":     `<i class="late"></i>`,
	"awaiting": `<i class="awaiting"></i>`,
	"answered": `<i class="answered"></i>`,
	"idle":     `<i class="idle"></i>`,
	"offered":  `<i class="offered"></i>`,
	"free":     `<i class="free"></i>`,
}

// segments returns the HTML of a load bar's segments. A page has thousands of them, so each kind is a constant.
func segments(kinds []string) string {
	var all strings.Builder
	for _, kind := range kinds {
		all.WriteString(segment[kind])
	}
	return all.String()
}

// messagesShown is how many messages wait, with + if only the first ones are shown.
func messagesShown(q Queue) string {
	if q.HasMoreMessages {
		return strconv.Itoa(len(q.Messages)) + "+"
	}
	return strconv.Itoa(len(q.Messages))
}
