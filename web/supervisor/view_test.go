package supervisor

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/models"
	view "parley/views/supervisor"
	"parley/web/kit"
)

func TestTheDayIsGatheredSoThatItStaysATable(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	minutes := make([]models.MinuteSample, 24*60)
	for i := range minutes {
		minutes[i] = models.MinuteSample{
			Minute:             begin.Add(time.Duration(i) * time.Minute),
			Waiting:            i % 10,
			LongestWaitSeconds: i % 10,
			AgentsOnline:       2,
		}
	}
	minutes = slices.Delete(minutes, 100, 200) // Parley did not run
	day := dayView(context.Background(), minutes)
	if day.Step != 5*time.Minute || len(day.Rows) != 288-20 {
		t.Fatalf("%d rows of %s", len(day.Rows), day.Step)
	}
	if got := day.Rows[0]; got.Waiting != 4 || got.Longest != 4*time.Second || got.Online != 2 {
		t.Errorf("the first five minutes are %+v", got)
	}
	for i := 1; i < len(day.Rows); i++ {
		if !day.Rows[i].At.After(day.Rows[i-1].At) {
			t.Fatalf("row %d comes at %s, after %s", i, day.Rows[i].At, day.Rows[i-1].At)
		}
	}
	if short := dayView(context.Background(), minutes[:30]); short.Step != time.Minute || len(short.Rows) != 30 {
		t.Errorf("half an hour is %d rows of %s", len(short.Rows), short.Step)
	}
	if none := dayView(context.Background(), nil); len(none.Rows) != 0 {
		t.Errorf("no minutes are %d rows", len(none.Rows))
	}
}

func TestALoadBarShowsTheMostUrgentFirst(t *testing.T) {
	now := time.Now()
	ago := func(s int) time.Time { return now.Add(-time.Duration(s) * time.Second) }
	h := &board{readAt: now, settings: models.DefaultSettings()}
	l := &models.AgentLoad{
		Agent:         models.Agent{MaxConcurrent: 6, Load: 5, Presence: models.Online, DesiredPresence: models.Online},
		AwaitingSince: []time.Time{ago(61), ago(59)}, Idle: 1,
	}
	if got := strings.Join(h.segments(l), " "); got != "late awaiting answered answered idle free" {
		t.Errorf("the bar is %s", got)
	}
	card := h.agentCard("en", l)
	if card.AwaitingReplySince == nil || card.Level != view.Late {
		t.Errorf("the longest unanswered is %v, %q", card.AwaitingReplySince, card.Level)
	}
	l.Agent.MaxConcurrent = 100
	if got := h.segments(l); len(got) != maxSegments {
		t.Errorf("a hundred slots are %d segments", len(got))
	}
}

func TestAnAgentOutOfContactSaysWhenTheChatsReturn(t *testing.T) {
	now := time.Now()
	h := &board{readAt: now, settings: models.DefaultSettings()}
	seen := now.Add(-time.Minute)
	card := h.agentCard("en",
		&models.AgentLoad{
			Agent: models.Agent{
				MaxConcurrent:     5,
				Presence:          models.Away,
				DesiredPresence:   models.Online,
				SeenAt:            seen,
				DesiredPresenceAt: now.Add(-time.Hour),
			},
		},
	)
	if !card.LostContact || !card.Since.Equal(seen) || !card.ReturnsAt.Equal(seen.Add(45*time.Second+3*time.Minute)) {
		t.Errorf("the card is %+v", card)
	}
	away := h.agentCard("en",
		&models.AgentLoad{Agent: models.Agent{MaxConcurrent: 5, Presence: models.Away, DesiredPresence: models.Away, SeenAt: seen}},
	)
	if away.LostContact {
		t.Error("an agent who chose away is shown as having lost contact")
	}
}

func TestALineThatIsCrossedIsNamed(t *testing.T) {
	ctx := context.Background()
	now := time.Now()
	waiting := func(n int, waited time.Duration) *board {
		return &board{
			readAt:           now,
			settings:         models.DefaultSettings(),
			departmentQueues: []models.DepartmentQueue{{Length: n, OldestAt: now.Add(-waited)}},
		}
	}
	for _, c := range []struct {
		h     *board
		tile  int
		level view.Level
		words string
	}{
		{waiting(5, 0), 0, view.Fine, ""},
		{waiting(6, 0), 0, view.Over, "over 5"},
		{waiting(1, 3*time.Minute), 1, view.Fine, ""},
		{waiting(1, 3*time.Minute+time.Second), 1, view.Over, "over 3:00"},
		{waiting(1, 4*time.Minute+time.Second), 1, view.Late, "over 4:00"},
	} {
		if got := c.h.tiles(ctx)[c.tile]; got.Level != c.level || got.ThresholdText != c.words {
			t.Errorf("%+v: %q %q, want %q %q", c.h.departmentQueues, got.Level, got.ThresholdText, c.level, c.words)
		}
	}
}

func TestAClosedWindowKeepsItsPlaceForAWhile(t *testing.T) {
	now := time.Now()
	h := &board{readAt: now, settings: models.DefaultSettings()}
	row := func(seen time.Duration) view.Waiting {
		return h.waitingRow(context.Background(), &models.QueueEntry{Chat: models.Chat{QueuedAt: now, UserSeenAt: now.Add(-seen)}})
	}
	if got := row(50 * time.Second); got.PositionKeptUntil != nil {
		t.Error("a window that is open is said to be closed")
	}
	if got := row(90 * time.Second); got.PositionKeptUntil == nil || !got.PositionKeptUntil.Equal(now.Add(5*time.Minute-90*time.Second)) {
		t.Errorf("the place is kept until %v", got.PositionKeptUntil)
	}
}

func TestOnlyPartsThatChangedAreSentAgain(t *testing.T) {
	ctx := context.Background()
	board := view.Board{Tiles: []view.Tile{{ID: "waiting", Number: "1"}}, Agents: view.Agents{Online: 1}}
	shown := draw(ctx, board)
	if got, err := draw(ctx, board).since(shown); len(got) != 0 || err != nil {
		t.Errorf("%q of a page that is as it was, %v", got, err)
	}
	board.Tiles = []view.Tile{{ID: "waiting", Number: "2"}}
	got, err := draw(ctx, board).since(shown)
	if html := string(got); err != nil || !strings.Contains(html, `id="tiles"`) || strings.Contains(html, `id="agents"`) {
		t.Errorf("%q for one tile, %v", html, err)
	}
	shown = draw(ctx, board)
	board.Bots = []view.Bot{{ID: "helper", Name: "Helper", State: "full", Chats: 3, Capacity: 3}}
	got, err = draw(ctx, board).since(shown)
	if html := string(got); err != nil || !strings.Contains(html, `id="bot-helper"`) || strings.Contains(html, `id="agents"`) {
		t.Errorf("%q for a bot, %v", html, err)
	}
	if got, err := draw(ctx, board).since(nil); !strings.Contains(string(got), `id="agents"`) || err != nil {
		t.Errorf("%q for a page that has nothing, %v", got, err)
	}
}

func TestNamesAreNoFormulas(t *testing.T) {
	for name, want := range map[string]string{"Anna": "Anna", "": "", "=1+1": "'=1+1", "@x": "'@x", "-1": "'-1", "陈": "陈"} {
		if got := kit.EscapeCSVCell(name); got != want {
			t.Errorf("%q became %q", name, got)
		}
	}
}
