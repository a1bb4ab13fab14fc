package redisclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// Reason is why a Redis cannot be used: a code that stays the same in all releases.
type Reason string

// The reasons.
const (
	UnknownCA           Reason = "unknown_ca"
	CertificateName     Reason = "certificate_name"
	CertificateInvalid  Reason = "certificate_invalid"
	CertificateRequired Reason = "certificate_required"
	NotTLS              Reason = "not_tls"
	WrongPassword       Reason = "wrong_password"
	PasswordRequired    Reason = "password_required"
	NoPermission        Reason = "no_permission"
	ProtectedMode       Reason = "protected_mode"
	SentinelPassword    Reason = "sentinel_password"
	UnknownMaster       Reason = "unknown_master"
	IsSentinel          Reason = "is_sentinel"
	NotSentinel         Reason = "not_sentinel"
	IsCluster           Reason = "is_cluster"
	NotCluster          Reason = "not_cluster"
	ReadOnly            Reason = "read_only"
	CannotSave          Reason = "cannot_save"
	OutOfMemory         Reason = "out_of_memory"
	NoReplicas          Reason = "no_replicas"
	TooManyClients      Reason = "too_many_clients"
	UnknownDatabase     Reason = "unknown_database"
	MissingCommand      Reason = "missing_command"

	ClusterDown         Reason = "cluster_down"
	Loading             Reason = "loading"
	UnknownHost         Reason = "unknown_host"
	SentinelUnreachable Reason = "sentinel_unreachable"
	Unreachable         Reason = "unreachable"
	ConnectionClosed    Reason = "connection_closed"
	NoAnswer            Reason = "no_answer"
	Other               Reason = "unknown_error"
)

// described is what an operator needs to know about a reason.
type described struct {
	reason Reason
	// wrong means that Redis answers, but something has to be changed by hand.
	wrong bool
	// advice is for the log, in words that follow "Redis cannot be used:".
	advice string
}

// table has every reason, the most telling first: that is the one that is reported when clients fail in different ways at once.
var table = []described{
	{UnknownCA, true, "no known authority has signed its certificate; set SSL_CERT_FILE to the certificate of the authority"},
	{CertificateName, true, "its certificate is for another name; use in REDIS_URL a name of the certificate"},
	{CertificateInvalid, true, "its certificate has expired, is not valid yet or is not for a server"},
	{CertificateRequired, true, "it asks for a client certificate, which Parley does not have; set tls-auth-clients to no"},
	{NotTLS, true, "it does not speak TLS on this port; use another port, or redis:// in place of rediss://"},
	{SentinelPassword, true, "the sentinels refuse the password; set sentinel_password in REDIS_URL"},
	{UnknownMaster, true, "the sentinels do not know the master that REDIS_URL names"},
	{IsSentinel, true, "REDIS_URL leads to a sentinel; begin it with redis+sentinel:// and end it with the name of the master"},
	{NotSentinel, true, "REDIS_URL names sentinels, but leads to a server; begin it with redis:// or use the ports of the sentinels"},
	{IsCluster, true, "it is a cluster; begin REDIS_URL with redis+cluster://"},
	{NotCluster, true, "it is no cluster; begin REDIS_URL with redis://"},
	{WrongPassword, true, "it refuses the user or the password of REDIS_URL"},
	{PasswordRequired, true, "it asks for a password; set it in REDIS_URL"},
	{ProtectedMode, true, "it is in protected mode and accepts local connections only; set a password or bind an address"},
	{NoPermission, true, "the user may not do what Parley needs; docs/operations.md lists the keys and channels"},
	{UnknownDatabase, true, "it has no database with the number in REDIS_URL"},
	{MissingCommand, true, "it lacks a command that Parley needs; it is a proxy, a sentinel or too old, or the command was renamed"},
	{OutOfMemory, true, "its memory is full; raise maxmemory"},
	{CannotSave, true, "it cannot save to its disk, so it refuses to write"},
	{ReadOnly, true, "it is a replica and refuses to write; use the address of the master, or let sentinels name it"},
	{NoReplicas, true, "it refuses to write without its replicas (min-replicas-to-write)"},
	{TooManyClients, true, "it accepts no more clients; raise maxclients"},
	{ClusterDown, false, "a part of the cluster has no master"},
	{Loading, false, "it is loading its data"},
	{UnknownHost, false, "the name in REDIS_URL has no address"},
	{SentinelUnreachable, false, "no sentinel answers"},
	{Unreachable, false, "no connection is possible"},
	{ConnectionClosed, false, "it closes connections; if that goes on, TLS may be needed (rediss://)"},
	{NoAnswer, false, "it does not answer in time; if that goes on, the port may not use TLS, which rediss:// asks for"},
	{Other, false, "it reports an error"},
}

// Reasons returns every reason, the most telling first.
func Reasons() []Reason {
	all := make([]Reason, len(table))
	for i, d := range table {
		all[i] = d.reason
	}
	return all
}

