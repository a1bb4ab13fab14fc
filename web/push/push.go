package push

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"parley/models"
	"parley/views/text"
)

const (
	// sendTimeout bounds one request, from the connection to the end of the answer.
	sendTimeout = 8 * time.Second
	// maxAnswer is how much of an answer is read, so that the connection can be used again.
	maxAnswer = 4 << 10
	// maxName and maxContent are in characters. A push message has 4 KB.
	maxName    = 80
	maxContent = 200
	// defaultContact is the address that a push service may write to where PUBLIC_URL does not say.
	defaultContact = "webmaster@localhost"
)

// Options of a Sender.
type Options struct {
	// Keys returns the VAPID keys of the installation.
	Keys func(context.Context) (models.PushKeys, error)
	// Contact is the https address of the installation, for push services that have a complaint; "" for none.
	Contact string
	// AllowedHosts are push services of one's own, each a host or a host with a port. They may have a private address and any port.
	AllowedHosts []string
	// Transport is that of the tests; nil for one with the rules of this package.
	Transport http.RoundTripper
}

// Sender sends notifications. It implements [models.Pusher].
type Sender struct {
	keys    func() (models.PushKeys, error)
	contact string
	guard   guard
	client  *http.Client
}

// New returns a Sender. It reads the keys when it sends for the first time.
func New(o Options) *Sender {
	s := &Sender{contact: defaultContact, guard: newGuard(o.AllowedHosts)}
	if strings.HasPrefix(o.Contact, "https://") {
		s.contact = o.Contact
	}
	var once sync.Mutex
	var kept *models.PushKeys
	s.keys = func() (models.PushKeys, error) {
		once.Lock()
		defer once.Unlock()
		if kept != nil {
			return *kept, nil
		}
		ctx, cancel := context.WithTimeout(context.Background(), sendTimeout)
		defer cancel()
		k, err := o.Keys(ctx)
		if err == nil {
			kept = &k
		}
		return k, err
	}
	transport := o.Transport
	if transport == nil {
		transport = s.guard.transport()
	}
	s.client = &http.Client{
		Transport: transport, Timeout: sendTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s
}

// Accepts implements [models.Pusher]: https addresses on the standard port whose host is no private address, and allowed hosts.
// What a name resolves to is decided when it is connected to.
func (s *Sender) Accepts(endpoint string) bool { return s.guard.checkEndpoint(endpoint) == nil }

// Push implements [models.Pusher].
func (s *Sender) Push(ctx context.Context, n models.PushNotice) error {
	if err := s.guard.checkEndpoint(n.Device.Endpoint); err != nil {
		return &models.PushError{IsFinal: true, Cause: err}
	}
	keys, err := s.keys()
	if err != nil {
		return err
	}
	body, err := json.Marshal(messageOf(n))
	if err != nil {
		return &models.PushError{IsFinal: true, Cause: err}
	}
	encode := base64.RawURLEncoding.EncodeToString
	answer, err := webpush.SendNotificationWithContext(ctx, body, &webpush.Subscription{
		Endpoint: n.Device.Endpoint, Keys: webpush.Keys{P256dh: encode(n.Device.P256dh), Auth: encode(n.Device.Auth)},
	}, &webpush.Options{
		HTTPClient:      s.client,
		Subscriber:      s.contact,
		Topic:           topicOf(n),
		TTL:             int(models.PushTTL / time.Second),
		Urgency:         webpush.UrgencyHigh,
		VAPIDPublicKey:  encode(keys.Public),
		VAPIDPrivateKey: encode(keys.Private),
	})
	if err != nil {
		var refused refusedAddressError
		if errors.As(err, &refused) {
			return &models.PushError{IsFinal: true, Cause: refused}
		}
		return errors.New("the push service did not answer") // the reason has the endpoint, which is a secret
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer))
	return refusalOf(answer)
}

// refusalOf returns what a status means: nil for a notification that was accepted.
func refusalOf(answer *http.Response) error {
	status := answer.StatusCode
	cause := fmt.Errorf("the push service answered %d", status)
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusNotFound, status == http.StatusGone:
		return &models.PushError{IsGone: true, Cause: cause}
	case status == http.StatusTooManyRequests, status >= 500:
		seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
		if err != nil || seconds < 0 {
			seconds = 0
		}
		return &models.PushError{RetryAfter: time.Duration(min(seconds, 3600)) * time.Second, Cause: cause}
	}
	return &models.PushError{IsFinal: true, Cause: cause}
}

// topicOf returns the same topic for all notifications about a chat: a push service keeps only the latest one for a device that
// is off. It does not reveal the chat.
func topicOf(n models.PushNotice) string {
	sum := sha256.Sum256([]byte(n.Device.ID + " " + n.ChatID))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}

// message is what the service worker gets; static/src/notice-worker.js shows it.
type message struct {
	Title string `json:"title"`
	Body  string `json:"body,omitempty"`
	Tag   string `json:"tag"`
	Path  string `json:"path"` // of the page that a click opens, without the path of PUBLIC_URL
	Lang  string `json:"lang"`
}

func messageOf(n models.PushNotice) message {
	lang := n.Device.Locale
	name := models.Beginning(n.UserName, maxName)
	if n.IsUnverified {
		name = text.In(lang, "workbench.notice.unverified", "Name", name)
	}
	m := message{Lang: lang, Tag: "parley-" + n.ChatID, Path: "/workbench/chats/" + n.ChatID, Body: models.Beginning(n.Content, maxContent)}
	switch n.Kind {
	case models.PushTest:
		m.Tag, m.Path = "parley-test", "/workbench"
		m.Title, m.Body = text.In(lang, "workbench.notice.test_title"), text.In(lang, "push.test_body")
	case models.PushChat:
		m.Title = text.In(lang, "workbench.notice.new_chat", "Name", name)
	case models.PushOffer:
		m.Title = text.In(lang, "push.offer", "Name", models.Beginning(n.FromName, maxName))
	case models.PushReminder:
		m.Title = text.In(lang, "workbench.notice.unopened", "Name", name)
	default:
		m.Title = text.In(lang, "push.message", "Name", name)
	}
	return m
}
