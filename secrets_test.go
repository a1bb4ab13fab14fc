package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parley/jobs/cli"
	"parley/models/testdb"
)

// TestNoErrorQuotesASecretOfTheSettings uses addresses that contain a password, whole or in two parts. No error may contain any part of it.
func TestNoErrorQuotesASecretOfTheSettings(t *testing.T) {
	t.Parallel()
	parts := []string{"hunter2", "swordfish", "hunter2swordfish"}
	for variable, values := range map[string][]string{
		"REDIS_URL": {
			"hunter2swordfish",
			"redis://:hunter2%zzswordfish@127.0.0.1:1/0",
			"redis//:hunter2swordfish@127.0.0.1:1/0",
			"redis:///:hunter2swordfish@127.0.0.1:1/0",
			"redis://:hunter2/swordfish@127.0.0.1:1/0",
			"redis://:hunter2#swordfish@127.0.0.1:1/0",
			"redis://:hunter2?swordfish@127.0.0.1:1/0",
			"redis://:hunter2 swordfish@127.0.0.1:1/0",
			"redis://user:hunter2swordfish@127.0.0.1:port/0",
			"redis://user:hunter2swordfish@127.0.0.1:1/zero",
			"redis://127.0.0.1:1/0?passwort=hunter2swordfish",
			"redis://127.0.0.1:1/0?hunter2=swordfish",
			"redis://127.0.0.1:1/0?dial_timeout=hunter2swordfish",
			"redis://:hunter2swordfish@127.0.0.1:1,127.0.0.1:2/0",
			"redis+sentinel://:hunter2swordfish@127.0.0.1:1,127.0.0.1:2",
			"redis+sentinel://:hunter2/swordfish@127.0.0.1:1,127.0.0.1:2/mymaster",
			"redis+sentinel://127.0.0.1:1/mymaster?sentinel_pasword=hunter2swordfish",
			"redis+sentinel://127.0.0.1:1/mymaster?sentinel_password=hunter2#swordfish",
			"redis+cluster://:hunter2swordfish@127.0.0.1:1,127.0.0.1:port",
			"redis+cluster://:hunter2swordfish@127.0.0.1:1,127.0.0.1:2/7",
			"hunter2+swordfish://127.0.0.1:1",
		},
		"DATABASE_URL": {
			"hunter2swordfish",
			"postgres://u:hunter2%zzswordfish@127.0.0.1:1/d",
			"postgres//u:hunter2swordfish@127.0.0.1:1/d",
			"postgres://u:hunter2/swordfish@127.0.0.1:1/d",
			"postgres://u:hunter2#swordfish@127.0.0.1:1/d",
			"postgres://u:hunter2 swordfish@127.0.0.1:1/d",
			"postgres://u:hunter2swordfish@127.0.0.1:port/d",
			"postgres://u:hunter2swordfish@127.0.0.1:1/d?sslmode=hunter2",
			"postgres://u@127.0.0.1:1/d?sslmode=bogus&password=hunter2swordfish",
			"host=127.0.0.1 port=1 sslmode=bogus password=hunter2swordfish",
			"host=127.0.0.1 port=1 sslmode=bogus password = 'hunter2 swordfish'",
			"postgres://u:hunter2swordfish@127.0.0.1:1/d", // no server listens there
		},
		"FILES_URL": {
			"hunter2swordfish",
			"s3://key:hunter2swordfish@bucket",
			"s3://bucket?endpoint=https://key:hunter2swordfish@minio.internal",
			"s3://bucket?endpoint=https://key:hunter2%25zzswordfish@minio.internal",
			"https://key:hunter2swordfish@bucket",
		},
		"PUBLIC_URL": {
			"user:hunter2swordfish@chat.example.com",
			"https://user:hunter2swordfish@chat.example.com",
			"https://user:hunter2%zzswordfish@chat.example.com",
			"ftp://user:hunter2swordfish@chat.example.com",
		},
		"ALLOWED_ORIGINS": {"https://user:hunter2swordfish@shop.example", "https://user:hunter2@swordfish@shop.example"},
	} {
		for _, value := range values {
			t.Run(variable+"="+value, func(t *testing.T) {
				t.Parallel()
				environ := map[string]string{"LISTEN_ADDR": "127.0.0.1:0", "PARLEY_DIR": t.TempDir(), "REDIS_URL": "redis://127.0.0.1:1/0"}
				if variable != "DATABASE_URL" {
					environ["DATABASE_URL"] = testdb.Postgres(t)
				}
				environ[variable] = value
				var list []string
				for name, value := range environ {
					list = append(list, name+"="+value)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				var stdout, stderr bytes.Buffer
				code := run(ctx, []string{"serve"}, list, strings.NewReader(""), &stdout, &stderr)
				said := stdout.String() + stderr.String()
				if code == 0 || stderr.Len() == 0 {
					t.Fatalf("it ends with %d and says %q", code, said)
				}
				for _, part := range parts {
					if strings.Contains(said, part) {
						t.Fatalf("it tells %q: %s", part, said)
					}
				}
				if !strings.Contains(said, variable) && !strings.Contains(said, "does not answer") {
					t.Errorf("it does not name %s: %s", variable, said)
				}
			})
		}
	}
}

func TestTheLogMasksSecretsOfTheSettings(t *testing.T) {
	t.Parallel()
	e, err := cli.ReadEnvironment([]string{
		"REDIS_URL=redis://:hunter2%40swordfish@cache.internal/0", "DATABASE_URL=postgres://parley:parley@db.internal/parley",
		"USER_TOKEN_SECRET=0123456789abcdef", "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"text", "json"} {
		e.LogFormat = format
		var out bytes.Buffer
		e.Logger(&out).
			Warn("said 0123456789abcdef to parley", "error", textError("AUTH hunter2@swordfish"), "url", "hunter2%40swordfish", slog.Group("s3", "key", "wJalrXUtnFEMI/K7MDENG"))
		for _, secret := range []string{"hunter2", "swordfish", "0123456789abcdef", "wJalr"} {
			if strings.Contains(out.String(), secret) {
				t.Errorf("the log tells %s: %s", secret, out.String())
			}
		}
		if !strings.Contains(out.String(), "to parley") {
			t.Errorf("a short password is masked in every word: %s", out.String())
		}
	}
}

type textError string

func (e textError) Error() string { return string(e) }
