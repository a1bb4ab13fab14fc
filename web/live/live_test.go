package live

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/models"
)

func TestACursorSurvivesTheWire(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	sent := cursor{at: at, chats: map[string]position{
		"01890a5d-ac96-774b-bcce-b302099a8057": {version: 7},
		"chat-of-another-form":                 {version: 1 << 40, ended: true},
		strings.Repeat("x", 50):                {},
		"seventeen-bytes-x":                    {version: 3},
	}}
	got, err := parseCursor(sent.String())
	if err != nil || !got.at.Equal(at) || len(got.chats) != len(sent.chats) {
		t.Fatalf("came back as %+v, %v", got, err)
	}
	for id, p := range sent.chats {
		if got.chats[id] != p {
			t.Errorf("%s came back as %+v, want %+v", id, got.chats[id], p)
		}
	}
	whole := sent.String()
	for n := range len(whole) {
		if c, err := parseCursor(whole[:n]); err == nil && len(c.chats) >= len(sent.chats) {
			t.Errorf("cut at %d it is still whole", n)
		}
	}
	many := cursor{at: at, chats: map[string]position{}}
	for i := range maxCursorChats + 1 {
		many.chats[strings.Repeat("y", 1+i%40)+strings.Repeat("z", 1+i/40)] = position{version: 1}
	}
	if _, err := parseCursor(many.String()); len(many.chats) > maxCursorChats && err == nil {
		t.Error("a cursor of more chats than one can have is taken")
	}
}

func TestNothingInTheDataCanForgeAnEvent(t *testing.T) {
	w := httptest.NewRecorder()
	s := NewSSE(w)
	for _, data := range []string{"plain", "two\nlines", "windows\r\nlines", "old\rlines", "end\n\nevent: forged\ndata: x\n\n"} {
		w.Body.Reset()
		if err := s.Send(Frame{Event: "part", Data: []byte(data)}, "id-1"); err != nil {
			t.Fatal(err)
		}
		if err := s.Flush(); err != nil {
			t.Fatal(err)
		}
		body := strings.TrimPrefix(w.Body.String(), "retry: 2000\n\n")
		if strings.Count(body, "\n\n") != 1 || !strings.HasSuffix(body, "\n\n") || strings.ContainsRune(body, '\r') {
			t.Errorf("%q became %q", data, body)
		}
		lines := strings.Split(strings.TrimSuffix(body, "\n\n"), "\n")
		if lines[0] != "id: id-1" || lines[1] != "event: part" {
			t.Errorf("%q begins with %q", data, lines[:2])
		}
		for _, line := range lines[2:] {
			if !strings.HasPrefix(line, "data: ") {
				t.Errorf("%q makes the line %q", data, line)
			}
		}
	}
}

func TestTheCauseExplainsTheMove(t *testing.T) {
	at := func(position, seconds int) models.QueueStatus {
		return models.QueueStatus{Position: position, Estimate: models.Estimate{Known: true, Seconds: seconds}}
	}
	all := []models.QueueCause{
		models.CauseAgentOff, models.CauseJoined, models.CauseReturned, models.CauseLeft, models.CauseAgentOn, models.CauseHelped,
	}
	for _, c := range []struct {
		before, now models.QueueStatus
		causes      []models.QueueCause
		want        models.QueueCause
	}{
		{at(3, 90), at(2, 60), all, models.CauseHelped},
		{at(3, 90), at(2, 60), []models.QueueCause{models.CauseJoined, models.CauseLeft}, models.CauseLeft},
		{at(2, 60), at(3, 90), all, models.CauseReturned},
		{at(2, 60), at(2, 30), all, models.CauseAgentOn},
		{at(2, 60), at(2, 90), all, models.CauseAgentOff},
		{at(3, 90), at(2, 60), []models.QueueCause{models.CauseJoined}, ""},
		{at(3, 90), at(2, 60), nil, ""},
	} {
		if got := mainCause(c.before, c.now, c.causes); got != c.want {
			t.Errorf("from %d to %d by %v: %q, want %q", c.before.Position, c.now.Position, c.causes, got, c.want)
		}
	}
}

func TestASlowStreamRepairs(t *testing.T) {
	s := &subscription{wake: make(chan struct{}, 1)}
	for range maxPending {
		s.push(signal{})
	}
	if signals, needsRepair, _ := s.take(); len(signals) != maxPending || needsRepair {
		t.Errorf("%d signals, repair %v", len(signals), needsRepair)
	}
	for range maxPending + 2 {
		s.push(signal{})
	}
	if signals, needsRepair, _ := s.take(); len(signals) > 1 || !needsRepair {
		t.Errorf("after too many: %d signals, repair %v", len(signals), needsRepair)
	}
	s.end(Replaced)
	s.end(SignedOut)
	if _, _, reason := s.take(); reason != Replaced {
		t.Errorf("ended as %q", reason)
	}
}
