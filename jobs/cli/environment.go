package cli

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"parley/models"
	"parley/models/redisclient"
)

// Environment is what the environment sets, read once. Admins can change most of Rules later.
type Environment struct {
	ListenAddr  string `env:"LISTEN_ADDR"  envDefault:":8080"`
	PublicURL   string `env:"PUBLIC_URL"`
	DatabaseURL string `env:"DATABASE_URL"`
	// DatabasePoolSize is how many connections a process opens at most.
	DatabasePoolSize int    `env:"DATABASE_POOL_SIZE"   envDefault:"24"`
	DatabaseReplica  string `env:"DATABASE_REPLICA_URL"`
	RedisURL         string `env:"REDIS_URL"`
	UserTokenSecret  string `env:"USER_TOKEN_SECRET"`
	// UserTokenSecretPrevious is the secret before, while host sites change over.
	UserTokenSecretPrevious string        `env:"USER_TOKEN_SECRET_PREVIOUS"`
	AllowedOrigins          []string      `env:"ALLOWED_ORIGINS"`
	TrustedProxies          []string      `env:"TRUSTED_PROXIES"`
	SweepInterval           time.Duration `env:"SWEEP_INTERVAL"                     envDefault:"5s"`
	ShutdownTimeout         time.Duration `env:"SHUTDOWN_TIMEOUT"                   envDefault:"10s"`
	DrainDelay              time.Duration `env:"DRAIN_DELAY"                        envDefault:"0s"`
	LogFormat               string        `env:"LOG_FORMAT"                         envDefault:"text"`
	LogLevel                slog.Level    `env:"LOG_LEVEL"                          envDefault:"info"`
	MetricsAddr             string        `env:"METRICS_ADDR"`
	PprofAddr               string        `env:"PPROF_ADDR"`
	DataDir                 string        `env:"PARLEY_DIR"                         envDefault:".parley"`
	FilesDir                string        `env:"FILES_DIR"`
	FilesURL                string        `env:"FILES_URL"`
	AWSKeyID                string        `env:"AWS_ACCESS_KEY_ID"`
	AWSSecret               string        `env:"AWS_SECRET_ACCESS_KEY"`
	AWSSessionToken         string        `env:"AWS_SESSION_TOKEN"`
	PushHosts               []string      `env:"PUSH_HOSTS"`
	WebhookProxy            string        `env:"WEBHOOK_PROXY"`
	SMTPURL                 string        `env:"SMTP_URL"`
	MailReplyAddress        string        `env:"MAIL_REPLY_ADDRESS"`
	MailListen              string        `env:"MAIL_LISTEN"`
	MailMaxSize             int           `env:"MAIL_MAX_SIZE"                      envDefault:"25"` // MB
	MailTLSCert             string        `env:"MAIL_TLS_CERT"`
	MailTLSKey              string        `env:"MAIL_TLS_KEY"`
	OIDCIssuer              string        `env:"OIDC_ISSUER"`
	OIDCClientID            string        `env:"OIDC_CLIENT_ID"`
	OIDCClientSecret        string        `env:"OIDC_CLIENT_SECRET"`
	OIDCName                string        `env:"OIDC_NAME"`
	OIDCScopes              string        `env:"OIDC_SCOPES"                        envDefault:"openid email profile"`
	OIDCGroupsClaim         string        `env:"OIDC_GROUPS_CLAIM"                  envDefault:"groups"`
	OIDCEmailVerifiedClaim  string        `env:"OIDC_EMAIL_VERIFIED_CLAIM"          envDefault:"email_verified"`
	OIDCGroups              string        `env:"OIDC_GROUPS"`
	OIDCOnly                bool          `env:"OIDC_ONLY"                          envDefault:"false"`
	OIDCBreakGlass          []string      `env:"OIDC_BREAK_GLASS"`
	OIDCSession             time.Duration `env:"OIDC_SESSION"                       envDefault:"12h"`
	AssistantURL            string        `env:"ASSISTANT_URL"`
	AssistantKey            string        `env:"ASSISTANT_KEY"`
	AssistantModel          string        `env:"ASSISTANT_MODEL"`
	OTLPEndpoint            string        `env:"OTEL_EXPORTER_OTLP_ENDPOINT"`
	OTLPTracesEndpoint      string        `env:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"`
	OTLPHeaders             string        `env:"OTEL_EXPORTER_OTLP_HEADERS"`
	OTLPProtocol            string        `env:"OTEL_EXPORTER_OTLP_PROTOCOL"        envDefault:"http/protobuf"`
	TracesExporter          string        `env:"OTEL_TRACES_EXPORTER"               envDefault:"otlp"`
	TracingDisabled         bool          `env:"OTEL_SDK_DISABLED"                  envDefault:"false"`

	// Rules has every setting of [models.SettingTable], each from the variable of its key.
	Rules models.Settings

	given map[string]given // the variables that are set, by name
}

// maxDrainDelay is the largest value of DRAIN_DELAY.
const maxDrainDelay = 5 * time.Minute

// minPoolSize and maxPoolSize are the bounds of DATABASE_POOL_SIZE. A request that waits for a lock, a sweep and the check of a pooler each
// hold connections.
const (
	minPoolSize = 4
	maxPoolSize = 500
)

// maxMailSize is the largest value of MAIL_MAX_SIZE, in MB.
const maxMailSize = 100

