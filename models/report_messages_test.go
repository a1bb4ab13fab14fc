package models_test

import (
	"testing"
	"time"

	"parley/models"
)

// TestMessagesInReports counts messages that users left, apart from live chats, also after they are deleted.
func TestMessagesInReports(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	ctx := t.Context()
	anna := h.agent("anna", 5)
	answered, open, unanswered := h.leave("ada").ID, h.leave("ben").ID, h.leave("cy").ID
	live := h.ask("dee").Chat.ID
	h.settle()
	for _, id := range []string{answered, unanswered, live} {
		if id != unanswered {
			h.send(anna, id, "Here it is.")
		}
		_, err := h.End(ctx, admin, id, "")
		h.must(err)
	}
	// A message of Friday evening that is answered on Monday morning took an hour of the opening hours.
	friday := time.Date(2026, 11, 6, 17, 30, 0, 0, time.UTC)
	hours := models.OpeningHours{TimeZone: "UTC"}
	for day := time.Monday; day <= time.Friday; day++ {
		hours.Week[day] = []models.Interval{{From: 9 * 60, To: 18 * 60}}
	}
	h.must(h.SetOpeningHours(ctx, admin, hours))
	h.must(h.Reload(ctx))
	h.exec(`UPDATE chats SET created_at = ?0, queued_at = ?0, first_response_at = CASE WHEN first_response_at IS NOT NULL
		THEN ?0::timestamptz + interval '2 days 16 hours' END WHERE channel = 'message'`, friday)
	h.exec(`UPDATE chats SET outcome = outcome WHERE status = 'ended'`)
	check := func(when string, left, hasAnswer int64, isKept bool) {
		t.Helper()
		_, err := h.CountReports(ctx)
		h.must(err)
		from := friday.Truncate(24 * time.Hour)
		r, err := h.Report(ctx, admin, models.ReportQuery{From: from, To: from.AddDate(0, 0, 1), Zone: time.UTC, By: models.ByHour})
		h.must(err)
		f := r.Total
		if f.MessagesLeft != left || f.MessagesAnswered != hasAnswer || f.Chats != 0 || f.MessageAnswerMedian == nil ||
			*f.MessageAnswerMedian < 3560 || *f.MessageAnswerMedian > 3640 {
			t.Errorf(
				"%s: %d left, %d answered, %d chats, median %v",
				when,
				f.MessagesLeft,
				f.MessagesAnswered,
				f.Chats,
				f.MessageAnswerMedian,
			)
		}
		if r.Rows[17].MessagesLeft != left || r.Rows[16].MessagesLeft != 0 {
			t.Errorf("%s: by hour it is %d and %d", when, r.Rows[16].MessagesLeft, r.Rows[17].MessagesLeft)
		}
		if found := h.found(); len(found) > 0 {
			t.Errorf("%s: found %v", when, found)
		}
		if n := h.count(`SELECT count(*) FROM report_buckets WHERE is_kept AND kind = 'all' AND messages_left > 0`); (n > 0) != isKept {
			t.Errorf("%s: %d kept parts", when, n)
		}
	}
	check("at first", 2, 1, false)
	h.exec(`DELETE FROM chats WHERE id = ?`, unanswered)
	check("after one is deleted", 2, 1, true)
	h.exec(`DELETE FROM chats WHERE id = ?`, answered)
	check("after both are deleted", 2, 1, true)
	if n := h.count(`SELECT count(*) FROM report_messages_gone`); n != 0 {
		t.Errorf("%d facts are left over", n)
	}
	_, err := h.End(ctx, admin, open, "")
	h.must(err)
	check("after the last one has ended", 3, 1, true)
	h.exec(`UPDATE report_buckets SET messages_left = 7 WHERE kind = 'all' AND grain = 900 AND NOT is_kept AND messages_left > 0`)
	if found := h.found(); len(found) == 0 {
		t.Error("a wrong count is not found")
	}
}
