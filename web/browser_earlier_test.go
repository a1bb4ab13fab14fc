package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"parley/models"
)

const (
	loadedCount = `root.querySelectorAll("#thread > .msg").length`
	threadAt    = `root.querySelector("#thread").parentElement`
	atStart     = `root.querySelector("#earlier .earlier-start")`
)

// scrolls takes the reader to a distance from the start of what is loaded, and keeps in mind which message is where.
func (b *browser) scrolls(top int) {
	b.t.Helper()
	_, err := eval[bool](b, fmt.Sprintf(`(() => {
		const box = %s;
		box.scrollTop = %d;
		window.marked = [...root.querySelectorAll("#thread > .msg")].find((el) => el.getBoundingClientRect().bottom > box.getBoundingClientRect().top);
		window.markedTop = window.marked.getBoundingClientRect().top;
		return true;
	})()`, threadAt, top))
	b.must(err)
}

// stays fails if the message that scrolls kept in mind has moved on the screen.
func (b *browser) stays(what string) {
	b.t.Helper()
	if moved := get[float64](b, `window.marked.getBoundingClientRect().top - window.markedTop`); moved > 1 || moved < -1 {
		b.t.Errorf("%s: the message that was read moved by %v px", what, moved)
	}
}

// arranged lists what is wrong with the order, the days and the groups of the thread.
const arranged = `(() => {
	const wrong = [];
	const all = [...root.querySelectorAll("#thread > .msg")];
	const day = (el) => new Date(el.dataset.at).toDateString();
	const minute = (el) => Math.floor(new Date(el.dataset.at) / 60000);
	const days = [...root.querySelectorAll("#thread > .day")].map((el) => el.dataset.day);
	if (new Set(days).size !== days.length) wrong.push("a day is there twice");
	all.forEach((el, i) => {
		const before = all[i - 1], after = all[i + 1];
		if (before && Number(before.dataset.id) >= Number(el.dataset.id)) wrong.push(el.id + " is not after " + before.id);
		const separator = el.previousElementSibling?.matches(".day") ? el.previousElementSibling.dataset.day : "";
		if (separator !== (before && day(before) === day(el) ? "" : day(el))) wrong.push(el.id + " is below the day " + separator);
		if (el.matches(".sys")) return;
		const same = after && !after.matches(".sys, .msg-note") && !el.matches(".msg-note") && after.dataset.from === el.dataset.from && after.dataset.name === el.dataset.name &&
			after.dataset.status === el.dataset.status && minute(after) === minute(el);
		if (el.matches(".msg-end") === Boolean(same)) wrong.push(el.id + " ends a group: " + el.matches(".msg-end"));
	});
	if (root.querySelector("#thread").firstElementChild.id !== "earlier") wrong.push("the thread begins with another row");
	return wrong.slice(0, 5).join("; ");
})()`

// isArranged fails for a message out of order or twice, and for a day or a group that is drawn wrong.
func (b *browser) isArranged(what string) {
	b.t.Helper()
	if wrong := get[string](b, arranged); wrong != "" {
		b.t.Errorf("%s: %s", what, wrong)
	}
}

// readsToTheStart scrolls up until the chat's first message is loaded.
func (b *browser) readsToTheStart(total int) {
	b.t.Helper()
	for n := get[int](b, loadedCount); !get[bool](b, "Boolean("+atStart+")"); n = get[int](b, loadedCount) {
		b.scrolls(0)
		b.until("earlier messages", fmt.Sprintf("%s > %d && !root.querySelector('#earlier').dataset.state", loadedCount, n))
		b.stays(fmt.Sprintf("after %d messages", n))
	}
	if n := get[int](b, loadedCount); n != total {
		b.t.Errorf("%d messages are loaded of %d", n, total)
	}
	b.isArranged("at the start")
	if first, last := get[string](
		b,
		`root.querySelector("#thread > .msg").textContent`,
	), get[string](
		b,
		`[...root.querySelectorAll("#thread > .msg")].at(-1).textContent`,
	); !strings.Contains(first, "Hello") ||
		last == "" {
		b.t.Errorf("the thread goes from %q to %q", first, last)
	}
}

func (s *site) messagesOf(chat, condition string) (n int) {
	s.t.Helper()
	s.must(s.desk.DB().NewRaw(`SELECT count(*) FROM messages WHERE chat_id = ? AND `+condition, chat).Scan(s.t.Context(), &n))
	return n
}

