package web_test

import (
	"net/http"
	"strings"
	"testing"

	"parley/models"
	"parley/web"
)

var rank = map[string]int{"agent": 1, "supervisor": 2, "admin": 3}

// lets returns the expected response of a route to a caller, from its audience and its rule.
func (r rule) lets(l web.Line, c caller) outcome {
	kind, level := "agent", rank[l.Who]
	if l.Who == "user" {
		kind = "user"
	}
	named := strings.Contains(l.Path, "{chat_id}")
	switch {
	case l.Public:
		return outcome{}
	case c.kind == "":
		return noGood
	case c.scope != "" && !l.API: // pages are called with a cookie, which no key is
		return noGood
	case c.kind != kind:
		return wrongKind
	case c.scope != "" && l.Scope == "":
		return noKeys
	case c.scope != "" && l.Scope != c.scope:
		return noScope
	case c.scope == "" && rank[string(c.role)] < level:
		return noRole
	case c.known && r.known != outcome{}:
		return r.known
	case c.part:
		return outcome{}
	case r.admins && c.role == "admin":
		return outcome{}
	case rank[string(c.role)] >= rank["supervisor"]:
		return r.boss
	case r.others == outcome{} && named:
		return notYours
	}
	return r.others
}

// got returns a response as an outcome.
func (a answer) got() outcome {
	o := outcome{status: a.Status}
	if strings.HasPrefix(a.Header.Get("Content-Type"), "application/problem+json") {
		o.code = a.str("code")
	}
	return o
}

// TestAttackEveryRouteAsEveryCaller calls every route with every kind of credential. A forbidden request changes nothing, and an allowed
// one is answered according to the rule.
func TestAttackEveryRouteAsEveryCaller(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	served := map[string]bool{}
	refusals := 0
	type allowed struct {
		line web.Line
		rule rule
		by   []caller
	}
	// Comparing everything that is stored takes longer than a few requests, so it is done for some routes together.
	var tried []allowed
	before := s.kept()
	complete := func() {
		var names []string
		for _, one := range tried {
			names = append(names, one.line.Method+" "+one.line.Path)
		}
		s.unchanged(before, strings.Join(names, ", ")+" by those who may not")
		for _, one := range tried {
			for _, c := range one.by {
				s.rightly(one.line, one.rule, c)
			}
		}
		tried = nil
	}
	for _, l := range web.Lines() {
		served[l.Name] = true
		r, ruled := rules[l.Name]
		if !ruled {
			t.Errorf("%s has no rule: say in attack_rules_test.go who may do what there", l.Name)
			continue
		}
		needs := strings.Contains(l.Path, "{session_id}") || strings.Contains(l.Path, "{device_id}")
		isAfterAssign := l.Name == "POST /user/message" // which is refused to those who have begun a chat
		if needs || isAfterAssign || len(tried) == 20 {
			complete()
			if needs { // the agent's own routes end sessions and remove devices
				sc := s.chats[models.Active]
				sc.session, sc.device = s.another(), s.device(l)
				s.chats[models.Active] = sc
			}
			s.resetWebhooks(s.standing(r).webhook) // so that the requests of this group find it as they leave it
			before = s.kept()
		}
		may := allowed{line: l, rule: r}
		for n, c := range s.callers {
			want := r.lets(l, c)
			if strings.HasPrefix(l.Path, "/api/users/") && n%3 != len(l.Name)%3 {
				continue // these routes share handlers, so a third of them is enough
			}
			if want == (outcome{}) {
				if !l.Public || c.kind == "" { // public routes need no credential and are called without a valid one
					may.by = append(may.by, c)
				}
				continue
			}
			refusals++
			sc := s.standing(r)
			token := c.token
			if c.part && c.kind == "user" {
				token = sc.owner
			}
			if got := s.call(l, token, s.fill(l.Path, l, sc), s.fill(r.body, l, sc)).got(); got != want {
				t.Errorf("%s %s as %s answered %v, want %v", l.Method, l.Path, c.name, got, want)
			}
		}
		tried = append(tried, may)
	}
	complete()
	for name := range rules {
		if !served[name] {
			t.Errorf("there is a rule for %s, which is not in the table", name)
		}
	}
	if refusals < 1000 {
		t.Errorf("only %d refusals were tried", refusals)
	}
}

// standing returns the scene that no caller may change.
func (s *stage) standing(r rule) scene {
	if r.in == "" {
		return s.chats[models.Active]
	}
	return s.chats[r.in]
}

