package kit

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"parley/models"
)

// everyKind has a field of each kind that requests have.
type everyKind struct {
	Content string   `json:"content"`
	Key     *string  `json:"client_message_id"`
	UpTo    *Int     `json:"up_to"`
	Rating  *float64 `json:"rating"`
	Names   []string `json:"names"`
}

// FuzzBind checks that any body is refused as an error of the client, or is one JSON object whose text PostgreSQL can store and that
// another JSON parser reads alike.
func FuzzBind(f *testing.F) {
	for _, body := range []string{
		``, `{}`, `null`, `[]`, `"text"`, `{} {}`, `{"content":"hello","client_message_id":"k-1"}`, `{"content":"a","content":"b"}`,
		`{"content":"\u0000"}`, `{"\u0000":1}`, `{"content":"\ud800"}`, "{\"content\":\"\xff\"}", "\xef\xbb\xbf{}", `{"content":1}`, `{"content":null}`,
		`{"up_to":5}`, `{"up_to":5.0}`, `{"up_to":5.5}`, `{"up_to":"5"}`, `{"up_to":1e400}`, `{"up_to":9223372036854775808}`, `{"up_to":-1e2}`,
		`{"rating":4.5}`, `{"rating":NaN}`, `{"rating":"4"}`, `{"names":["a",null]}`, `{"unknown":{"deep":[1,{"er":2}]}}`, `{"Content":"case"}`,
		strings.Repeat(`{"a":`, 20) + `1` + strings.Repeat(`}`, 20), `{"content":"` + strings.Repeat("x", 5000) + `"}`, `{"content":"a"}garbage`, "{\"content\":\"a\nb\"}",
	} {
		f.Add([]byte(body), "application/json")
	}
	f.Add([]byte(`{"content":"x"}`), "application/json; charset=utf-16")
	f.Add([]byte(`content=x`), "application/x-www-form-urlencoded")
	f.Add([]byte(`{}`), "a/b; c=\"")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		r := httptest.NewRequest(http.MethodPost, "/api/x", bytes.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		var in everyKind
		if err := Bind(echo.New().NewContext(r, httptest.NewRecorder()), &in); err != nil {
			if status := ProblemOf(r.Context(), err).Status; status < 400 || status >= 500 {
				t.Errorf("refused with %d: %v", status, err)
			}
			return
		}
		if len(body) == 0 {
			return
		}
		texts := append([]string{in.Content}, in.Names...)
		if in.Key != nil {
			texts = append(texts, *in.Key)
		}
		for _, text := range texts {
			if !Storable(text) {
				t.Errorf("%q was taken", text)
			}
		}
		var other map[string]any
		if err := json.Unmarshal(body, &other); err != nil || other == nil {
			t.Fatalf("%q was taken, which is no JSON object: %v", body, err)
		}
		if said, ok := other["content"].(string); ok && said != in.Content {
			t.Errorf("%q was taken for %q", said, in.Content)
		}
	})
}

// FuzzForm is FuzzBind for forms.
func FuzzForm(f *testing.F) {
	for _, body := range []string{
		"", "content=hello", "content=a&content=b", "content=%00", "content=%ff", "up_to=5", "up_to=x", "up_to=5.0", "rating=4.5", "rating=",
		"rating=1e999", "names=a&names=b", "content=a%0d%0ab", "%zz", "content=%7B%22", "&&==", "up_to=null", "rating=true",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/workbench/x", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		var in everyKind
		err := Bind(echo.New().NewContext(r, httptest.NewRecorder()), &in)
		var refused *models.Error
		if err != nil && (!errors.As(err, &refused) || refused.Kind != models.Malformed && refused.Kind != models.Invalid) {
			t.Errorf("refused as %v", err)
		}
		if err == nil && (!Storable(in.Content) || strings.Contains(in.Content, "\r\n")) {
			t.Errorf("%q was taken", in.Content)
		}
	})
}
