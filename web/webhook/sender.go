package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"parley/models"
	"parley/web/api"
)

// maxAnswer is how much of an answer is read and kept.
const maxAnswer = 64 << 10

// Options of a Sender.
type Options struct {
	Links    api.FileLinks
	Networks func() []netip.Prefix // that may be connected to though they are not public
	Proxy    *url.URL              // for all requests; nil for none
	Version  string                // of this program
}

// Sender tells other systems of events. It implements [models.WebhookSender].
type Sender struct {
	links   api.FileLinks
	client  *http.Client
	version string
}

// New returns a Sender.
func New(o Options) *Sender {
	return &Sender{links: o.Links, version: o.Version, client: &http.Client{
		Transport:     transport(o.Networks, o.Proxy),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// ParseProxy returns the proxy of an address, nil for "". An address that is none is an error, which does not quote it.
func ParseProxy(address string) (*url.URL, error) {
	if address == "" {
		return nil, nil //nolint:nilnil // no proxy is no error
	}
	proxy, err := url.Parse(address)
	if err != nil || proxy.Hostname() == "" || proxy.Scheme != "http" && proxy.Scheme != "https" {
		return nil, errors.New("WEBHOOK_PROXY is not an address such as http://proxy.internal:3128")
	}
	return proxy, nil
}

// Payload implements [models.WebhookSender]. It is in English for everyone.
func (s *Sender) Payload(ctx context.Context, e *models.WebhookEvent) ([]byte, error) {
	return json.Marshal(payloadOf(ctx, s.links, e))
}

// Send implements [models.WebhookSender].
func (s *Sender) Send(ctx context.Context, r *models.WebhookRequest) *models.WebhookAnswer {
	sent := map[string]string{}
	failed := func(reason models.WebhookError, cause error) *models.WebhookAnswer {
		return &models.WebhookAnswer{Error: reason, Cause: cause, Sent: sent}
	}
	request, err := s.request(ctx, r, sent)
	if err != nil {
		return failed(models.WebhookInternal, err)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return failed(reasonOf(err), withoutAddress(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	answer := &models.WebhookAnswer{
		Status: response.StatusCode, Sent: sent, Headers: shownHeaders(response.Header), Body: printable(body),
		RetryAfter: retryAfter(response.Header.Get("Retry-After")),
	}
	switch code := response.StatusCode; {
	case code >= 200 && code <= 299: // the receiver has it, even if the rest of the answer is lost
	case code >= 300 && code <= 399:
		answer.Error, answer.Cause = models.WebhookRedirected, errors.New(response.Status)
	case code == http.StatusGone:
		answer.Error, answer.Cause = models.WebhookGone, errors.New(response.Status)
	default:
		answer.Error, answer.Cause = models.WebhookBadStatus, err
	}
	return answer
}

// request returns the signed request and notes its headers in sent, the administrator's own without their values.
func (s *Sender) request(ctx context.Context, r *models.WebhookRequest, sent map[string]string) (*http.Request, error) {
	payload, err := s.Payload(ctx, r.Event)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(payload))
	if err != nil {
		return nil, withoutAddress(err)
	}
	for name, value := range r.Headers {
		request.Header.Set(name, value)
		sent[http.CanonicalHeaderKey(name)] = "••••••"
	}
	now := time.Now()
	signature, err := Sign(r.Secrets, r.Event.ID, now, payload)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "User-Agent": "Parley/" + s.version,
		standardwebhooks.HeaderWebhookID:        r.Event.ID,
		standardwebhooks.HeaderWebhookTimestamp: strconv.FormatInt(now.Unix(), 10),
		standardwebhooks.HeaderWebhookSignature: signature,
	} {
		request.Header.Set(name, value)
		sent[name] = value
	}
	return request, nil
}

// Sign returns the value of the header webhook-signature: a signature by each secret.
func Sign(secrets []string, id string, at time.Time, payload []byte) (string, error) {
	var signatures []string
	for _, secret := range secrets {
		signer, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return "", errors.New("the secret is not one of a webhook")
		}
		signature, err := signer.Sign(id, at, payload)
		if err != nil {
			return "", err
		}
		signatures = append(signatures, signature)
	}
	return strings.Join(signatures, " "), nil
}

// reasonOf returns why a request got no answer.
func reasonOf(err error) models.WebhookError {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var timeout interface{ Timeout() bool }
	var op *net.OpError
	switch {
	case errors.Is(err, errRefusedAddress):
		return models.WebhookRefusedAddress
	case errors.As(err, &certificate), errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &record), errors.As(err, &alert):
		return models.WebhookTLSFailed
	case errors.As(err, &dns) && !dns.IsTimeout:
		return models.WebhookUnresolved
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return models.WebhookTimedOut
	case errors.As(err, &op) && op.Op == "dial":
		return models.WebhookUnreachable
	}
	return models.WebhookInterrupted
}

// withoutAddress returns the cause of an error of a request, which would quote the address, and that may have a password.
func withoutAddress(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// retryAfter returns the time in a header Retry-After, 0 for none.
func retryAfter(value string) time.Duration {
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 && seconds < 1<<30 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

// shownHeaders returns the headers of an answer as the log keeps them.
func shownHeaders(header http.Header) map[string]string {
	const most, longest = 40, 300
	shown := map[string]string{}
	for name, values := range header {
		if len(shown) == most {
			break
		}
		value := printable([]byte(strings.Join(values, ", ")))
		if len(value) > longest {
			value = strings.ToValidUTF8(value[:longest], "") + "…"
		}
		if strings.EqualFold(name, "Set-Cookie") {
			value = "••••••"
		}
		shown[printable([]byte(name))] = value
	}
	return shown
}

// printable returns text that PostgreSQL stores.
func printable(b []byte) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(b), "�"), "\x00", "�")
}
