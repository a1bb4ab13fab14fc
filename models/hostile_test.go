package models_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"parley/models"
)

// oddTexts are texts that people and programs send and that mean something to a parser, a database or a screen.
var oddTexts = []string{
	`'`,
	`''`,
	`\`,
	`\'`,
	`a'b`,
	`& | ! ( ) :* <->`,
	`a & !b`,
	`"exact phrase"`,
	`:agent:x`,
	`:reader:anna`,
	`foo:*`,
	`%`,
	`_`,
	`%_%`,
	`$1`,
	`?0`,
	`{}`,
	"\u202eabc",
	"\u2066a\u2069",
	"مرحبا بالعالم",
	"שלום",
	strings.Repeat("\u0301", 200),
	"e" + strings.Repeat("\u0301", 199),
	"\u200b\u200b",
	strings.Repeat(
		"\ufdfa",
		200,
	),
	strings.Repeat("\ufdfa", 40),
	strings.Repeat("字", 200),
	strings.Repeat("😀", 200),
	"👨‍👩‍👧‍👦 🇧🇷",
	"Ａｂｃ",
	"ﬃ",
	"İstanbul",
	"ß",
	"\ufeff",
	"\ufffd",
	"\ufffe",
	"a\u2028b",
	"a\tb\r\nc",
	"\x01\x02",
	"\x7f",
	"\x00",
	"a\x00b",
	"\xff",
	"\xed\xa0\x80",
	strings.Repeat("x", 201),
	strings.Repeat("a ", 100),
	strings.Repeat("ab ", 66),
	"<script>alert(1)</script>",
	"../../etc/passwd",
	"1e999",
	"-1",
	"NaN",
	"null",
}

// answers fails for an error that is no refusal: clients would get a 500.
func (h *testDesk) answers(what string, err error) {
	h.t.Helper()
	var refused *models.Error
	if err != nil && !errors.As(err, &refused) {
		h.t.Errorf("%s: %v", what, err)
	}
}

func TestOddSearchesAreAnswered(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 9)
	for i, text := range oddTexts {
		if len(text) < 4000 && strings.ToValidUTF8(text, "") == text && !strings.Contains(text, "\x00") && !models.IsBlank(text) {
			h.endedChat(anna, fmt.Sprint("u", i), text)
		}
	}
	h.index()
	search := func(who models.Actor, q models.SearchQuery) {
		t.Helper()
		_, err := h.Search(t.Context(), who, q)
		h.answers(fmt.Sprintf("%.300q", fmt.Sprintf("%+v", q)), err)
	}
	for _, text := range oddTexts {
		search(anna, models.SearchQuery{Text: text})
		for _, q := range []models.SearchQuery{
			{Text: text},
			{AgentID: text},
			{UserID: text},
			{Department: text},
			{Tag: text},
			{Outcome: text},
			{Cursor: text},
			{Cursor: base64.RawURLEncoding.EncodeToString([]byte(text))},
			{Cursor: base64.RawURLEncoding.EncodeToString([]byte("1 " + text))},
			{Text: "abc", Tag: text, Outcome: text},
		} {
			search(admin, q)
		}
	}
	for _, n := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -0.5, 1e308, math.Copysign(0, -1)} {
		search(admin, models.SearchQuery{MinRating: n})
		search(admin, models.SearchQuery{MinRating: 1, MaxRating: n})
	}
	for _, at := range []string{"-1", "0", "253402300799000000", "253402300799000001", "9223372036854775807", "9223372036854775808"} {
		search(admin, models.SearchQuery{Cursor: base64.RawURLEncoding.EncodeToString([]byte(at + " x"))})
	}
}

