package models_test

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/models"
)

// index prepares every chat that is due.
func (h *testDesk) index() {
	h.t.Helper()
	for h.count(`SELECT count(*) FROM chat_search_due`) > 0 {
		_, err := h.IndexChats(h.t.Context())
		h.must(err)
	}
}

// finds returns the ids of the chats that an actor finds, sorted.
func (h *testDesk) finds(who models.Actor, q models.SearchQuery) []string {
	h.t.Helper()
	found, err := h.Search(h.t.Context(), who, q)
	h.must(err)
	ids := make([]string, len(found.Hits))
	for i := range found.Hits {
		ids[i] = found.Hits[i].ID
	}
	slices.Sort(ids)
	return ids
}

func (h *testDesk) wantFinds(who models.Actor, q models.SearchQuery, want ...string) {
	h.t.Helper()
	slices.Sort(want)
	if got := h.finds(who, q); !slices.Equal(got, want) {
		h.t.Errorf("%s finds %v with %+v, want %v", who.ID, got, q, want)
	}
}

// endedChat is a chat of a user with an agent in which the user wrote the text.
func (h *testDesk) endedChat(agent models.Actor, user, text string) string {
	h.t.Helper()
	chat := h.ask(user).Chat
	if chat.ServedBy() != agent.ID {
		_, err := h.AssignByHand(h.t.Context(), admin, chat.ID, agent.ID)
		h.must(err)
	}
	h.send(models.UserActor(user), chat.ID, text)
	h.mustEnd(agent, chat.ID)
	return chat.ID
}

func words(q string) models.SearchQuery { return models.SearchQuery{Text: q} }

func TestASearchFindsWordsAndAnyTwoCharacters(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	said := map[string]string{
		"english":  "My Invoice AB-1234 of Zürich can't be opened: e\u0301te\u0301.pdf",
		"chinese":  "我想申请退款，订单号是 ABC123456。",
		"japanese": "注文をキャンセルしたいです。ﾊﾟｽﾜｰﾄﾞも忘れました",
		"mixed":    "请寄A4纸和iPhone手机壳，共3件。",
		"korean":   "환불을 요청합니다",
		"thai":     "ขอคืนเงิน",
	}
	chats := map[string]string{}
	for name, text := range said {
		chats[name] = h.endedChat(anna, "user-"+name, text)
	}
	h.index()
	for query, want := range map[string]string{
		"invoice": "english", "INVOICE": "english", "invo": "english", "zurich": "english", "ÉTÉ": "english", "pdf": "english",
		"ab-1234": "english", "can't": "english", "invoice opened": "english", "voice": "", "invoice refund": "", "in invoice": "",
		"退款": "chinese", "请退": "chinese", "申请退款": "chinese", "款退": "", "ABC123": "chinese", "是 ABC": "chinese", "退款 订单": "chinese",
		"キャン": "japanese", "ャン": "japanese", "パスワード": "japanese", "ｷｬﾝｾﾙ": "japanese", "注文": "japanese", "たい": "japanese",
		"a4": "mixed", "4纸": "mixed", "寄a": "mixed", "e手": "mixed", "手机": "mixed", "iphone手机": "mixed", "3件": "mixed", "共3": "mixed",
		"壳 手机": "mixed", "환불": "korean", "คืน": "thai", "user-mixed": "mixed",
	} {
		var found []string
		if want != "" {
			found = []string{chats[want]}
		}
		h.wantFinds(anna, words(query), found...)
	}
	for _, short := range []string{"退", " a ", "!?", "a b", "…退"} {
		_, err := h.Search(t.Context(), anna, words(short))
		h.refused(err, "validation_failed")
	}
}