func (r Reason) described() described {
	if at := slices.IndexFunc(table, func(d described) bool { return d.reason == r }); at >= 0 {
		return table[at]
	}
	return described{}
}

// IsWrong reports whether Redis can be reached and the settings, or Redis itself, must be changed before it can be used.
func (r Reason) IsWrong() bool { return r.described().wrong }

// Advice says what is wrong and what to do, in English.
func (r Reason) Advice() string { return r.described().advice }

// replies are the beginnings of the errors that a server replies. The first that fits counts.
var replies = []struct {
	prefix string
	reason Reason
}{
	{"READONLY", ReadOnly},
	{"MASTERDOWN", ReadOnly},
	{"WRONGPASS", WrongPassword},
	{"ERR invalid password", WrongPassword},
	{"ERR AUTH", WrongPassword}, // a password for a server that has none
	{"ERR Client sent AUTH", WrongPassword},
	{"NOAUTH", PasswordRequired},
	{"NOPERM", NoPermission},
	{"ERR ACL failure", NoPermission}, // in a script
	{"DENIED", ProtectedMode},
	{"MOVED", IsCluster},
	{"ASK ", IsCluster},
	{"CROSSSLOT", IsCluster},
	{"ERR SELECT is not allowed in cluster mode", IsCluster},
	{"CLUSTERDOWN", ClusterDown},
	{"ERR This instance has cluster support disabled", NotCluster},
	{"MISCONF", CannotSave},
	{"OOM", OutOfMemory},
	{"LOADING", Loading},
	{"NOREPLICAS", NoReplicas},
	{"ERR max number of clients reached", TooManyClients},
	{"ERR DB index is out of range", UnknownDatabase},
	{"ERR Only HELLO messages are accepted by Sentinel", IsSentinel},
	{"ERR unknown command 'sentinel'", NotSentinel},
	{"ERR unknown command `sentinel`", NotSentinel},
	{"ERR unknown command", MissingCommand},
}

// noSentinelAnswered begins the library's error about sentinels, which contains one error for each of them.
const noSentinelAnswered = "redis: all sentinels specified in configuration are unreachable"

// ReasonOf returns why Redis cannot be used, "" if err does not show that it cannot: it is nil, the answer is that there is nothing, or
// this side gave up.
func ReasonOf(err error) Reason {
	var reply redis.Error
	switch {
	case err == nil:
		return ""
	case strings.Contains(err.Error(), noSentinelAnswered):
		return reasonOfSentinels(err)
	case errors.Is(err, redis.Nil), errors.Is(err, context.Canceled), errors.Is(err, redis.ErrClosed):
		return ""
	case errors.As(err, &reply):
		return reasonOfReply(reply.Error())
	}
	if reason := reasonOfTLS(err); reason != "" {
		return reason
	}
	return reasonOfNetwork(err)
}

func reasonOfSentinels(err error) Reason {
	if errors.Is(err, redis.Nil) { // one does not know the name
		return UnknownMaster
	}
	var reply redis.Error
	if errors.As(err, &reply) {
		switch reason := reasonOfReply(reply.Error()); reason {
		case WrongPassword, PasswordRequired, NoPermission:
			return SentinelPassword
		case Loading:
		default:
			return reason
		}
	}
	if reason := reasonOfTLS(err); reason != "" {
		return reason
	}
	return SentinelUnreachable
}

func reasonOfReply(text string) Reason {
	// Before version 7, the errors of a command within a script come in the error of the script.
	if _, inner, found := strings.Cut(text, ": -"); found && strings.HasPrefix(text, "ERR Error running script") {
		text = inner
	}
	for _, r := range replies {
		if len(text) >= len(r.prefix) && strings.EqualFold(text[:len(r.prefix)], r.prefix) {
			return r.reason
		}
	}
	if strings.HasPrefix(text, "NOSCRIPT") { // the caller sends the script then
		return ""
	}
	return Other
}

func reasonOfTLS(err error) Reason {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		operation *net.OpError
	)
	switch {
	case errors.As(err, &authority):
		return UnknownCA
	case errors.As(err, &name):
		return CertificateName
	case errors.As(err, &invalid):
		return CertificateInvalid
	case errors.As(err, &record):
		return NotTLS
	case errors.As(err, &operation) && operation.Op == "remote error" && strings.Contains(operation.Err.Error(), "certificate"):
		return CertificateRequired
	}
	return ""
}

func reasonOfNetwork(err error) Reason {
	var (
		name    *net.DNSError
		network net.Error
		dial    *net.OpError
	)
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return UnknownHost
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, redis.ErrPoolTimeout),
		errors.As(err, &network) && network.Timeout():
		return NoAnswer
	case errors.As(err, &dial) && dial.Op == "dial":
		return Unreachable
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return ConnectionClosed
	}
	return Other
}
