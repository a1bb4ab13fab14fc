package kit

import (
	"time"
	_ "time/tzdata" // the time zones of users, on machines without a database of them

	"github.com/labstack/echo/v4"
)

// TimeZone returns a time zone by its name in the tz database, UTC for "". An unknown one is 422.
func TimeZone(name string) (*time.Location, error) {
	if name == "Local" { // that of this machine
		name = "-"
	}
	zone, err := time.LoadLocation(name)
	if err != nil || len(name) > 64 {
		return nil, InvalidField("time_zone", "unknown", "time_zone must be the name of a time zone, such as Europe/Berlin.")
	}
	return zone, nil
}

// QueryTimeZone returns the [TimeZone] of the query parameter time_zone.
func QueryTimeZone(c echo.Context) (*time.Location, error) {
	return TimeZone(c.QueryParam("time_zone"))
}
