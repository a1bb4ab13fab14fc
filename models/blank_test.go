package models_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"parley/models"
)

// invisible are texts without visible characters.
var invisible = []string{
	"",
	" ",
	"\n\t",
	"\u200b",
	"\u200b\u200b \u200b",
	"\u3164",
	"\u2800",
	"\ufeff",
	"\u115f",
	"\u1160",
	"\u115f\u1160",
	"\uffa0",
	"\u17b4",
	"\u17b5",
	"\u180e",
	"\u180b",
	"\u00ad",
	"\u034f",
	"\ufe0f",
	"\U000e0100",
	"\u200e",
	"\u200f",
	"\u061c",
	"\u202a\u202c",
	"\u2066\u2069",
	"\u2060",
	"\u2061",
	"\u2063",
	"\u206a",
	"\u200c\u200d",
	"\U000e0001\U000e0041",
	"\U0001d159",
	"\U0001d173",
	"\u00a0\u3000\u2003",
	"\ufff9\ufffb",
	"\x1b",
	"\u2028",
	"\u2065",
	"\u2800\n\u3164",
}

var visible = []string{
	"a", ".", "\u200b.", "您", "ㅤ한", "\u0600", "🇧🇷", "👩\u200d💻", "0\ufe0f\u20e3", "\ufffd", "\u0301", "ـ", "·", "\u3164x", "⠁", "-",
}

func TestInvisibleTextsAreBlank(t *testing.T) {
	t.Parallel()
	for _, text := range invisible {
		if !models.IsBlank(text) {
			t.Errorf("%+q is not blank", text)
		}
	}
	for _, text := range visible {
		if models.IsBlank(text) {
			t.Errorf("%+q is blank", text)
		}
	}
}

func TestTheBeginningOfATextHasWholeCharacters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "abc"},
		{"", 3, ""},
		{"您好吗", 2, "您好"},
		{"a🇧🇷b", 2, "a"},
		{"a🇧🇷b", 3, "a🇧🇷"},
		{"ae\u0301x", 2, "a"},
		{"ae\u0301x", 3, "ae\u0301"},
		{"x👩\u200d👩\u200d👧y", 4, "x"},
		{"x👩\u200d👩\u200d👧y", 6, "x👩\u200d👩\u200d👧"},
		{"a\r\nb", 2, "a"},
		{"e" + strings.Repeat("\u0301", 50), 3, "e\u0301\u0301"},
		{"한국", 1, "한"},
	} {
		if got := models.Beginning(c.text, c.most); got != c.want {
			t.Errorf("the first %d of %+q are %+q, want %+q", c.most, c.text, got, c.want)
		}
	}
}

// Invisible text is not stored: in a required field it is refused as missing, in any other field it counts as empty.
func TestInvisibleTextsCountAsEmpty(t *testing.T) {
	t.Parallel()
	h, anna, u, chat := talking(t)
	ended := h.ask("v").Chat.ID
	if _, err := h.End(t.Context(), anna, ended, "\u3164"); err != nil {
		t.Fatal(err)
	}
	if note := h.chat(ended).EndComment; note != nil {
		t.Errorf("the outcome is %+q", *note)
	}
	h.must(h.Rate(t.Context(), models.UserActor("v"), ended, 4, "\u200b\u2800"))
	if comment := h.chat(ended).RatingComment; comment != nil {
		t.Errorf("the comment of the rating is %+q", *comment)
	}
	for _, text := range invisible {
		missing := func(field string, err error) {
			t.Helper()
			var refused *models.Error
			if !errors.As(err, &refused) || refused.Fields[field] != "required" {
				t.Errorf("%+q as %s: %v", text, field, err)
			}
		}
		_, _, err := h.Send(t.Context(), u, chat, models.NewMessage{Content: text})
		missing("content", err)
		_, _, err = h.Send(t.Context(), anna, chat, models.NewMessage{Content: text})
		missing("content", err)
		_, err = h.AddNote(t.Context(), anna, chat, text)
		missing("content", err)
		_, err = h.AddAgent(
			t.Context(),
			admin,
			models.NewAgent{Email: "x@example.com", Name: text, Password: "correct horse", Role: models.RoleAgent, MaxConcurrent: 5},
		)
		missing("name", err)
		_, err = h.UpdateAgent(t.Context(), admin, anna.ID, models.AgentChange{Name: &text})
		missing("name", err)
		_, err = h.AddDepartment(t.Context(), admin, "cards", text)
		missing("name", err)
	}
	for i, text := range invisible {
		a, err := h.Assign(t.Context(), h.user("w"+strconv.Itoa(i)).ID, models.AssignRequest{Message: text, PageTitle: text})
		h.must(err)
		if a.Message != nil || a.Chat.PageTitle != nil {
			t.Errorf("%+q is a first message: %v, or a title: %v", text, a.Message, a.Chat.PageTitle)
		}
		named, err := h.EnsureUser(t.Context(), models.Identity{ID: "n" + strconv.Itoa(i), Name: text, Verified: true})
		h.must(err)
		if named.Name != nil {
			t.Errorf("%+q is a name", text)
		}
	}
}