// changesMessage makes the message that begins with a text the latest change of its chat.
func (s *site) changesMessage(chat, begins string) {
	s.t.Helper()
	_, err := s.elsewhere().DB().NewRaw(`WITH changed AS (UPDATE chats SET version = version + 1 WHERE id = ? RETURNING version)
		UPDATE messages SET version = changed.version FROM changed WHERE chat_id = ? AND content LIKE ? || '%'`, chat, chat, begins).Exec(s.t.Context())
	s.must(err)
}

// manyMessages is how many messages a long chat of the tests has. With 10,000 the workbench works as well, and the browser is busy with it for
// minutes.
const manyMessages = 4_000

// TestTheWorkbenchReadsAChatToItsFirstMessage: of a chat with thousands of them, without a jump, while messages arrive and are read.
func TestTheWorkbenchReadsAChatToItsFirstMessage(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	token, chat := s.newChat("Hello")
	_, other := s.newChat("Another chat")
	s.fillChat(chat, manyMessages)
	b.open(s.url + "/workbench/chats/" + chat)
	b.until("the stream", `root.documentElement.dataset.live === "live"`)
	if n := get[int](b, loadedCount); n != 200 {
		t.Fatalf("%d messages are shown at first", n)
	}
	b.isArranged("at first")

	b.scrolls(300)
	b.until("earlier messages", loadedCount+" === 400")
	b.stays("the first page")
	b.isArranged("the first page")
	b.sees(`#earlier a[data-earlier]`, "Earlier messages")

	s.says(token, chat, "A new message")
	b.sees("#pill", "1 new message")
	b.stays("a new message")
	if last := get[string](b, `[...root.querySelectorAll("#thread > .msg")].at(-1).textContent`); !strings.Contains(last, "A new message") {
		t.Errorf("the last message is %q", last)
	}
	unread := func() string { return b.attr(rowOf(chat), "data-unread") }
	if unread() == "0" {
		t.Error("a message that is not on the screen is read")
	}
	s.stop()
	s.changesMessage(chat, "Line 3 ")
	s.start() // the stream connects again and sends what changed: the thread stays
	s.says(token, chat, "After the restart")
	b.sees("#pill", "2 new messages")
	b.stays("a restart")
	b.isArranged("a message that changed and is not loaded yet")

	begun := time.Now()
	b.readsToTheStart(s.messagesOf(chat, "true"))
	t.Logf("%d messages were loaded in %v", manyMessages, time.Since(begun))
	b.click("#pill")
	b.until("the end", threadAt+".scrollHeight - "+threadAt+".scrollTop - "+threadAt+".clientHeight < 48")
	b.until("the receipt", `root.querySelector("`+rowOf(chat)+`").dataset.unread === "0"`)
	b.write("#composer-text", "An answer")
	b.click("[data-send]")
	b.until("the answer", `[...root.querySelectorAll("#thread > .msg")].at(-1).textContent.includes("An answer")`)
	b.isArranged("after an answer")
	frame := get[float64](
		b,
		`(() => { const begun = performance.now(); for (let i = 0; i < 20; i += 1) { `+threadAt+`.scrollTop = i * 5000; `+threadAt+`.getBoundingClientRect(); root.body.offsetHeight; } return (performance.now() - begun) / 20; })()`,
	)
	t.Logf("a step of scrolling through %d messages is laid out in %.1f ms", manyMessages, frame)

	b.click(rowOf(other))
	b.sees("#thread", "Another chat")
	b.gone("#earlier")
	b.click(rowOf(chat))
	b.until("the last messages of the first chat", loadedCount+" === 200")
	b.isArranged("after a change of the chat")
	b.until("its end", threadAt+".scrollHeight - "+threadAt+".scrollTop - "+threadAt+".clientHeight < 48")
}

// holdsEarlier returns the site as it is reached through a proxy that holds the answers to requests for earlier messages: at receives when one
// is held, and release ends that for all of them.
func (s *site) holdsEarlier() (through *site, at <-chan struct{}, release func()) {
	s.t.Helper()
	target, err := url.Parse(s.url)
	s.must(err)
	held, released := make(chan struct{}, 10), make(chan struct{})
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
		FlushInterval: -1,
		ModifyResponse: func(r *http.Response) error {
			if r.Request.URL.Query().Has("before_id") {
				held <- struct{}{}
				select {
				case <-released:
				case <-r.Request.Context().Done():
				}
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	})
	release = sync.OnceFunc(func() { close(released) })
	s.t.Cleanup(func() { release(); proxy.CloseClientConnections(); proxy.Close() })
	server, copied := *s.testServer, *s
	server.url = proxy.URL
	copied.testServer = &server
	return &copied, held, release
}

