package webhook

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"parley/models"
)

// The vector of the specification.
func TestASignatureIsThatOfTheStandard(t *testing.T) {
	t.Parallel()
	got, err := Sign([]string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0),
		[]byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want || err != nil {
		t.Errorf("the signature is %q, %v", got, err)
	}
}

// What is sent can be verified with the library of the standard, by the secret and by the one before; a change of the body is noticed.
func TestADeliveryIsVerified(t *testing.T) {
	t.Parallel()
	const secret, previous, other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_b2xkZXIgc2VjcmV0IG9sZGVyIHNlY3JldA==", "whsec_b3RoZXIgb3RoZXIgb3RoZXIgb3RoZXI="
	var body []byte
	var header http.Header
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		header = r.Header
	}))
	defer receiver.Close()
	content, via := "Hello \u2028 <b>", "email"
	withdrawn := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	e := &models.WebhookEvent{
		ID: "evt_7", Type: models.WebhookMessageUpdated, Sequence: 12, CreatedAt: withdrawn,
		Body: models.WebhookBody{
			Chat: &models.Chat{ID: "c1", UserID: "u1", Status: models.Active},
			Message: &models.Message{
				ID:          5,
				ChatID:      "c1",
				SenderType:  models.FromUser,
				Content:     content,
				Via:         &via,
				WithdrawnAt: &withdrawn,
			},
		},
		File: &models.Attachment{PublicID: "x", Name: "a.png"},
	}
	a := newSender("127.0.0.0/8").Send(t.Context(), &models.WebhookRequest{
		URL: receiver.URL, Secrets: []string{secret, previous}, Event: e, Headers: map[string]string{"Authorization": "Bearer of the shop"},
	})
	if a.Error != "" {
		t.Fatal(a.Cause)
	}
	for _, key := range []string{secret, previous} {
		verifier, err := standardwebhooks.NewWebhook(key)
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.Verify(body, header); err != nil {
			t.Errorf("with %s: %v", key, err)
		}
		if verifier.Verify(append([]byte(" "), body...), header) == nil {
			t.Error("another body is verified too")
		}
	}
	if verifier, _ := standardwebhooks.NewWebhook(other); verifier.Verify(body, header) == nil {
		t.Error("it is verified with another secret")
	}
	if header.Get("Authorization") != "Bearer of the shop" || header.Get("Webhook-Id") != "evt_7" ||
		header.Get("Content-Type") != "application/json; charset=utf-8" || header.Get("User-Agent") != "Parley/test" {
		t.Errorf("the headers are %v", header)
	}
	if kept, _ := json.Marshal(a.Sent); strings.Contains(string(kept), "Bearer") || !strings.Contains(string(kept), "Authorization") {
		t.Errorf("the log keeps %s", kept)
	}
	var got struct {
		Type, Timestamp string
		Data            struct {
			Sequence int
			Chat     struct {
				ChatID string `json:"chat_id"`
			}
			Message struct {
				Content    string
				Attachment *struct{ URL string }
			}
		}
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if got.Type != "message.updated" || got.Timestamp != "2026-11-30T08:00:00Z" || got.Data.Sequence != 12 ||
		got.Data.Chat.ChatID != "c1" ||
		got.Data.Message.Content != content ||
		got.Data.Message.Attachment != nil {
		t.Errorf("sent is %s", body)
	}
}
