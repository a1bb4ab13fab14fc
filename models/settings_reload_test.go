package models_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"parley/models"
)

// The first of two reloads is delayed between its reads and its end while the settings change and the second one starts.
func TestAnOlderReloadDoesNotWin(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	for round := 1; round <= 20; round++ {
		h.exec(`INSERT INTO settings (key, value) VALUES ('RATE_SEND', ?0), ('RATE_END', ?0)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value`, strconv.Itoa(1000+round))
		held, err := h.DB().BeginTx(t.Context(), nil)
		h.must(err)
		_, err = held.NewRaw(`LOCK TABLE sites IN ACCESS EXCLUSIVE MODE`).Exec(t.Context())
		h.must(err)
		var reloads sync.WaitGroup
		reload := func() { reloads.Go(func() { h.must(h.Reload(t.Context())) }) }
		waiting := func() (n int) {
			h.must(h.DB().NewRaw(`SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
				WHERE c.relname = 'sites' AND NOT l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(t.Context(), &n))
			return n
		}
		reload()
		for waiting() == 0 {
		}
		h.exec(`UPDATE settings SET value = ?`, strconv.Itoa(2000+round))
		reload()
		h.must(held.Rollback())
		reloads.Wait()
		if s := h.Settings(); s.RateSend != 2000+round || s.RateEnd != 2000+round {
			t.Fatalf("round %d ends with %d and %d", round, s.RateSend, s.RateEnd)
		}
	}
}

func TestTheVersionOfTheSettingsTellsOfEveryChange(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.must(h.Reload(t.Context()))
	before := h.SettingsVersion()
	other := newTestDeskOn(t, h.url, models.DefaultSettings())
	for _, change := range []func() error{
		func() error { return other.ChangeSetting(t.Context(), admin, "RATE_SEND", "77") },
		func() error { return other.ChangeSetting(t.Context(), admin, "RATE_SEND", "78") },
		func() error { return other.ResetSetting(t.Context(), admin, "RATE_SEND") },
		func() error { return other.AddSite(t.Context(), admin, "https://shop.example") },
		func() error { return other.RemoveSite(t.Context(), admin, "https://shop.example") },
		func() error {
			_, err := other.DB().NewRaw(`INSERT INTO settings (key, value) VALUES ('RATE_END', '9')`).Exec(t.Context())
			return err
		},
		func() error { _, err := other.DB().NewRaw(`TRUNCATE settings`).Exec(t.Context()); return err },
		func() error {
			_, err := other.AddBot(t.Context(), admin, models.BotChange{Name: new("Robbie")})
			return err
		},
		func() error {
			_, err := other.AddWebhook(t.Context(), admin,
				models.WebhookFields{Name: "CRM", URL: "https://crm.example/", Events: []string{"chat.created"}})
			return err
		},
	} {
		h.must(change())
		_, now, err := h.UnpublishedCommits(t.Context())
		h.must(err)
		if now <= before || h.SettingsVersion() != before {
			t.Fatalf("the version went from %d to %d, this desk has %d", before, now, h.SettingsVersion())
		}
		h.must(h.Reload(t.Context()))
		if before = h.SettingsVersion(); before != now {
			t.Fatalf("after a reload the version is %d, want %d", before, now)
		}
	}
}

// A process that knows of no bot looks for none, and does so once it has read the settings again.
func TestAProcessLearnsOfTheFirstBot(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.must(h.Reload(t.Context()))
	other := newTestDeskOn(t, h.url, models.DefaultSettings())
	bot := other.bot("Robbie", models.BotChange{ServesGeneral: new(true)})
	chat := other.askBot("u", "", "Hello")
	h.age("chats", chat.ID, time.Minute, "awaiting_since", "assigned_at")
	h.exec(`UPDATE pulse SET resumed_at = resumed_at - interval '1 hour'`)
	h.must(h.SweepBots(t.Context()))
	if c := h.chat(chat.ID); c.ServedBy() != bot.ID {
		t.Fatal("the chat was handed over by a process that has not read that there is a bot")
	}
	h.must(h.Reload(t.Context()))
	h.must(h.SweepBots(t.Context()))
	if c := h.chat(chat.ID); c.Status != models.Waiting {
		t.Errorf("the chat is %s", c.Status)
	}
}
