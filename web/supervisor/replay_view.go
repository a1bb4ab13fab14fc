package supervisor

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"parley/models"
	view "parley/views/supervisor"
	"parley/views/text"
)

const (
	// comparedStep is the time that one point of a comparison covers.
	comparedStep = 5 * time.Minute
	// missing stands for a figure that is not known.
	missing = "–"
)

// figure is one number of a minute, -1 where it is not known.
type figure struct {
	key     string // below supervisor.replay.figures
	of      func(*models.MinuteBucket) int
	isClock bool
}

// numberOf returns a figure, -1 for nil.
func numberOf(n *int) int {
	if n == nil {
		return -1
	}
	return *n
}

// figures are those of a minute in the order of the table; the script reads them in this order too.
var figures = []figure{
	{"waiting", func(m *models.MinuteBucket) int { return m.Waiting }, false},
	{"longest", func(m *models.MinuteBucket) int { return m.LongestWaitSeconds }, true},
	{"online", func(m *models.MinuteBucket) int { return numberOf(m.AgentsOnline) }, false},
	{"load", func(m *models.MinuteBucket) int { return m.Load }, false},
	{"slots", func(m *models.MinuteBucket) int { return numberOf(m.Capacity) }, false},
	{"arrivals", func(m *models.MinuteBucket) int { return m.Arrivals }, false},
	{"assignments", func(m *models.MinuteBucket) int { return m.Assignments }, false},
	{"ends", func(m *models.MinuteBucket) int { return m.Ends }, false},
	{"abandonments", func(m *models.MinuteBucket) int { return m.Abandonments }, false},
}

// replayView returns the page of a day. Its cursor is at the minute with the longest queue, or at the first one.
func replayView(ctx context.Context, day *pastDay, days []dayFigures, filter view.Filter) view.Replay {
	page := view.Replay{
		Filter: filter, Zone: day.zone.String(), Asked: day.asked, Date: day.start.Format(time.DateOnly),
		Today:    day.now.Format(time.DateOnly),
		Previous: "/supervisor/replay" + day.query(day.startOf(-1), filter.Chosen),
		CSV:      "/supervisor/minutes.csv" + day.query(day.start, filter.Chosen),
		Start:    day.start, Minutes: max(1, int(day.end().Sub(day.start)/time.Minute)),
	}
	if day.next.Before(day.now) {
		page.Next = "/supervisor/replay" + day.query(day.next, filter.Chosen)
	}
	minutes := days[0].minutes
	samples := make([]models.MinuteSample, len(minutes))
	longest := 0
	for i := range minutes {
		m := &minutes[i]
		samples[i] = models.MinuteSample{
			Minute: m.Minute, Waiting: m.Waiting, LongestWaitSeconds: m.LongestWaitSeconds, AgentsOnline: max(0, numberOf(m.AgentsOnline)),
			Load: m.Load, Capacity: max(0, numberOf(m.Capacity)),
		}
		if at := int(m.Minute.Sub(day.start) / time.Minute); m.Waiting > longest && at < page.Minutes {
			longest, page.At = m.Waiting, at
		}
	}
	page.Day = dayView(ctx, samples)
	if len(samples) == 0 {
		return page
	}
	for i := range days {
		page.Figures = append(page.Figures, scriptFigures(&days[i], page.Start, page.Minutes))
		if i > 0 {
			page.Weeks = append(page.Weeks, days[i].start)
		}
	}
	page.Compared = compared(ctx, days, page.Start, page.Minutes)
	return page
}

// scriptFigures writes the figures of each minute of the page that a day has, as "3,60,…;…": nothing for a minute that is missing and for
// a figure that is not known.
func scriptFigures(d *dayFigures, start time.Time, minutes int) string {
	var out strings.Builder
	for i := range minutes {
		if i > 0 {
			out.WriteByte(';')
		}
		m := d.at(start.Add(time.Duration(i) * time.Minute))
		if m == nil {
			continue
		}
		for n, f := range figures {
			if n > 0 {
				out.WriteByte(',')
			}
			if v := f.of(m); v >= 0 {
				out.WriteString(strconv.Itoa(v))
			}
		}
	}
	return out.String()
}

// stateView returns the figures of one minute of the page, of the day and of the earlier weeks.
func stateView(ctx context.Context, days []dayFigures, start time.Time, at int) []view.StateRow {
	rows := make([]view.StateRow, len(figures))
	for n, f := range figures {
		rows[n] = view.StateRow{Label: text.T(ctx, "supervisor.replay.figures."+f.key), IsClock: f.isClock}
		for i := range days {
			value := missing
			if m := days[i].at(start.Add(time.Duration(at) * time.Minute)); m != nil && f.of(m) >= 0 {
				if value = strconv.Itoa(f.of(m)); f.isClock {
					value = text.Clock(time.Duration(f.of(m)) * time.Second)
				}
			}
			rows[n].Values = append(rows[n].Values, value)
		}
	}
	return rows
}

// compared returns the lines of the day over those of the earlier weeks: the highest of each step, of arrivals their sum.
func compared(ctx context.Context, days []dayFigures, start time.Time, minutes int) []view.Comparison {
	all := []view.Comparison{}
	for _, f := range figures {
		if f.key != "waiting" && f.key != "longest" && f.key != "arrivals" && f.key != "online" {
			continue
		}
		c := view.Comparison{Label: text.T(ctx, "supervisor.replay.figures."+f.key)}
		peaks := make([]float64, len(days))
		for i := range days {
			c.Days = append(c.Days, steps(&days[i], f, start, minutes))
			for _, v := range c.Days[i] {
				peaks[i] = max(peaks[i], v)
			}
			c.Highest = max(c.Highest, peaks[i])
		}
		earlier := 0.0
		for _, peak := range peaks[1:] {
			earlier = max(earlier, peak)
		}
		show := func(v float64) string {
			if f.isClock {
				return text.Clock(time.Duration(v) * time.Second)
			}
			return fmt.Sprintf("%.0f", v)
		}
		note := "supervisor.replay.up_to"
		if f.key == "arrivals" {
			note = "supervisor.replay.up_to_step"
		}
		c.Note = text.T(ctx, note, "Highest", show(peaks[0]), "Earlier", show(earlier))
		all = append(all, c)
	}
	return all
}

func steps(d *dayFigures, f figure, start time.Time, minutes int) []float64 {
	perStep := int(comparedStep / time.Minute)
	values := make([]float64, (minutes+perStep-1)/perStep)
	for i := range values {
		values[i] = -1
		for n := i * perStep; n < min(minutes, (i+1)*perStep); n++ {
			m := d.at(start.Add(time.Duration(n) * time.Minute))
			if m == nil || f.of(m) < 0 {
				continue
			}
			v := float64(f.of(m))
			if f.key == "arrivals" {
				v += max(0, values[i])
			}
			values[i] = max(values[i], v)
		}
	}
	return values
}