// TestEarlierMessagesMeetWhatHappensMeanwhile: an answer that was drawn before the other side read the messages shows that they are read, and so
// do earlier messages that were loaded before. What is new has its place at the end.
func TestEarlierMessagesMeetWhatHappensMeanwhile(t *testing.T) {
	t.Parallel()
	const notRead = `root.querySelectorAll("#thread > .msg-own:not([data-status=read], .msg-note)").length`
	for _, side := range []string{"widget", "workbench"} {
		t.Run(side, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			agent, agentToken := s.online("anna")
			through, held, release := s.holdsEarlier()
			b := newBrowser(t)
			var chat, other string // the chat, and who is at its other side
			var messages string
			if side == "widget" {
				b.open(s.url + "/widget?lang=en")
				b.send("Hello")
				b.sees("#w-head", "anna")
				chat = s.onlyChat(agent).ID
				other, messages = agentToken, forAgent+"/chats/"+chat
			} else {
				other, chat = s.newChat("Hello")
				messages = forUser + "/chats/" + chat
			}
			s.fillChat(chat, 590)
			_, err := s.desk.DB().NewRaw(`UPDATE messages SET status = 'sent', delivered_at = NULL, read_at = NULL WHERE chat_id = ?
				AND sender_type <> 'system'`, chat).Exec(t.Context())
			s.must(err)
			if side == "widget" {
				b.open(through.url + "/widget?lang=en")
			} else {
				b.signIn(through, "anna", "/workbench/chats/"+chat)
			}
			b.until("the stream", liveStream)
			b.until("the latest messages", loadedCount+" === 200")
			b.scrolls(100)
			<-held
			b.sees("#earlier", "Loading earlier messages")
			if b.stays("a page on its way"); get[int](b, notRead) == 0 {
				t.Fatal("all own messages are read")
			}
			sent := s.ask("POST", messages+"/messages", other, map[string]any{"content": "Meanwhile"}).want(201).object()
			s.ask("POST", messages+"/mark-read", other, map[string]any{"up_to": sent["id"]}).want(200)
			b.sees("#pill", "1 new message")
			b.until("the receipt", notRead+" === 0")
			b.stays("what happens meanwhile")
			release()
			b.until("earlier messages", loadedCount+" === 401")
			b.until("rest", `!root.querySelector("#earlier").dataset.state`)
			b.stays("the earlier messages")
			b.isArranged("the earlier messages")
			b.once("Meanwhile")
			b.until("the receipt of the earlier messages", notRead+" === 0")
		})
	}
}

// TestReceiptsReachEarlierMessages: those that are loaded, however far up.
func TestReceiptsReachEarlierMessages(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	user, chat := s.newChat("Hello")
	s.fillChat(chat, 250)
	_, err := s.desk.DB().NewRaw(`UPDATE messages SET status = 'sent', delivered_at = NULL, read_at = NULL WHERE chat_id = ?
		AND sender_type = 'customer_service'`, chat).Exec(t.Context())
	s.must(err)
	b.open(s.url + "/workbench/chats/" + chat)
	b.until("the stream", liveStream)
	b.readsToTheStart(s.messagesOf(chat, "true"))
	first := `root.querySelector("#thread > .msg-own").dataset`
	if status := get[string](b, first+".status"); status != "sent" {
		t.Fatalf("the first own message is %s", status)
	}
	s.ask("POST", forUser+"/chats/"+chat+"/messages/"+get[string](b, first+".id")+"/mark-read", user, nil).want(200)
	b.until("the receipt of one message", first+`.status === "read"`)
	if n := get[int](b, `root.querySelectorAll("#thread > .msg-own[data-status=read]").length`); n != 1 {
		t.Errorf("%d messages are read after the receipt of one", n)
	}
	b.isArranged("after the receipt of one message")
	s.ask("POST", forUser+"/chats/"+chat+"/mark-read", user, map[string]any{"up_to": 1 << 53}).want(200)
	b.until("the receipt of all", `!root.querySelector("#thread > .msg-own:not([data-status=read])")`)
	b.isArranged("after the receipt of all")
}

