package mail

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// server is the mail server that SMTP_URL names.
type server struct {
	host           string
	port           int
	implicitTLS    bool // smtps: the connection begins encrypted
	policy         gomail.TLSPolicy
	user, password string
	auth           []gomail.SMTPAuthType // the mechanisms to choose from, the best first; none without a user
	helo           string
}

// The reason never quotes the address, which holds a password.
var errURL = errors.New("SMTP_URL is not the address of a mail server such as smtp://user:password@mail.example.com:587 (STARTTLS) " +
	"or smtps://user:password@mail.example.com:465 (TLS from the start). " +
	"Special characters in a password are percent-encoded: @ is %40, / is %2F, # is %23, % is %25")

// authMechanisms are the values of auth in SMTP_URL.
var authMechanisms = map[string][]gomail.SMTPAuthType{
	"auto": {
		gomail.SMTPAuthSCRAMSHA256PLUS, gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1PLUS, gomail.SMTPAuthSCRAMSHA1,
		gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5,
	},
	"plain":         {gomail.SMTPAuthPlain},
	"login":         {gomail.SMTPAuthLogin},
	"cram-md5":      {gomail.SMTPAuthCramMD5},
	"scram-sha-1":   {gomail.SMTPAuthSCRAMSHA1},
	"scram-sha-256": {gomail.SMTPAuthSCRAMSHA256},
	"xoauth2":       {gomail.SMTPAuthXOAUTH2},
}

// parseURL reads SMTP_URL. Its query may have tls (required, optional or off; for smtp only), auth (a mechanism, or
// auto) and helo (the name with which to greet the server).
func parseURL(text string) (server, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Opaque != "" || u.Fragment != "" || (u.Path != "" && u.Path != "/") ||
		strings.ContainsAny(text, "\x00\r\n") {
		return server{}, errURL
	}
	s := server{host: u.Hostname(), port: 587, policy: gomail.TLSMandatory}
	switch u.Scheme {
	case "smtp":
	case "smtps":
		s.implicitTLS, s.port = true, 465
	default:
		return server{}, errURL
	}
	if u.Port() != "" {
		if s.port, err = strconv.Atoi(u.Port()); err != nil || s.port < 1 || s.port > 65535 {
			return server{}, errURL
		}
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return server{}, errURL
	}
	for name := range query {
		if !slices.Contains([]string{"tls", "auth", "helo"}, name) {
			return server{}, errors.New("SMTP_URL has an unknown option. It may have tls, auth and helo")
		}
	}
	if s.policy, err = s.tlsPolicy(query.Get("tls")); err != nil {
		return server{}, err
	}
	s.helo = query.Get("helo")
	s.user = u.User.Username()
	s.password, _ = u.User.Password()
	return s, s.chooseAuth(query.Get("auth"))
}

func (s *server) tlsPolicy(option string) (gomail.TLSPolicy, error) {
	switch {
	case s.implicitTLS && option != "" && option != "required":
		return 0, errors.New("SMTP_URL: smtps:// is always encrypted, so tls can only be required. Use smtp:// for anything else")
	case option == "" || option == "required":
		return gomail.TLSMandatory, nil
	case option == "optional":
		return gomail.TLSOpportunistic, nil
	case option == "off":
		return gomail.NoTLS, nil
	}
	return 0, errors.New("SMTP_URL: tls must be required, optional or off")
}

// chooseAuth sets the mechanisms. Without TLS a password is sent in the clear only if the mechanism is named, and so chosen on purpose.
func (s *server) chooseAuth(option string) error {
	if s.user == "" {
		if option != "" && option != "none" {
			return errors.New("SMTP_URL: auth needs a user, as in smtp://user:password@mail.example.com")
		}
		return nil
	}
	if option == "" {
		option = "auto"
	}
	mechanisms, known := authMechanisms[option]
	if !known {
		return errors.New("SMTP_URL: auth must be auto, plain, login, cram-md5, scram-sha-1, scram-sha-256 or xoauth2")
	}
	s.auth = slices.Clone(mechanisms)
	if s.policy == gomail.NoTLS && option != "auto" {
		for i, m := range s.auth {
			switch m {
			case gomail.SMTPAuthPlain:
				s.auth[i] = gomail.SMTPAuthPlainNoEnc
			case gomail.SMTPAuthLogin:
				s.auth[i] = gomail.SMTPAuthLoginNoEnc
			}
		}
	}
	return nil
}
