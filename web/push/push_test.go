package push

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/models"
)

// service is a push service with one subscription, which decrypts as a browser does.
type service struct {
	t      *testing.T
	server *httptest.Server
	key    *ecdh.PrivateKey
	auth   []byte
	vapid  *ecdh.PrivateKey
	answer func(w http.ResponseWriter)

	got     []map[string]string
	headers http.Header
	calls   int
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{t: t, auth: make([]byte, 16), answer: func(w http.ResponseWriter) { w.WriteHeader(http.StatusCreated) }}
	_, _ = rand.Read(s.auth)
	var err error
	if s.key, err = ecdh.P256().GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	if s.vapid, err = ecdh.P256().GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	s.server = httptest.NewTLSServer(http.HandlerFunc(s.receive))
	t.Cleanup(s.server.Close)
	return s
}

func (s *service) receive(w http.ResponseWriter, r *http.Request) {
	s.calls++
	s.headers = r.Header.Clone()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	s.checkVAPID(r.Header.Get("Authorization"))
	var m map[string]string
	if err := json.Unmarshal(s.decrypt(body), &m); err != nil {
		s.t.Error(err)
	}
	s.got = append(s.got, m)
	s.answer(w)
}

// checkVAPID checks the signature as RFC 8292 has it.
func (s *service) checkVAPID(header string) {
	s.t.Helper()
	token, key, ok := strings.Cut(strings.TrimPrefix(header, "vapid t="), ", k=")
	public := s.vapid.PublicKey().Bytes()
	if !ok || key != base64.RawURLEncoding.EncodeToString(public) {
		s.t.Errorf("authorized by %q", header)
		return
	}
	claims := jwt.RegisteredClaims{}
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) {
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), public)
	}, jwt.WithValidMethods([]string{"ES256"}), jwt.WithAudience(s.server.URL), jwt.WithExpirationRequired())
	if err != nil || claims.ExpiresAt.After(time.Now().Add(24*time.Hour)) || claims.Subject != "https://chat.example.com" {
		s.t.Errorf("the token has %+v: %v", claims, err)
	}
}

// decrypt decrypts one record as RFC 8188 and RFC 8291 have it.
func (s *service) decrypt(body []byte) []byte {
	s.t.Helper()
	fail := func(err error) {
		if err != nil {
			s.t.Error(err)
		}
	}
	salt, size, length := body[:16], binary.BigEndian.Uint32(body[16:20]), int(body[20])
	sender, record := body[21:21+length], body[21+length:]
	if len(body) > 4096 || int(size) < len(record) {
		s.t.Errorf("%d bytes in records of %d", len(body), size)
	}
	senderKey, err := ecdh.P256().NewPublicKey(sender)
	fail(err)
	shared, err := s.key.ECDH(senderKey)
	fail(err)
	info := "WebPush: info\x00" + string(s.key.PublicKey().Bytes()) + string(sender)
	ikm, err := hkdf.Key(sha256.New, shared, s.auth, info, 32)
	fail(err)
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	fail(err)
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	fail(err)
	block, err := aes.NewCipher(key)
	fail(err)
	gcm, err := cipher.NewGCM(block)
	fail(err)
	plain, err := gcm.Open(nil, nonce, record, nil)
	fail(err)
	return []byte(strings.TrimSuffix(strings.TrimRight(string(plain), "\x00"), "\x02"))
}

