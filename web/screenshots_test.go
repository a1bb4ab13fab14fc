//go:build screenshots

package web_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/golang-jwt/jwt/v5"

	"parley/models"
	"parley/web/demo"
)

// The screenshots of the README, taken from the running program by `make screenshots`. They show one minute of a busy afternoon at Kestrel.
func TestScreenshots(t *testing.T) {
	s := newSite(t, func(settings *models.Settings) {
		// The scene does not change while the screenshots are taken.
		settings.IdleWarning, settings.IdleTimeout = 9*time.Minute, 10*time.Minute
		settings.PresenceTimeout, settings.QueueGrace = time.Hour, time.Hour
	})
	s.must(demo.Seed(t.Context(), s.desk, io.Discard))
	sc := newScene(s)
	sc.play()

	workbench := newBrowser(t)
	workbench.size(1440, 900)
	workbench.enter(s, "anna@example.com", "/workbench/chats/"+sc.chats["demo-maria"])
	workbench.sees(mine, "Shall I open it again?")
	workbench.gone("#row-" + sc.chats["demo-maria"] + " .badge")
	workbench.photograph("workbench")
	workbench.prefer("lang", "zh-CN")
	workbench.prefer("theme", "dark")
	workbench.open(s.url + "/workbench/chats/" + sc.chats["demo-wangwei"])
	workbench.sees(theirs, "需要")
	workbench.photograph("workbench-dark-zh")

	supervisor := newBrowser(t)
	supervisor.size(1440, 964)
	supervisor.enter(s, "ruth@example.com", "/supervisor")
	supervisor.sees("main", "Farid Rahimi")
	supervisor.until("the day's chart", "document.querySelector('.uplot canvas')")
	supervisor.photograph("supervisor")

	page := newBrowser(t)
	page.size(1200, 820)
	page.open(s.url + "/demo")
	page.until("the widget", "window.Parley?.loaded")
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "demo-maria", "name": "Maria Lopes", "exp": time.Now().Add(time.Hour).Unix()}).
		SignedString([]byte(secret))
	s.must(err)
	_, err = eval[bool](page, "(window.Parley('identify', "+quote(token)+"), true)")
	s.must(err)
	widget := page.launch()
	widget.sees(mine, "Yes please")
	widget.rests()
	page.photograph("widget")
}

func (b *browser) enter(s *site, email, path string) {
	b.t.Helper()
	b.open(s.url + "/login?next=" + path)
	b.write("input[name=email]", email)
	b.write("input[name=password]", demo.Password)
	b.press("\r")
	b.until(path, "location.pathname === "+quote(path))
}

// prefer sets the cookie by which a browser keeps its language or theme.
func (b *browser) prefer(what, value string) {
	b.t.Helper()
	_, err := eval[string](b, "document.cookie = "+quote("parley_"+what+"="+value+"; path=/"))
	b.must(err)
}

// rests waits until the stream is live, the fonts are loaded and animations have ended.
func (b *browser) rests() {
	b.t.Helper()
	b.until("the line to be live", "!root.body.hasAttribute('live-connect') || root.documentElement.dataset.live === 'live'")
	b.until(
		"the page to rest",
		"root.fonts.status === 'loaded' && root.getAnimations().every((a) => a.playState !== 'running' || a.effect.getComputedTiming().iterations === Infinity)",
	)
}

// photograph writes a screenshot of the tab.
func (b *browser) photograph(name string) {
	b.t.Helper()
	b.rests()
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	b.must(err)
	if len(picture) > 300_000 {
		b.t.Errorf("%s.png has %d bytes, more than 300 kB", name, len(picture))
	}
	b.must(os.WriteFile(filepath.Join("..", "docs", name+".png"), picture, 0o644))
}

// sampleScene adds users and agents through the desk and then moves the times of their actions into the past.
type sampleScene struct {
	*site
	agents map[string]*models.Agent // by address
	chats  map[string]string        // by user
}

func newScene(s *site) *sampleScene {
	sc := &sampleScene{site: s, agents: map[string]*models.Agent{}, chats: map[string]string{}}
	for _, account := range demo.Accounts() {
		a, err := s.desk.AgentByEmail(s.t.Context(), account.Email)
		s.must(err)
		sc.agents[account.Email] = a
	}
	return sc
}

// sampleLine is one message, sent a number of seconds ago.
type sampleLine struct {
	agent bool
	text  string
	ago   int
}

