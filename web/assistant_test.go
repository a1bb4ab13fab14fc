package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/models"
	"parley/web"
	"parley/web/assistant"
)

// assistantAt returns an assistant whose model is served by a handler.
func assistantAt(t *testing.T, handle http.HandlerFunc) *assistant.Assistant {
	t.Helper()
	service := httptest.NewServer(handle)
	t.Cleanup(service.Close)
	a, err := assistant.New(assistant.Options{URL: service.URL, Model: "helper"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// assistantSaying returns an assistant that answers everything with a text, word by word.
func assistantSaying(t *testing.T, text string) *assistant.Assistant {
	t.Helper()
	return assistantAt(t, func(w http.ResponseWriter, _ *http.Request) { saysWordByWord(w, text) })
}

func saysWordByWord(w http.ResponseWriter, text string) {
	for word := range strings.SplitAfterSeq(text, " ") {
		raw, _ := json.Marshal(word)
		fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s}}]}\n\n", raw)
		w.(http.Flusher).Flush()
	}
	fmt.Fprint(w, "data: {\"choices\":[],\"usage\":{\"total_tokens\":42}}\n\ndata: [DONE]\n\n")
}

const assistPath = "/api/customer-service/chats/%s/assistant"

func TestTheAssistantAnswersAsJSONAndAsAStream(t *testing.T) {
	t.Parallel()
	fails := false
	a := assistantAt(t, func(w http.ResponseWriter, _ *http.Request) {
		if fails {
			fmt.Fprint(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Half\"}}]}\n\n")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		saysWordByWord(w, "It arrives tomorrow.")
	})
	h := startServer(t, func(s *setup) { s.options = func(o *web.Options) { o.Assistant = a } })
	_, anna := h.online("anna")
	_, user := h.guest()
	chat := h.asks(user, "Where is my parcel?")
	path := fmt.Sprintf(assistPath, chat)

	got := h.ask("POST", path, anna, map[string]any{"task": "draft"}).want(200).object()
	if got["text"] != "It arrives tomorrow." || got["tokens"] != 42.0 {
		t.Errorf("got %v", got)
	}
	stream := func() string {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+path, strings.NewReader(`{"task":"draft"}`))
		must(t, err)
		request.Header = http.Header{
			"Authorization": {"Bearer " + anna},
			"Content-Type":  {"application/json"},
			"Accept":        {"text/event-stream"},
		}
		response, err := h.client.Do(request)
		must(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		must(t, err)
		return string(body)
	}
	if got := stream(); !strings.HasPrefix(got, "event: text\ndata: {\"text\":\"It \"}\n\n") ||
		!strings.HasSuffix(got, "event: done\ndata: {\"text\":\"It arrives tomorrow.\",\"tokens\":42}\n\n") {
		t.Errorf("the stream is %q", got)
	}
	if sent := h.ask("GET", "/api/user/customer-service/chats/"+chat+"/messages", user, nil).
		want(200); bytes.Contains(
		sent.Body,
		[]byte("arrives"),
	) {
		t.Error("a draft was sent to the user")
	}

	fails = true
	if got := stream(); !strings.Contains(got, "event: failed\ndata: {") || !strings.Contains(got, "assistant_failed") ||
		strings.Contains(got, "done") {
		t.Errorf("a stream that fails is %q", got)
	}
	h.ask("POST", path, anna, map[string]any{"task": "draft"}).refused(503, "assistant_failed")
	h.ask("POST", path, anna, map[string]any{"task": "poem"}).refused(422, "validation_failed")
}

func TestWithoutAnAssistantThereIsNone(t *testing.T) {
	t.Parallel()
	h := startServer(t, func(s *setup) { s.settings = func(m *models.Settings) { m.AssistantNotice = true } })
	_, anna := h.online("anna")
	_, user := h.guest()
	chat := h.asks(user, "Where is my parcel?")
	h.ask("POST", fmt.Sprintf(assistPath, chat), anna, map[string]any{"task": "draft"}).refused(409, "assistant_off")
	if h.ask("GET", "/api/user/customer-service/availability", user, nil).want(200).object()["is_assistant_used"] != 0.0 {
		t.Error("users are told of an assistant that does not exist")
	}
}