func (s *service) sender() *Sender {
	address, err := url.Parse(s.server.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	return New(Options{
		Keys: func(context.Context) (models.PushKeys, error) {
			return models.PushKeys{Public: s.vapid.PublicKey().Bytes(), Private: s.vapid.Bytes()}, nil
		},
		Contact: "https://chat.example.com", AllowedHosts: []string{address.Host}, Transport: s.server.Client().Transport,
	})
}

func (s *service) notice(kind models.PushKind, lang string) models.PushNotice {
	return models.PushNotice{
		Device: models.PushDevice{
			ID: "device", Endpoint: s.server.URL + "/push/secret", P256dh: s.key.PublicKey().Bytes(), Auth: s.auth, Locale: lang,
		},
		Kind: kind, ChatID: "chat-1", UserName: "Maria",
	}
}

func TestWhatADeviceGets(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := s.sender()
	for _, c := range []struct {
		kind        models.PushKind
		lang        string
		change      func(*models.PushNotice)
		title, body string
		tag, path   string
	}{
		{models.PushMessage, "en", nil, "New message from Maria", "", "parley-chat-1", "/workbench/chats/chat-1"},
		{models.PushMessage, "zh-CN", nil, "Maria 发来新消息", "", "parley-chat-1", "/workbench/chats/chat-1"},
		{
			models.PushMessage, "en", func(n *models.PushNotice) { n.Content = "Where is it?" },
			"New message from Maria", "Where is it?", "parley-chat-1", "/workbench/chats/chat-1",
		},
		{models.PushChat, "en", nil, "New chat: Maria", "", "parley-chat-1", "/workbench/chats/chat-1"},
		{
			models.PushChat, "en", func(n *models.PushNotice) { n.IsUnverified = true },
			"New chat: Maria (unverified)", "", "parley-chat-1", "/workbench/chats/chat-1",
		},
		{
			models.PushOffer, "en", func(n *models.PushNotice) { n.FromName = "Ben" },
			"Ben offers you a chat", "", "parley-chat-1", "/workbench/chats/chat-1",
		},
		{models.PushReminder, "en", nil, "Not opened: Maria", "", "parley-chat-1", "/workbench/chats/chat-1"},
		{
			models.PushTest, "en", nil,
			"Test notification", "This device tells you of chats while no window is open.", "parley-test", "/workbench",
		},
		{
			models.PushMessage, "en", func(n *models.PushNotice) { n.Content = strings.Repeat("长", 4000) },
			"New message from Maria", strings.Repeat("长", 200), "parley-chat-1", "/workbench/chats/chat-1",
		},
	} {
		n := s.notice(c.kind, c.lang)
		if c.change != nil {
			c.change(&n)
		}
		if err := p.Push(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		m := s.got[len(s.got)-1]
		if m["title"] != c.title || m["body"] != c.body || m["tag"] != c.tag || m["path"] != c.path || m["lang"] != c.lang {
			t.Errorf("%s: got %q, want %q %q %q", c.kind, m, c.title, c.body, c.tag)
		}
		topic := s.headers.Get("Topic")
		if s.headers.Get("TTL") != "300" || s.headers.Get("Urgency") != "high" || len(topic) != 32 || strings.Contains(topic, "chat-1") {
			t.Errorf("the headers are %v", s.headers)
		}
	}
}

func TestWhatAnAnswerMeans(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := s.sender()
	for status, want := range map[int]models.PushError{
		201: {}, 202: {}, 404: {IsGone: true}, 410: {IsGone: true}, 413: {IsFinal: true}, 400: {IsFinal: true}, 403: {IsFinal: true},
		307: {IsFinal: true}, 301: {IsFinal: true}, 500: {}, 503: {RetryAfter: 7 * time.Second}, 429: {RetryAfter: 7 * time.Second},
	} {
		s.answer = func(w http.ResponseWriter) {
			w.Header().Set("Location", s.server.URL+"/elsewhere")
			if want.RetryAfter > 0 {
				w.Header().Set("Retry-After", "7")
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, strings.Repeat("secret answer ", 10_000))
		}
		before := s.calls
		err := p.Push(t.Context(), s.notice(models.PushChat, "en"))
		if s.calls != before+1 {
			t.Errorf("%d: %d requests", status, s.calls-before)
		}
		if status < 300 {
			if err != nil {
				t.Errorf("%d: %v", status, err)
			}
			continue
		}
		var got *models.PushError
		if !errors.As(err, &got) || got.IsGone != want.IsGone || got.IsFinal != want.IsFinal || got.RetryAfter != want.RetryAfter {
			t.Errorf("%d means %+v, want %+v", status, got, want)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%d: the error quotes the answer or the endpoint: %v", status, err)
		}
	}
	s.server.Close()
	if err := p.Push(t.Context(), s.notice(models.PushChat, "en")); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("without an answer: %v", err)
	}
}

// TestPrivateAddressesAreNotConnectedTo uses a server that listens, so that a request would arrive.
func TestPrivateAddressesAreNotConnectedTo(t *testing.T) {
	t.Parallel()
	s := newService(t)
	address, err := url.Parse(s.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	p := New(Options{Keys: func(context.Context) (models.PushKeys, error) {
		return models.PushKeys{Public: s.vapid.PublicKey().Bytes(), Private: s.vapid.Bytes()}, nil
	}})
	if p.Push(t.Context(), s.notice(models.PushChat, "en")) == nil {
		t.Error("sent to a private address")
	}
	// The dialer decides by the address that a name resolves to, whatever checkEndpoint thinks of the name.
	for _, host := range []string{address.Host, "localhost:" + address.Port(), "127.0.0.1", "localhost", "[::1]"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+host+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := p.client.Do(r)
		if err == nil {
			answer.Body.Close()
		}
		var refused refusedAddressError
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if s.calls != 0 {
		t.Errorf("%d requests arrived", s.calls)
	}
}

func TestWhichEndpointsAreAccepted(t *testing.T) {
	t.Parallel()
	p := New(Options{AllowedHosts: []string{" Push.internal:8443 ", "10.1.2.3"}})
	for endpoint, want := range map[string]bool{
		"https://fcm.googleapis.com/fcm/send/a": true, "https://web.push.apple.com:443/a": true, "https://1.1.1.1/a": true,
		"https://[2606:4700::1111]/a": true, "https://push.internal:8443/a": true, "https://10.1.2.3:9000/a": true,
		"http://fcm.googleapis.com/a": false, "https://fcm.googleapis.com:8443/a": false, "https://push.internal/a": false,
		"https://127.0.0.1/a": false, "https://10.0.0.1/a": false, "https://169.254.169.254/latest": false, "https://[::1]/a": false,
		"https://[fe80::1]/a": false, "https://[fd00::1]/a": false, "https://[::ffff:10.0.0.1]/a": false, "https://[64:ff9b::a00:1]/a": false,
		"https://100.64.0.1/a": false, "https://0.0.0.0/a": false, "https://224.0.0.1/a": false, "https://255.255.255.255/a": false,
		"https://localhost/a": false, "https://redis/a": false, "https://metadata.google.internal/a": false, "https://a.localhost./a": false,
		"https://user@fcm.googleapis.com/a": false, "https:///a": false, "ftp://fcm.googleapis.com/a": false, "": false,
	} {
		if got := p.Accepts(endpoint); got != want {
			t.Errorf("%s: %v", endpoint, got)
		}
	}
	for list, want := range map[string]bool{
		"push.internal:8443,": true, "https://push.internal": false, "a b": false, "push.internal/a": false,
	} {
		if _, err := ParseHosts(strings.Split(list, ",")); (err == nil) != want {
			t.Errorf("%q: %v", list, err)
		}
	}
}
