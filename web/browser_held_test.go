package web_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"parley/models"
)

// holding is how a proxy treats event streams.
type holding string

const (
	holdsBody   holding = "it passes the head and holds the body"
	holdsAll    holding = "it holds head and body"
	holdsLater  holding = "it passes the first bytes and holds the rest"
	holdsBuffer holding = "it passes full buffers only"
)

const holdingBuffer = 256 << 10

// holder is a reverse proxy in front of a site that buffers event streams until it is released, and nothing else.
type holder struct {
	how      holding
	released chan struct{}
	once     sync.Once
}

// behind returns the site as reached through a proxy, and a function that releases the streams.
func (s *site) behind(how holding) (through *site, release func()) {
	s.t.Helper()
	target, err := url.Parse(s.url)
	s.must(err)
	h := &holder{how: how, released: make(chan struct{})}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
		ModifyResponse: func(r *http.Response) error {
			if strings.HasPrefix(r.Header.Get("Content-Type"), "text/event-stream") {
				h.hold(r)
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	at := httptest.NewServer(proxy)
	release = func() { h.once.Do(func() { close(h.released) }) }
	s.t.Cleanup(func() { release(); at.CloseClientConnections(); at.Close() })
	house := *s.testServer
	house.url = at.URL
	copied := *s
	copied.testServer = &house
	return &copied, release
}

func (h *holder) hold(r *http.Response) {
	body := &heldBody{ReadCloser: r.Body, holder: h, gone: r.Request.Context().Done()}
	if h.how == holdsAll {
		body.wait()
	}
	r.Body = body
}

type heldBody struct {
	io.ReadCloser
	*holder
	gone   <-chan struct{}
	passed bool
	kept   bytes.Buffer
}

func (b *heldBody) wait() {
	select {
	case <-b.released:
	case <-b.gone:
	}
}

func (b *heldBody) Read(p []byte) (int, error) {
	switch {
	case b.how == holdsBody, b.how == holdsLater && b.passed:
		b.wait()
	case b.how == holdsBuffer:
		return b.readBuffered(p)
	}
	b.passed = true
	return b.ReadCloser.Read(p)
}

func (b *heldBody) readBuffered(p []byte) (int, error) {
	chunk := make([]byte, 4096)
	for b.kept.Len() < holdingBuffer && !b.isReleased() {
		n, err := b.ReadCloser.Read(chunk)
		b.kept.Write(chunk[:n])
		if err != nil {
			return 0, err
		}
	}
	if b.kept.Len() > 0 {
		return b.kept.Read(p)
	}
	return b.ReadCloser.Read(p)
}

func (b *heldBody) isReleased() bool {
	select {
	case <-b.released:
		return true
	default:
		return false
	}
}

const livePolling, liveStream = `root.documentElement.dataset.live === "polling"`, `root.documentElement.dataset.live === "live"`

// untilSlow is until for conditions that take several checks of the stream.
func (b *browser) untilSlow(what, expression string) {
	b.t.Helper()
	deadline := time.NewTimer(2 * patience)
	defer deadline.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if yes, err := eval[bool](b, "Boolean("+expression+")"); err == nil && yes {
			return
		}
		select {
		case <-deadline.C:
			b.t.Fatalf("still waiting for: %s\n%s", what, b.state())
		case <-tick.C:
		}
	}
}

// once fails unless exactly one message on the screen has this text.
func (b *browser) once(words string) {
	b.t.Helper()
	n, err := eval[int](b, `[...root.querySelectorAll("#thread .msg")].filter((m) => m.innerText.includes(`+quote(words)+`)).length`)
	b.must(err)
	if n != 1 {
		b.t.Errorf("%q is on the screen %d times", words, n)
	}
}

func TestTheWidgetGetsRepliesThoughStreamsAreHeld(t *testing.T) {
	t.Parallel()
	for _, how := range []holding{holdsBody, holdsAll, holdsLater, holdsBuffer} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			agent, _ := s.online("anna")
			through, release := s.behind(how)
			b := newBrowser(t)
			b.open(through.url + "/demo")
			user := b.launch()
			user.send("Is anybody there?")
			user.until("polling", livePolling)
			user.sees("#w-head", "A few seconds behind")
			chat := s.onlyChat(agent)
			reply := func(words string) models.Message {
				m, _, err := s.desk.Send(t.Context(), models.AgentActor(agent), chat.ID, models.NewMessage{Content: words})
				s.must(err)
				return *m
			}
			reply("The first reply")
			user.sees(theirs, "The first reply")
			reply("The second reply")
			user.sees(theirs, "The second reply")
			user.send("I can read you")
			user.sees("#thread .msg-own", "I can read you", "Sent")
			_, err := s.desk.ConfirmAll(t.Context(), models.AgentActor(agent), chat.ID, models.Read)
			s.must(err)
			user.sees("#thread .msg-own", "I can read you", "Read")

			release()
			user.untilSlow("the stream again", liveStream)
			reply("By the stream")
			user.sees(theirs, "By the stream")
			for _, words := range []string{"The first reply", "The second reply", "I can read you", "By the stream"} {
				user.once(words)
			}
		})
	}
}