func (sc *sampleScene) play() {
	sc.arrive("anna@example.com")
	sc.chat(
		"demo-samuel",
		"",
		"Declined payments",
		[]sampleLine{
			{false, "Hi, I see a payment of 9.99 that I do not know", 152},
			{true, "Hello Samuel, the one from this morning, to “LUMEN MEDIA”?", 118},
			{false, "Yes, that one", 72},
		},
	)
	sc.chat("demo-maria", "cards", "Card limits", []sampleLine{
		{false, "My card was declined at a pharmacy in Lisbon. There is money on it.", 171},
		{true, "Hello Maria, I can see the card. Give me a moment.", 140},
		{true, "The shop asked twice within a second, so it was stopped. Shall I open it again?", 96},
		{false, "Yes please, I am still at the counter", 38},
	})
	sc.chat("demo-tomasz", "", "The card", []sampleLine{{false, "How do I get a second card for my partner?", 14}})
	sc.chat("demo-wangwei", "cards", "帮助", []sampleLine{
		{false, "你好，我的卡在便利店刷不了，余额是够的", 210},
		{true, "您好，我是 Anna，正在为您查看。", 186},
		{true, "这笔付款因为短时间内提交了两次被系统拦下，需要我为您恢复吗？", 150},
		{false, "需要，谢谢", 128},
		{true, "已经恢复，请您再试一次，建议插卡。", 90},
	})
	sc.chat(
		"demo-lucie",
		"",
		"Help",
		[]sampleLine{
			{false, "Is there a limit for how much I can keep on the account?", 640},
			{true, "Up to 100,000. Above 20,000 only a savings pot earns interest. Shall I show you how to open one?", 559},
		},
	)
	sc.fill("ben@example.com", "demo-oliver", "demo-amara", "demo-jonas")
	sc.fill("chenyu@example.com", "demo-zhangmin", "demo-liuyang", "demo-priya")
	sc.fill("dalia@example.com", "demo-nils", "demo-hana")
	sc.arrive("emil@example.com")
	sc.chat("demo-zhaolei", "cards", "帮助", []sampleLine{{false, "卡好像丢了，怎么办", 95}, {true, "您好，已经先为您冻结。", 61}})
	_, err := sc.desk.SetPresence(sc.t.Context(), models.AgentActor(sc.agents["emil@example.com"]), models.Away)
	sc.must(err)

	sc.wait("demo-farid", "cards", 250, "My card was swallowed by a machine in Porto")
	sc.wait("demo-ines", "cards", 176, "The courier says delivered, but there is nothing")
	sc.wait("demo-guest-2", "cards", 134, "PIN blocked")
	sc.wait("demo-sunli", "cards", 67, "我的新卡什么时候到？")
	sc.wait("demo-guest-3", "", 44, "Do you have a branch in Ghent?")
}

func (sc *sampleScene) arrive(email string) {
	sc.t.Helper()
	_, err := sc.desk.SetPresence(sc.t.Context(), models.AgentActor(sc.agents[email]), models.Online)
	sc.must(err)
}

// fill assigns chats to a new agent, alternately answered and unanswered.
func (sc *sampleScene) fill(email string, users ...string) {
	sc.t.Helper()
	sc.arrive(email)
	for i, user := range users {
		lines := []sampleLine{{false, "Hello, I have a question about my last statement", 80 + 40*i}}
		if i%2 == 0 {
			lines = append(lines, sampleLine{true, "Hello, of course. Which month is it?", 50 + 30*i})
		}
		sc.chat(user, "", "Help", lines)
	}
}

// chat starts a chat, sends its messages and sets each to its time. Any agent with capacity gets it.
func (sc *sampleScene) chat(user, department, page string, lines []sampleLine) {
	sc.t.Helper()
	id := sc.ask(user, department, page, lines[0].text)
	c, err := sc.desk.Chat(sc.t.Context(), admin, id)
	sc.must(err)
	if c.AgentID == nil {
		sc.t.Fatalf("%s waits, though the scene has room", user)
	}
	agent, err := sc.desk.AgentByID(sc.t.Context(), *c.AgentID)
	sc.must(err)
	for i, line := range lines {
		actor := models.UserActor(user)
		if line.agent {
			actor = models.AgentActor(agent)
		}
		if i > 0 {
			_, _, err := sc.desk.Send(sc.t.Context(), actor, id, models.NewMessage{Content: line.text})
			sc.must(err)
		}
		if line.agent { // an agent who replies has read the messages, and the reply was read, too
			_, err = sc.desk.ConfirmAll(sc.t.Context(), models.AgentActor(agent), id, models.Read)
			sc.must(err)
			_, err = sc.desk.ConfirmAll(sc.t.Context(), models.UserActor(user), id, models.Read)
			sc.must(err)
		}
		sc.exec(
			`UPDATE messages SET created_at = now() - make_interval(secs => ?) WHERE chat_id = ? AND content = ?`,
			line.ago,
			id,
			line.text,
		)
	}
	first, last := lines[0].ago, lines[len(lines)-1]
	sc.exec(
		`UPDATE messages SET created_at = now() - make_interval(secs => ?) WHERE chat_id = ? AND message_type = 'system'`,
		float64(first)-0.5,
		id,
	)
	sc.exec(
		`UPDATE chats SET created_at = now() - make_interval(secs => ?0), queued_at = now() - make_interval(secs => ?0), assigned_at = now() - make_interval(secs => ?0),
		first_assigned_at = now() - make_interval(secs => ?0), quiet_since = now() - make_interval(secs => ?1), last_message_at = now() - make_interval(secs => ?1),
		awaiting_since = CASE WHEN ?2 THEN NULL ELSE now() - make_interval(secs => ?1) END WHERE id = ?3`,
		first,
		last.ago,
		last.agent,
		id,
	)
}

// wait starts a chat that waits because no agent has capacity, a number of seconds ago.
func (sc *sampleScene) wait(user, department string, ago int, text string) {
	sc.t.Helper()
	id := sc.ask(user, department, "Help", text)
	sc.exec(
		`UPDATE chats SET created_at = now() - make_interval(secs => ?0), queued_at = now() - make_interval(secs => ?0), last_message_at = now() - make_interval(secs => ?0) WHERE id = ?1`,
		ago,
		id,
	)
}

func (sc *sampleScene) ask(user, department, page, text string) string {
	sc.t.Helper()
	got, err := sc.desk.Assign(
		sc.t.Context(),
		user,
		models.AssignRequest{Message: text, Department: department, PageURL: "https://kestrel.example/demo", PageTitle: page},
	)
	sc.must(err)
	sc.chats[user] = got.Chat.ID
	return got.Chat.ID
}

func (sc *sampleScene) exec(query string, args ...any) {
	sc.t.Helper()
	_, err := sc.desk.DB().NewRaw(query, args...).Exec(sc.t.Context())
	sc.must(err)
}