// offer makes the offer that a rule needs: of the chat of anna's, or with bob as its agent to anna.
func (s *stage) offer(kind string, sc scene) {
	s.t.Helper()
	ctx, anna, bob := s.t.Context(), models.AgentActor(s.people["anna"]), models.AgentActor(s.people["bob"])
	r := models.OfferRequest{ServiceID: bob.ID, Wants: "A refund"}
	switch kind {
	case "":
		return
	case "got", "handed over":
		_, err := s.desk.Transfer(ctx, anna, sc.chat, models.TransferRequest{ServiceID: bob.ID})
		s.must(err)
		anna, bob, r.ServiceID = bob, anna, anna.ID
	}
	_, _, err := s.desk.OfferTransfer(ctx, anna, sc.chat, r)
	s.must(err)
	if kind == "handed over" {
		_, _, err := s.desk.AcceptOffer(ctx, bob, sc.chat)
		s.must(err)
	}
}

// rightly sends an allowed request in a separate scene.
func (s *stage) rightly(l web.Line, r rule, c caller) {
	s.t.Helper()
	sc := s.scene(r.in)
	defer s.leave(sc)
	s.offer(r.offer, sc)
	if strings.Contains(l.Path, "{slug}") {
		_, err := s.desk.AddDepartment(s.t.Context(), admin, sc.slug, "Spare")
		s.must(err)
	}
	if strings.Contains(l.Path, "{device_id}") {
		sc.device = s.device(l)
	}
	if strings.HasSuffix(l.Path, "/sites/remove") {
		s.must(s.desk.AddSite(s.t.Context(), admin, "https://"+sc.slug+".example"))
	}
	token := c.token
	switch {
	case c.part && c.kind == "user":
		token = sc.owner
	case c.kind == "agent" && strings.HasSuffix(l.Path, "/logout"):
		token = s.session(s.people["dora"].ID)
	}
	want := r.ok
	switch {
	case token == "" && r.bare != 0:
		want = r.bare
	case want == 0:
		want = 200
	}
	if got := s.call(l, token, s.fill(l.Path, l, sc), s.fill(r.body, l, sc)); got.Status != want {
		s.t.Errorf("%s %s as %s answered %d, want %d: %.300s", l.Method, l.Path, c.name, got.Status, want, got.Body)
	}
	switch l.Name { // restore the state that later routes depend on
	case "POST /account/password":
		hash, err := hashed()
		s.must(err)
		s.exec(`UPDATE agents SET password_hash = $1`, hash)
	case "POST /account/second-factor":
		s.exec(`DELETE FROM second_factors`)
	}
	if strings.HasSuffix(l.Path, "/away") || strings.HasSuffix(l.Path, "/offline") {
		s.bothOnline()
	}
}

// TestAttackOtherMethods checks that a route only accepts its own method, and HEAD if it is GET. No header overrides the method.
func TestAttackOtherMethods(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	taken := map[string]bool{}
	for _, l := range web.Lines() {
		taken[l.Method+" "+l.Path] = true
	}
	admin := s.caller("an administrator").token
	before := s.kept()
	for _, l := range web.MostLines() {
		path := s.fill(l.Path, l, s.chats[models.Active])
		for _, method := range []string{"PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "GET", "POST"} {
			if taken[method+" "+l.Path] || l.Path == "/admin/people/new" && method == "POST" { // an unknown agent
				continue
			}
			odd := l
			odd.Method = method
			got := s.call(
				odd,
				admin,
				path,
				"",
				func(h http.Header) { h.Set("X-HTTP-Method-Override", l.Method); h.Set("X-Method-Override", l.Method) },
			)
			if got.got() != (outcome{405, "method_not_allowed"}) || got.Header.Get("Allow") == "" {
				t.Errorf("%s %s answered %v", method, l.Path, got.got())
			}
		}
	}
	s.unchanged(before, "a method that is not taken")
	for _, l := range web.MostLines() {
		if l.Method != http.MethodGet || l.Public || strings.HasSuffix(l.Path, "/events") {
			continue
		}
		for _, c := range s.callers {
			path := s.fill(l.Path, l, s.standing(rules[l.Name]))
			head := l
			head.Method = "HEAD"
			if c.kind == "user" && c.part {
				c.token = s.standing(rules[l.Name]).owner
			}
			if want, got := s.call(l, c.token, path, "").Status, s.call(head, c.token, path, ""); got.Status != want || len(got.Body) > 0 {
				t.Errorf("HEAD %s as %s answered %d with %d bytes, GET %d", l.Path, c.name, got.Status, len(got.Body), want)
			}
		}
	}
}
