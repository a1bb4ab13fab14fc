package models_test

import (
	"testing"
	"time"

	"parley/models"
)

func TestADayBeginsWhereClocksFirstShowIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone string
		day  string
		want string // in UTC
	}{
		{"UTC", "2026-03-29", "2026-03-29T00:00"},
		{"Europe/Berlin", "2026-03-29", "2026-03-28T23:00"},
		{"America/Santiago", "2026-09-06", "2026-09-06T04:00"}, // midnight is skipped, west of Greenwich
		{"America/Santiago", "2026-09-07", "2026-09-07T03:00"},
		{"America/Santiago", "2026-04-05", "2026-04-05T04:00"}, // the hour before midnight is repeated
		{"Africa/Cairo", "2026-04-24", "2026-04-23T22:00"},     // midnight is skipped, east of Greenwich
		{"America/Havana", "2026-11-01", "2026-11-01T04:00"},   // midnight is repeated, west of Greenwich
		{"Asia/Amman", "2021-10-29", "2021-10-28T21:00"},       // midnight is repeated, east of Greenwich
		{"Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00"},
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00"}, // the whole day is skipped
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		day, err := time.Parse(time.DateOnly, c.day)
		if err != nil {
			t.Fatal(err)
		}
		got := models.DayStart(day.Year(), day.Month(), day.Day(), zone)
		if s := got.UTC().Format("2006-01-02T15:04"); s != c.want || got.Location() != zone {
			t.Errorf("%s begins in %s at %s, want %s", c.day, c.zone, s, c.want)
		}
	}
	if got := models.DayStart(2026, 13, 32, time.UTC); got.Format(time.DateOnly) != "2027-02-01" {
		t.Errorf("a day out of its month begins at %s", got)
	}
}
