package models_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/models"
)

// chosen returns the English names of the reasons of a chat's rating.
func chosen(c *models.Chat) []string {
	var names []string
	for _, r := range c.RatingReasons {
		names = append(names, r.NameEn)
	}
	return names
}

// reasonIDs returns the ids of the offered reasons by their English names.
func (h *testDesk) reasonIDs() map[string]int64 {
	h.t.Helper()
	reasons, err := h.RatingReasons(h.t.Context())
	h.must(err)
	ids := map[string]int64{}
	for i := range reasons {
		ids[reasons[i].NameEn] = reasons[i].ID
	}
	return ids
}

func TestARatingTakesReasonsThatAreOfferedForIt(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 9)
	ids := h.reasonIDs()
	ended := func(user string) (models.Actor, string) {
		t.Helper()
		chat := h.ask(user).Chat.ID
		h.mustEnd(anna, chat)
		return models.UserActor(user), chat
	}
	u, chat := ended("u")
	rate := func(stars float64, reasons ...int64) error {
		return h.RateWithReasons(t.Context(), u, chat, stars, "", reasons)
	}
	h.refused(rate(2, ids["Friendly"]), "validation_failed")
	h.refused(rate(5, ids["Long wait"]), "validation_failed")
	h.refused(rate(2, 9_999), "validation_failed")
	h.refused(rate(2, -1), "validation_failed")
	h.refused(rate(2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), "validation_failed")
	h.must(h.RetireRatingReason(t.Context(), admin, ids["Unfriendly"], true))
	h.refused(rate(2, ids["Unfriendly"]), "validation_failed")
	if c := h.chat(chat); c.Rating != nil {
		t.Fatalf("a refused rating is stored: %v", *c.Rating)
	}
	h.must(rate(3.5, ids["Slow answers"], ids["Long wait"], ids["Long wait"])) // a half star counts as the star below it
	if got := chosen(h.chat(chat)); !slices.Equal(got, []string{"Long wait", "Slow answers"}) {
		t.Errorf("the rating has %v", got)
	}
	change := h.changes(chat)[len(h.changes(chat))-1]
	if !change.Rated || !slices.Equal(chosen(&change.Chat), []string{"Long wait", "Slow answers"}) {
		t.Errorf("the rating was announced as %+v", change)
	}
	h.refused(rate(3, ids["Long wait"]), "already_rated")

	// The rating keeps what was chosen; the figures have the name of today.
	renamed := models.RatingReasonFields{NameEn: "Waited long", MinStars: 1, MaxStars: 2}
	h.must(h.UpdateRatingReason(t.Context(), admin, ids["Long wait"], renamed))
	h.must(h.RetireRatingReason(t.Context(), admin, ids["Long wait"], true))
	if got := chosen(h.chat(chat)); !slices.Equal(got, []string{"Long wait", "Slow answers"}) {
		t.Errorf("after a reason was renamed and retired, the rating has %v", got)
	}
	v, other := ended("v")
	h.must(h.RateWithReasons(t.Context(), v, other, 1, "", []int64{ids["Slow answers"]}))
	plain, without := ended("w")
	h.must(h.Rate(t.Context(), plain, without, 1, ""))
	if c := h.chat(without); c.RatingReasons != nil {
		t.Errorf("a rating without reasons has %v", c.RatingReasons)
	}
	stats, err := h.Stats(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(time.Minute))
	h.must(err)
	var counts []string
	for _, n := range stats.RatingReasons {
		counts = append(counts, n.NameEn+" "+string(rune('0'+n.Count)))
	}
	if !slices.Equal(counts, []string{"Slow answers 2", "Waited long 1"}) {
		t.Errorf("the reasons are counted as %v", counts)
	}
}

// TestTheDatabaseKeepsReasonsOfRatings: another program cannot store reasons that no code above would.
func TestTheDatabaseKeepsReasonsOfRatings(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 9)
	chat := h.ask("u").Chat.ID
	h.mustEnd(anna, chat)
	refused := func(set, constraint string) {
		t.Helper()
		_, err := h.DB().ExecContext(t.Context(), `UPDATE chats SET `+set+` WHERE id = '`+chat+`'`)
		if err == nil || !strings.Contains(err.Error(), constraint) {
			t.Errorf("SET %s: %v", set, err)
		}
	}
	const rated = `rating = 3, rated_at = now(), rating_reasons = `
	refused(`rating_reasons = '[{"id": 1}]'`, "without a rating")
	refused(rated+`'[]'`, "chosen_rating_reasons_list")
	refused(rated+`'{}'`, "chosen_rating_reasons_list")
	refused(rated+`'[{"id": 77}]'`, "unknown reason")
	for _, wrong := range []string{`('', '', 1, 3, 1)`, `('A', '', 0, 3, 1)`, `('A', '', 4, 3, 1)`, `('A', '', 4, 6, 1)`} {
		_, err := h.DB().ExecContext(t.Context(), `INSERT INTO rating_reasons (name_en, name_zh_cn, min_stars, max_stars, position)
			VALUES `+wrong)
		if err == nil {
			t.Errorf("the list takes %s", wrong)
		}
	}
}

func TestAdministratorsManageTheReasonsForRatings(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	f := models.RatingReasonFields{NameEn: " Rude\nanswers ", NameZhCN: "无礼", MinStars: 1, MaxStars: 2}
	_, err := h.AddRatingReason(t.Context(), anna, f)
	h.refused(err, "role_required")
	for _, wrong := range []models.RatingReasonFields{
		{MinStars: 1, MaxStars: 2},
		{NameEn: "A", MinStars: 0, MaxStars: 2},
		{NameEn: "A", MinStars: 3, MaxStars: 2},
		{NameEn: "A", MinStars: 3, MaxStars: 6},
		{NameEn: strings.Repeat("a", 41), MinStars: 1, MaxStars: 2},
	} {
		_, err := h.AddRatingReason(t.Context(), admin, wrong)
		h.refused(err, "validation_failed")
	}
	r, err := h.AddRatingReason(t.Context(), admin, f)
	h.must(err)
	if r.NameEn != "Rude answers" || r.RetiredAt != nil {
		t.Errorf("it was added as %+v", r)
	}
	h.must(h.MoveRatingReason(t.Context(), admin, r.ID, 1))
	h.refused(h.MoveRatingReason(t.Context(), admin, 9_999, 1), "rating_reason_not_found")
	h.refused(h.MoveRatingReason(t.Context(), admin, r.ID, 0), "validation_failed")
	reasons, err := h.RatingReasons(t.Context())
	h.must(err)
	if reasons[0].ID != r.ID || len(reasons) != 10 {
		t.Errorf("the list begins with %+v and has %d reasons", reasons[0], len(reasons))
	}
	h.must(h.RetireRatingReason(t.Context(), admin, r.ID, true))
	h.refused(h.MoveRatingReason(t.Context(), admin, r.ID, 1), "rating_reason_not_found")
	for range 21 {
		_, err = h.AddRatingReason(t.Context(), admin, f)
		h.must(err)
	}
	_, err = h.AddRatingReason(t.Context(), admin, f)
	h.refused(err, "too_many_rating_reasons")
	h.refused(h.RetireRatingReason(t.Context(), admin, r.ID, false), "too_many_rating_reasons")
	rows, _, err := h.AuditLog(t.Context(), admin, models.AuditFilter{Action: models.AuditRatingReasonAdded})
	h.must(err)
	if len(rows) == 0 || rows[len(rows)-1].SubjectName != "Rude answers" {
		t.Errorf("the audit log has %d rows", len(rows))
	}
}