func TestAgentsFindTheChatsOfTheirUsersAndSupervisorsAll(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna, ben := h.agent("anna", 5), h.agent("ben", 5)
	ruth := h.staff("ruth", models.RoleSupervisor)
	word := words("parcel")
	ofAnna := h.endedChat(anna, "u1", "my parcel")
	ofBen := h.endedChat(ben, "u2", "my parcel")
	h.index()
	h.wantFinds(anna, word, ofAnna)
	h.wantFinds(ben, word, ofBen)
	h.wantFinds(ruth, word, ofAnna, ofBen)
	h.wantFinds(admin, word, ofAnna, ofBen)
	_, err := h.Search(t.Context(), models.UserActor("u1"), word)
	h.refused(err, "role_required")
	h.wantReads(anna, ofAnna, true)
	h.wantReads(anna, ofBen, false)

	// Ben serves Anna's user: at once he finds what the user has asked before.
	again := h.ask("u1").Chat
	if again.ServedBy() != ben.ID {
		_, err = h.AssignByHand(t.Context(), ruth, again.ID, ben.ID)
		h.must(err)
	}
	h.wantFinds(ben, word, ofAnna, ofBen)
	h.wantReads(ben, ofAnna, true)
	// And later, though Anna takes the chat over and Ben wrote nothing in it.
	_, err = h.Transfer(t.Context(), ben, again.ID, models.TransferRequest{ServiceID: anna.ID})
	h.must(err)
	h.wantReads(ben, again.ID, false) // it is open, and Anna's
	h.mustEnd(anna, again.ID)
	h.index()
	h.wantFinds(ben, word, ofAnna, ofBen)
	h.wantFinds(anna, word, ofAnna)
	h.wantReads(ben, ofAnna, true)
	h.set("SHARE_HISTORY", "false") // only the own chats
	h.wantFinds(ben, word, ofBen)
	h.wantReads(ben, ofAnna, false)
	h.wantReads(ben, ofBen, true)
	h.set("SHARE_HISTORY", "true")
	h.wantReads(ben, again.ID, true)
	h.wantFinds(ruth, models.SearchQuery{AgentID: ben.ID}, ofBen, again.ID)
	_, _, err = h.Send(t.Context(), ben, again.ID, models.NewMessage{Content: "hello"})
	h.refused(err, "chat_not_found")

	// The next chat of the user is Anna's as long as it is open.
	open := h.ask("u1").Chat
	if open.ServedBy() != anna.ID {
		_, err = h.AssignByHand(t.Context(), ruth, open.ID, anna.ID)
		h.must(err)
	}
	h.wantReads(ben, open.ID, false)
	h.wantReads(anna, open.ID, true)

	// A row that is marked for the wrong agent shows nothing.
	h.exec(`UPDATE chat_search SET words = words || array_to_tsvector(ARRAY[?]) WHERE chat_id = ?`, ":reader:"+anna.ID, ofBen)
	h.wantFinds(anna, word, ofAnna)
}

func (h *testDesk) wantReads(who models.Actor, chatID string, want bool) {
	h.t.Helper()
	_, err := h.Messages(h.t.Context(), who, chatID, 0, 0)
	if !want {
		h.refused(err, "chat_not_found")
		return
	}
	h.must(err)
}

func TestNotesAreFoundAndWithdrawnMessagesAreNot(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	_, err := h.AddNote(t.Context(), h.anna, h.chat, "speaks only Italian")
	h.must(err)
	m := h.send(h.user, h.chat, "my passphrase is swordfish")
	h.send(h.user, h.chat, "another question")
	h.wantFinds(h.anna, words("swordfish"), h.chat) // it is open, and hers
	h.wantFinds(h.ruth, words("swordfish"))
	h.withdraw(h.user, m.ID)
	h.wantFinds(h.anna, words("swordfish"))
	h.wantFinds(h.anna, words("italian"), h.chat)
	h.mustEnd(h.anna, h.chat)
	h.wantFinds(h.ruth, words("italian"))
	h.index()
	h.wantFinds(h.ruth, words("italian"), h.chat)
	h.wantFinds(h.ruth, words("swordfish"))
}

