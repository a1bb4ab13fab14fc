package cli

import (
	"log/slog"
	"net/url"
	"strings"

	"parley/models/redisclient"
)

// minSecretLength is the minimum length in bytes of a secret that is masked everywhere in a text. Shorter ones occur in too many ordinary
// texts.
const minSecretLength = 8

const mask = "*****"

// Mask returns a text with ***** in place of every secret of the settings: keys, and the passwords in addresses, as
// written and decoded. Our own errors do not quote settings that hold a secret; this is for texts of others, such as
// those of servers.
func (e Environment) Mask(text string) string { return e.secrets().mask(text) }

// secrets are texts that are shown nowhere.
type secrets []string

func (s secrets) mask(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, mask)
	}
	return text
}

func (e Environment) secrets() secrets {
	all := secrets{e.UserTokenSecret, e.UserTokenSecretPrevious, e.AWSSecret, e.AWSSessionToken, e.OIDCClientSecret}
	for _, address := range []string{
		e.DatabaseURL, e.DatabaseReplica, e.RedisURL, e.FilesURL, e.PublicURL, e.SMTPURL, e.WebhookProxy, e.OTLPEndpoint,
		e.OTLPTracesEndpoint,
	} {
		// Not by url.Parse, which refuses addresses with several hosts.
		all = append(all, redisclient.Secrets(address)...)
		if !strings.Contains(address, "://") {
			all = append(all, address) // the secret cannot be separated from the rest
		}
	}
	for header := range strings.SplitSeq(e.OTLPHeaders, ",") {
		_, value, _ := strings.Cut(header, "=")
		value = strings.TrimSpace(value)
		all = append(all, value)
		if decoded, err := url.PathUnescape(value); err == nil {
			all = append(all, decoded)
		}
	}
	kept := all[:0]
	for _, secret := range all {
		if len(secret) >= minSecretLength {
			kept = append(kept, secret)
		}
	}
	return kept
}

// maskAttr masks the text of a log line. Durations are written with their unit, also as JSON, where they would be a number.
func (s secrets) maskAttr(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindDuration:
		a.Value = slog.StringValue(a.Value.Duration().String())
	case slog.KindString:
		a.Value = slog.StringValue(s.mask(a.Value.String()))
	case slog.KindAny:
		if err, is := a.Value.Any().(error); is {
			a.Value = slog.StringValue(s.mask(err.Error()))
		}
	}
	return a
}