func TestOddTagsAndNotesAreAnswered(t *testing.T) {
	t.Parallel()
	h, anna, chatID := serving(t)
	ctx := t.Context()
	bob := h.agent("bob", 1)
	for i, text := range oddTexts {
		what := fmt.Sprintf("%.80q", text)
		err := h.AddUserTag(ctx, anna, chatID, text)
		h.answers("tag "+what, err)
		tags, _ := h.profile(anna, chatID)
		for _, tag := range tags {
			if tag != strings.TrimSpace(tag) || strings.ContainsAny(tag, "\n\r\t\x01\x7f\u202e\u2066") {
				t.Errorf("%s is stored as %q", what, tag)
			}
			h.must(h.RemoveUserTag(ctx, anna, chatID, tag))
		}
		if left, _ := h.profile(anna, chatID); len(left) > 0 {
			t.Errorf("%q cannot be removed", left)
		}
		h.answers("removal of "+what, h.RemoveUserTag(ctx, anna, chatID, text))
		_, err = h.UserTagsInUse(ctx, anna, text)
		h.answers("completion of "+what, err)
		note, err := h.AddUserNote(ctx, anna, chatID, text)
		h.answers("note "+what, err)
		_, err = h.SearchUserChats(ctx, anna, chatID, text)
		h.answers("search for "+what, err)
		h.answers("profile of "+what, func() error { _, err := h.UserProfile(ctx, anna, text); return err }())
		if note == nil {
			continue
		}
		_, err = h.EditUserNote(ctx, bob, chatID, note.ID, "mine", note.Version)
		h.refused(err, "chat_not_found") // bob has no chat with the user
		h.refused(h.RemoveUserNote(ctx, bob, chatID, note.ID, note.Version), "chat_not_found")
		for _, version := range []int{-1, 0, 2, math.MaxInt32, math.MaxInt64} {
			_, err = h.EditUserNote(ctx, anna, chatID, note.ID, fmt.Sprint("other ", i), version)
			h.refused(err, "user_note_changed")
		}
		h.must(h.RemoveUserNote(ctx, anna, chatID, note.ID, note.Version))
		h.refused(h.RemoveUserNote(ctx, anna, chatID, note.ID, note.Version), "user_note_not_found")
	}
}

// Two instances answer, withdraw and end the same offers at once, while agents ask for one more chat, change their presence and
// are assigned others. Every request is answered, no chat is lost, and no agent exceeds what the agent has room for.
func TestAStormOfOffers(t *testing.T) {
	t.Parallel()
	one := newTestDesk(t)
	two := newTestDeskOn(t, one.url, models.DefaultSettings())
	ctx := t.Context()
	var agents []models.Actor
	for i := range 4 {
		agents = append(agents, one.agent(fmt.Sprint("agent", i), 1+i%2))
	}
	var chats []string
	for i := range 9 { // more than the capacity of all: there is always a queue
		chats = append(chats, one.ask(fmt.Sprint("u", i)).Chat.ID)
	}
	one.settle()
	var work sync.WaitGroup
	for i, a := range agents {
		for k, d := range []*testDesk{one, two} {
			work.Go(func() {
				for n := range 30 {
					chat, to := chats[(n*5+i+k)%len(chats)], agents[(i+1+n)%len(agents)]
					r := texts
					r.ServiceID = to.ID
					_, _, err := d.OfferTransfer(ctx, a, chat, r)
					d.answers("offer", err)
					answers := []func() error{
						func() error { _, _, err := d.AcceptOffer(ctx, to, chat); return err },
						func() error { _, err := d.DeclineOffer(ctx, to, chat, "busy"); return err },
						func() error { _, err := d.WithdrawOffer(ctx, a, chat); return err },
						func() error { _, err := d.OpenExtraChat(ctx, to); return err },
						func() error { _, err := d.OpenExtraChat(ctx, to); return err },
						func() error { _, err := d.Drain(ctx); return err },
						func() error { _, err := d.Transfer(ctx, a, chat, models.TransferRequest{}); return err },
						func() error { return d.SweepOffers(ctx) },
					}
					if n%10 == 9 {
						answers = append(
							answers,
							func() error { _, err := d.SetPresence(ctx, to, models.Away); return err },
							func() error { _, err := d.SetPresence(ctx, to, models.Online); return err },
							func() error { _, err := d.CloseExtraChat(ctx, to); return err },
						)
					}
					var at sync.WaitGroup
					for j := range answers {
						at.Go(func() { d.answers(fmt.Sprint("step ", j), answers[(j+n+k)%len(answers)]()) })
					}
					at.Wait()
				}
			})
		}
	}
	work.Wait()
	for _, a := range agents {
		_, err := one.SetPresence(ctx, a, models.Online)
		one.must(err)
	}
	one.settle()
	for _, a := range agents {
		got, err := one.AgentByID(ctx, a.ID)
		one.must(err)
		if n := one.load(a) + one.reserved(a); n > got.MaxConcurrent+1 || n == got.MaxConcurrent+1 && !got.HasExtra {
			t.Errorf("%s has %d of %d, extra %v", got.Name, n, got.MaxConcurrent, got.HasExtra)
		}
	}
	if n := one.count(`SELECT count(*) FROM chats WHERE status = 'ended'`); n > 0 {
		t.Errorf("%d chats ended", n)
	}
	for name, c := range one.found() {
		t.Errorf("%s: %+v", name, c.Findings)
	}
}
