package web_test

import (
	"io"
	"slices"
	"testing"
	"time"

	"parley/jobs/cli"
	"parley/models"
	"parley/web/demo"
)

func TestSamplePeopleTalkAndLeaveNothingOpen(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.must(demo.Seed(t.Context(), s.desk, io.Discard))
	before, began := s.stats(), time.Now()
	s.must(demo.Live(t.Context(), demo.Options{
		BaseURL: s.url, Users: 6, Agents: 3, For: 5 * time.Second, Speed: 40,
		Token: func(id, name string, attributes models.Attributes) (string, error) {
			return cli.SignUserToken([]byte(secret), id, name, "", attributes, time.Hour)
		},
	}))

	after := s.stats()
	if after.Assigned-before.Assigned < 3 || after.Ended != after.Started || after.Ended-before.Ended < 3 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	agents, err := s.desk.Agents(t.Context())
	s.must(err)
	for _, a := range agents {
		if a.Presence != models.Offline || a.Load != 0 {
			t.Errorf("%s is %s with %d chats", a.Name, a.Presence, a.Load)
		}
	}
	if !s.heardEachOther() {
		t.Error("no chat has a line of each side that the other read")
	}
	for what, query := range map[string]string{
		"chats with an outcome":                   `SELECT count(*) FROM chats WHERE outcome IS NOT NULL AND ended_at > ?`,
		"edited messages":                         `SELECT count(*) FROM messages WHERE edited_at IS NOT NULL AND created_at > ?`,
		"ratings with reasons":                    `SELECT count(*) FROM chats WHERE rating_reasons IS NOT NULL AND rated_at > ?`,
		"chats that were handed over by an offer": `SELECT count(*) FROM transfer_offers WHERE state = 'accepted' AND made_at > ?`,
		"agents about to leave":                   `SELECT count(*) FROM presence_changes WHERE to_presence = 'last_chats' AND at > ?`,
	} {
		var n int
		s.must(s.desk.DB().NewRaw(query, began).Scan(t.Context(), &n))
		if n == 0 {
			t.Errorf("there are no %s", what)
		}
	}
}

func (s *site) stats() *models.Stats {
	s.t.Helper()
	now := time.Now()
	stats, err := s.desk.Stats(s.t.Context(), now.Add(-48*time.Hour), now)
	s.must(err)
	return stats
}

// heardEachOther reports whether this run has a chat in which both sides have read the messages of the other.
func (s *site) heardEachOther() bool {
	s.t.Helper()
	agents, err := s.desk.Agents(s.t.Context())
	s.must(err)
	for _, a := range agents {
		chats, err := s.desk.ChatsOfAgent(s.t.Context(), a.ID, models.ChatFilter{Limit: 200})
		s.must(err)
		for _, c := range chats {
			if c.CreatedAt.Before(time.Now().Add(-time.Minute)) {
				continue
			}
			messages, err := s.desk.Messages(s.t.Context(), admin, c.ID, 0, 200)
			s.must(err)
			read := func(side models.SenderType) bool {
				return slices.ContainsFunc(messages, func(m models.Message) bool { return m.SenderType == side && m.Status == models.Read })
			}
			if read(models.FromUser) && read(models.FromAgent) {
				return true
			}
		}
	}
	return false
}
