package chat

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

func TestArrangeEndsAGroupWhenAnythingAboutItChanges(t *testing.T) {
	at := time.Date(2026, 11, 23, 14, 5, 10, 0, time.UTC)
	said := []Message{
		{ID: 1, From: FromUser, Mine: true, Status: "read", At: at},
		{ID: 2, From: FromUser, Mine: true, Status: "read", At: at.Add(20 * time.Second)},
		{ID: 3, From: FromUser, Mine: true, Status: "sent", At: at.Add(30 * time.Second)},
		{ID: 4, From: FromUser, Mine: true, Status: "sent", At: at.Add(60 * time.Second)},
		{ID: 5, From: FromAgent, Name: "Anna", At: at.Add(61 * time.Second)},
		{ID: 6, From: FromAgent, Name: "Anna", At: at.Add(62 * time.Second)},
		{ID: 7, From: FromAgent, Name: "Ben", At: at.Add(63 * time.Second)},
	}
	var ends []int64
	for _, m := range arrange(said) {
		if m.end {
			ends = append(ends, m.ID)
		}
	}
	if want := []int64{2, 3, 4, 6, 7}; len(ends) != len(want) || !equal(ends, want) {
		t.Errorf("groups end at %v, want %v", ends, want)
	}
}

func equal(a, b []int64) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestBubbleCarriesWhatTheScriptsNeed(t *testing.T) {
	m := Message{
		ID: 12, ChatID: "c1", ClientID: "x-1", From: FromUser, Mine: true, To: "Anna", Text: "two\n  lines", Status: "delivered",
		At: time.Date(2026, 11, 23, 14, 5, 0, 0, time.UTC),
	}
	var out bytes.Buffer
	if err := Bubble(m).Render(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), " else") {
		t.Errorf("the bubble has an attribute that is none:\n%s", out.String())
	}
	for _, part := range []string{
		`id="m-12"`, `data-id="12"`, `data-chat="c1"`, `data-client-id="x-1"`, `data-from="user"`, `data-status="delivered"`,
		`data-at="2026-11-23T14:05:00.000Z"`, "two\n  lines</div>", "On Anna’s screen",
	} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the bubble lacks %s:\n%s", part, out.String())
		}
	}
}
