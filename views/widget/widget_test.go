package widget

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"parley/views/chat"
	"parley/views/text"
	"parley/views/ui"
)

func TestTheLineOfPeopleHasAtMostSixMarks(t *testing.T) {
	for _, c := range []struct {
		place, behind int
		want          string
	}{
		{1, 0, "you"},
		{1, 9, "you behind behind behind behind behind"},
		{3, 1, "ahead ahead you behind"},
		{6, 3, "ahead ahead ahead ahead ahead you"},
		{7, 3, "more:2 ahead ahead ahead ahead you"},
		{40, 0, "more:35 ahead ahead ahead ahead you"},
	} {
		var got []string
		for _, p := range (Queue{Position: c.place, Behind: c.behind}).pips() {
			if p.kind == "more" {
				got = append(got, "more:"+number(float64(p.more)))
				continue
			}
			got = append(got, p.kind)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("place %d with %d behind: %v, want %s", c.place, c.behind, got, c.want)
		}
	}
}

func TestUnknownNumbersAreNotShown(t *testing.T) {
	since := time.Now().Add(-2 * time.Minute)
	for _, c := range []struct {
		name        string
		queue       Queue
		has, hasNot []string
	}{
		{
			"known",
			Queue{Position: 3, Since: since, Known: true, Low: 3 * time.Minute, High: 6 * time.Minute},
			[]string{"You are number 3, about 3–6 min", "Your turn in about"},
			[]string{"We cannot estimate"},
		},
		{"unknown", Queue{Position: 3, Since: since}, []string{"You are number 3", "We cannot estimate your wait yet"}, []string{" min<", "Your turn"}},
		{"no agent online", Queue{Position: 3, Since: since, NoAgentOnline: true}, []string{"Your question is saved"}, []string{"number 3", "Your position: 3", " min<"}},
	} {
		page := render(t, Panel{State: Waiting, ChatID: "c", Queue: &c.queue, Thread: chat.Thread{Me: chat.FromUser}})
		for _, said := range c.has {
			if !strings.Contains(page, said) {
				t.Errorf("%s: the panel lacks %q", c.name, said)
			}
		}
		for _, said := range c.hasNot {
			if strings.Contains(page, said) {
				t.Errorf("%s: the panel says %q", c.name, said)
			}
		}
	}
}

func TestAPartIsTheSameInThePageAndInTheStream(t *testing.T) {
	p := Panel{
		State:  Ended,
		ChatID: "c",
		End:    &End{Kind: "by_agent", Name: "Anna", At: time.Now(), CanRate: true},
		Thread: chat.Thread{Me: chat.FromUser},
	}
	page := render(t, p)
	var parts bytes.Buffer
	if err := Sheet(p).Render(context.Background(), &parts); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page, parts.String()) {
		t.Error("the page draws the sheet differently from its part")
	}
	if !strings.Contains(page, "How was your chat with Anna?") || strings.Count(page, `name="rating"`) != 9 {
		t.Error("the sheet does not ask for a rating in halves from 1 to 5")
	}
}

func TestEveryReasonAndEndHasWords(t *testing.T) {
	for _, lang := range []string{text.English, text.Chinese} {
		ctx := text.With(context.Background(), lang)
		for _, kind := range []string{"helped", "left", "moved_up", "agent_on", "agent_off", "returned", "priority", "moved_back", "kept_place", "you_returned"} {
			if said := (Reason{Kind: kind, From: 4, To: 3, Name: "Anna"}).text(
				ctx,
			); strings.HasPrefix(said, "widget.") ||
				strings.Contains(said, "<no value>") {
				t.Errorf("%s, reason %s: %q", lang, kind, said)
			}
		}
		for _, kind := range []string{"user_idle", "agent_idle", "by_you", "by_agent", "cancelled", "abandoned", "closed"} {
			if said := (End{Kind: kind, Name: "Anna"}).text(
				ctx,
			); strings.HasPrefix(said, "widget.") ||
				strings.Contains(said, "<no value>") {
				t.Errorf("%s, end %s: %q", lang, kind, said)
			}
		}
	}
}

func TestASilentAgentIsNotTheUsersFault(t *testing.T) {
	until := time.Now().Add(time.Minute)
	for _, c := range []struct {
		idle        Idle
		has, hasNot []string
	}{
		{Idle{}, []string{"Still there?", "Waiting for you", "I’m still here"}, []string{"has not answered yet"}},
		{Idle{AwaitingReply: true}, []string{"Anna has not answered yet", "the chat ends", "Keep waiting"}, []string{"Still there?", "Waiting for you", "I’m still here"}},
		{Idle{AwaitingReply: true, Returns: true}, []string{"Anna has not answered yet", "front of the queue"}, []string{"the chat ends"}},
	} {
		c.idle.Until = until
		var out bytes.Buffer
		p := Panel{State: Active, ChatID: "c", Agent: &Agent{Name: "Anna"}, Idle: &c.idle}
		for _, part := range []templ.Component{Head(p), Countdown(p), Now(p)} {
			if err := part.Render(context.Background(), &out); err != nil {
				t.Fatal(err)
			}
		}
		for _, said := range c.has {
			if !strings.Contains(out.String(), said) {
				t.Errorf("%+v lacks %q", c.idle, said)
			}
		}
		for _, said := range c.hasNot {
			if strings.Contains(out.String(), said) {
				t.Errorf("%+v says %q", c.idle, said)
			}
		}
	}
}

func render(t *testing.T, p Panel) string {
	t.Helper()
	var out bytes.Buffer
	if err := Page(ui.Page{Framed: true}, p).Render(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// A range that is too wide to help is a class in words, here and in the line of the header.
func TestAWideRangeIsAClass(t *testing.T) {
	for _, c := range []struct {
		low, median, high time.Duration
		want              string
	}{
		{3 * time.Minute, 4 * time.Minute, 9 * time.Minute, "3–9 min"},
		{0, time.Minute, 4 * time.Minute, " 4 min"},
		{0, 20 * time.Second, 50 * time.Second, "less than a minute"},
		{4 * time.Minute, 8 * time.Minute, 12 * time.Minute, "4–12 min"},
		{3 * time.Minute, 6 * time.Minute, 12 * time.Minute, "in a few minutes"},
		{0, time.Minute, 12 * time.Minute, "shortly"},
		{5 * time.Minute, 20 * time.Minute, 40 * time.Minute, "later than usual"},
	} {
		q := Queue{Position: 3, Known: true, Low: c.low, Median: c.median, High: c.high}
		page := render(t, Panel{State: Waiting, ChatID: "c", Queue: &q, Thread: chat.Thread{Me: chat.FromUser}})
		if strings.Count(page, c.want) < 2 {
			t.Errorf("%v to %v: %q is not shown twice", c.low, c.high, c.want)
		}
	}
}
