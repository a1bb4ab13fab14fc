package web_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"parley/models"
)

var axe = sync.OnceValues(func() (string, error) {
	source, err := os.ReadFile(filepath.Join("..", "node_modules", "axe-core", "axe.min.js"))
	return string(source), err
})

// look is a combination of width, theme and language.
type look struct {
	name          string
	width, height int64
	theme, lang   string
}

// looks cover both widths, both themes and both languages.
var looks = []look{
	{"wide, light, English", 1440, 960, "light", "en"},
	{"narrow, dark, Chinese", 390, 844, "dark", "zh-CN"},
}

// as sets the width and the theme of the system. The language is the page's own: ?lang=.
func (b *browser) as(l look) {
	b.t.Helper()
	b.size(l.width, l.height)
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: l.theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	b.must(err)
}

// judge runs every rule of axe-core on the document, including frames: best practices and experimental rules as well, but not those of
// WCAG's level AAA.
const judge = `axe.run(%root%, { rules: Object.fromEntries(axe.getRules().filter(({ tags }) => !tags.includes("wcag2aaa")).map(({ ruleId }) => [ruleId, { enabled: true }])) }).then((report) => report.violations
	.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.target.join(" ") + ": " + n.failureSummary.replace(/\s+/g, " "))))`

// accessible fails for each finding of any rule of axe-core in what the tab shows, and when it is wider than the screen.
// What names the state of the page in the message.
func (b *browser) accessible(what string) {
	b.t.Helper()
	source, err := axe()
	b.must(err)
	_, err = chromedp.Run(b.ctx, chromedp.Evaluate[bool](source+"; true"))
	b.must(err)
	findings, err := chromedp.Run(
		b.ctx,
		chromedp.Evaluate[[]string](strings.ReplaceAll(judge, "%root%", b.root), chromedp.EvalAwaitPromise),
	)
	b.must(err)
	for _, f := range findings {
		b.t.Errorf("%s: %s", what, f)
	}
	if wide, err := eval[bool](b, "root.documentElement.scrollWidth > root.documentElement.clientWidth"); err == nil && wide {
		b.t.Errorf("%s: the page is wider than the screen", what)
	}
}

func TestThePagesOfTheStaffAreAccessible(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(now *models.Settings) { now.QueueGrace = time.Hour })
	s.department("cards", "Cards")
	anna, _ := s.online("anna", func(n *models.NewAgent) { n.MaxConcurrent, n.Departments = 2, []string{"cards"} })
	active := s.queues("", "我的押金什么时候可以退？")
	s.queues("cards", "The second of two")
	waiting := s.queues("cards", "No room for me")
	s.must(s.desk.AddSite(t.Context(), admin, "https://shop.example"))
	s.must(s.desk.ChangeSetting(t.Context(), admin, "IDLE_WARNING", "90s"))
	b := s.administer("/admin")
	for _, l := range looks {
		b.as(l)
		for _, path := range []string{
			"/", "/supervisor", "/supervisor/agents/" + anna.ID, "/supervisor/chats/" + active.ID, "/supervisor/chats/" + waiting.ID,
			"/supervisor/what-if", "/supervisor/wait", "/supervisor/alerts", "/supervisor/alert-rules", "/supervisor/replay",
			"/supervisor/replay?day=2026-01-01", "/supervisor/forecast",
			"/admin/people", "/admin/people/new", "/admin/people/" + anna.ID, "/admin/bots", "/admin/departments", "/admin/hours", "/admin/questions", "/admin/wrap-up", "/admin/break-reasons",
			"/admin/rating-reasons", "/admin/settings", "/admin/mail", "/admin/sites", "/admin/looks", "/admin/looks/one?site=", "/admin/users", "/admin/users/one?id=" + active.UserID, "/admin/data", "/admin/audit",
		} {
			b.open(s.url + path + map[bool]string{true: "&lang=", false: "?lang="}[strings.Contains(path, "?")] + l.lang)
			b.sees("#main")
			b.accessible(path + ", " + l.name)
		}
	}
	b.as(looks[0])
	b.open(s.url + "/supervisor")
	b.click(row(waiting) + " [data-assign]")
	b.sees("#assign-menu")
	b.accessible("the menu of who gets a chat")
	b.press("\x1b")
	b.click(row(waiting) + " [data-rank]")
	b.sees("#priority-menu")
	b.accessible("the menu of priority")
}