// TestEarlierMessagesAreReadWithTheKeyboard: Page Up and Home scroll, and the link takes the focus and Enter.
func TestEarlierMessagesAreReadWithTheKeyboard(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	_, chat := s.newChat("Hello")
	s.fillChat(chat, 700)
	b.open(s.url + "/workbench/chats/" + chat)
	b.until("the stream", `root.documentElement.dataset.live === "live"`)
	b.focus("#thread")
	end := get[int](b, threadAt+".scrollTop")
	b.press(kb.PageUp)
	b.until("a page further up", fmt.Sprintf("%s.scrollTop < %d - 200", threadAt, end))
	b.press(kb.Home)
	b.until("earlier messages", loadedCount+" === 400")
	if get[int](b, threadAt+".scrollTop") < 1000 {
		t.Error("Home leads to the new start and not to the start of what was loaded")
	}
	b.until("the rest of it", `!root.querySelector("#earlier").dataset.state`)
	b.press(kb.Tab)
	b.until("more, since the link came onto the screen", loadedCount+" === 600")
	b.until("the focus on the thread", `root.activeElement.id === "thread"`)
	b.sees(`#earlier [role="status"]`, "200 earlier messages loaded")
	if live := b.attr("#thread", "aria-live"); live != "polite" {
		t.Errorf("the log is %q", live)
	}
	b.until("the rest of it", `!root.querySelector("#earlier").dataset.state`)
	b.connected(false)
	b.focus("#earlier a") // it comes onto the screen, which loads more
	b.sees("#earlier", "Earlier messages could not be loaded.")
	b.until("the focus on the link, to try again", `root.activeElement.matches("#earlier a")`)
	b.press("\r")
	b.until(
		"the same after another failure",
		`root.activeElement.matches("#earlier a") && root.querySelector("#earlier").dataset.state === "error"`,
	)
	b.connected(true)
	b.press("\r")
	b.until("more", loadedCount+" > 600")
	b.until("the focus on the thread again", `root.activeElement.id === "thread"`)
	b.press(kb.Home)
	b.sees("#earlier", "Start of the chat")
	b.isArranged("at the start")
}

// TestEarlierMessagesOfAChatThatWasLeft are not put into the chat that is open when they come.
func TestEarlierMessagesOfAChatThatWasLeft(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	_, first := s.newChat("The first chat")
	_, second := s.newChat("The second chat")
	s.fillChat(first, 300)
	s.fillChat(second, 500)
	through, held, release := s.holdsEarlier()
	b := newBrowser(t)
	b.signIn(through, "anna", "/workbench/chats/"+first)
	b.until("the stream", liveStream)
	b.scrolls(0)
	<-held
	b.click(rowOf(second))
	b.until("the second chat", loadedCount+` === 200 && root.querySelector("#thread").dataset.chat === `+quote(second))
	b.scrolls(0)
	<-held
	release()
	b.until("its earlier messages", loadedCount+" === 400")
	if n := get[int](b, `root.querySelectorAll("#thread > .msg:not([data-chat='`+second+`'])").length`); n > 0 {
		t.Errorf("%d messages are those of the first chat", n)
	}
	b.stays("the answers for both chats")
	b.isArranged("the second chat")
}

func TestTheWidgetReadsAChatToItsFirstMessage(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	agent, token := s.online("anna")
	b := newBrowser(t)
	b.open(s.url + "/widget?lang=en")
	b.send("Hello")
	b.sees("#w-head", "anna")
	chat := s.onlyChat(agent).ID
	s.fillChat(chat, 900)
	s.ask("POST", forAgent+"/chats/"+chat+"/notes", token, map[string]any{"content": "A note"}).want(201)
	b.reload()
	b.until("the stream", `root.documentElement.dataset.live === "live"`)
	b.write("#composer-text", "A draft")
	b.scrolls(200)
	b.until("earlier messages", loadedCount+" === 400")
	b.stays("the first page")
	s.ask("POST", forAgent+"/chats/"+chat+"/messages", token, map[string]any{"content": "An answer"}).want(201)
	b.sees("#pill", "1 new message")
	b.stays("a new message")
	b.readsToTheStart(s.messagesOf(chat, "message_type <> 'note'"))
	if draft := get[string](b, `root.querySelector("#composer-text").value`); draft != "A draft" {
		t.Errorf("the draft is %q", draft)
	}
	b.gone("#thread .msg-note")
	s.ask("POST", forAgent+"/chats/"+chat+"/end", token, nil).want(200)
	b.click("#w-sheet [data-again]")
	b.sees("#w-hello")
	b.gone("#earlier")
}

