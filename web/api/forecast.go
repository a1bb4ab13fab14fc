package api

import "parley/models"

// Forecast is what the next week may bring, with the assumptions that its numbers rest on.
type Forecast struct {
	Department       string         `json:"department"`
	At               Time           `json:"at"`
	AgentsOnline     int            `json:"agents_online"`
	Slots            int            `json:"slots"`
	ServiceLevel     float64        `json:"service_level"`
	ServiceSeconds   float64        `json:"service_wait_seconds"`
	HandlingSeconds  float64        `json:"handling_seconds"`
	PatienceSeconds  *float64       `json:"patience_seconds"`
	CapacityPerAgent float64        `json:"capacity_per_agent"`
	TodayFactor      *float64       `json:"today_factor"`
	Shortfall        *ForecastHour  `json:"shortfall"`
	Hours            []ForecastHour `json:"hours"`
}

// ForecastHour is one hour of a forecast.
type ForecastHour struct {
	At          Time     `json:"at"`
	Weeks       int      `json:"weeks"`
	Arrivals    *float64 `json:"arrivals"`
	Agents      *int     `json:"agents_needed"`
	ServedShare *float64 `json:"served_share"`
}

// ForecastOf returns the body of a forecast.
func ForecastOf(f *models.Forecast) Forecast {
	out := Forecast{
		Department: f.Department, At: Time(f.At), AgentsOnline: f.Online, Slots: f.OnlineSlots, ServiceLevel: f.ServiceLevel,
		ServiceSeconds: f.ServiceWait.Seconds(), HandlingSeconds: f.Handling.Seconds(), CapacityPerAgent: f.CapacityPerAgent,
		TodayFactor: f.TodayFactor, Hours: Map(f.Hours, forecastHourOf),
	}
	if f.AbandonRate > 0 {
		patience := 1 / f.AbandonRate
		out.PatienceSeconds = &patience
	}
	if short := f.Shortfall(); short != nil {
		hour := forecastHourOf(short)
		out.Shortfall = &hour
	}
	return out
}

func forecastHourOf(h *models.ForecastHour) ForecastHour {
	return ForecastHour{At: Time(h.At), Weeks: h.Weeks, Arrivals: h.Arrivals, Agents: h.Agents, ServedShare: h.Served}
}
