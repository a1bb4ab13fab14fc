package supervisor

import (
	"testing"
	"time"

	"parley/models"
	view "parley/views/supervisor"
	"parley/web/live"
)

// The live page names the first hour ahead that needs more agents than are online, and nothing while they are enough.
func TestTheLivePageNamesTheNextGap(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 9, 20, 0, 0, time.UTC)
	needs := func(agents ...int) *models.Forecast {
		f := &models.Forecast{At: now}
		for i, n := range agents {
			f.Hours = append(f.Hours, models.ForecastHour{At: now.Truncate(time.Hour).Add(time.Duration(i) * time.Hour), Agents: &n})
		}
		return f
	}
	b := board{readAt: now, load: make([]models.AgentLoad, 5)}
	for i := range 4 {
		b.load[i].Agent.Presence = models.Online
	}
	for _, c := range []struct {
		what     string
		forecast *models.Forecast
		want     view.Staff
	}{
		{"no forecast", nil, view.Staff{}},
		{"enough agents", needs(4, 4, 3), view.Staff{}},
		{"a gap now", needs(5, 6), view.Staff{Online: 4, Needed: 5}},
		{"a gap ahead", needs(4, 6, 7), view.Staff{Online: 4, Needed: 6, At: now.Truncate(time.Hour).Add(time.Hour)}},
		{"a gap tomorrow", needs(4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 9), view.Staff{}},
	} {
		if b.forecast = c.forecast; b.staff() != c.want {
			t.Errorf("%s: %+v", c.what, b.staff())
		}
	}
	b.forecast = needs(5, 4, 6) // read in the hour before
	b.readAt = now.Add(time.Hour)
	if got := b.staff(); got.Needed != 6 {
		t.Errorf("an hour that is over is named: %+v", got)
	}
}

// All streams of a filter, and all later ticks for some minutes, share one reading of the forecast.
func TestTheForecastOfTheLivePageIsNotReadByEachTick(t *testing.T) {
	t.Parallel()
	h := newHandlers(t)
	first, err := h.readLiveBoard(t.Context(), boardFilter{}, known{})
	if err != nil || first.forecast == nil {
		t.Fatalf("no forecast was read: %v", err)
	}
	for range 3 {
		later, err := h.boardOf(t.Context(), live.Board{Shared: new(live.Shared)}, boardFilter{})
		if err != nil || later.forecast != first.forecast {
			t.Errorf("a tick reads the forecast again: %v", err)
		}
	}
	first.readAt = first.readAt.Add(forecastFresh)
	if h.forecasts.of(t.Context(), h, first) == first.forecast {
		t.Error("an old forecast is not read again")
	}
}
