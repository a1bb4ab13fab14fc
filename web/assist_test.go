package web_test

import (
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/models"
)

// Programs ask for help, watch, whisper, join and take over, each on another instance than the one that hears of it. The user hears of the
// second voice alone.
func TestProgramsHelpInAChat(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	must(t, a.desk.ChangeSetting(t.Context(), admin, "SHOW_WATCHERS", "true"))
	_, annaToken := a.online("anna")
	_, bob := b.agent("bob", models.RoleAgent)
	mia, miaToken := b.agent("mia", models.RoleSupervisor)
	_, userToken := a.guest()
	chat := a.asks(userToken, "Where is my parcel?")
	agent, super := forAgent+"/chats/"+chat, "/api/supervisor/chats/"+chat
	anna, user := a.listen(forAgent+"/events", annaToken, ""), b.listen(forUser+"/events", userToken, "")
	anna.next("assigned")
	user.next("assigned")
	board := b.listen("/api/supervisor/events", miaToken, "")
	if flags := board.next("flags_changed").body["flags"].([]any); len(flags) != 0 {
		t.Errorf("a quiet desk has the flags %v", flags)
	}

	a.ask("POST", agent+"/raise-hand", annaToken, map[string]any{"line": "A refund above my limit"}).want(200)
	if got := anna.next("assistance").body; got["hand_line"] != "A refund above my limit" || got["hand_raised_at"] == nil {
		t.Errorf("the agent receives %v", got)
	}
	var flags []any
	for len(flags) == 0 { // a stream may repeat the list of before
		flags = board.next("flags_changed").body["flags"].([]any)
	}
	flag := flags[0].(map[string]any)
	if flag["kind"] != "hand" || flag["chat_id"] != chat || flag["service_name"] != "anna" ||
		flag["reason"] != "anna asks for help: A refund above my limit" {
		t.Errorf("the supervisor receives %v", flag)
	}
	if list := b.ask("GET", "/api/supervisor/flags", miaToken, nil).want(200).list(); len(list) != 1 {
		t.Errorf("the flags are %v", list)
	}
	listed := a.ask("GET", forAgent+"/chats", annaToken, nil).want(200).list()[0]
	if listed["hand_line"] != "A refund above my limit" {
		t.Errorf("the agent's list has %v", listed)
	}

	for _, path := range []string{"/events", "/join", "/whispers", "/take-over", "/flags/dismiss"} {
		method := map[bool]string{true: "GET", false: "POST"}[path == "/events"]
		b.ask(method, super+path, bob, nil).refused(403, "role_required")
	}
	watch := b.listen(super+"/events?watch_id=0123456789abcdef", miaToken, "")
	if got := anna.next("assistance").body["watching_service_ids"].([]any); len(got) != 1 || got[0] != mia.ID {
		t.Errorf("the agent sees %v watching", got)
	}
	b.ask("POST", super+"/whispers", miaToken, map[string]any{"content": "Secret advice", "client_message_id": "w"}).want(201)
	b.ask("POST", super+"/whispers", miaToken, map[string]any{"content": "Secret advice", "client_message_id": "w"}).want(200)
	for who, l := range map[string]*listener{"the agent": anna, "the supervisor": watch} {
		got := l.next("message").body
		if got["message_type"] != "whisper" || got["content"] != "Secret advice" || got["sender_id"] != mia.ID {
			t.Errorf("%s receives %v", who, got)
		}
	}
	a.ask("POST", agent+"/whispers", annaToken, map[string]any{"content": "Secret answer"}).want(201)
	if got := watch.next("message").body; got["content"] != "Secret answer" {
		t.Errorf("the supervisor receives %v", got)
	}
	a.ask("POST", forUser+"/chats/"+chat+"/typing", userToken, nil).want(204)
	if got := watch.next("typing").body; got["sender_type"] != "user" {
		t.Errorf("the supervisor sees typing of %v", got)
	}

	b.ask("POST", agent+"/messages", miaToken, map[string]any{"content": "Too early"}).refused(403, "not_in_chat")
	b.ask("POST", super+"/join", miaToken, nil).want(200)
	b.ask("POST", agent+"/messages", miaToken, map[string]any{"content": "I am Mia"}).want(201)
	heard := []string{}
	for range 2 {
		got := user.next("message").body
		heard = append(heard, got["message_type"].(string)+" "+got["content"].(string))
	}
	if got := strings.Join(heard, ", "); got != "system mia joined the chat., text I am Mia" {
		t.Errorf("the user receives %q", got)
	}
	b.ask("POST", super+"/leave", miaToken, nil).want(200)
	if got := user.next("message").body["content"]; got != "mia left the chat." {
		t.Errorf("the user receives %v", got)
	}
	for what, path := range map[string]string{"messages": "/messages", "the transcript": "/transcript"} {
		got := string(a.ask("GET", forUser+"/chats/"+chat+path, userToken, nil).want(200).Body)
		if strings.Contains(got, "Secret") || !strings.Contains(got, "I am Mia") {
			t.Errorf("%s of the user are %s", what, got)
		}
	}
	again := b.listen(forUser+"/events?last_event_id=x", userToken, "")
	for range 4 {
		if got := again.next("message").body; strings.Contains(got["content"].(string), "Secret") {
			t.Errorf("a stream that catches up sends the user %v", got)
		}
	}

	b.ask("POST", super+"/flags/dismiss", miaToken, map[string]any{"kind": "hand"}).want(200)
	for len(board.next("flags_changed").body["flags"].([]any)) > 0 {
	}
	b.ask("POST", super+"/take-over", miaToken, nil).refused(409, "agent_not_online")
	_, err := b.desk.SetPresence(t.Context(), models.AgentActor(mia), models.Online)
	must(t, err)
	b.ask("POST", super+"/take-over", miaToken, nil).want(200)
	if got := anna.next("unassigned").body["chat_id"]; got != chat {
		t.Errorf("the former agent is told of %v", got)
	}
	if got := user.next("assigned").body["service"].(map[string]any)["id"]; got != mia.ID {
		t.Errorf("the user is told of %v", got)
	}
	a.ask("POST", agent+"/raise-hand", annaToken, nil).refused(404, "chat_not_found")
}