func TestTheWorkbenchWorksThoughStreamsAreHeld(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.agent("anna", models.RoleAgent)
	through, release := s.behind(holdsBody)
	b := newBrowser(t)
	b.signIn(through, "anna", "/workbench")
	b.until("polling", livePolling)
	b.sees("#live", "A few seconds behind")
	b.alt("KeyS")
	b.click(`#presence [formaction="/workbench/online"]`)
	b.sees("#presence-btn", "Online")
	token, chat := s.newChat("Where is my card?")
	b.sees(rowOf(chat), "Where is my card?")
	b.sees(".toast", "New chat: ", "Where is my card?")
	b.until("the count in the title", `document.title.startsWith("(1) ")`)
	b.alt("KeyN")
	b.sees("#thread", "Where is my card?")
	s.says(token, chat, "Are you there?")
	b.sees("#thread", "Are you there?")
	release()
	b.untilSlow("the stream again", liveStream)
	s.says(token, chat, "By the stream")
	b.sees("#thread", "By the stream")
	for _, words := range []string{"Where is my card?", "Are you there?", "By the stream"} {
		b.once(words)
	}
}

func TestTheSupervisorsPageIsFreshThoughStreamsAreHeld(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.agent("ruth", models.RoleSupervisor)
	through, release := s.behind(holdsBody)
	b := newBrowser(t)
	b.signIn(through, "ruth", "/supervisor")
	b.until("polling", livePolling)
	b.sees("#live", "A few seconds behind")
	first := s.queues("", "First question")
	b.rows(first)
	second := s.queues("", "Second question")
	b.rows(first, second)
	b.gone("#stale")
	release()
	b.untilSlow("the stream again", liveStream)
	third := s.queues("", "Third question")
	b.rows(first, second, third)
}

func TestManyTabsPollTogetherThoughStreamsAreHeld(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.online("anna")
	through, _ := s.behind(holdsBody)
	token, chat := s.newChat("How many are you?")
	b := newBrowser(t)
	b.signIn(through, "anna", "/workbench")
	tabs := []*browser{b}
	for range 7 { // with a stream each, the seventh would not load
		ctx, cancel := chromedp.NewContext(b.ctx)
		t.Cleanup(cancel)
		tab := &browser{t: t, ctx: ctx, root: "document"}
		tab.open(through.url + "/workbench/chats/" + chat)
		tabs = append(tabs, tab)
	}
	for _, tab := range tabs {
		tab.untilSlow("polling", livePolling)
	}
	s.untilSlow("the tabs to poll together", func() bool { return s.hub.Streams(models.KindAgent) <= 3 })
	s.says(token, chat, "Hello all of you")
	for _, tab := range tabs {
		tab.sees(rowOf(chat), "Hello all of you")
	}
	tabs[3].once("Hello all of you")
}

// untilSlow is until with the time for which streams are kept for a client that no longer polls.
func (s *site) untilSlow(what string, done func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(2 * patience)
	for !done() {
		if time.Now().After(deadline) {
			s.t.Fatalf("still waiting for: %s", what)
		}
		<-time.After(50 * time.Millisecond)
	}
}
