package cli_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/pquerna/otp/totp"

	"parley/jobs/cli"
	"parley/models"
	"parley/models/testdb"
)

func TestTokensLiveForADayAtMost(t *testing.T) {
	t.Parallel()
	secret := []byte("a secret that host sites share with us")
	for ttl, good := range map[time.Duration]bool{time.Minute: true, 24 * time.Hour: true, 24*time.Hour + time.Second: false, 0: false, -time.Hour: false} {
		var out bytes.Buffer
		err := (&cli.Token{User: "42", Name: "Maria Lopes", TTL: ttl}).Run(secret, &out)
		if good != (err == nil) {
			t.Errorf("for %s: %v", ttl, err)
		}
		if !good {
			continue
		}
		token, err := jwt.Parse(
			strings.TrimSpace(out.String()),
			func(*jwt.Token) (any, error) { return secret, nil },
			jwt.WithValidMethods([]string{"HS256"}),
		)
		if err != nil {
			t.Fatal(err)
		}
		if ends, err := token.Claims.GetExpirationTime(); err != nil || time.Until(ends.Time) > ttl {
			t.Errorf("for %s it ends at %v, %v", ttl, ends, err)
		}
	}
}

func TestTokensAreSignedForWhatWasAskedOnly(t *testing.T) {
	t.Parallel()
	for _, token := range []cli.Token{{User: "a\xff"}, {User: "a", Name: "\xc3"}, {User: "a", Email: "a\xed\xa0\x80@b.example"}, {User: "a\x00"}} {
		token.TTL = time.Hour
		var out bytes.Buffer
		if err := token.Run([]byte("a secret that host sites share with us"), &out); err == nil || out.Len() > 0 {
			t.Errorf("%q was signed as %s", token, out.String())
		}
	}
}

func TestSettingsOfIdentity(t *testing.T) {
	t.Parallel()
	e, err := cli.ReadEnvironment([]string{"REQUIRE_IDENTITY=true", "USER_TOKEN_SECRET_PREVIOUS=before"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Settings()
	if err != nil || !s.RequireIdentity || e.UserTokenSecretPrevious != "before" {
		t.Errorf("read as %v, %q, %v", s.RequireIdentity, e.UserTokenSecretPrevious, err)
	}
	if e, err = cli.ReadEnvironment(nil); err != nil || e.Rules.RequireIdentity {
		t.Errorf("unless told, an identity is required: %v, %v", e.Rules.RequireIdentity, err)
	}
	if _, err = cli.ReadEnvironment([]string{"REQUIRE_IDENTITY=perhaps"}); models.CodeOf(err) != "validation_failed" {
		t.Errorf("an odd value is answered with %v", err)
	}
}

func TestTheSecondFactorIsResetByACommand(t *testing.T) {
	t.Parallel()
	db, err := models.Open(t.Context(), testdb.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	desk := models.NewDesk(db, models.DefaultSettings(), slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		desk.Close()
		_ = db.Close()
	})
	const password = "correct horse battery"
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	anna, err := desk.AddAgent(t.Context(), models.Actor{Kind: models.KindAgent, ID: "setup", Role: models.RoleAdmin},
		models.NewAgent{Email: "anna@example.com", Name: "Anna", Password: password, Role: models.RoleAgent})
	must(err)
	session, _, err := desk.SignIn(t.Context(), "anna@example.com", password, "")
	must(err)
	must(desk.BeginSecondFactor(t.Context(), models.AgentActor(anna), password))
	e, err := desk.PendingSecondFactor(t.Context(), models.AgentActor(anna))
	must(err)
	code, err := totp.GenerateCode(e.Secret, time.Now())
	must(err)
	_, err = desk.ConfirmSecondFactor(t.Context(), models.AgentActor(anna), code)
	must(err)
	var command cli.Agent
	command.ResetSecondFactor.Email = "ANNA@example.com"
	must(command.Run(t.Context(), "reset-2fa", desk, nil, &bytes.Buffer{}))
	if _, _, _, err = desk.AgentBySession(t.Context(), session); models.CodeOf(err) != "unauthorized" {
		t.Errorf("the session from before: %v", err)
	}
	_, _, err = desk.SignIn(t.Context(), "anna@example.com", password, "")
	must(err)
	command.ResetSecondFactor.Email = "nobody@example.com"
	if err = command.Run(t.Context(), "reset-2fa", desk, nil, &bytes.Buffer{}); models.CodeOf(err) != "agent_not_found" {
		t.Errorf("of an unknown agent: %v", err)
	}
}
