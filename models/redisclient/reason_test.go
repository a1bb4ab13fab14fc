package redisclient_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"parley/models/redisclient"
	"parley/models/testdb"
)

type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

// What a server replies is in the texts of Redis 5 to 8 and of Valkey.
func TestReasonsOfErrors(t *testing.T) {
	t.Parallel()
	const noSentinel = "redis: all sentinels specified in configuration are unreachable: %w"
	for want, all := range map[redisclient.Reason][]error{
		"": {
			nil, redis.Nil, context.Canceled, redis.ErrClosed, fmt.Errorf("limit: %w", context.Canceled),
			reply("NOSCRIPT No matching script. Please use EVAL."),
		},
		redisclient.ReadOnly: {
			reply("READONLY You can't write against a read only replica."),
			reply("READONLY You can't write against a read only replica. script: 51d6, on @user_script:26."),
			reply("ERR Error running script (call to f_51d6): @user_script:26: @user_script: 26: -READONLY You can't write against a read only replica."),
			reply("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."),
			fmt.Errorf("limit: redis: %w", reply("READONLY You can't write against a read only replica.")),
		},
		redisclient.WrongPassword: {
			reply("WRONGPASS invalid username-password pair or user is disabled."),
			reply("ERR invalid password"),
			reply("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"),
			reply("ERR Client sent AUTH, but no password is set"),
		},
		redisclient.PasswordRequired: {reply("NOAUTH Authentication required.")},
		redisclient.NoPermission: {
			reply("NOPERM User x has no permissions to run the 'evalsha' command"),
			reply("NOPERM No permissions to access a key"),
			reply("ERR ACL failure in script: User x has no permissions to access one of the keys used as arguments script: 1, on @user_script:1."),
		},
		redisclient.ProtectedMode: {reply("DENIED Redis is running in protected mode because protected mode is enabled")},
		redisclient.IsCluster: {
			reply("MOVED 3999 127.0.0.1:6381"), reply("ASK 3999 127.0.0.1:6381"),
			reply("CROSSSLOT Keys in request don't hash to the same slot"), reply("ERR SELECT is not allowed in cluster mode"),
		},
		redisclient.NotCluster:      {reply("ERR This instance has cluster support disabled")},
		redisclient.ClusterDown:     {reply("CLUSTERDOWN The cluster is down"), reply("CLUSTERDOWN Hash slot not served")},
		redisclient.CannotSave:      {reply("MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.")},
		redisclient.OutOfMemory:     {reply("OOM command not allowed when used memory > 'maxmemory'.")},
		redisclient.NoReplicas:      {reply("NOREPLICAS Not enough good replicas to write.")},
		redisclient.Loading:         {reply("LOADING Redis is loading the dataset in memory")},
		redisclient.TooManyClients:  {reply("ERR max number of clients reached")},
		redisclient.UnknownDatabase: {reply("ERR DB index is out of range")},
		redisclient.IsSentinel:      {reply("ERR Only HELLO messages are accepted by Sentinel instances.")},
		redisclient.NotSentinel: {
			fmt.Errorf(noSentinel, reply("ERR unknown command 'sentinel', with args beginning with: 'get-master-addr-by-name' 'm' ")),
			fmt.Errorf(noSentinel, reply("ERR unknown command `SENTINEL`, with args beginning with: `get-master-addr-by-name`, `m`, ")),
		},
		redisclient.MissingCommand:   {reply("ERR unknown command 'evalsha', with args beginning with: '51d6'")},
		redisclient.UnknownMaster:    {fmt.Errorf(noSentinel, errors.Join(io.EOF, redis.Nil))},
		redisclient.SentinelPassword: {fmt.Errorf(noSentinel, reply("NOAUTH Authentication required.")), fmt.Errorf(noSentinel, errors.Join(io.EOF, reply("WRONGPASS x")))},
		redisclient.SentinelUnreachable: {
			fmt.Errorf(noSentinel, errors.Join(&net.OpError{Op: "dial", Err: errors.New("refused")}, context.DeadlineExceeded)),
		},
		redisclient.UnknownCA:          {x509.UnknownAuthorityError{}, fmt.Errorf(noSentinel, x509.UnknownAuthorityError{})},
		redisclient.CertificateName:    {x509.HostnameError{Certificate: &x509.Certificate{}, Host: "cache.internal"}},
		redisclient.CertificateInvalid: {x509.CertificateInvalidError{Reason: x509.Expired}},
		redisclient.NotTLS:             {tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}},
		redisclient.Unreachable:        {&net.OpError{Op: "dial", Err: errors.New("connect: connection refused")}},
		redisclient.UnknownHost:        {&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}},
		redisclient.NoAnswer:           {context.DeadlineExceeded, os.ErrDeadlineExceeded, redis.ErrPoolTimeout},
		redisclient.ConnectionClosed:   {io.EOF, io.ErrUnexpectedEOF},
		redisclient.Other:              {reply("ERR something new"), errors.New("something else")},
	} {
		for _, err := range all {
			if got := redisclient.ReasonOf(err); got != want {
				t.Errorf("%v: %q, want %q", err, got, want)
			}
		}
	}
	for _, reason := range redisclient.Reasons() {
		if reason.Advice() == "" {
			t.Errorf("nothing is said about %s", reason)
		}
	}
}

