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

// Slots that are known to come or to go change the part of a wait that is left then, and nothing before.
func TestAWaitKnowsWhenSlotsComeAndGo(t *testing.T) {
	t.Parallel()
	m := models.WaitModel{Slots: 2, Handling: 10 * time.Minute} // one chat ends every 5 minutes
	plain := m.Wait(3)
	with := func(c ...models.SlotChange) models.WaitRange {
		changed := m
		changed.Changes = c
		return changed.Wait(3)
	}
	near := func(what string, got, want time.Duration) {
		t.Helper()
		if math.Abs((got - want).Seconds()) > 1 {
			t.Errorf("%s: %s, not %s", what, got, want)
		}
	}
	if got := with(models.SlotChange{After: plain.High + time.Second, Slots: 5, Free: 5}); got != plain {
		t.Errorf("a change after the range makes it %+v, before it was %+v", got, plain)
	}
	got := with(models.SlotChange{After: plain.Median, Slots: 5, Free: 5})
	if got.Low != plain.Low || got.Median != plain.Median {
		t.Errorf("what comes before the change is %+v, not %+v", got, plain)
	}
	near("free slots end every wait", got.High, plain.Median)
	// Twice the slots, none of them free: the rest takes half as long.
	after := 2 * time.Minute
	got = with(models.SlotChange{After: after, Slots: 2})
	near("twice the slots", got.Median, after+(plain.Median-after)/2)
	// Two changes of the same size that cancel each other leave a pause in which nothing is gained.
	got = with(models.SlotChange{After: after, Slots: 2}, models.SlotChange{After: after, Slots: -2})
	near("a change that is taken back at once", got.Median, plain.Median)
	// One slot of two goes: first one of two chats ends, then one after another.
	got = with(models.SlotChange{After: after, Slots: -1, Free: -1})
	first := time.Duration(float64(plain.Median) / 3) // one of three steps at the same pace
	near("half the slots", got.Median, after+first+2*(plain.Median-after))
	over := m
	over.Over = 1 // of three chats one ends, then the turns
	near("a chat beyond the capacity", over.Wait(300).Median-m.Wait(300).Median, 10*time.Minute/3)

	if got.Low > got.Median || got.Median > got.High {
		t.Errorf("the range is %+v", got)
	}
	far := models.WaitModel{
		Slots: 10, Handling: 5 * time.Minute, AbandonRate: 1.0 / 600, Changes: []models.SlotChange{{After: time.Minute, Slots: 10}},
	}
	for turns := 395; turns < 2000; turns += 5 { // no step where positions go in blocks
		if a, b := far.Wait(turns).Median, far.Wait(turns+1).Median; b < a || b-a > a/100 {
			t.Fatalf("turn %d takes %s and the next one %s", turns, a, b)
		}
	}
}

// An agent on a break counts from its planned end, a temporary capacity until its end, and an agent with the last chats not at all.
func TestEstimatesKnowWhoComesAndGoes(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 1)
	h.ask("active")
	h.ask("first")
	estimate := func() models.Estimate {
		t.Helper()
		s, err := h.QueueStatus(t.Context(), "first")
		h.must(err)
		return s.Estimate
	}
	alone := estimate()
	if alone.LowSeconds != 31 || alone.Seconds != 208 || alone.HighSeconds != 691 {
		t.Fatalf("one slot of five minutes: %+v", alone)
	}
	bob := h.staff("bob", models.RoleAgent)
	h.choose(bob, models.PresenceChoice{Detail: models.DetailLastChats})
	if got := estimate(); got != alone {
		t.Errorf("an agent with the last chats makes it %+v", got)
	}
	lunch := h.reason("Lunch").ID
	h.choose(bob, models.PresenceChoice{Detail: models.DetailBreak, ReasonID: lunch, Minutes: 5})
	if got := estimate(); got.LowSeconds != 31 || got.Seconds != 208 || got.HighSeconds < 290 || got.HighSeconds > 300 {
		t.Errorf("with an agent who is back in five minutes: %+v", got)
	}
	h.choose(bob, models.PresenceChoice{Detail: models.DetailBreak, ReasonID: lunch, Minutes: 1})
	if got := estimate(); got.LowSeconds != 31 || got.Seconds < 55 || got.Seconds > 60 || got.HighSeconds > 60 {
		t.Errorf("with an agent who is back in a minute: %+v", got)
	}
	h.exec(`UPDATE agents SET break_ends_at = clock_timestamp() - interval '1 second' WHERE id = ?`, bob.ID)
	if got := estimate(); got != alone {
		t.Errorf("a break that is over makes it %+v", got)
	}
	h.choose(bob, models.PresenceChoice{Detail: models.DetailOffline})

	h.exec(`UPDATE agents SET max_concurrent = 2, regular_max = 1, max_until = clock_timestamp() + interval '5 minutes', load = 2
		WHERE id = ?`, anna.ID)
	short := estimate()
	if short.Seconds != 104 || short.HighSeconds <= 345 {
		t.Errorf("two slots, one of them for five minutes: %+v", short)
	}
	h.exec(`UPDATE agents SET max_concurrent = 1, regular_max = NULL, max_until = NULL WHERE id = ?`, anna.ID)
	if got := estimate(); got.Seconds < alone.Seconds+140 {
		t.Errorf("an agent with a chat too many ends two before there is room: %+v", got)
	}
}
