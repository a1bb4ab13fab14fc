package redisclient

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// The errors of Parse continue a sentence that begins with the name of the setting. None quotes the address: what looks like a host or an
// option may be a part of a password.
var (
	errForm = errors.New("is not a Redis address such as redis://user:password@cache.internal:6379/0. " +
		"Special characters in a password are percent-encoded: @ is %40, / is %2F, # is %23, % is %25")
	errScheme = errors.New("does not begin with redis://, rediss:// (TLS), unix://, redis+sentinel://, rediss+sentinel://, " +
		"redis+cluster:// or rediss+cluster://; valkey may take the place of redis")
	errServer = errors.New("has a server without a name, or with a port that is not 1 to 65535")
	errHosts  = errors.New("names several servers, which need a scheme that tells what they are: " +
		"redis+sentinel://s1:26379,s2:26379,s3:26379/mymaster or redis+cluster://n1:6379,n2:6379,n3:6379")
	errMaster = errors.New("names sentinels but not the master that they watch: its name is the path, as in " +
		"redis+sentinel://s1:26379,s2:26379,s3:26379/mymaster")
	errDatabase        = errors.New("names a database that is not a number from 0")
	errClusterDatabase = errors.New("names a database, but a cluster has only database 0: remove it")
	errOption          = errors.New("has an option that does not exist, or a value that the option cannot have")
)

const (
	portOfServer   = "6379"
	portOfSentinel = "26379"
)

// address is the text of an address in parts. [url.Parse] takes only one host.
type address struct {
	scheme, account, hosts, rest string
}

func split(text string) (address, bool) {
	scheme, more, found := strings.Cut(text, "://")
	a := address{scheme: strings.ToLower(scheme), hosts: more}
	if at := strings.IndexAny(more, "/?#"); at >= 0 {
		a.hosts, a.rest = more[:at], more[at:]
	}
	if at := strings.LastIndexByte(a.hosts, '@'); at >= 0 {
		a.account, a.hosts = a.hosts[:at+1], a.hosts[at+1:]
	}
	return a, found
}

// Parse returns the options of an address. Its schemes are
//
//	redis, rediss, unix                  one server, as redis.ParseURL reads it
//	redis+sentinel, rediss+sentinel      redis+sentinel://user:password@s1:26379,s2:26379/mymaster?db=0&sentinel_password=…
//	redis+cluster, rediss+cluster        redis+cluster://user:password@n1:6379,n2:6379
//
// with valkey in place of redis where one likes. User and password are those of the data. The options of one server apply to all.
// An address that can never work is an error, which does not quote it.
func Parse(text string) (*Options, error) {
	a, ok := split(text)
	if !ok {
		return nil, errForm
	}
	family, kind, _ := strings.Cut(a.scheme, "+")
	switch family {
	case "valkey":
		family = "redis"
	case "valkeys":
		family = "rediss"
	}
	switch {
	case family == "unix" && kind == "":
		return parseSocket(text)
	case family != "redis" && family != "rediss":
		return nil, errScheme
	}
	a.scheme = family
	switch kind {
	case "":
		return a.parseServer()
	case "sentinel":
		return a.parseSentinels()
	case "cluster":
		return a.parseCluster()
	}
	return nil, errScheme
}

func parseSocket(text string) (*Options, error) {
	options, err := redis.ParseURL(text)
	switch {
	case err != nil || !strings.HasPrefix(options.Addr, "/"):
		return nil, errForm
	case options.DB < 0:
		return nil, errDatabase
	}
	return universal(options), nil
}

func (a address) parseServer() (*Options, error) {
	if strings.Contains(a.hosts, ",") {
		return nil, errHosts
	}
	options, err := a.common(a.hosts, a.rest)
	if err != nil {
		return nil, err
	}
	if a.hosts != "" { // else this machine
		if options.Addrs, err = servers(a.hosts, portOfServer); err != nil {
			return nil, err
		}
	}
	return options, nil
}

func (a address) parseSentinels() (*Options, error) {
	sentinels, err := servers(a.hosts, portOfSentinel)
	if err != nil {
		return nil, err
	}
	master, query, err := a.pathAndQuery()
	if err != nil {
		return nil, err
	}
	if master == "" || strings.Contains(master, "/") {
		return nil, errMaster
	}
	user, password := query.Get("sentinel_username"), query.Get("sentinel_password")
	query.Del("sentinel_username")
	query.Del("sentinel_password")
	options, err := a.common(sentinels[0], "/?"+query.Encode())
	if err != nil {
		return nil, err
	}
	options.Addrs, options.MasterName = sentinels, master
	options.SentinelUsername, options.SentinelPassword = user, password
	options.eachByItsName()
	return options, nil
}

