package cli

import (
	"fmt"
	"reflect"
	"strings"
	"text/tabwriter"

	"parley/models"
)

// Variable is an environment variable, for documents and help. Doc and Unset are Markdown.
type Variable struct {
	Name, Default string
	Unset         string // what holds without a value, where there is no Default
	Doc           string
	Accepts       string // the values of a setting of the rules, such as 1s to 24h
	Changeable    bool   // on the settings page
}

// processDocs describes the variables of [Environment], in the order of the README. The settings of the rules have their text in
// [models.SettingTable].
var processDocs = []Variable{
	{Name: "LISTEN_ADDR", Doc: "the address to listen on"},
	{
		Name: "PUBLIC_URL", Unset: "from the request",
		Doc: "the address at which people reach Parley, also with a path (`https://example.com/chat`); `https://` makes cookies secure",
	},
	{Name: "DATABASE_URL", Unset: "embedded", Doc: "PostgreSQL 15 or newer; the database is encoded in UTF-8"},
	{
		Name: "DATABASE_POOL_SIZE",
		Doc: "connections to PostgreSQL that one process opens at most, 4 to 500; `max_connections` must allow that many and one more " +
			"for each process, and for one process more than usually run; see `docs/scaling.md`",
	},
	{
		Name: "DATABASE_REPLICA_URL", Unset: "none",
		Doc: "a copy of the database, such as a streaming standby, from which reports are read while it is at most 30 seconds behind; " +
			"see `docs/operations.md`",
	},
	{
		Name: "REDIS_URL", Unset: "embedded",
		Doc: "Redis or Valkey: live events between instances, rate limits, scheduled tasks. One server " +
			"(`redis://user:password@host:6379/0`, `rediss://` with TLS, `unix:///path`), sentinels " +
			"(`redis+sentinel://user:password@s1:26379,s2:26379,s3:26379/master`) or a cluster " +
			"(`redis+cluster://user:password@n1:6379,n2:6379,n3:6379`); see `docs/operations.md`",
	},
	{
		Name: "USER_TOKEN_SECRET", Unset: "random, kept in `PARLEY_DIR`",
		Doc: "key shared with the sites that sign their users' tokens; 32 random bytes or more",
	},
	{Name: "USER_TOKEN_SECRET_PREVIOUS", Unset: "none", Doc: "accepted too, while the sites change over to the new key"},
	{Name: "ALLOWED_ORIGINS", Unset: "none", Doc: "sites that may embed the widget, separated by commas"},
	{Name: "TRUSTED_PROXIES", Unset: "none", Doc: "proxies whose `X-Forwarded-For` is trusted, as addresses or networks"},
	{Name: "SWEEP_INTERVAL", Doc: "how often the scheduled work runs; events trigger it too"},
	{Name: "SHUTDOWN_TIMEOUT", Doc: "how long requests in flight may take when the process stops"},
	{
		Name: "DRAIN_DELAY",
		Doc: "how long a process that is told to stop still serves everything while `/readyz` fails, so that proxies notice in time; " +
			"SHUTDOWN_TIMEOUT begins after it",
	},
	{Name: "LOG_FORMAT", Doc: "or `json`"},
	{Name: "LOG_LEVEL", Doc: "or `debug`, `warn`, `error`"},
	{
		Name: "METRICS_ADDR", Unset: "that of everything else",
		Doc: "an address of its own for `/metrics`, such as `10.0.0.11:9090`; it is then served nowhere else",
	},
	{Name: "PPROF_ADDR", Unset: "off", Doc: "where Go's profiles are served, on a loopback address such as `127.0.0.1:6060`"},
	{Name: "PARLEY_DIR", Doc: "the folder for the data of embedded servers and for files during their upload"},
	{Name: "FILES_DIR", Unset: "`files` in `PARLEY_DIR`", Doc: "the folder for the files that people send"},
	{
		Name: "FILES_URL", Unset: "none",
		Doc: "or a bucket: `s3://bucket/prefix?endpoint=https://minio.internal:9000&region=eu-central-1` " +
			"(for S3 itself without `endpoint`)",
	},
	{Name: "AWS_ACCESS_KEY_ID", Unset: "the machine's role", Doc: "credentials for the bucket"},
	{Name: "AWS_SECRET_ACCESS_KEY", Unset: "the machine's role", Doc: "credentials for the bucket"},
	{Name: "AWS_SESSION_TOKEN", Unset: "none", Doc: "for temporary credentials"},
	{
		Name: "PUSH_HOSTS", Unset: "none",
		Doc: "push services of your own that may have a private address or another port, separated by commas, such as " +
			"`push.example.internal:8443`; public ones need no entry",
	},
	{
		Name:  "WEBHOOK_PROXY",
		Unset: "none",
		Doc: "a proxy for webhooks, such as `http://proxy.internal:3128`; it connects itself, so its rules and not those of Parley " +
			"decide " +
			"which addresses are reached",
	},
	{
		Name: "SMTP_URL", Unset: "no e-mail",
		Doc: "the mail server: `smtp://user:password@mail.example.com:587` (STARTTLS) or `smtps://…:465`; options are " +
			"`tls=optional` or `tls=off`, `auth=plain` and other mechanisms, and `helo`",
	},
	{
		Name: "MAIL_REPLY_ADDRESS", Unset: "no replies",
		Doc: "the addresses at which replies by e-mail come back into the chat, such as `support+{token}@example.com`",
	},
	{
		Name: "MAIL_LISTEN", Unset: "off",
		Doc: "where replies by e-mail are received, for `MAIL_REPLY_ADDRESS` alone: `smtp://:2525`, `lmtp://127.0.0.1:2424` or " +
			"`unix:///run/parley/lmtp.sock`; see `docs/email.md`",
	},
	{Name: "MAIL_MAX_SIZE", Doc: "the largest mail that is received, in MB"},
	{
		Name:  "MAIL_TLS_CERT",
		Unset: "no encryption",
		Doc:   "file with the certificate chain that `MAIL_LISTEN` offers for STARTTLS; read again for each connection",
	},
	{Name: "MAIL_TLS_KEY", Unset: "none", Doc: "file with the key of the certificate"},
	{
		Name:  "OIDC_ISSUER",
		Unset: "no single sign-on",
		Doc: "the OpenID Connect provider at which agents sign in, such as `https://sso.example.com/realms/company`; " +
			"needs `OIDC_CLIENT_ID` " +
			"and `PUBLIC_URL`; see `docs/sso.md`",
	},
	{Name: "OIDC_CLIENT_ID", Unset: "none", Doc: "the name of Parley at the provider"},
	{Name: "OIDC_CLIENT_SECRET", Unset: "a public client", Doc: "the secret of Parley at the provider"},
	{Name: "OIDC_NAME", Unset: "“single sign-on”", Doc: "the name of the provider on the sign-in page"},
	{Name: "OIDC_SCOPES", Doc: "what is asked of the provider, with spaces between; some need `groups` too"},
	{Name: "OIDC_GROUPS_CLAIM", Doc: "the claim with the groups; `realm_access.roles` looks into an object"},
	{Name: "OIDC_EMAIL_VERIFIED_CLAIM", Doc: "the claim that says that the e-mail address is verified"},
	{
		Name:  "OIDC_GROUPS",
		Unset: "administrators set roles, and no accounts are made",
		Doc: "what the members of a group get: `chat-admins=admin; leads=supervisor; cards=agent:cards,loans` " +
			"(group, role and departments)",
	},
	{Name: "OIDC_ONLY", Doc: "`true` refuses passwords to everyone but `OIDC_BREAK_GLASS`"},
	{
		Name: "OIDC_BREAK_GLASS", Unset: "none",
		Doc: "e-mail addresses of the administrators who may always use their password, separated by commas; required with `OIDC_ONLY`",
	},
	{Name: "OIDC_SESSION", Doc: "how long a session lasts until the provider is asked again, 15m to 168h"},
	{
		Name: "ASSISTANT_URL", Unset: "no assistant",
		Doc: "a language model that helps agents to write: the address of an API with OpenAI's chat completions, such as " +
			"`https://llm.example.internal/v1`; see `docs/assistant.md`",
	},
	{Name: "ASSISTANT_KEY", Unset: "none", Doc: "key of that API"},
	{Name: "ASSISTANT_MODEL", Unset: "none", Doc: "name of the model; required with `ASSISTANT_URL`"},
	{
		Name: "OTEL_EXPORTER_OTLP_ENDPOINT", Unset: "no traces",
		Doc: "OpenTelemetry receiver to which traces are sent by OTLP over HTTP, such as `http://collector.internal:4318`; " +
			"see `docs/operations.md` for this and all other `OTEL_` variables",
	},
	{Name: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", Unset: "`/v1/traces` below it", Doc: "or the whole address for traces"},
	{
		Name: "OTEL_EXPORTER_OTLP_HEADERS", Unset: "none",
		Doc: "headers for the receiver, percent-encoded, such as `authorization=Bearer%20…`",
	},
	{Name: "OTEL_EXPORTER_OTLP_PROTOCOL", Doc: "or `http/json`; gRPC is not supported"},
	{Name: "OTEL_TRACES_EXPORTER", Doc: "or `none`, which turns traces off"},
	{Name: "OTEL_SDK_DISABLED", Doc: "`true` turns traces off"},
}

// ProcessVariables returns the variables of [Environment] with the defaults of its tags.
func ProcessVariables() []Variable {
	defaults := map[string]string{}
	for field := range reflect.TypeFor[Environment]().Fields() {
		defaults[field.Tag.Get("env")] = field.Tag.Get("envDefault")
	}
	variables := make([]Variable, len(processDocs))
	for i, v := range processDocs {
		v.Default = defaults[v.Name]
		variables[i] = v
	}
	return variables
}

// RuleVariables returns the variables of the settings of the rules.
func RuleVariables() []Variable {
	var variables []Variable
	for _, s := range models.SettingTable() {
		v := Variable{
			Name: s.Key, Default: s.BuiltInDefault(), Unset: "none", Doc: s.Doc,
			Accepts: strings.Join(s.Choices(), ", "), Changeable: !s.EnvironmentOnly,
		}
		if s.Min() != "" {
			v.Accepts = s.Min() + " to " + s.Max()
		}
		variables = append(variables, v)
	}
	return variables
}

// EnvironmentHelp returns the variables with their defaults, for the help of a command.
func EnvironmentHelp() string {
	var out strings.Builder
	write := func(title string, variables []Variable) {
		fmt.Fprintf(&out, "%s\n\n", title)
		w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
		for _, v := range variables {
			name, doc := v.Name, v.Doc
			if v.Changeable {
				name += "*"
			}
			if v.Accepts != "" {
				doc += " (" + v.Accepts + ")"
			}
			fmt.Fprintf(w, "  %s\t%s\t%s\n", name, plain(v.Shown()), plain(doc))
		}
		_ = w.Flush() // a builder takes everything
		out.WriteString("\n")
	}
	write("Environment:", ProcessVariables())
	write("Settings of the rules; an admin can change those marked * while Parley runs:", RuleVariables())
	return out.String()
}

// Shown returns the default as Markdown, or what holds without a value.
func (v Variable) Shown() string {
	if v.Default == "" {
		return v.Unset
	}
	return "`" + v.Default + "`"
}

func plain(markdown string) string { return strings.ReplaceAll(markdown, "`", "") }
