package web_test

import (
	"encoding/json"
	"strings"
	"testing"

	"parley/models"
)

// The field and the server use the same definition of a blank text: neither accepts it.
func TestAnInvisibleTextCannotBeSent(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	agent, _ := s.online("anna")
	user := visit(t, s)
	user.send("First")
	user.sees("#w-head", "anna")
	chat := s.onlyChat(agent)
	bench := newBrowser(t)
	bench.signIn(s, "anna", "/workbench")
	bench.pick()
	bench.sees("#composer-text")
	texts := []string{
		"",
		" \n",
		"\u200b",
		"\u3164",
		"\u2800 ",
		"\ufeff",
		"\u115f\u1160",
		"\u17b4",
		"\ufe0f",
		"\U000e0100",
		"\u200e\u202e\u2066",
		"\U000e0041",
		"\u00ad",
		"\u034f",
		"\ufff9",
		"\U000e0001\u200d",
		"a",
		"\u200b.",
		"您",
		"\u0600",
		"🇧🇷",
		"\u0301",
		"\ufffd",
		"·",
	}
	for _, text := range texts {
		encoded, err := json.Marshal(text)
		s.must(err)
		for who, screen := range map[string]*browser{"the user": user, "the agent": bench} {
			off, err := eval[bool](screen, `(() => { const field = root.querySelector("#composer-text"); field.value = `+string(encoded)+`;
				field.dispatchEvent(new Event("input", { bubbles: true }));
				const off = field.form.querySelector("[type=submit]").disabled; field.value = ""; field.dispatchEvent(new Event("input", { bubbles: true })); return off; })()`)
			s.must(err)
			if off != models.IsBlank(text) {
				t.Errorf("with %+q the button of %s is off: %v", text, who, off)
			}
		}
	}
	user.send("\u3164\u200b")
	user.send("Second")
	bench.sees(theirs, "Second")
	messages, err := s.desk.Messages(t.Context(), models.AgentActor(agent), chat.ID, 0, 10)
	s.must(err)
	var said []string
	for _, m := range messages {
		if m.Type == models.Text {
			said = append(said, m.Content)
		}
	}
	if strings.Join(said, "|") != "First|Second" {
		t.Errorf("%q was sent", said)
	}
}
