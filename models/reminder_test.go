package models_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"parley/models"
)

func TestQuietPeriods(t *testing.T) {
	t.Parallel()
	every := []int{1, 2, 3, 4, 5, 6, 7}
	for name, c := range map[string]struct {
		quiet models.QuietHours
		zone  string
		at    string
		want  []string
	}{
		"over midnight": {
			models.QuietHours{From: 22 * 60, Until: 7 * 60, Days: every},
			"Europe/Berlin", "2026-11-29T23:30:00Z", // 00:30 on Monday there
			[]string{
				"2026-11-29T21:00:00Z 2026-11-30T06:00:00Z", "2026-11-30T21:00:00Z 2026-12-01T06:00:00Z",
				"2026-12-01T21:00:00Z 2026-12-02T06:00:00Z", "2026-12-02T21:00:00Z 2026-12-03T06:00:00Z",
			},
		},
		"begun on a chosen day": {
			models.QuietHours{From: 22 * 60, Until: 7 * 60, Days: []int{7}},
			"Europe/Berlin", "2026-11-29T23:30:00Z",
			[]string{"2026-11-29T21:00:00Z 2026-11-30T06:00:00Z"},
		},
		"not begun on another day": {
			models.QuietHours{From: 22 * 60, Until: 7 * 60, Days: []int{6}}, "Europe/Berlin", "2026-11-29T23:30:00Z", nil,
		},
		"in the afternoon": {
			models.QuietHours{From: 12*60 + 30, Until: 14 * 60, Days: []int{1, 2}},
			"Asia/Shanghai", "2026-11-30T05:59:59Z",
			[]string{"2026-11-30T04:30:00Z 2026-11-30T06:00:00Z", "2026-12-01T04:30:00Z 2026-12-01T06:00:00Z"},
		},
		"ended": {
			models.QuietHours{From: 12*60 + 30, Until: 14 * 60, Days: []int{1}}, "Asia/Shanghai", "2026-11-30T06:00:00Z", nil,
		},
		"when clocks go back": {
			models.QuietHours{From: 22 * 60, Until: 7 * 60, Days: []int{6}},
			"Europe/Berlin", "2026-10-24T20:00:00Z",
			[]string{"2026-10-24T20:00:00Z 2026-10-25T06:00:00Z"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, err := time.Parse(time.RFC3339, c.at)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range (models.Reminders{Quiet: &c.quiet, TimeZone: c.zone}).QuietPeriods(at) {
				got = append(got, p.From.Format(time.RFC3339)+" "+p.Until.Format(time.RFC3339))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := (models.Reminders{TimeZone: "Europe/Berlin"}).QuietPeriods(time.Now()); got != nil {
		t.Errorf("without quiet hours there are %v", got)
	}
}

func TestAnAgentSetsReminders(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	if a, _ := h.AgentByID(t.Context(), anna.ID); !a.Reminders().Repeat || a.Reminders().Quiet != nil {
		t.Fatalf("the default is %+v", a.Reminders())
	}
	quiet := models.QuietHours{From: 22 * 60, Until: 7 * 60, Days: []int{7, 1, 1}}
	_, err := h.SetReminders(t.Context(), anna, models.Reminders{Quiet: &quiet, TimeZone: "Asia/Shanghai"})
	h.must(err)
	a, err := h.AgentByID(t.Context(), anna.ID)
	h.must(err)
	got := a.Reminders()
	want := models.QuietHours{From: 1320, Until: 420, Days: []int{1, 7}}
	if got.Repeat || got.TimeZone != "Asia/Shanghai" || !reflect.DeepEqual(*got.Quiet, want) {
		t.Fatalf("%+v %+v", got, got.Quiet)
	}
	announced := slices.ContainsFunc(h.events, func(e models.Event) bool {
		return e.Agent != nil && e.Presence.ServiceID == anna.ID && e.Agent.Reminders.Quiet != nil
	})
	if !announced {
		t.Error("it is not announced")
	}
	for field, r := range map[string]models.Reminders{
		"time_zone":   {TimeZone: "Mars/Olympus"},
		"time_zone ":  {Quiet: &models.QuietHours{From: 1, Until: 2, Days: []int{1}}},
		"time_zone  ": {TimeZone: "../etc/passwd"},
		"quiet_from":  {Quiet: &models.QuietHours{From: -1, Until: 2, Days: []int{1}}, TimeZone: "UTC"},
		"quiet_until": {Quiet: &models.QuietHours{From: 1, Until: 1440, Days: []int{1}}, TimeZone: "UTC"},
		"quiet_days":  {Quiet: &models.QuietHours{From: 1, Until: 2}, TimeZone: "UTC"},
		"quiet_days ": {Quiet: &models.QuietHours{From: 1, Until: 2, Days: []int{8}}, TimeZone: "UTC"},
		"same":        {Quiet: &models.QuietHours{From: 2, Until: 2, Days: []int{1}}, TimeZone: "UTC"},
	} {
		if _, err := h.SetReminders(t.Context(), anna, r); models.CodeOf(err) != "validation_failed" {
			t.Errorf("%s: %v", field, err)
		}
	}
	_, err = h.SetReminders(t.Context(), models.UserActor("u"), models.Reminders{})
	h.refused(err, "agents_only")
}

func (h *testDesk) wantUnopened(chatID string, want bool) {
	h.t.Helper()
	if c := h.chat(chatID); c.IsUnopened() != want {
		h.t.Errorf("unopened is %v; assigned at %v, opened at %v", !want, c.AssignedAt, c.OpenedAt)
	}
}

func TestAChatIsUnopenedUntilItsAgentOpensIt(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(h *testDesk, anna models.Actor, chatID string) error{
		"open": func(h *testDesk, anna models.Actor, chatID string) error {
			return h.OpenChat(h.t.Context(), anna, chatID)
		},
		"read": func(h *testDesk, anna models.Actor, chatID string) error {
			_, err := h.ConfirmAll(h.t.Context(), anna, chatID, models.Read)
			return err
		},
		"reply": func(h *testDesk, anna models.Actor, chatID string) error {
			h.send(anna, chatID, "Hello")
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTestDesk(t)
			chatID := h.ask("u").Chat.ID
			h.wantUnopened(chatID, false) // it waits
			anna := h.agent("anna", 1)
			h.settle()
			h.send(models.UserActor("u"), chatID, "Hello?")
			_, err := h.ConfirmAll(t.Context(), anna, chatID, models.Delivered)
			h.must(err)
			h.wantUnopened(chatID, true)
			h.must(open(h, anna, chatID))
			h.wantUnopened(chatID, false)
			at := *h.chat(chatID).OpenedAt
			h.must(open(h, anna, chatID))
			if !h.chat(chatID).OpenedAt.Equal(at) {
				t.Error("it was opened at the first time")
			}
			ben := h.agent("ben", 1)
			_, err = h.Transfer(t.Context(), anna, chatID, models.TransferRequest{ServiceID: ben.ID})
			h.must(err)
			h.wantUnopened(chatID, true)
			h.must(h.OpenChat(t.Context(), ben, chatID))
			h.wantUnopened(chatID, false)
		})
	}
}

func TestOnlyItsAgentOpensAChat(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	chatID := h.ask("u").Chat.ID
	ben := h.agent("ben", 1)
	h.refused(h.OpenChat(t.Context(), ben, chatID), "chat_not_found")
	h.refused(h.OpenChat(t.Context(), admin, chatID), "not_in_chat")
	h.refused(h.OpenChat(t.Context(), models.UserActor("u"), chatID), "agents_only")
	h.wantUnopened(chatID, true)
	_, err := h.End(t.Context(), anna, chatID, "")
	h.must(err)
	h.wantUnopened(chatID, false)
	version := h.chat(chatID).Version
	h.must(h.OpenChat(t.Context(), anna, chatID))
	if h.chat(chatID).Version != version {
		t.Error("an ended chat is changed")
	}
}