func TestASearchShowsTheWordsInTheirContext(t *testing.T) {
	t.Parallel()
	h := newTalk(t)
	h.send(h.user, h.chat, "Good morning")
	before, after := strings.Repeat("Some words before. ", 20), strings.Repeat("Some words after. ", 20)
	long := before + "Where is my <b>Parcel</b> and my refund? " + after
	m := h.send(h.user, h.chat, long)
	h.send(h.anna, h.chat, "The parcel is on its way")
	h.mustEnd(h.anna, h.chat)
	h.index()
	found, err := h.Search(t.Context(), h.anna, words("refund parc"))
	h.must(err)
	if len(found.Hits) != 1 || found.Hits[0].AgentName != "anna" || found.Hits[0].UserName != "u1" || found.Next != "" {
		t.Fatalf("found %+v", found)
	}
	got := found.Hits[0].Message
	var marked []string
	shown := ""
	for _, p := range got.Parts {
		if shown += p.Text; p.IsMatch {
			marked = append(marked, p.Text)
		}
	}
	if got.ID != m.ID || got.SenderType != models.FromUser || !slices.Equal(marked, []string{"Parcel", "refund"}) ||
		!strings.HasPrefix(shown, "…") || !strings.HasSuffix(shown, "…") || !strings.Contains(shown, "my <b>Parcel</b> and") ||
		len(shown) > 200 {
		t.Errorf("shown is %q with %q", shown, marked)
	}
	// Found by the name of the user: the first message of the user.
	found, err = h.Search(t.Context(), h.anna, words("u1"))
	h.must(err)
	if parts := found.Hits[0].Message.Parts; len(parts) != 1 || parts[0] != (models.SnippetPart{Text: "Good morning"}) {
		t.Errorf("shown is %+v", parts)
	}
}

func TestASearchIsFiltered(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	h.shelf()
	_, err := h.AddDepartment(t.Context(), admin, "sales", "Sales")
	h.must(err)
	anna := h.agent("anna", 9, "sales")
	h.option(models.OutcomeOption, "", "Solved")
	h.option(models.TagOption, "", "Late Parcel")
	h.option(models.TagOption, "", "Urgent")
	plain := h.endedChat(anna, "plain", "the same words")

	sales := h.askFor("rich", "sales").Chat.ID
	_, _, err = h.SendFile(t.Context(), models.UserActor("rich"), sales, h.letter("k"))
	h.must(err)
	h.send(models.UserActor("rich"), sales, "the same words")
	_, err = h.EndWrappedUp(t.Context(), anna, sales, "", models.WrapUp{Outcome: "Solved", Tags: []string{"Late Parcel", "Urgent"}})
	h.must(err)
	h.must(h.Rate(t.Context(), models.UserActor("rich"), sales, 3.5, "slow but kind"))
	h.exec(`UPDATE chats SET ended_at = ended_at - interval '40 days' WHERE id = ?`, sales)
	h.index()
	now := time.Now()
	for name, test := range map[string]struct {
		q    models.SearchQuery
		want []string
	}{
		"nothing":            {models.SearchQuery{}, []string{plain, sales}},
		"department":         {models.SearchQuery{Department: "sales"}, []string{sales}},
		"another department": {models.SearchQuery{Department: "support"}, nil},
		"tag":                {models.SearchQuery{Tag: "late parcel"}, []string{sales}},
		"outcome":            {models.SearchQuery{Outcome: "SOLVED", Text: "same words"}, []string{sales}},
		"files":              {models.SearchQuery{HasFiles: true}, []string{sales}},
		"user":               {models.SearchQuery{UserID: "plain"}, []string{plain}},
		"agent":              {models.SearchQuery{AgentID: anna.ID, Text: "words"}, []string{plain, sales}},
		"no such agent":      {models.SearchQuery{AgentID: "x' | ':files", Text: "words"}, nil},
		"rating":             {models.SearchQuery{MinRating: 3.5, MaxRating: 3.5}, []string{sales}},
		"lowest rating":      {models.SearchQuery{MinRating: 4}, nil},
		"highest rating":     {models.SearchQuery{MaxRating: 3}, nil},
		"rated":              {models.SearchQuery{MinRating: 1}, []string{sales}},
		"comment":            {models.SearchQuery{Text: "slow kind"}, []string{sales}},
		"tag as a word":      {models.SearchQuery{Text: "urgent"}, []string{sales}},
		"since":              {models.SearchQuery{From: now.AddDate(0, 0, -7)}, []string{plain}},
		"until":              {models.SearchQuery{To: now.AddDate(0, 0, -7)}, []string{sales}},
		"between":            {models.SearchQuery{From: now.AddDate(0, 0, -41), To: now.AddDate(0, 0, -39), Text: "words"}, []string{sales}},
		"between others":     {models.SearchQuery{From: now.AddDate(0, 0, -39), To: now.AddDate(0, 0, -2), Text: "words"}, nil},
		"in the future":      {models.SearchQuery{From: now.AddDate(1, 0, 0)}, nil},
		"long ago":           {models.SearchQuery{From: time.Unix(0, 0), Text: "words"}, []string{plain, sales}},
	} {
		slices.Sort(test.want)
		if got := h.finds(admin, test.q); !slices.Equal(got, test.want) {
			t.Errorf("%s finds %v, want %v", name, got, test.want)
		}
	}
	// Of open chats, only those that have what the filters select.
	open := h.ask("open").Chat.ID
	h.send(models.UserActor("open"), open, "the same words")
	h.wantFinds(anna, models.SearchQuery{Text: "words", UserID: "open"}, open)
	h.wantFinds(anna, models.SearchQuery{Text: "words", UserID: "open", HasFiles: true})
	h.wantFinds(anna, models.SearchQuery{Text: "words", From: now.AddDate(0, 0, -7)}, plain)
}

func TestASearchRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	now := time.Now()
	for field, q := range map[string]models.SearchQuery{
		"q": {Text: strings.Repeat("a", 201)}, "to": {From: now, To: now}, "min_rating": {MinRating: 1.2},
		"max_rating": {MinRating: 4, MaxRating: 3},
		"limit":      {Limit: 51}, "cursor": {Cursor: "nonsense"}, "tag": {Tag: strings.Repeat("a", 101)}, "service_id": {AgentID: "a\x00"},
	} {
		_, err := h.Search(t.Context(), admin, q)
		if faults := h.faults(err); len(faults) != 1 || faults[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// Chats of three years, several of which ended at the same time, are found page by page, each once and the latest first.
func TestASearchIsReadPageByPage(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	h.user("u1")
	h.exec(`INSERT INTO chats (id, user_id, agent_id, status, queued_at, user_seen_at, created_at, ended_at, ended_reason, ended_type)
		SELECT 'e' || n, 'u1', ?, 'ended', at, at, at, at, 'user_ended', 'manual' FROM (
			SELECT n, now() - (n / 3) * (n / 3) * interval '9 hours' AS at FROM generate_series(1, 160) n) past`, anna.ID)
	h.exec(`INSERT INTO messages (chat_id, seq, version, sender_type, sender_id, message_type, content, created_at)
		SELECT id, 1, 1, 'user', 'u1', 'text', 'Hello there', now() FROM chats`)
	h.index()
	for _, who := range []models.Actor{anna, admin} {
		var read []string
		last := time.Now()
		q := models.SearchQuery{Text: "hello", Limit: 7}
		for first := true; first || q.Cursor != ""; first = false {
			page, err := h.Search(t.Context(), who, q)
			h.must(err)
			for i := range page.Hits {
				read = append(read, page.Hits[i].ID)
				if page.Hits[i].EndedAt.After(last) {
					t.Errorf("%s comes after one that ended earlier", page.Hits[i].ID)
				}
				last = *page.Hits[i].EndedAt
			}
			q.Cursor = page.Next
		}
		slices.Sort(read)
		if n := len(read); n != 160 || len(slices.Compact(read)) != 160 {
			t.Errorf("%s reads %d chats", who.ID, n)
		}
	}
}

func TestWhatIsFoundFollowsTheChat(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	h.option(models.TagOption, "", "Urgent")
	chat := h.endedChat(anna, "u1", "where is my parcel")
	other := h.endedChat(anna, "user-2", "where is my parcel")
	h.index()
	urgent, rated := models.SearchQuery{Tag: "urgent"}, models.SearchQuery{MinRating: 5}
	h.wantFinds(anna, urgent)
	_, err := h.WrapUpChat(t.Context(), anna, chat, models.WrapUp{Tags: []string{"Urgent"}})
	h.must(err)
	h.must(h.Rate(t.Context(), models.UserActor("u1"), chat, 5, ""))
	h.index()
	h.wantFinds(anna, urgent, chat)
	h.wantFinds(anna, rated, chat)
	_, err = h.EnsureUser(t.Context(), models.Identity{ID: "u1", Name: "Maria", Verified: true})
	h.must(err)
	h.index()
	h.wantFinds(anna, words("maria"), chat)

	// Erasing the user takes the row along, also one that was to be made again. The id has a character that no hash of a password has.
	h.must(h.Rate(t.Context(), models.UserActor("user-2"), other, 5, ""))
	_, err = h.EraseUser(t.Context(), admin, "user-2")
	h.must(err)
	h.index()
	h.wantFinds(anna, words("parcel"), chat)
	if held := h.holding("user-2"); !slices.Equal(held, []string{"audit_log"}) {
		t.Errorf("user-2 is still in %v", held)
	}
	h.exec(`UPDATE chats SET ended_at = now() - interval '1 year'`)
	h.clean()
	h.wantFinds(anna, models.SearchQuery{})
	if n := h.count(`SELECT count(*) FROM chat_search`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

func TestTheChatsOfAnAnonymousUserAreFoundAsTheIdentifiedOnes(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	token, who := h.visitor()
	chat := h.asks(who, "where is my parcel")
	h.mustEnd(anna, chat.ID)
	h.index()
	h.wantFinds(anna, models.SearchQuery{UserID: who.ID}, chat.ID)
	h.identify("u1", token)
	h.index()
	h.wantFinds(anna, models.SearchQuery{UserID: "u1", Text: "parcel"}, chat.ID)
	h.wantFinds(anna, models.SearchQuery{UserID: who.ID})
}

func TestChatsAreIndexedOnceByMachinesAtOnce(t *testing.T) {
	t.Parallel()
	h := newTestDesk(t)
	anna := h.agent("anna", 5)
	h.user("u1")
	const chats = 200
	h.exec(`INSERT INTO chats (id, user_id, agent_id, status, queued_at, user_seen_at, created_at, ended_at, ended_reason, ended_type)
		SELECT 'e' || n, 'u1', ?, 'ended', now(), now(), now(), now(), 'user_ended', 'manual' FROM generate_series(1, ?) n`, anna.ID, chats)
	others := []*testDesk{h, newTestDeskOn(t, h.url, models.DefaultSettings()), newTestDeskOn(t, h.url, models.DefaultSettings())}
	var all sync.WaitGroup
	done := make([]int, len(others))
	for i, d := range others {
		all.Go(func() {
			var err error
			if done[i], err = d.IndexChats(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	for n := range 20 { // meanwhile chats change
		h.must(h.Rate(t.Context(), models.UserActor("u1"), "e"+strconv.Itoa(n+1), 5, ""))
	}
	all.Wait()
	h.index()
	if n := h.count(`SELECT count(*) FROM chat_search`); n != chats {
		t.Errorf("%d of %d chats are prepared", n, chats)
	}
	if n := h.count(`SELECT count(*) FROM chat_search WHERE words @@ $$':rating:5.0'$$::tsquery`); n != 20 {
		t.Errorf("%d of 20 ratings are found", n)
	}
	t.Logf("done %v", done)
}
