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
