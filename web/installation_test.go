package web_test

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/models"
	"parley/models/testdb"
)

// twoInstallations have databases of their own and share one Redis. Where they name different numbers of it, only channels could cross.
func twoInstallations(t *testing.T, sameNumber bool, settings func(*models.Settings)) (a, b *testServer) {
	t.Helper()
	shared := testdb.Redis(t)
	open := func() *testServer {
		return startServer(t, func(s *setup) {
			s.settings = settings
			if sameNumber {
				s.redisURL = shared
			}
		})
	}
	return open(), open()
}

func TestInstallationsOnOneRedisDoNotHearEachOther(t *testing.T) {
	t.Parallel()
	for name, sameNumber := range map[string]bool{"one database number": true, "two database numbers": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := twoInstallations(t, sameNumber, func(*models.Settings) {})
			maria := signed(t, jwt.MapClaims{"sub": "maria", "exp": time.Now().Add(time.Hour).Unix()}, nil, nil)
			_, annaToken := a.online("anna")
			bea, beaToken := b.online("bea")
			_, bossToken := a.agent("carla", models.RoleSupervisor)
			boss := a.listen("/api/supervisor/events", bossToken, "")
			chatA, chatB := a.asks(maria, "To A"), b.asks(maria, "To B")
			user := a.listen(forUser+"/events", maria, "")
			user.next("assigned")

			say := func(h *testServer, chat, token, content string) {
				h.ask("POST", forAgent+"/chats/"+chat+"/messages", token, map[string]any{"content": content}).want(201)
			}
			say(b, chatB, beaToken, "from B")
			b.ask("POST", forAgent+"/away", beaToken, nil).want(200)
			// What B published was published before this, and one channel keeps the order.
			say(a, chatA, annaToken, "from A")
			a.ask("POST", forAgent+"/away", annaToken, nil).want(200)
			for content := ""; content != "from A"; {
				got := user.next("message")
				if content, _ = got.body["content"].(string); got.body["chat_id"] != chatA {
					t.Fatalf("a user of A received from B: %s", got.Data)
				}
			}
			for presence := ""; presence != "away"; {
				got := boss.next("load_changed")
				if presence, _ = got.body["presence"].(string); got.body["service_id"] == bea.ID {
					t.Fatalf("a supervisor of A received from B: %s", got.Data)
				}
			}
		})
	}
}

func TestInstallationsOnOneRedisCountTheirOwnLimits(t *testing.T) {
	t.Parallel()
	a, b := twoInstallations(t, true, func(s *models.Settings) { s.RateSend = 1 })
	maria := signed(t, jwt.MapClaims{"sub": "maria", "exp": time.Now().Add(time.Hour).Unix()}, nil, nil)
	for _, h := range []*testServer{a, b} {
		h.online("anna")
		path := forUser + "/chats/" + h.asks(maria, "") + "/messages"
		h.ask("POST", path, maria, map[string]any{"content": "the first of this minute"}).want(201)
		h.ask("POST", path, maria, map[string]any{"content": "the second"}).refused(429, "rate_limited")
	}
}