// ReadEnvironment reads the environment. Secrets may also stand in files: DATABASE_URL_FILE names a file with the value of DATABASE_URL. An
// error names the variable and what it may be.
func ReadEnvironment(environ []string) (Environment, error) {
	variables := env.ToMap(environ)
	all, err := readSecretFiles(variables)
	if err != nil {
		return Environment{}, err
	}
	e, err := env.ParseAsWithOptions[Environment](env.Options{Environment: variables})
	e.given = all
	if err == nil && e.LogFormat != "text" && e.LogFormat != "json" {
		err = fmt.Errorf("LOG_FORMAT must be text or json, not %q", e.LogFormat)
	}
	if err == nil && (e.MailMaxSize < 1 || e.MailMaxSize > maxMailSize) {
		err = fmt.Errorf("MAIL_MAX_SIZE must be 1 to %d, in MB", maxMailSize)
	}
	if err == nil && (e.DatabasePoolSize < minPoolSize || e.DatabasePoolSize > maxPoolSize) {
		err = fmt.Errorf("DATABASE_POOL_SIZE must be %d to %d connections", minPoolSize, maxPoolSize)
	}
	if err == nil && (e.DrainDelay < 0 || e.DrainDelay > maxDrainDelay) {
		err = fmt.Errorf("DRAIN_DELAY must be 0s to %s", maxDrainDelay)
	}
	if err == nil && e.MailListen != "" && e.MailReplyAddress == "" {
		err = errors.New("MAIL_LISTEN needs MAIL_REPLY_ADDRESS, such as support+{token}@example.com: other mail is not accepted")
	}
	if err == nil && e.AssistantURL != "" && e.AssistantModel == "" {
		err = errors.New("ASSISTANT_URL needs ASSISTANT_MODEL, the name of a model of that service")
	}
	if err == nil && (e.MailTLSCert == "") != (e.MailTLSKey == "") {
		err = errors.New("MAIL_TLS_CERT and MAIL_TLS_KEY are set together, or neither of them is")
	}
	if err == nil && e.TracesAddress() != "" && e.OTLPProtocol != "http/protobuf" && e.OTLPProtocol != "http/json" {
		err = fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or http/json, not %q", e.OTLPProtocol)
	}
	if err == nil {
		err = e.checkSSO()
	}
	if e.FilesDir == "" {
		e.FilesDir = filepath.Join(e.DataDir, "files")
	}
	if err != nil {
		return e, err
	}
	e.Rules, err = models.SettingsFromEnvironment(func(key string) string { return variables[key] })
	return e, err
}

// TracesAddress returns where traces go, "" for nowhere.
func (e Environment) TracesAddress() string {
	switch {
	case e.TracingDisabled || e.TracesExporter == "none":
		return ""
	case e.OTLPTracesEndpoint != "":
		return e.OTLPTracesEndpoint
	case e.OTLPEndpoint != "":
		return strings.TrimSuffix(e.OTLPEndpoint, "/") + "/v1/traces"
	}
	return ""
}

// Logger writes to out in LOG_FORMAT. It masks the secrets of the settings.
func (e Environment) Logger(out io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: e.LogLevel, ReplaceAttr: e.secrets().maskAttr}
	if e.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

// Settings returns the numbers of the rules, or an error that names the variable at fault.
func (e Environment) Settings() (models.Settings, error) {
	s := e.Rules
	for _, origin := range e.AllowedOrigins {
		if strings.TrimSpace(origin) == "" {
			continue
		}
		exact, err := models.ParseOrigin(origin)
		if err != nil {
			if at := strings.LastIndexByte(origin, '@'); at >= 0 {
				origin = mask + origin[at:]
			}
			return s, fmt.Errorf("ALLOWED_ORIGINS: %q is not an exact origin such as https://www.example.com", origin)
		}
		s.AllowedOrigins = append(s.AllowedOrigins, exact)
	}
	var err error
	if s.ReplyAddress, err = models.ParseReplyAddressForm(e.MailReplyAddress); err != nil {
		return s, err
	}
	return s, s.Validate()
}

// userSecretFile keeps the key of [Environment.UserSecret], in PARLEY_DIR.
const userSecretFile = "user-token-secret"

// UserSecret returns the key shared with host sites. If none is set, it returns a random key, which it creates once and stores with the
// embedded data.
func (e Environment) UserSecret() ([]byte, error) {
	if e.UserTokenSecret != "" {
		return []byte(e.UserTokenSecret), nil
	}
	path := filepath.Join(e.DataDir, userSecretFile)
	if kept, err := os.ReadFile(path); err == nil && len(kept) >= 32 {
		return kept, nil
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	secret := []byte(hex.EncodeToString(raw))
	if err := os.MkdirAll(e.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("USER_TOKEN_SECRET is not set, and a key cannot be stored in %s: %w", e.DataDir, err)
	}
	return secret, os.WriteFile(path, secret, 0o600)
}

// RedisOptions returns options for clients that try once and wait at most timeout, because the program can work without Redis.
// The error says which kind of address REDIS_URL may have, and quotes none of it.
func (e Environment) RedisOptions(timeout time.Duration) (*redisclient.Options, error) {
	options, err := redisclient.Parse(e.RedisURL)
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL %w", err)
	}
	options.ContextTimeoutEnabled = true
	options.SetTimeout(timeout)
	options.MaxRetries = -1
	options.Protocol = 2 // version 3 has no benefit here and makes the client check for push notifications before every reply
	options.ClientName = "parley"
	return options, nil
}