// A watch survives a reconnection, and the change that was missed meanwhile is sent.
func TestAWatchCatchesUp(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	h.online("anna")
	_, miaToken := h.agent("mia", models.RoleSupervisor)
	_, userToken := h.guest()
	chat := h.asks(userToken, "One")
	path := "/api/supervisor/chats/" + chat + "/events?watch_id=0123456789abcdef"
	watch := h.listen(path, miaToken, "")
	h.ask("POST", forUser+"/chats/"+chat+"/messages", userToken, map[string]any{"content": "Two"}).want(201)
	cursor := watch.next("message").ID
	watch.cancel()
	h.ask("POST", forUser+"/chats/"+chat+"/messages", userToken, map[string]any{"content": "Three"}).want(201)
	watch = h.listen(path, miaToken, cursor)
	if got := watch.next("message").body["content"]; got != "Three" {
		t.Errorf("the watch goes on with %v", got)
	}
	var watches int
	must(t, h.desk.DB().NewRaw(`SELECT count(*) FROM chat_watches`).Scan(t.Context(), &watches))
	if watches != 1 {
		t.Errorf("%d watches are recorded", watches)
	}
	h.ask("POST", forUser+"/chats/"+chat+"/end", userToken, nil).want(200)
	watch.next("ended")
	h.ask("GET", path, miaToken, nil).refused(409, "chat_ended")
	deadline := time.Now().Add(10 * time.Second)
	for watches > 0 && time.Now().Before(deadline) {
		_, err := h.desk.EndWatches(t.Context())
		must(t, err)
		must(t, h.desk.DB().NewRaw(`SELECT count(*) FROM chat_watches`).Scan(t.Context(), &watches))
	}
	if watches > 0 {
		t.Error("the watch goes on after the end of the chat")
	}
}

