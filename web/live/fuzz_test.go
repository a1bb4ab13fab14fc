package live

import (
	"bufio"
	"maps"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// FuzzCursor checks that a valid cursor is unchanged after writing and reading it, and never exceeds the allowed length.
func FuzzCursor(f *testing.F) {
	for _, c := range []cursor{
		{at: time.Unix(0, 0)},
		{at: time.Unix(1_700_000_000, 0), chats: map[string]position{
			"01890a5d-ac96-774b-bcce-b302099a8057": {version: 7, ended: true},
		}},
		{at: time.Unix(1, 0), chats: map[string]position{
			"a": {}, "seventeen-bytes-x": {version: 1 << 60}, strings.Repeat("x", 50): {version: 1},
		}},
	} {
		f.Add(c.String())
	}
	for _, text := range []string{
		"", "0", "from-the-start", "AQ", "AQA", "AQAB", "AQARAA", "AgA", "AQD_____________AQ",
		"AQABYQD_", "AQAzYWJj", "!!", "AQABIAA", "AQA==", "\x00", "中文",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCursor(text)
		if err != nil {
			if len(c.chats) > 0 || !c.at.IsZero() {
				t.Errorf("%q cannot be read and yet gives %+v", text, c)
			}
			return
		}
		if len(c.chats) > maxCursorChats {
			t.Errorf("%d chats", len(c.chats))
		}
		for id, p := range c.chats {
			if id == "" || len(id) > 50 || p.version < 0 {
				t.Errorf("chat %q at %d", id, p.version)
			}
		}
		again, err := parseCursor(c.String())
		if err != nil || !again.at.Equal(c.at) || !maps.Equal(again.chats, c.chats) {
			t.Errorf("%+v came back as %+v, %v", c, again, err)
		}
	})
}

// FuzzEventWriter checks that two events with any content are read back as the same two events.
func FuzzEventWriter(f *testing.F) {
	for _, data := range []string{
		"", "plain", "a\nb", "a\r\nb", "a\rb", "\n", "\r\n\r\n",
		"end\n\nevent: forged\ndata: x\n\n", "id: forged", ": comment", "data: x", " leading", "\x00", "\xff", "中\u2028文",
	} {
		f.Add(data, `{"second":true}`)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		w := httptest.NewRecorder()
		s := NewSSE(w)
		for i, data := range []string{first, second} {
			if err := s.Send(Frame{Event: "part", Data: []byte(data)}, []string{"one", "two"}[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Heartbeat(); err != nil {
			t.Fatal(err)
		}
		got := readEvents(w.Body.String())
		want := []readEvent{{"part", "one", plainBreaks(first)}, {"part", "two", plainBreaks(second)}}
		if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("%q and %q are read as %q", first, second, got)
		}
	})
}

type readEvent struct{ name, id, data string }

func plainBreaks(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// readEvents parses a stream according to the standard: any of three line ends, one space after the colon, data joined by line feeds.
func readEvents(stream string) (events []readEvent) {
	var now readEvent
	var data []string
	for lines := bufio.NewScanner(strings.NewReader(plainBreaks(stream))); lines.Scan(); {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			if data != nil {
				now.data = strings.Join(data, "\n")
				events = append(events, now)
			}
			now, data = readEvent{id: now.id}, nil
		case field == "event":
			now.name = value
		case field == "id":
			now.id = value
		case field == "data":
			data = append(data, value)
		}
	}
	return events
}