// TestTheSupervisorReadsAChatToItsFirstMessage: the page polls meanwhile, the log tells once that the chat was read, and a page that does not come
// can be asked for again.
func TestTheSupervisorReadsAChatToItsFirstMessage(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	_, token := s.online("anna")
	chat := s.queues("", "Hello")
	s.fillChat(chat.ID, 1100)
	s.agent("ruth", models.RoleSupervisor)
	b := newBrowser(t)
	b.signIn(s, "ruth", "/supervisor/chats/"+chat.ID)
	b.until("the page", loadedCount+" === 200")
	b.scrolls(200)
	b.until("earlier messages", loadedCount+" === 400")
	b.stays("the first page")

	b.until("rest", `!root.querySelector("#earlier").dataset.state`)
	b.connected(false)
	b.scrolls(0)
	b.sees("#earlier", "Earlier messages could not be loaded.", "Try again")
	b.gone(".toast")
	b.connected(true)
	b.click("#earlier a")
	b.until("more messages", loadedCount+" === 600")
	b.sees("#earlier", "Earlier messages")
	b.gone("#earlier .earlier-error")

	s.ask("POST", forAgent+"/chats/"+chat.ID+"/messages", token, map[string]any{"content": "Loud and clear"}).want(201)
	b.until("the poll", `[...root.querySelectorAll("#thread > .msg")].at(-1).textContent.includes("Loud and clear")`)
	b.readsToTheStart(s.messagesOf(chat.ID, "true"))
	var read int
	s.must(
		s.desk.DB().
			NewRaw(`SELECT count(*) FROM audit_log WHERE subject_id = ? AND action = 'chat_watched'`, chat.ID).
			Scan(t.Context(), &read),
	)
	if read != 1 {
		t.Errorf("the log tells %d times that the chat was read", read)
	}
}

// TestEarlierMessagesWithoutScripts: they are a page of their own, from which the last ones are a link away, and so is what is sent there.
func TestEarlierMessagesWithoutScripts(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	agent, _ := s.online("anna")
	s.agent("ruth", models.RoleSupervisor)
	noScripts := func() *browser {
		b := newBrowser(t)
		_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		b.must(err)
		return b
	}
	user := noScripts()
	user.open(s.url + "/widget?lang=en&site=Shop")
	user.write("#composer-text", "Hello")
	user.click("#composer .send")
	user.sees(mine, "Hello")
	chat := s.onlyChat(agent).ID
	s.fillChat(chat, 350)
	anna, ruth := noScripts(), noScripts()
	anna.signIn(s, "anna", "/workbench/chats/"+chat)
	ruth.signIn(s, "ruth", "/supervisor/chats/"+chat)
	user.gone("[data-attach]") // without scripts a form sends files
	user.sees(".attach-plain")
	for name, b := range map[string]*browser{"the widget": user, "the workbench": anna, "the supervisor's page": ruth} {
		b.reload()
		b.until("the last 200 in "+name, loadedCount+" === 200")
		b.click("#earlier a")
		b.until("the rest of them in "+name, loadedCount+" < 200")
		b.sees("#thread", "Hello", "Line 1 and more", "Start of the chat")
		b.click("#thread > p.earlier a")
		b.sees("#thread", "Line 350")
		b.until("the last 200 in "+name, loadedCount+" === 200 && !location.search.includes('before')")
		b.click("#earlier a")
		b.sees("#thread", "Start of the chat")
	}
	user.write("#composer-text", "Still there?")
	user.click("#composer .send")
	user.sees("#thread", "Still there?", "Line 350")
	user.sees("#w-head", "anna")
	anna.write("#composer-text", "Here I am")
	anna.click("#composer [data-send]")
	anna.sees("#thread", "Here I am", "Line 350")
	again := newTab(t) // with scripts the page leads on to the last messages, where new ones are shown
	again.signIn(s, "anna", "/workbench")
	again.open(s.url + "/workbench/chats/" + chat + "?before=1")
	again.until("the last messages", loadedCount+" === 200 && location.search === ''")
	again.sees("#thread", "Here I am")
}

// TestEarlierMessagesAreAccessible: the row, its error and the start of a chat, in every look.
func TestEarlierMessagesAreAccessible(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	b := atWork(t, s, "anna")
	_, chat := s.newChat("Hello")
	s.fillChat(chat, 205)
	s.agent("ruth", models.RoleSupervisor)
	ruth := newBrowser(t)
	ruth.signIn(s, "ruth", "/supervisor")
	for _, l := range looks {
		for path, b := range map[string]*browser{"/workbench/chats/" + chat: b, "/supervisor/chats/" + chat: ruth} {
			b.as(l)
			b.open(s.url + path + "?lang=" + l.lang)
			b.until("the latest messages", loadedCount+" === 200")
			b.connected(false)
			b.scrolls(0)
			b.until("the error", `root.querySelector("#earlier").dataset.state === "error"`)
			b.accessible(path + ", the error, " + l.name)
			b.connected(true)
			b.click("#earlier a")
			b.until("the start", atStart)
			b.scrolls(0)
			b.accessible(path + ", the start, " + l.name)
		}
	}
}