// Two supervisors act at the same time, each twice and on both instances: what they do happens once, and nothing is taken over after its end.
func TestSupervisorsActAtOnce(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, alex := a.agent("alex", models.RoleAdmin)
	a.online("anna", func(n *models.NewAgent) { n.MaxConcurrent = 2 })
	_, userToken := a.guest()
	chat := a.asks(userToken, "Where is my parcel?")
	var tokens []string
	var ids []string
	for _, name := range []string{"mia", "ruth"} {
		one, token := a.agent(name, models.RoleSupervisor)
		_, err := a.desk.SetPresence(t.Context(), models.AgentActor(one), models.Online)
		must(t, err)
		tokens, ids = append(tokens, token), append(ids, one.ID)
	}
	atOnce := func(path string, body any) (statuses map[int]int) {
		statuses = map[int]int{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				got := []*testServer{a, b}[i%2].ask("POST", path, tokens[i/2%2], body).Status
				mu.Lock()
				defer mu.Unlock()
				statuses[got]++
			})
		}
		all.Wait()
		return statuses
	}
	logged := func(action string) int {
		_, told := a.log(alex, "")
		return strings.Count(strings.Join(told, "\n"), " "+action+" ")
	}

	a.watchQueue(tokens[0])
	_, err := a.desk.DB().NewRaw(`UPDATE alert_rules SET kind = 'nobody_online', department = NULL, threshold = 0`).Exec(t.Context())
	must(t, err)
	_, err = a.desk.DB().NewRaw(`INSERT INTO alerts (rule_id, kind, threshold, hold_seconds, window_minutes, value, worst, raised_at)
		SELECT id, kind, 0, 0, 0, 1, 1, now() FROM alert_rules`).Exec(t.Context())
	must(t, err)
	open := a.ask("GET", "/api/supervisor/alerts?state=open", tokens[0], nil).want(200).list()[0]
	alert := "/api/supervisor/alerts/" + strconv.Itoa(int(open["id"].(float64)))
	if got := atOnce(alert+"/acknowledge", nil); got[200] != 8 || logged("alert_acknowledged") != 1 {
		t.Errorf("an alert was acknowledged %d times: %v", logged("alert_acknowledged"), got)
	}

	capacities := "/api/supervisor/temporary-capacities"
	if got := atOnce(
		capacities,
		map[string]any{"capacity": 1, "minutes": 30},
	); got[201] != 1 || got[409] != 7 ||
		logged("capacity_applied") != 1 {
		t.Errorf("a capacity was applied: %v", got)
	}
	on := a.ask("GET", capacities, tokens[0], nil).want(200).list()
	if agents := on[0]["agents"].([]any); len(on) != 1 || len(agents) != 3 {
		t.Errorf("on: %v", on)
	}
	one := capacities + "/" + strconv.Itoa(int(on[0]["id"].(float64)))
	if got := atOnce(one+"/end", nil); got[200] != 1 || got[409] != 7 || logged("capacity_taken_back") != 1 {
		t.Errorf("a capacity was ended: %v", got)
	}

	super := "/api/supervisor/chats/" + chat
	got := atOnce(super+"/take-over", nil)
	if got[200] < 1 || got[200]+got[409] != 8 || logged("chat_taken_over") != got[200] {
		t.Errorf("a chat was taken over %d times: %v", logged("chat_taken_over"), got)
	}
	var load int
	must(t, a.desk.DB().NewRaw(`SELECT sum(load) FROM agents`).Scan(t.Context(), &load))
	owner := a.ask("GET", super, tokens[0], nil).want(200).object()["service_id"]
	if load != 1 || owner != ids[0] && owner != ids[1] {
		t.Errorf("%v has the chat, and the loads are %d together", owner, load)
	}
	token := tokens[0]
	if owner == ids[1] {
		token = tokens[1]
	}
	a.ask("POST", super+"/take-over", token, nil).refused(409, "already_assigned")
	a.browse("POST", "/supervisor/chats/"+chat+"/take-over", token, url.Values{}).goesTo("/workbench/chats/" + chat)
	a.ask("POST", forUser+"/chats/"+chat+"/end", userToken, nil).want(200)
	if got := atOnce(super+"/take-over", nil); got[409] != 8 {
		t.Errorf("an ended chat was taken over: %v", got)
	}
	a.ask("POST", super+"/take-over", token, nil).refused(409, "chat_ended")
}
