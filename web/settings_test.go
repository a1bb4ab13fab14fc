package web_test

import (
	"slices"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/models/testdb"
)

// The two instances use different channels, so all events between them are lost unnoticed. Neither runs a worker.
func TestASettingIsReadWhoseEventWasLost(t *testing.T) {
	t.Parallel()
	database, redisURL := testdb.Postgres(t), testdb.Redis(t)
	on := func(prefix string) *testServer {
		return startServer(t, func(s *setup) { s.databaseURL, s.redisURL, s.prefix = database, redisURL, "lost:"+prefix+":" })
	}
	a, b := on("a"), on("b")
	_, guest := b.guest()
	stream := b.listen(forUser+"/events", guest, "")
	stream.next("queue")

	must(t, a.desk.ChangeSetting(t.Context(), admin, "RATE_SEND", "99"))
	b.until("the other instance has the limit", func() bool { return b.desk.Settings().RateSend == 99 })
	must(t, a.desk.ChangeSetting(t.Context(), admin, "MASK_CARDS", "true"))
	b.until("the other instance masks", func() bool { return b.desk.Settings().MaskCards })
	must(t, a.desk.AddSite(t.Context(), admin, "https://shop.example"))
	b.until("the other instance knows the site", func() bool { return slices.Contains(b.desk.AllowedOrigins(), "https://shop.example") })
	must(t, a.desk.RemoveSite(t.Context(), admin, "https://shop.example"))
	b.until("the other instance forgets the site", func() bool { return len(b.desk.AllowedOrigins()) == 0 })
	must(t, a.desk.ChangeSetting(t.Context(), admin, "REQUIRE_IDENTITY", "true"))
	b.until("the other instance requires an identity", func() bool { return b.desk.Settings().RequireIdentity })
	b.ask("GET", forUser+"/queue-status", guest, nil).refused(403, "identity_required")
	stream.ended()
	b.ask("GET", forUser+"/queue-status", signed(t, jwt.MapClaims{"sub": "maria", "exp": time.Now().Add(time.Hour).Unix()}, nil, nil), nil).
		want(200)
	must(t, a.desk.ResetSetting(t.Context(), admin, "RATE_SEND"))
	b.until("the other instance is back at the default", func() bool { return b.desk.Settings().RateSend == 30 })
}
