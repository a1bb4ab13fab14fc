package models_test

import (
	"math"
	"testing"
	"time"

	"parley/models"
)

func TestTheWaitOfTheFirstInTheQueueIsExponential(t *testing.T) {
	t.Parallel()
	m := models.WaitModel{Slots: 4, Handling: 400 * time.Second, AbandonRate: 0.01} // one chat ends every 100 s
	got := m.Wait(1)
	for name, pair := range map[string][2]float64{
		"10th percentile": {got.Low.Seconds(), -100 * math.Log(0.9)},
		"median":          {got.Median.Seconds(), 100 * math.Ln2},
		"90th percentile": {got.High.Seconds(), -100 * math.Log(0.1)},
	} {
		if math.Abs(pair[0]-pair[1]) > 0.01*pair[1] {
			t.Errorf("the %s is %.2f s, not %.2f", name, pair[0], pair[1])
		}
	}
	for _, turns := range []int{0, -3} {
		if got := m.Wait(turns); got != (models.WaitRange{}) {
			t.Errorf("turn %d waits %+v", turns, got)
		}
	}
}

func TestThoseWhoLeaveShortenTheWait(t *testing.T) {
	t.Parallel()
	stays := models.WaitModel{Slots: 20, Handling: 8 * time.Minute}
	leaves := stays
	leaves.AbandonRate = 1.0 / 300
	if a, b := stays.Wait(40), leaves.Wait(40); b.Median >= a.Median || b.High >= a.High {
		t.Errorf("with users who leave %+v, without %+v", b, a)
	}
	// A user far back waits for the others to end or to leave: Σ 1/(μ+nθ), here in closed form ln((μ+nθ)/μ)/θ.
	rate := 20.0 / 480
	want := 300 * math.Log((rate+100_000.0/300)/rate)
	if got := leaves.Wait(100_000).Median.Seconds(); math.Abs(got-want) > 0.02*want {
		t.Errorf("position 100,000 waits %.0f s, not %.0f", got, want)
	}
}

func TestTheSumOfManyTurnsHasNoStep(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{0, 1e-9, 1.0 / 600, 0.1} {
		m := models.WaitModel{Slots: 10, Handling: 5 * time.Minute, AbandonRate: rate}
		added := func(turns int) float64 { return (m.Wait(turns).Median - m.Wait(turns-1).Median).Seconds() }
		before := added(395)
		for turns := 396; turns < 420; turns++ {
			now := added(turns)
			if now <= 0 || math.Abs(now-before) > 0.01*before {
				t.Errorf("leaving at %g: turn %d adds %.4f s, the one before %.4f", rate, turns, now, before)
			}
			before = now
		}
	}
}

func TestThePercentilesHaveNoStepWhereTheyAreApproximated(t *testing.T) {
	t.Parallel()
	m := models.WaitModel{Slots: 10, Handling: 5 * time.Minute} // the shape is the turn
	for turns := 15; turns < 25; turns++ {
		before, now := m.Wait(turns-1), m.Wait(turns)
		for name, added := range map[string]time.Duration{
			"10th": now.Low - before.Low, "50th": now.Median - before.Median, "90th": now.High - before.High,
		} {
			if added < 24*time.Second || added > 38*time.Second {
				t.Errorf("turn %d adds %s to the %s percentile", turns, added, name)
			}
		}
	}
}

// The handling time of a department counts once enough of its chats have ended, and so does the rate at which its users leave.
func TestEachQueueIsEstimatedFromItsOwnChats(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	for _, slug := range []string{"cards", "loans", "new"} {
		_, err := h.AddDepartment(t.Context(), admin, slug, slug)
		h.must(err)
	}
	anna := h.agent("anna", 1, "cards", "loans", "new")
	h.user("past")
	served := func(department string, n int, waited, handling string) {
		h.exec(`INSERT INTO chats (id, user_id, department, status, queued_at, created_at, user_seen_at, agent_id, assigned_at,
				first_assigned_at, ended_at, ended_reason, ended_type)
			SELECT gen_random_uuid(), 'past', ?, 'ended', at, at, at, ?, at + ?::interval, at + ?::interval,
				at + ?::interval + ?::interval, 'user_ended', 'manual'
			FROM (SELECT now() - interval '1 day' AS at FROM generate_series(1, ?)) x`,
			department, anna.ID, waited, waited, waited, handling, n)
	}
	served("cards", 60, "0 s", "100 s")
	served("loans", 30, "300 s", "1000 s")
	h.exec(`INSERT INTO chats (id, user_id, department, status, queued_at, created_at, user_seen_at, ended_at, ended_reason, ended_type)
		SELECT gen_random_uuid(), 'past', 'loans', 'ended', at, at, at, at + interval '300 s', 'cancelled', 'manual'
		FROM (SELECT now() - interval '1 day' AS at FROM generate_series(1, 30)) x`)
	for department, want := range map[string]models.WaitModel{
		"cards": {Slots: 1, Handling: 100 * time.Second, AbandonRate: 30.0 / (60 * 300)}, // too few waited: as in all queues
		"loans": {Slots: 1, Handling: 1000 * time.Second, AbandonRate: 30.0 / (60 * 300)},
		"new":   {Slots: 1, Handling: 400 * time.Second, AbandonRate: 30.0 / (60 * 300)}, // all: 60 of 100 s, 30 of 1,000 s
	} {
		h.askFor("busy-"+department, department)
		got, expected := h.askFor("waits-"+department, department).Queue, want.Wait(1)
		if got.Position > 1 {
			expected = want.Wait(got.Position)
		}
		if math.Abs(float64(got.Estimate.Seconds)-expected.Median.Seconds()) > 2 ||
			math.Abs(float64(got.Estimate.HighSeconds)-expected.High.Seconds()) > 2 {
			t.Errorf("%s: at %d the wait is %+v, not %+v", department, got.Position, got.Estimate, expected)
		}
		if c := h.chat(got.ChatID); c.EstimatedLowSeconds == nil || c.EstimatedHighSeconds == nil ||
			*c.EstimatedHighSeconds != got.Estimate.HighSeconds {
			t.Errorf("%s: stored are %v to %v", department, c.EstimatedLowSeconds, c.EstimatedHighSeconds)
		}
	}
}
