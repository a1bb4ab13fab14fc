package web_test

import (
	"testing"
	"time"

	"parley/models"
)

func TestAnAgentOpensAChatByProgram(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, token := a.online("anna")
	_, guest := a.guest()
	chat := a.asks(guest, "Hello")
	agent := b.listen(forAgent+"/events", token, "")
	agent.next("assigned")
	if got := a.ask("GET", forAgent+"/chats", token, nil).want(200).list()[0]; got["opened_at"] != nil {
		t.Errorf("before: %v", got["opened_at"])
	}
	a.ask("POST", forAgent+"/chats/"+chat+"/open", token, nil).want(204)
	if told := agent.next("opened").body; told["chat_id"] != chat || told["opened_at"] == nil {
		t.Errorf("the agent is told %v", told)
	}
	if got := b.ask("GET", forAgent+"/chats", token, nil).want(200).list()[0]; got["opened_at"] == nil {
		t.Error("the list has no opened_at")
	}
	a.ask("POST", forAgent+"/chats/"+chat+"/open", token, nil).want(204)
	_, other := a.online("ben", func(n *models.NewAgent) { n.MaxConcurrent = 0; n.ExactCapacity = true })
	a.ask("POST", forAgent+"/chats/"+chat+"/open", other, nil).refused(404, "chat_not_found")
}

func TestAnAgentSetsRemindersByProgram(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	_, token := s.agent("anna", models.RoleAgent)
	got := s.ask("GET", "/api/account/reminders", token, nil).want(200).object()
	if got["is_repeated"] != 1.0 || got["is_quiet"] != 0.0 || got["quiet_days"] != nil {
		t.Errorf("the default is %v", got)
	}
	set := map[string]any{
		"is_repeated": 0,
		"is_quiet":    1,
		"quiet_from":  "00:00",
		"quiet_until": "23:59",
		"quiet_days":  []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"},
		"time_zone":   "UTC",
	}
	got = s.ask("POST", "/api/account/reminders", token, set).want(200).object()
	if periods := got["quiet_periods"].([]any); got["is_repeated"] != 0.0 || got["quiet_until"] != "23:59" || len(periods) < 2 {
		t.Errorf("set: %v", got)
	}
	first := got["quiet_periods"].([]any)[0].(map[string]any)
	if from, err := time.Parse(time.RFC3339, first["from"].(string)); err != nil || time.Until(from).Abs() > 24*time.Hour {
		t.Errorf("the first period is %v", first)
	}
	for field, value := range map[string]any{
		"quiet_from": "25:00", "quiet_until": "00:00", "quiet_days": []string{"someday"}, "time_zone": "Nowhere/Land", "is_repeated": nil, "is_quiet": nil,
	} {
		wrong := map[string]any{}
		for k, v := range set {
			wrong[k] = v
		}
		wrong[field] = value
		problem := s.ask("POST", "/api/account/reminders", token, wrong).refused(422, "validation_failed")
		if problem.errorsOf()[field] == nil {
			t.Errorf("%s: %v", field, problem.object())
		}
	}
	if again := s.ask("GET", "/api/account/reminders", token, nil).want(200).object(); again["quiet_until"] != "23:59" {
		t.Errorf("after refusals: %v", again)
	}
}

// A device of the agent hears what another one sets, once, also on another instance and after a new connection.
func TestADeviceHearsChangedReminders(t *testing.T) {
	t.Parallel()
	a, b := twoHouses(t)
	_, token := a.online("anna")
	_, other := a.online("ben")
	phone, stranger := b.listen(forAgent+"/events", token, ""), b.listen(forAgent+"/events", other, "")
	if got := phone.next("reminders").body; got["is_repeated"] != 1.0 || got["is_quiet"] != 0.0 {
		t.Errorf("the stream begins with %v", got)
	}
	stranger.next("reminders")
	quiet := map[string]any{
		"is_repeated": 0,
		"is_quiet":    1,
		"quiet_from":  "22:00",
		"quiet_until": "07:00",
		"quiet_days":  []string{"friday"},
		"time_zone":   "Europe/Berlin",
	}
	a.ask("POST", "/api/account/reminders", token, quiet).want(200)
	a.ask("POST", "/api/account/reminders", token, quiet).want(200)
	if got := phone.next(
		"reminders",
	).body; got["is_repeated"] != 0.0 || got["quiet_from"] != "22:00" ||
		literal(got["quiet_days"]) != `["friday"]` {
		t.Errorf("the other device hears %v", got)
	}
	a.ask("POST", forAgent+"/away", token, nil).want(200)
	for e := phone.any(); e.Name != "presence"; e = phone.any() {
		if e.Name == "reminders" {
			t.Errorf("unchanged reminders are announced again: %v", e.body)
		}
	}
	a.ask("POST", forAgent+"/away", other, nil).want(200)
	for e := stranger.any(); e.Name != "presence"; e = stranger.any() {
		if e.Name == "reminders" {
			t.Errorf("another agent hears %v", e.body)
		}
	}
	if got := b.listen(forAgent+"/events", token, phone.lastID).next("reminders").body; got["time_zone"] != "Europe/Berlin" {
		t.Errorf("the stream begins with %v", got)
	}
}
