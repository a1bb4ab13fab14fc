package models_test

import (
	"testing"
	"time"

	"parley/models"
)

// weeksOf stores that so many chats came in each minute of the last weeks, by the hour of the day in a zone.
func (h *testDesk) weeksOf(weeks int, zone *time.Location, perMinute func(at time.Time) int) {
	h.t.Helper()
	now := time.Now().UTC().Truncate(time.Minute)
	var rows []models.MinuteBucket
	for at := now.AddDate(0, 0, -7*weeks); at.Before(now); at = at.Add(time.Minute) {
		rows = append(rows, models.MinuteBucket{Minute: at, Arrivals: perMinute(at.In(zone)), IsCounted: true})
		if len(rows) == 5000 || !at.Add(time.Minute).Before(now) {
			_, err := h.DB().NewInsert().Model(&rows).Exec(h.t.Context())
			h.must(err)
			rows = nil
		}
	}
}

func TestAForecastIsTheMedianOfTheWeekdaysHours(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	zone, err := time.LoadLocation("Asia/Kolkata") // half an hour beside the others
	h.must(err)
	h.agent("anna", 5)
	noon := func(at time.Time) bool { return at.Hour() == 12 }
	h.weeksOf(6, zone, func(at time.Time) int {
		switch {
		case !noon(at):
			return 0
		case time.Since(at) < 7*24*time.Hour: // one week that was unlike the others does not move a median
			return 9
		}
		return 1
	})
	f, err := h.Forecast(t.Context(), "", zone)
	h.must(err)
	if len(f.Hours) != 7*24 || f.Hours[0].At.Minute() != 0 || f.CapacityPerAgent != 5 || f.Online != 1 || f.OnlineSlots != 5 {
		t.Fatalf("%d hours from %s, %+v", len(f.Hours), f.Hours[0].At, f)
	}
	found := 0
	for _, hour := range f.Hours {
		if hour.Arrivals == nil || hour.Weeks < 5 {
			t.Fatalf("%s is %+v", hour.At, hour)
		}
		if hour.At.YearDay() == f.At.In(zone).YearDay() {
			continue // today has its factor
		}
		if !noon(hour.At) {
			if *hour.Arrivals != 0 || *hour.Agents != 0 || *hour.Served != 1 {
				t.Errorf("%s is %+v", hour.At, hour)
			}
			continue
		}
		found++
		// 60 chats of 5 minutes an hour are 5 slots at work; Erlang C needs 8 of them, two agents.
		if *hour.Arrivals != 60 || *hour.Agents != 2 || *hour.Served > 0.5 {
			t.Errorf("%s is %+v: %f arrivals, %d agents, %f served", hour.At, hour, *hour.Arrivals, *hour.Agents, *hour.Served)
		}
	}
	if found < 6 {
		t.Errorf("%d noons", found)
	}
}

func TestAForecastOfFewWeeksHasNoNumber(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.weeksOf(3, time.UTC, func(time.Time) int { return 1 })
	f, err := h.Forecast(t.Context(), "", time.UTC)
	h.must(err)
	for _, hour := range f.Hours {
		if hour.Arrivals != nil || hour.Agents != nil || hour.Served != nil || hour.Weeks < 2 || hour.Weeks > 3 {
			t.Fatalf("%+v", hour)
		}
	}
	_, err = h.Forecast(t.Context(), "unknown", time.UTC)
	h.refused(err, "validation_failed")
}

func TestTodayMovesTheForecastWithinBounds(t *testing.T) {
	t.Parallel()
	// A zone in which it is evening, so that a day is behind and a few hours are ahead.
	now := time.Now().UTC()
	zone := time.FixedZone("evening", int((time.Duration(20-now.Hour()) * time.Hour).Seconds()))
	today := func(at time.Time) bool {
		return at.YearDay() == now.In(zone).YearDay() && at.Year() == now.In(zone).Year()
	}
	for came, want := range map[int]float64{0: 0.5, 3: 1.5, 40: 2} {
		h := newTestDesk(t)
		h.weeksOf(5, zone, func(at time.Time) int {
			if today(at) {
				return came
			}
			return 2
		})
		f, err := h.Forecast(t.Context(), "", zone)
		h.must(err)
		if f.TodayFactor == nil || *f.TodayFactor != want {
			t.Fatalf("%d a minute are the factor %v", came, f.TodayFactor)
		}
		for _, hour := range f.Hours[1:] {
			expected := 120.0
			if today(hour.At) {
				expected *= want
			}
			if hour.Arrivals == nil || *hour.Arrivals != expected {
				t.Fatalf("%s is %+v, %v", hour.At, hour, *hour.Arrivals)
			}
			if hour.At.After(now.Add(20 * time.Hour)) {
				break
			}
		}
		if hour := f.Hours[100]; hour.Agents != nil || hour.Served == nil || *hour.Served != 0 {
			t.Errorf("without agents %+v", hour)
		}
	}
}
