package supervisor

import (
	"context"
	"fmt"
	"net/url"
	"slices"
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

// everybody is the address of a part of the page where all of it is shown.
func everybody(f Filter, part string) templ.SafeURL {
	query := url.Values{"show": {"all"}}
	if f.Chosen != "" {
		query.Set("department", f.Chosen)
	}
	return templ.SafeURL("/supervisor?" + query.Encode() + "#" + part)
}

func owedClass(l Level) string {
	switch l {
	case Over:
		return "owed-amber"
	case Late:
		return "owed-red"
	}
	return ""
}

func signed(n int) string { return fmt.Sprintf("%+d", n) }

func emptyQueue(ctx context.Context, q Queue) string {
	free := text.T(ctx, "supervisor.empty.free", "Count", q.FreeSlots)
	if q.PickedUpAfter == 0 {
		return free
	}
	return text.T(ctx, "supervisor.empty.queue_detail", "Time", text.Spoken(ctx, q.PickedUpAfter)) + " " + free
}

func presenceWord(ctx context.Context, a Agent) string {
	switch {
	case a.LostContact:
		return text.T(ctx, "supervisor.agents.lost")
	case a.Presence == "online":
		return text.T(ctx, "ui.presence.online")
	case a.Presence == "away":
		return text.T(ctx, "ui.presence.away")
	default:
		return text.T(ctx, "ui.presence.offline")
	}
}

func departments(ctx context.Context, a Agent) string {
	return strings.Join(a.Departments, text.T(ctx, "supervisor.and"))
}

func segmentWord(ctx context.Context, kind string) string {
	switch kind {
	case "late":
		return text.T(ctx, "ui.slots.late")
	case "owed":
		return text.T(ctx, "ui.slots.owed")
	case "quiet":
		return text.T(ctx, "ui.slots.quiet")
	case "free":
		return text.T(ctx, "ui.slots.free")
	default:
		return text.T(ctx, "ui.slots.answered")
	}
}

// loadWords says the load bar: "5 of 5 slots used, 1 late, 2 owed an answer".
func loadWords(ctx context.Context, a Agent) string {
	said := []string{text.T(ctx, "supervisor.agents.used", "Used", a.Load, "All", a.Slots)}
	for _, kind := range []string{"late", "owed", "quiet"} {
		n := 0
		for _, s := range a.Segments {
			if s == kind {
				n++
			}
		}
		if n > 0 {
			said = append(said, fmt.Sprint(n, " ", segmentWord(ctx, kind)))
		}
	}
	return strings.Join(said, text.T(ctx, "supervisor.and"))
}

// figures is what the chart reads of a row: Unix seconds, waiting, longest wait in minutes, online, load.
func figures(s Sample) string {
	return fmt.Sprintf("%d %d %.2f %d %d", s.At.Unix(), s.Waiting, s.Longest.Minutes(), s.Online, s.Load)
}

// blocked says why an agent cannot be given a chat by hand.
func blocked(ctx context.Context, a Agent) string {
	switch {
	case a.Presence == "offline":
		return text.T(ctx, "supervisor.assign.offline")
	case a.Presence != "online":
		return text.T(ctx, "supervisor.assign.away")
	default:
		return text.T(ctx, "supervisor.assign.full", "Load", a.Load, "All", a.Slots)
	}
}

func slugs(a Agent) string { return strings.Join(a.Slugs, " ") }

func slots(a Agent) []ui.SlotData {
	all := make([]ui.SlotData, len(a.Segments))
	for i, kind := range a.Segments {
		all[i] = ui.SlotData{Kind: kind}
	}
	return all
}

// mostBlocked is how many who cannot be given a chat are named with the reason.
const mostBlocked = 20

// byRoom puts those with most room first, then some of the others in the order of the grid.
func (a Agents) byRoom() (cards []Agent, more int) {
	sorted := slices.Clone(a.Cards)
	slices.SortStableFunc(sorted, func(x, y Agent) int { return y.room() - x.room() })
	free := 0
	for free < len(sorted) && sorted[free].HasRoom() {
		free++
	}
	most := min(len(sorted), free+mostBlocked)
	return sorted[:most], len(sorted) - most
}

func (a Agent) room() int {
	if !a.HasRoom() {
		return 0
	}
	return a.Slots - a.Load
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
	"late": `<i class="late"></i>`, "owed": `<i class="owed"></i>`, "answered": `<i class="answered"></i>`, "quiet": `<i class="quiet"></i>`,
	"free": `<i class="free"></i>`,
}

// segments are the parts of a load bar. There are thousands on a page, so that they are not put together one by one.
func segments(kinds []string) string {
	var all strings.Builder
	for _, kind := range kinds {
		all.WriteString(segment[kind])
	}
	return all.String()
}
