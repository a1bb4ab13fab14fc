package assistant_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/models"
	"parley/web/assistant"
)

// service is an API of a model whose answers a test writes.
func service(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, body string)) *assistant.Assistant {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		answer(w, r, string(body))
	}))
	t.Cleanup(server.Close)
	a, err := assistant.New(assistant.Options{
		URL: server.URL + "/v1/", Key: "secret-key", Model: "helper", Pause: 300 * time.Millisecond,
		Timeout: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// chunk writes a piece of an answer.
func chunk(w http.ResponseWriter, text string) {
	raw, _ := json.Marshal(text)
	fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s}}]}\n\n", raw)
	w.(http.Flusher).Flush()
}

func finish(w http.ResponseWriter) {
	fmt.Fprint(w, "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":90,\"completion_tokens\":7,\"total_tokens\":97}}\n\ndata: [DONE]\n\n")
}

var draft = &models.AssistantCall{
	Task: models.AssistantDraft, Language: "de", Replies: []string{"Late\nOrders arrive in 3 days."},
	Conversation: []models.AssistantLine{{From: models.FromUser, Content: "Where is my order?"}},
}

func discard(string) error { return nil }

func TestAnAnswerArrivesInPieces(t *testing.T) {
	t.Parallel()
	var sent, key, path string
	a := service(t, func(w http.ResponseWriter, r *http.Request, body string) {
		sent, key, path = body, r.Header.Get("Authorization"), r.URL.Path
		chunk(w, "Ihre Bestellung")
		chunk(w, " kommt\x00 morgen.\n")
		finish(w)
	})
	var pieces []string
	answer, tokens, err := a.Answer(t.Context(), draft, func(piece string) error { pieces = append(pieces, piece); return nil })
	if err != nil || answer != "Ihre Bestellung kommt morgen.\n" || tokens != 97 || len(pieces) != 2 {
		t.Errorf("got %q in %d pieces, %d tokens, %v", answer, len(pieces), tokens, err)
	}
	if key != "Bearer secret-key" || path != "/v1/chat/completions" {
		t.Errorf("the service was called at %s with %s", path, key)
	}
	for _, want := range []string{"in German", "Orders arrive in 3 days", "user: Where is my order?", `"model":"helper"`, `"stream":true`} {
		if !strings.Contains(sent, want) {
			t.Errorf("the service was not told %q: %s", want, sent)
		}
	}
}

func TestAServiceThatFailsIsTold(t *testing.T) {
	t.Parallel()
	stalls := func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(5 * time.Second):
		}
	}
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request, body string){
		"refuses the key": func(w http.ResponseWriter, _ *http.Request, _ string) {
			http.Error(w, `{"error":{"message":"the key of Maria is wrong","code":"invalid_api_key"}}`, http.StatusUnauthorized)
		},
		"is overloaded": func(w http.ResponseWriter, _ *http.Request, _ string) {
			http.Error(w, "busy", http.StatusTooManyRequests)
		},
		"answers a page":   func(w http.ResponseWriter, _ *http.Request, _ string) { fmt.Fprint(w, "<html>hello</html>\n") },
		"answers nonsense": func(w http.ResponseWriter, _ *http.Request, _ string) { fmt.Fprint(w, "data: {{{\n\n") },
		"answers nothing":  func(w http.ResponseWriter, _ *http.Request, _ string) { finish(w) },
		"answers blanks":   func(w http.ResponseWriter, _ *http.Request, _ string) { chunk(w, " \n\t"); finish(w) },
		"does not answer":  func(w http.ResponseWriter, r *http.Request, _ string) { stalls(w, r) },
		"stalls":           func(w http.ResponseWriter, r *http.Request, _ string) { chunk(w, "Hello"); stalls(w, r) },
		"breaks off": func(w http.ResponseWriter, _ *http.Request, _ string) {
			chunk(w, "Hello")
			panic(http.ErrAbortHandler)
		},
		"redirects": func(w http.ResponseWriter, r *http.Request, _ string) {
			http.Redirect(w, r, "http://127.0.0.1:1/elsewhere", http.StatusTemporaryRedirect)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, tokens, err := service(t, answer).Answer(t.Context(), draft, discard)
			if !errors.Is(err, models.ErrAssistantFailed) {
				t.Errorf("got %v, want assistant_failed", err)
			}
			if err != nil && strings.Contains(err.Error(), "Maria") {
				t.Errorf("the error for the log has words of the service: %v", err)
			}
			if tokens <= 0 {
				t.Errorf("%d tokens count as used", tokens)
			}
		})
	}
}

func TestALongAnswerIsCut(t *testing.T) {
	t.Parallel()
	a := service(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		for r.Context().Err() == nil {
			chunk(w, strings.Repeat("é", 500))
		}
	})
	answer, _, err := a.Answer(t.Context(), draft, discard)
	if n := len([]rune(answer)); err != nil || n != 4000 {
		t.Errorf("got %d characters, %v", n, err)
	}
}

func TestAnAgentWhoLeavesEndsTheCall(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	a := service(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		chunk(w, "Hello")
		<-r.Context().Done()
		close(ended)
	})
	ctx, leave := context.WithCancel(t.Context())
	_, _, err := a.Answer(ctx, draft, func(string) error { leave(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("the service still writes")
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, o := range []assistant.Options{{URL: "llm.internal", Model: "m"}, {URL: "ftp://llm.internal", Model: "m"}, {URL: "https://llm.internal/v1"}} {
		if _, err := assistant.New(o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}
