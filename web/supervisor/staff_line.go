package supervisor

import (
	"context"
	"sync"
	"time"

	"parley/models"
	view "parley/views/supervisor"
)

// forecastFresh is how old the forecast of the live page may become. It takes eight weeks of figures, which hardly change meanwhile.
const forecastFresh = 5 * time.Minute

// forecastCache keeps the forecasts of departments for all boards of this instance.
type forecastCache struct {
	mu   sync.Mutex
	read map[string]*readForecast
}

type readForecast struct {
	at       time.Time
	forecast *models.Forecast // nil if it could not be read
}

// of returns the forecast of a board's department, in the time zone of its opening hours. One that cannot be read is asked for
// again when it would be old: the page shows everything else.
func (f *forecastCache) of(ctx context.Context, h *Handlers, b *board) *models.Forecast {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.read == nil {
		f.read = map[string]*readForecast{}
	}
	known := f.read[b.department]
	if known != nil {
		if age := b.readAt.Sub(known.at); age >= -time.Minute && age < forecastFresh { // or the clock was set back
			return known.forecast
		}
	}
	zone := time.UTC
	if hours := h.Desk.HoursOf(b.department); hours != nil {
		if at, err := time.LoadLocation(hours.TimeZone); err == nil {
			zone = at
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), boardTimeout) // the page that asks first may be closed
	defer cancel()
	forecast, err := h.Desk.Forecast(ctx, b.department, zone)
	if err != nil {
		h.Log.WarnContext(ctx, "the forecast of the live page could not be read", "error", err)
	}
	f.read[b.department] = &readForecast{b.readAt, forecast}
	return forecast
}

// staff returns the first hour ahead that needs more agents than are online now.
func (b *board) staff() view.Staff {
	if b.forecast == nil {
		return view.Staff{}
	}
	online := b.online()
	short := b.forecast.ShortfallOf(b.readAt, online)
	if short == nil {
		return view.Staff{}
	}
	s := view.Staff{Online: online, Needed: *short.Agents, Department: b.department}
	if short.At.After(b.readAt) {
		s.At = short.At
	}
	return s
}