func (a address) parseCluster() (*Options, error) {
	nodes, err := servers(a.hosts, portOfServer)
	if err != nil {
		return nil, err
	}
	path, query, err := a.pathAndQuery()
	if err != nil {
		return nil, err
	}
	if path != "" && path != "0" {
		return nil, errClusterDatabase
	}
	options, err := a.common(nodes[0], "/?"+query.Encode())
	if err != nil {
		return nil, err
	}
	if options.DB != 0 {
		return nil, errClusterDatabase
	}
	options.Addrs, options.IsClusterMode = nodes, true
	options.eachByItsName()
	return options, nil
}

// common reads account and options by the library, as those of one server. Its readers for sentinels and clusters do not fit: they take
// further hosts from the query, and the account of the address for that of the sentinels.
func (a address) common(host, rest string) (*Options, error) {
	options, err := redis.ParseURL(a.scheme + "://" + a.account + host + rest)
	if err != nil {
		plain, _, _ := strings.Cut(rest, "?")
		if _, without := redis.ParseURL(a.scheme + "://" + a.account + host + plain); without == nil {
			return nil, errOption
		}
		return nil, errForm
	}
	if options.DB < 0 {
		return nil, errDatabase
	}
	return universal(options), nil
}

// pathAndQuery returns what follows the hosts. A fragment is an unencoded # in a password or an option.
func (a address) pathAndQuery() (path string, query url.Values, err error) {
	u, err := url.Parse("redis://host" + a.rest)
	if err != nil || u.Fragment != "" {
		return "", nil, errForm
	}
	if query, err = url.ParseQuery(u.RawQuery); err != nil {
		return "", nil, errForm
	}
	return strings.Trim(u.Path, "/"), query, nil
}

// servers returns the addresses of a list of hosts, each with a port.
func servers(hosts, port string) ([]string, error) {
	var all []string
	for host := range strings.SplitSeq(hosts, ",") {
		host = strings.TrimSpace(host)
		u, err := url.Parse("redis://" + host)
		if err != nil || u.Hostname() == "" || u.Host != host || strings.Count(host, ":") > 1 && host[0] != '[' {
			return nil, errServer
		}
		given := port
		if u.Port() != "" {
			given = u.Port()
		}
		if n, err := strconv.Atoi(given); err != nil || n < 1 || n > 65535 {
			return nil, errServer
		}
		all = append(all, net.JoinHostPort(u.Hostname(), given))
	}
	return all, nil
}

// universal copies what an address can set.
func universal(o *redis.Options) *Options {
	return &Options{UniversalOptions: redis.UniversalOptions{
		Addrs: []string{o.Addr}, DB: o.DB, Username: o.Username, Password: o.Password, TLSConfig: o.TLSConfig,
		Protocol: o.Protocol, ClientName: o.ClientName,
		MaxRetries: o.MaxRetries, MinRetryBackoff: o.MinRetryBackoff, MaxRetryBackoff: o.MaxRetryBackoff,
		DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout, PoolTimeout: o.PoolTimeout,
		PoolFIFO: o.PoolFIFO, PoolSize: o.PoolSize, MinIdleConns: o.MinIdleConns, MaxIdleConns: o.MaxIdleConns,
		MaxActiveConns: o.MaxActiveConns, MaxConcurrentDials: o.MaxConcurrentDials, PipelinePoolSize: o.PipelinePoolSize,
		PipelineReadBufferSize: o.PipelineReadBufferSize, PipelineWriteBufferSize: o.PipelineWriteBufferSize,
		ConnMaxIdleTime: o.ConnMaxIdleTime, ConnMaxLifetime: o.ConnMaxLifetime, ConnMaxLifetimeJitter: o.ConnMaxLifetimeJitter,
	}}
}

// eachByItsName lets each server prove its own name, not that of the first.
func (o *Options) eachByItsName() {
	if o.TLSConfig != nil {
		o.TLSConfig.ServerName = ""
	}
}

// Secrets returns the passwords of an address, as written and decoded, whether or not the address can be used.
func Secrets(text string) []string {
	a, _ := split(text)
	var all []string
	if _, written, found := strings.Cut(strings.TrimSuffix(a.account, "@"), ":"); found {
		all = append(all, written)
		if decoded, err := url.PathUnescape(written); err == nil {
			all = append(all, decoded)
		}
	}
	_, query, _ := strings.Cut(a.rest, "?")
	for pair := range strings.SplitSeq(query, "&") {
		name, written, _ := strings.Cut(pair, "=")
		if name == "password" || name == "sentinel_password" || name == "sslpassword" {
			all = append(all, written)
			if decoded, err := url.QueryUnescape(written); err == nil {
				all = append(all, decoded)
			}
		}
	}
	return all
}
