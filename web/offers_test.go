package web_test

import (
	"strings"
	"testing"
	"time"

	"parley/models"
	"parley/models/testdb"
)

// Programs offer chats to agents whose stream is on another instance, and others hear nothing of it.
func TestProgramsOfferChats(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	anna, annaToken := a.online("anna")
	_, userToken := a.guest()
	chat := a.asks(userToken, "Where is my parcel?")
	bob, bobToken := b.online("bob")
	_, carla := b.online("carla")
	_, boss := b.agent("dora", models.RoleSupervisor)
	path := forAgent + "/chats/" + chat
	sender, receiver := b.listen(forAgent+"/events", annaToken, ""), b.listen(forAgent+"/events", bobToken, "")
	sender.next("assigned")
	board := b.listen("/api/supervisor/events", boss, "")
	others := map[string]*listener{"carla": b.listen(forAgent+"/events", carla, ""), "the user": b.listen(forUser+"/events", userToken, "")}

	options := a.ask("GET", path+"/transfer-options", annaToken, nil).want(200).object()
	if agents := options["agents"].([]any); len(agents) != 2 {
		t.Errorf("the chat can be offered to %v", agents)
	}
	offer := map[string]any{"service_id": bob.ID, "wants": "A refund", "tried": "A new parcel", "promised": "An answer today"}
	made := a.ask("POST", path+"/offer", annaToken, offer).want(201).object()["offer"].(map[string]any)
	for who, l := range map[string]*listener{"the sender": sender, "the receiver": receiver} {
		got := l.next("transfer_offered").body
		if got["offer_id"] != made["offer_id"] || got["wants"] != "A refund" || got["service_id"] != bob.ID ||
			got["from_service_id"] != anna.ID {
			t.Errorf("%s receives %v", who, got)
		}
	}
	for e := board.next("load_changed"); e.body["service_id"] != bob.ID || e.body["reserved"] != 1.0; e = board.next("load_changed") {
	}
	if again := b.listen(forAgent+"/events", bobToken, "").next("transfer_offered").body; again["offer_id"] != made["offer_id"] {
		t.Errorf("a new stream begins with %v", again)
	}
	read := b.ask("GET", path+"/offer", bobToken, nil).want(200).object()
	if m := read["messages"].([]any); len(m) != 1 || m[0].(map[string]any)["content"] != "Where is my parcel?" {
		t.Errorf("the receiver reads %v", read)
	}
	b.ask("GET", path+"/messages", bobToken, nil).want(404)
	b.ask("GET", path+"/offer", carla, nil).refused(404, "chat_not_found")
	b.ask("POST", path+"/offer/accept", carla, nil).refused(404, "chat_not_found")
	if list := b.ask("GET", forAgent+"/offers", bobToken, nil).want(200).list(); len(list) != 1 {
		t.Errorf("the offers are %v", list)
	}
	a.ask("POST", path+"/offer", annaToken, offer).refused(409, "offer_exists")

	b.ask("POST", path+"/offer/decline", bobToken, map[string]any{"reason": "Lunch"}).want(200)
	for who, l := range map[string]*listener{"the sender": sender, "the receiver": receiver} {
		if got := l.next("transfer_answered").body; got["state"] != "declined" || got["reason"] != "Lunch" {
			t.Errorf("%s receives %v", who, got)
		}
	}
	b.ask("GET", path+"/offer", bobToken, nil).refused(404, "offer_not_found")
	line := sender.next("message").body
	if line["message_type"] != "note" || line["content"] != "bob declined the offer of this chat: Lunch" {
		t.Errorf("the line is %v", line)
	}
	a.ask("POST", path+"/offer", annaToken, offer).want(201)
	a.ask("POST", path+"/offer/withdraw", annaToken, nil).want(200)
	if got := receiver.next("transfer_answered").body; got["state"] != "withdrawn" {
		t.Errorf("the receiver receives %v", got)
	}
	b.ask("POST", path+"/offer/accept", bobToken, nil).refused(409, "offer_closed")
	a.ask("POST", path+"/offer", annaToken, offer).want(201)
	b.ask("POST", path+"/offer/accept", bobToken, nil).want(200)
	receiver.next("assigned")
	if got := sender.next("transfer_answered").body; got["state"] == "withdrawn" { // the one that was withdrawn comes first
		if got = sender.next("transfer_answered").body; got["state"] != "accepted" {
			t.Errorf("the sender receives %v", got)
		}
	}
	sender.next("unassigned")
	if note := b.ask("GET", path+"/hand-over", bobToken, nil).want(200).object(); note["tried"] != "A new parcel" {
		t.Errorf("the note is %v", note)
	}
	a.ask("GET", path+"/hand-over", annaToken, nil).refused(404, "chat_not_found")
	b.ask("POST", path+"/end", bobToken, nil).want(200)
	b.ask("POST", forAgent+"/away", carla, nil).want(200)
	said := map[string]bool{"Where is my parcel?": true, "anna joined.": true, "anna transferred the chat to bob.": true}
	for who, isLast := range map[string]func(event) bool{
		"carla":    func(e event) bool { return e.Name == "presence" && e.body["presence"] == "away" },
		"the user": func(e event) bool { return e.Name == "ended" },
	} {
		for e := others[who].any(); !isLast(e); e = others[who].any() {
			if strings.HasPrefix(e.Name, "transfer") || e.Name == "message" && !said[e.body["content"].(string)] {
				t.Errorf("%s received %v", who, e)
			}
		}
	}
}

// An offer and its answer arrive at another instance within 2 s while Redis is away.
func TestOffersArriveWithoutRedis(t *testing.T) {
	t.Parallel()
	redis := testdb.RedisServer(t)
	a, b := twoHouses(t, func(s *setup) { s.redisURL = redis.URL })
	_, annaToken := a.online("anna")
	_, userToken := a.guest()
	chat := a.asks(userToken, "Hello")
	bob, bobToken := b.online("bob")
	sender, receiver := a.listen(forAgent+"/events", annaToken, ""), b.listen(forAgent+"/events", bobToken, "")
	must(t, redis.Pause())
	t.Cleanup(func() { _ = redis.Resume() })
	b.until("the outage is noticed", func() bool { return !a.hub.Connected() && !b.hub.Connected() })
	path := forAgent + "/chats/" + chat + "/offer"
	offer := map[string]any{"service_id": bob.ID, "wants": "A refund"}
	for _, answer := range []string{"decline", "accept"} {
		since := time.Now()
		a.ask("POST", path, annaToken, offer).want(201)
		receiver.next("transfer_offered")
		if took := time.Since(since); took > 2*time.Second {
			t.Errorf("the offer took %s", took)
		}
		since = time.Now()
		b.ask("POST", path+"/"+answer, bobToken, nil).want(200)
		sender.next("transfer_answered")
		if took := time.Since(since); took > 2*time.Second {
			t.Errorf("the answer took %s", took)
		}
	}
}
