package web_test

import (
	"encoding/json"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/models"
)

func TestAnAdminExportsAndErasesAUser(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, alex := h.agent("alex", models.RoleAdmin)
	_, ruth := h.agent("ruth", models.RoleSupervisor)
	const id = "shop/42 ünï?&\"<b>"
	maria := signed(
		t,
		jwt.MapClaims{
			"sub":   id,
			"exp":   time.Now().Add(time.Hour).Unix(),
			"iat":   time.Now().Add(-time.Minute).Unix(),
			"name":  "Maria <i>Lopes",
			"email": "maria@example.com",
		},
		nil,
		nil,
	)
	undated := signed(t, jwt.MapClaims{"sub": id, "exp": time.Now().Add(time.Hour).Unix()}, nil, nil)
	chat := h.asks(maria, "Where is my parcel?")
	one := "/admin/users/one?" + url.Values{"id": {id}}.Encode()

	h.browse("GET", "/admin/users", alex, nil).want(200)
	h.browse("POST", "/admin/users", alex, url.Values{"q": {"MARIA@"}}).
		want(200).
		says("Maria &lt;i&gt;Lopes", "maria@example.com", strings.ReplaceAll(one, "&", "&amp;"))
	h.browse("POST", "/admin/users", alex, url.Values{"q": {"nobody"}}).want(200).says("No users found")
	h.browse("POST", "/admin/users", alex, url.Values{"q": {""}}).want(422).says(`id="q-error"`)
	h.browse("POST", "/admin/users", alex, url.Values{"q": {"\xff"}}).want(422)
	h.browse("GET", one, alex, nil).want(200).says("Maria &lt;i&gt;Lopes", "/supervisor/chats/"+chat, "shop/42 ünï?&amp;&#34;&lt;b&gt;")
	for _, bad := range []string{"", "?id=nobody", "?id=%00", "?id=%ff", "?id=" + strings.Repeat("x", 5000)} {
		h.browse("GET", "/admin/users/one"+bad, alex, nil).want(404)
	}

	file := h.browse("POST", "/admin/users/export", alex, url.Values{"id": {id}}).want(200)
	if got := file.Header.Get("Content-Disposition"); got != `attachment; filename="parley-user-shop_42__n_____b_.json"` {
		t.Errorf("the file is %s", got)
	}
	var export struct {
		User  map[string]any
		Chats []struct{ Messages []map[string]any }
	}
	if err := json.Unmarshal(
		file.Body,
		&export,
	); err != nil || export.User["id"] != id ||
		export.Chats[0].Messages[0]["content"] != "Where is my parcel?" {
		t.Errorf("the file says %s", file.Body)
	}
	h.browse("POST", "/admin/users/export", alex, url.Values{"id": {"nobody"}}).want(404)

	erase := func(who, confirm string) answer {
		return h.browse("POST", "/admin/users/erase", who, url.Values{"id": {id}, "confirm": {confirm}})
	}
	erase(ruth, id).want(403)
	for _, wrong := range []string{"", "shop", strings.ToUpper(id)} {
		erase(alex, wrong).want(422).says("The id does not match")
	}
	h.ask("GET", forUser+"/chats", maria, nil).want(200)
	erase(alex, " "+id+" ").goesTo("/admin/users?done=erased")
	h.browse("GET", "/admin/users?done=erased", alex, nil).want(200).says("was erased")
	erase(alex, id).want(404)
	h.browse("POST", "/admin/users/erase", alex, url.Values{"id": {""}, "confirm": {""}}).want(404)
	h.browse("GET", one, alex, nil).want(404)
	h.browse("GET", "/supervisor/chats/"+chat, alex, nil).want(404)
	h.browse("GET", "/supervisor", alex, nil).want(200)
	h.ask("GET", "/api/supervisor/queue", alex, nil).want(200)
	for _, token := range []string{maria, undated} {
		h.ask("GET", forUser+"/chats", token, nil).refused(401, "unauthorized")
	}
	if _, told := h.log(
		alex,
		"subject="+url.QueryEscape(id),
	); !slices.Equal(
		told,
		[]string{"alex user_exported user", "alex user_erased user"},
	) {
		t.Errorf("the log tells %v", told)
	}
	// Two minutes later: a host's clock may be off by one.
	for _, statement := range []string{`ALTER TABLE audit_log DISABLE TRIGGER USER`, `UPDATE audit_log SET at = at - interval '2 minutes'`} {
		if _, err := h.desk.DB().NewRaw(statement).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	h.ask("GET", forUser+"/chats", undated, nil).refused(401, "unauthorized")
	again := signed(t, jwt.MapClaims{"sub": id, "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix()}, nil, nil)
	if got := h.ask("GET", forUser+"/chats", again, nil).want(200); len(got.list()) != 0 {
		t.Errorf("who came anew has %s", got.Body)
	}
}

// TestAnErasureEndsStreams keeps a stream of every kind open during an erasure by this instance, and during one by a process that
// publishes no events.
func TestAnErasureEndsStreams(t *testing.T) {
	t.Parallel()
	for name, erase := range map[string]func(h *testServer, id string) error{
		"by an admin": func(h *testServer, id string) error {
			_, err := h.desk.EraseUser(t.Context(), admin, id)
			return err
		},
		"by the console": func(h *testServer, id string) error {
			silent := models.NewDesk(h.desk.DB(), models.DefaultSettings(), slog.New(slog.DiscardHandler)) // it has no hub
			defer silent.Close()
			_, err := silent.EraseUser(t.Context(), models.Actor{Kind: models.KindAgent, ID: "console", Role: models.RoleAdmin}, id)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startServer(t)
			anna, annaToken := h.online("anna")
			jwtUser := signed(
				t,
				jwt.MapClaims{"sub": "signed", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Add(-time.Minute).Unix()},
				nil,
				nil,
			)
			guestID, guest := h.guest()
			bystander, other := h.guest()
			chats := map[string]string{"signed": h.asks(jwtUser, "One"), guestID: h.asks(guest, "Two"), bystander: h.asks(other, "Three")}
			ticket := h.ask("POST", forUser+"/stream-ticket", guest, nil).want(200).str("ticket")
			unused := h.ask("POST", forUser+"/stream-ticket", guest, nil).want(200).str("ticket")
			users := map[string][]*listener{
				"signed":  {h.listen(forUser+"/events", jwtUser, "")},
				guestID:   {h.listen(forUser+"/events", guest, ""), h.listen(forUser+"/events?ticket="+ticket, "", "")},
				bystander: {h.listen(forUser+"/events", other, "")},
			}
			for _, streams := range users {
				for _, l := range streams {
					l.next("assigned")
				}
			}
			agent := h.listen(forAgent+"/events", annaToken, "")
			for range chats {
				agent.next("assigned")
			}
			for _, id := range []string{"signed", guestID} {
				began := time.Now()
				if err := erase(h, id); err != nil {
					t.Fatal(err)
				}
				for _, l := range users[id] {
					if name == "by an admin" {
						if e := l.next("ended"); e.body["chat_id"] != chats[id] || e.body["ended_reason"] != "service_ended" {
							t.Errorf("the stream says %s", e.Data)
						}
					}
					if e := l.next("closing"); e.body["reason"] != "signed_out" {
						t.Errorf("it closes with %s", e.Data)
					}
					l.ended()
				}
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("the streams ended after %s", took)
				}
				for gone := false; !gone; {
					select {
					case e := <-agent.events:
						gone = (e.Name == "unassigned" || e.Name == "ended") && e.body["chat_id"] == chats[id]
					case <-time.After(30 * time.Second): // the line may have been opened after the hub's first look
						t.Fatal("the agent hears nothing of it")
					}
				}
			}
			for path, token := range map[string]string{forUser + "/chats": guest, forUser + "/queue-status": jwtUser} {
				h.ask("GET", path, token, nil).refused(401, "unauthorized")
			}
			if got := h.listen(forUser+"/events?ticket="+unused, "", ""); got.status != 401 {
				t.Errorf("an unused ticket opens a stream: %d", got.status)
			}
			h.ask("POST", forAgent+"/chats/"+chats[bystander]+"/messages", annaToken, map[string]any{"content": "Still here?"}).want(201)
			users[bystander][0].next("message")
			if list := h.ask("GET", forAgent+"/chats", annaToken, nil).
				want(200).
				list(); len(list) != 1 ||
				list[0]["chat_id"] != chats[bystander] {
				t.Errorf("the agent's list is %v", list)
			}
			if status := h.ask("GET", forAgent+"/status", annaToken, nil).object(); status["load"] != float64(1) {
				t.Errorf("%s holds %v", anna.Name, status["load"])
			}
			checked, err := h.desk.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range checked {
				if len(c.Findings) > 0 {
					t.Errorf("%s: %v", c.Invariant, c.Findings)
				}
			}
		})
	}
}

func TestTheWidgetStartsAnewAfterAnErasure(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	p := h.opensPanel()
	p.program("/widget/assign", map[string]string{"message": "Where is my parcel?"}).want(200)
	_, before, _ := strings.Cut(p.cookie, "=")
	u, _, _, err := h.desk.UserBySession(t.Context(), before)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.desk.EraseUser(t.Context(), admin, u.ID); err != nil {
		t.Fatal(err)
	}
	p.program("/widget/assign", map[string]string{"message": "Still me?"}).refused(401, "unauthorized")
	if page := p.get("/widget?lang=en").
		want(200); strings.Contains(string(page.Body), "parcel") ||
		!strings.Contains(string(page.Body), "data-stranger") {
		t.Error("the page shows what was erased, or knows who asks")
	}
	if begun := p.program("/widget/session", nil).
		want(200); !strings.HasPrefix(begun.Header.Get("Set-Cookie"), "parley_user=") ||
		strings.Contains(begun.Header.Get("Set-Cookie"), before) {
		t.Errorf("the next session is %q", begun.Header.Get("Set-Cookie"))
	}
}
