package web_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func jsonNumber(v any) string { return strconv.FormatInt(int64(v.(float64)), 10) }

func TestBadBodiesAreRefused(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	h.online("anna")
	_, token := h.guest()
	chat := h.asks(token, "Hello")
	path := forUser + "/chats/" + chat + "/messages"

	for name, bad := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"nothing":                {``, 422, "validation_failed"},
		"an empty object":        {`{}`, 422, "validation_failed"},
		"null":                   {`null`, 400, "malformed"},
		"a list":                 {`[]`, 400, "malformed"},
		"a string":               {`"content"`, 400, "malformed"},
		"half an object":         {`{"content":"x"`, 400, "malformed"},
		"two objects":            {`{"content":"x"} {"content":"y"}`, 400, "malformed"},
		"rubbish after":          {`{"content":"x"} z`, 400, "malformed"},
		"a name twice":           {`{"content":"x","content":"y"}`, 400, "malformed"},
		"a name twice, inside":   {`{"content":"x","other":{"a":1,"a":2}}`, 400, "malformed"},
		"deep nesting":           {`{"content":"x","other":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, 400, "malformed"},
		"a number":               {`{"content":5}`, 400, "malformed"},
		"an object":              {`{"content":{}}`, 400, "malformed"},
		"bad UTF-8":              {"{\"content\":\"\xff\"}", 400, "malformed"},
		"half a surrogate":       {`{"content":"\ud800"}`, 400, "malformed"},
		"NUL":                    {`{"content":"a\u0000b"}`, 422, "validation_failed"},
		"white space":            {`{"content":" \n\t "}`, 422, "validation_failed"},
		"too long":               {`{"content":"` + strings.Repeat("汉", 4001) + `"}`, 422, "validation_failed"},
		"too large":              {`{"content":"` + strings.Repeat("x", 200_000) + `"}`, 413, "too_large"},
		"an empty key":           {`{"content":"x","client_message_id":""}`, 422, "validation_failed"},
		"a long key":             {`{"content":"x","client_message_id":"` + strings.Repeat("k", 65) + `"}`, 422, "validation_failed"},
		"a key that is no ASCII": {`{"content":"x","client_message_id":"ключ"}`, 422, "validation_failed"},
		"a key that is a number": {`{"content":"x","client_message_id":7}`, 400, "malformed"},
	} {
		got := h.ask("POST", path, token, bad.body)
		if got.Status != bad.status || got.str("code") != bad.code {
			t.Errorf("%s: answered %d %s, want %d %s", name, got.Status, got.Body, bad.status, bad.code)
		}
		if bad.status == 422 && len(got.object()["errors"].(map[string]any)) != 1 {
			t.Errorf("%s: does not name the field: %s", name, got.Body)
		}
	}
	for _, good := range []string{
		`{"content":"` + strings.Repeat("汉", 4000) + `"}`, `{"content":"x","client_message_id":null,"unknown":[1]}`, ` { "content" : "😀" } `, `{"content":"x","Content":7}`,
	} {
		h.ask("POST", path, token, good).want(201)
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, token := h.guest()
	chat := h.asks(token, "Hello")
	for kind, status := range map[string]int{
		"application/json": 201, "application/json; charset=UTF-8": 201, "Application/JSON": 201,
		"": 415, "text/plain": 415, "application/x-www-form-urlencoded": 415, "application/json; charset=latin1": 415, "application/json; charset": 415,
	} {
		header := http.Header{"Authorization": {"Bearer " + token}}
		if kind != "" {
			header.Set("Content-Type", kind)
		}
		if got := h.send("POST", forUser+"/chats/"+chat+"/messages", header, []byte(`{"content":"x"}`)); got.Status != status {
			t.Errorf("%q answered %d, want %d", kind, got.Status, status)
		}
	}
}

func TestNumbersOfRequests(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	_, token := h.guest()
	chat := h.asks(token, "Hello")
	for raw, status := range map[string]int{
		`1`: 200, `1.0`: 200, `1e0`: 200, `0`: 200, `-1`: 200, `9007199254740993`: 200,
		`"1"`: 400, `1.5`: 400, `true`: 400, `[1]`: 400, `1e400`: 400, `null`: 422,
	} {
		if got := h.ask("POST", forUser+"/chats/"+chat+"/mark-read", token, `{"up_to":`+raw+`}`); got.Status != status {
			t.Errorf("%s answered %d, want %d", raw, got.Status, status)
		}
	}
	for raw, status := range map[string]int{`0`: 422, `0.5`: 422, `5.5`: 422, `4.3`: 422, `1e9`: 422, `-1`: 422, `"5"`: 400, `true`: 400, `null`: 422, `1e999`: 400} {
		if got := h.ask("POST", forUser+"/chats/"+chat+"/rate", token, `{"rating":`+raw+`}`); got.Status != status {
			t.Errorf("a rating of %s answered %d, want %d", raw, got.Status, status)
		}
	}
	long, _ := json.Marshal(strings.Repeat("x", 1001))
	h.ask("POST", forUser+"/chats/"+chat+"/rate", token, `{"rating":5,"comment":`+string(long)+`}`).refused(422, "validation_failed")
}