// TestARealRedisThatIsWrong asks real servers for what Parley asks: to publish and to write. The log has each reason once, and no secret.
func TestARealRedisThatIsWrong(t *testing.T) {
	t.Parallel()
	open := testdb.NewRedisNode(t, false)
	locked := testdb.NewRedisNode(t, false, "requirepass swordfish", "user limited on >hunter2hunter2 ~other:* &* +@all")
	replica := testdb.NewRedisNode(t, false, fmt.Sprintf("replicaof 127.0.0.1 %d", open.Port))
	full := testdb.NewRedisNode(t, false, "maxmemory 1")
	node := testdb.NewRedisNode(t, false, "cluster-enabled yes", "cluster-port BUS", "cluster-config-file nodes.conf")
	sentinel := testdb.NewRedisNode(t, true, fmt.Sprintf("sentinel monitor known 127.0.0.1 %d 1", open.Port))
	guarded := testdb.NewRedisNode(t, true, "requirepass swordfish", fmt.Sprintf("sentinel monitor known 127.0.0.1 %d 1", open.Port))
	withTLS := testdb.RedisTLS(t)
	secure := testdb.NewRedisNode(t, false, append(withTLS, "tls-auth-clients no")...)
	strict := testdb.NewRedisNode(t, false, append(withTLS, "tls-auth-clients yes")...)
	for address, want := range map[string]redisclient.Reason{
		"redis://" + open.Addr():                                                    "",
		"redis://" + locked.Addr():                                                  redisclient.PasswordRequired,
		"redis://:hunter2hunter2@" + locked.Addr():                                  redisclient.WrongPassword,
		"redis://:hunter2hunter2@" + open.Addr():                                    "", // it needs none
		"redis://limited:hunter2hunter2@" + locked.Addr():                           redisclient.NoPermission,
		"redis://" + replica.Addr():                                                 redisclient.ReadOnly,
		"redis://" + full.Addr():                                                    redisclient.OutOfMemory,
		"redis://" + node.Addr() + "/0":                                             redisclient.ClusterDown, // it has no slots yet
		"redis://" + node.Addr() + "/1":                                             redisclient.IsCluster,
		"redis://" + open.Addr() + "/99":                                            redisclient.UnknownDatabase,
		"redis://" + sentinel.Addr():                                                redisclient.IsSentinel,
		"redis+cluster://" + open.Addr():                                            redisclient.NotCluster,
		"redis+sentinel://" + sentinel.Addr() + "/known":                            "",
		"redis+sentinel://" + sentinel.Addr() + "/unknown":                          redisclient.UnknownMaster,
		"redis+sentinel://" + open.Addr() + "/known":                                redisclient.NotSentinel,
		"redis+sentinel://" + guarded.Addr() + "/known":                             redisclient.SentinelPassword,
		"redis+sentinel://" + guarded.Addr() + "/known?sentinel_password=swordfish": "",
		"rediss://" + secure.Addr():                                                 redisclient.UnknownCA,
		"rediss://" + secure.Addr() + "?skip_verify=true":                           "",
		"rediss://" + strict.Addr() + "?skip_verify=true":                           redisclient.CertificateRequired,
		"redis://127.0.0.1:1":                                                       redisclient.Unreachable,
		"redis+sentinel://127.0.0.1:1,127.0.0.1:2/known":                            redisclient.SentinelUnreachable,
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			options, err := redisclient.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			health := redisclient.NewHealth(slog.New(slog.NewTextHandler(&log, nil)))
			options.Health, options.MaxRetries, options.DialerRetries, options.Protocol = health, -1, 1, 2
			options.SetTimeout(5 * time.Second)
			client := options.Client()
			defer client.Close()
			write := redis.NewScript(`return redis.call('SET', KEYS[1], 'x')`)
			for range 3 {
				_ = client.Publish(t.Context(), "parley:events", "x").Err()
				_ = write.Run(t.Context(), client, []string{"parley:x"}).Err()
			}
			if got := health.Reason(); got != want {
				t.Errorf("the reason is %q, want %q; %s", got, want, log.String())
			}
			if want != "" && health.Count(want) < 3 {
				t.Errorf("%s is counted %d times", want, health.Count(want))
			}
			times := 0
			if want.IsWrong() {
				times = 1
			}
			if n := strings.Count(log.String(), "reason="+string(want)); want != "" && n != times {
				t.Errorf("%d lines about %s: %s", n, want, log.String())
			}
			if strings.Contains(log.String(), "hunter2") || strings.Contains(log.String(), "swordfish") {
				t.Errorf("the log tells a password: %s", log.String())
			}
		})
	}
}
