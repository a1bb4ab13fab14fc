package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"parley/models"
	"parley/models/testdb"
	"parley/web/mail/inbound"
)

func TestMailIsDeliveredThroughAPipe(t *testing.T) {
	t.Parallel()
	url := testdb.Postgres(t)
	form, err := models.ParseReplyAddressForm("reply+{token}@example.com")
	if err != nil {
		t.Fatal(err)
	}
	settings := models.DefaultSettings()
	settings.ReplyAddress = form
	db, err := models.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	desk := models.NewDesk(db, settings, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { desk.Close(); _ = db.Close() })
	if _, err := desk.EnsureUser(t.Context(), models.Identity{ID: "maria", Verified: true}); err != nil {
		t.Fatal(err)
	}
	got, err := desk.Assign(t.Context(), "maria", models.AssignRequest{})
	if err != nil {
		t.Fatal(err)
	}
	address, err := desk.ReplyAddress(t.Context(), got.Chat.ID, "maria@example.org")
	if err != nil {
		t.Fatal(err)
	}
	const mail = "From: maria@example.org\nSubject: Hello\nMessage-ID: <1@example.org>\n\nby pipe\n" // local pipes end lines with \n
	environ := []string{
		"DATABASE_URL=" + url,
		"REDIS_URL=redis://127.0.0.1:1",
		"MAIL_REPLY_ADDRESS=reply+{token}@example.com",
		"MAIL_MAX_SIZE=1",
		"PARLEY_DIR=" + t.TempDir(),
	}
	deliver := func(environ []string, mail string, args ...string) int {
		var out bytes.Buffer
		code := run(t.Context(), append([]string{"mail", "deliver"}, args...), environ, strings.NewReader(mail), &out, &out)
		t.Logf("exits %d: %s", code, &out)
		return code
	}
	for name, c := range map[string]struct {
		environ []string
		mail    string
		args    []string
		want    int
	}{
		"stored":             {environ, mail, []string{"--from", "maria@example.org", address}, 0},
		"again":              {environ, mail, []string{address}, 0},
		"without a sender":   {environ, strings.Replace(mail, "1@", "2@", 1), []string{"--from", "", address}, 0},
		"an unknown address": {environ, mail, []string{"reply+x@example.com"}, inbound.ExitNoUser},
		"another domain":     {environ, mail, []string{"maria@example.org"}, inbound.ExitNoUser},
		"too large":          {environ, mail + strings.Repeat("x", 1<<20), []string{address}, inbound.ExitDataError},
		"no recipient":       {environ, mail, nil, inbound.ExitTryAgain},
		"a wrong flag":       {environ, mail, []string{"--to", address}, inbound.ExitTryAgain},
		"a wrong setting":    {append(environ, "MAIL_MAX_SIZE=x"), mail, []string{address}, inbound.ExitTryAgain},
		"no database":        {append(environ, "DATABASE_URL=postgres://127.0.0.1:1/x"), mail, []string{address}, inbound.ExitTryAgain},
	} {
		if code := deliver(c.environ, c.mail, c.args...); code != c.want {
			t.Errorf("%s: exits with %d, want %d", name, code, c.want)
		}
	}
	messages, err := desk.Messages(t.Context(), models.UserActor("maria"), got.Chat.ID, 0, 0)
	if err != nil || len(messages) != 1 || messages[0].Content != "by pipe" {
		t.Errorf("the chat has %+v, %v", messages, err)
	}
}
