package web_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"

	"parley/models"
)

// heard is a node of the accessibility tree.
type heard struct {
	role, name string
	invalid    string
}

// tree returns the nodes of the tab's accessibility tree that are not ignored, in the order in which they are read.
func (b *browser) tree() []heard {
	b.t.Helper()
	got, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	b.must(err)
	nodes := map[accessibility.NodeID]*accessibility.Node{}
	for _, n := range got.Nodes {
		nodes[n.NodeID] = n
	}
	text := func(v *accessibility.Value) (s string) {
		if v != nil {
			_ = json.Unmarshal(v.Value, &s)
		}
		return s
	}
	var all []heard
	var read func(id accessibility.NodeID)
	read = func(id accessibility.NodeID) {
		n := nodes[id]
		if n == nil {
			return
		}
		if !n.Ignored {
			h := heard{role: text(n.Role), name: text(n.Name)}
			for _, p := range n.Properties {
				if p.Name == "invalid" {
					h.invalid = text(p.Value)
				}
			}
			all = append(all, h)
		}
		for _, child := range n.ChildIDs {
			read(child)
		}
	}
	if len(got.Nodes) > 0 {
		read(got.Nodes[0].NodeID)
	}
	return all
}

// said joins the texts of a tree.
func said(tree []heard) string {
	var all []string
	for _, h := range tree {
		if h.role == "StaticText" {
			all = append(all, strings.TrimSpace(h.name))
		}
	}
	return strings.Join(all, " ")
}

// validFields fails for each field that is marked as invalid.
func (b *browser) validFields(what string, roles ...string) {
	b.t.Helper()
	seen := 0
	for _, h := range b.tree() {
		if !slices.Contains(roles, h.role) {
			continue
		}
		seen++
		if h.invalid == "true" {
			b.t.Errorf("%s: the %s %q is reported as invalid", what, h.role, h.name)
		}
	}
	if seen == 0 {
		b.t.Errorf("%s: there is no %v", what, roles)
	}
}

func TestTheSenderIsReadBeforeTheMessage(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	anna, token := s.online("anna")
	for _, lang := range []struct{ code, you, colon string }{{"en", "You", ":"}, {"zh-CN", "您", "："}} {
		b := newBrowser(t)
		b.open(s.url + "/widget?site=Kestrel&lang=" + lang.code)
		b.validFields("the widget, "+lang.code, "textbox")
		b.send("Where is my parcel?")
		b.status("sent")
		chat := b.attr("#w-now", "data-chat")
		s.ask("POST", forAgent+"/chats/"+chat+"/messages", token, map[string]any{"content": "It is on its way."}).want(201)
		b.sees(theirs, "It is on its way.")
		for range 2 {
			heard := said(b.tree())
			for _, want := range []string{lang.you + lang.colon + " Where is my parcel?", anna.Name + lang.colon + " It is on its way."} {
				if !strings.Contains(heard, want) {
					t.Errorf("%s: %q is not in %q", lang.code, want, heard)
				}
			}
			b.reload() // also when rendered by the server
			b.sees(theirs, "It is on its way.")
		}
		s.ask("POST", forAgent+"/chats/"+chat+"/end", token, nil).want(200)
		b.sees("[data-rate]")
		b.validFields("the rating, "+lang.code, "radio")
		b.click("[data-rate] [type=submit]")
		b.until("a choice to be missing", `root.querySelector('[name="rating"]').ariaInvalid === "true"`)
	}
}

func TestNoFieldIsInvalidBeforeItIsFilledIn(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.department("cards", "Cards")
	b := newBrowser(t)
	b.open(s.url + "/login")
	b.validFields("/login", "textbox")
	b.signIn(s, s.adminName(), "/admin")
	for _, path := range []string{"/admin/people/new", "/admin/departments", "/admin/break-reasons", "/admin/sites", "/account"} {
		b.open(s.url + path)
		b.validFields(path, "textbox", "spinbutton")
	}
}

// adminName adds an administrator and returns the name.
func (s *site) adminName() string {
	s.t.Helper()
	s.agent("olga", models.RoleAdmin)
	return "olga"
}

// TestLauncherAndPanelHaveNamesOfTheirOwn checks that the two buttons, which close and minimize the window, have different names.
func TestLauncherAndPanelHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for _, lang := range []string{"en", "zh-CN"} {
		b := newBrowser(t)
		b.open(s.url + "/demo?lang=" + lang)
		panel := b.launch()
		panel.sees("#w-head .w-close")
		header := panel.attr("#w-head .w-close", "aria-label")
		launcher, err := eval[string](b, `document.querySelector("#parley").shadowRoot.querySelector("button").ariaLabel`)
		b.must(err)
		if header == "" || launcher == "" || header == launcher || strings.Contains(header, "Close") {
			t.Errorf("%s: the header is %q, the launcher %q", lang, header, launcher)
		}
	}
}

func TestPublicPagesHaveADescription(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	seen := map[string]bool{}
	for _, path := range []string{"/", "/login", "/widget", "/nowhere", "/demo"} {
		for _, lang := range []string{"en", "zh-CN"} {
			body := string(h.browse("GET", path+"?lang="+lang, "", nil).Body)
			_, rest, found := strings.Cut(body, `<meta name="description" content="`)
			description, _, _ := strings.Cut(rest, `"`)
			if !found || len(description) < 10 || seen[lang+description] && path != "/demo" {
				t.Errorf("%s in %s has the description %q", path, lang, description)
			}
			seen[lang+description] = true
		}
	}
}
