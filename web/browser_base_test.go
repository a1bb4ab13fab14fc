package web_test

import (
	"testing"

	"parley/models"
)

// newSiteBelow is a site whose PUBLIC_URL has a path, behind nginx. Its url is that PUBLIC_URL.
func newSiteBelow(t *testing.T, path string, strip bool) (*site, *proxy) {
	t.Helper()
	address := freeAddress(t)
	s := newSite(t, nil, func(s *site) { s.publicURL = "http://" + address + path })
	p := startProxy(t, address, path+"/", s.address, strip)
	s.url = s.publicURL
	return s, p
}

// TestAConversationBelowAPath chats and sends a file between the widget on the demo site and the workbench, and checks that no request
// leaves the path.
func TestAConversationBelowAPath(t *testing.T) {
	t.Parallel()
	for name, strip := range map[string]bool{"the proxy keeps the path": false, "the proxy takes the path off": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, proxy := newSiteBelow(t, "/chat", strip)
			anna, _ := s.agent("anna", models.RoleSupervisor)
			_, err := s.desk.SetPresence(t.Context(), models.AgentActor(anna), models.Online)
			s.must(err)
			agent := newBrowser(t)
			agent.signIn(s, "anna", "/chat/workbench")
			user := newBrowser(t)
			user.open(s.url + "/demo")
			user = user.launch()
			user.send("My card was declined.")
			user.sees("#w-head", "anna")
			agent.pick()
			agent.until("the address of the chat", "location.pathname.startsWith('/chat/workbench/chats/')")
			agent.sees(theirs, "My card was declined.")
			agent.send("Hello, I can see the card.")
			user.sees(theirs, "Hello, I can see the card.")
			user.status("read")
			user.choose(photo("receipt.jpg"))
			user.shows(mine, 1)
			agent.shows(theirs, 1)
			agent.choose(photo("card.jpg"))
			user.shows(theirs, 1)

			agent.write("#composer-text", "not sent yet")
			agent.until(
				"a draft in storage, told apart from other Parleys on this host",
				`Object.keys(localStorage).some((key) => key.startsWith("parley/chat.draft."))`,
			)
			agent.until(
				"no key that others may use",
				`[...Object.keys(localStorage), ...Object.keys(sessionStorage)].every((key) => !key.startsWith("parley") || key.startsWith("parley/chat."))`,
			)
			agent.reload()
			agent.shows(theirs, 1)
			agent.open(s.url + "/supervisor")
			agent.sees("main", "anna")
			agent.until("a live stream", "document.documentElement.dataset.live === 'live'")
			agent.open(s.url + "/")
			agent.click(`form[action$="/logout"] button`)
			agent.until("the page after sign-out", "location.pathname === '/chat/login'")
			if asked := proxy.outside(t); len(asked) > 0 {
				t.Errorf("browsers asked for %v", asked)
			}
		})
	}
}

// TestTwoParleysBelowOneHost checks that two installations on one host work at the same time and do not accept the sessions of each other.
// Cookies ignore ports, so two addresses of one machine are one host for them.
func TestTwoParleysBelowOneHost(t *testing.T) {
	t.Parallel()
	one, _ := newSiteBelow(t, "/one", false)
	two, _ := newSiteBelow(t, "/two", false)
	one.agent("anna", models.RoleAgent)
	two.agent("bob", models.RoleAgent)
	b := newBrowser(t)
	b.signIn(one, "anna", "/one/workbench")
	b.open(two.url + "/workbench")
	b.until("the sign-in page of the other", "location.pathname === '/two/login'")
	b.signIn(two, "bob", "/two/workbench")
	b.open(one.url + "/workbench")
	b.until("the page of the one", "location.pathname === '/one/workbench'")
	b.open(two.url + "/workbench")
	b.until("the page of the other", "location.pathname === '/two/workbench'")
}
