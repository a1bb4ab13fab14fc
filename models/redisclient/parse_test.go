package redisclient_test

import (
	"slices"
	"strings"
	"testing"

	"parley/models/redisclient"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	type want struct {
		addrs                             string
		master                            string
		cluster, tls, insecure            bool
		user, password, sentinel, watcher string
		db                                int
		name                              string // that a certificate must have, if it is not the name of each server
	}
	for address, want := range map[string]want{
		"redis://":                                                      {addrs: "localhost:6379"},
		"redis://cache.internal":                                        {addrs: "cache.internal:6379"},
		"REDIS://cache.internal:6380/3":                                 {addrs: "cache.internal:6380", db: 3},
		"redis://u:p%40ss@cache.internal/?db=2":                         {addrs: "cache.internal:6379", user: "u", password: "p@ss", db: 2},
		"redis://[::1]:7000":                                            {addrs: "[::1]:7000"},
		"valkey://cache.internal":                                       {addrs: "cache.internal:6379"},
		"rediss://cache.internal:6380":                                  {addrs: "cache.internal:6380", tls: true, name: "cache.internal"},
		"valkeys://cache.internal/?skip_verify=true":                    {addrs: "cache.internal:6379", tls: true, insecure: true, name: "cache.internal"},
		"unix:///run/redis.sock?db=4":                                   {addrs: "/run/redis.sock", db: 4},
		"redis+sentinel://s1/mymaster":                                  {addrs: "s1:26379", master: "mymaster"},
		"redis+sentinel://s1:1,s2,[::1]:3/mymaster/":                    {addrs: "s1:1 s2:26379 [::1]:3", master: "mymaster"},
		"redis+sentinel://u:p@s1,s2/m?db=5":                             {addrs: "s1:26379 s2:26379", master: "m", user: "u", password: "p", db: 5},
		"rediss+sentinel://:p@s1,s2/m":                                  {addrs: "s1:26379 s2:26379", master: "m", password: "p", tls: true},
		"valkey+sentinel://s1/m?sentinel_password=a%26":                 {addrs: "s1:26379", master: "m", sentinel: "a&"},
		"redis+sentinel://s1/m?sentinel_username=w&sentinel_password=x": {addrs: "s1:26379", master: "m", sentinel: "x", watcher: "w"},
		"redis+cluster://n1":                                            {addrs: "n1:6379", cluster: true},
		"redis+cluster://u:p@n1:7000,n2:7001/0":                         {addrs: "n1:7000 n2:7001", cluster: true, user: "u", password: "p"},
		"rediss+cluster://n1,n2?skip_verify=true&pool_size=9":           {addrs: "n1:6379 n2:6379", cluster: true, tls: true, insecure: true},
	} {
		o, err := redisclient.Parse(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		got := want
		got.addrs, got.master, got.cluster, got.db = strings.Join(o.Addrs, " "), o.MasterName, o.IsCluster(), o.DB
		got.user, got.password, got.watcher, got.sentinel = o.Username, o.Password, o.SentinelUsername, o.SentinelPassword
		if got.tls, got.insecure, got.name = o.TLSConfig != nil, false, ""; got.tls {
			got.insecure, got.name = o.TLSConfig.InsecureSkipVerify, o.TLSConfig.ServerName
		}
		if got != want {
			t.Errorf("%s is read as\n%+v, want\n%+v", address, got, want)
		}
	}
}

// No error may quote a part of the address.
func TestAddressesThatCanNeverWork(t *testing.T) {
	t.Parallel()
	for address, says := range map[string]string{
		"":                                       "is not a Redis address",
		"hunter2:6379":                           "is not a Redis address",
		"redis://:hunter2#x@h":                   "is not a Redis address",
		"redis://h/hunter2":                      "is not a Redis address",
		"unix://hunter2":                         "is not a Redis address",
		"unix://":                                "is not a Redis address",
		"http://hunter2":                         "does not begin with",
		"redis+ring://hunter2":                   "does not begin with",
		"unix+cluster:///hunter2":                "does not begin with",
		"redis://h:hunter2":                      "is not a Redis address",
		"redis://h:0":                            "a port that is not 1 to 65535",
		"redis://h:65536":                        "a port that is not 1 to 65535",
		"redis+cluster://n1,:7000":               "a server without a name",
		"redis+cluster://n1,,n2":                 "a server without a name",
		"redis+cluster://":                       "a server without a name",
		"redis+cluster://n1:hunter2":             "a port that is not 1 to 65535",
		"redis+sentinel://s1:26379:26379/m":      "a port that is not 1 to 65535",
		"redis://hunter2,n2:6379":                "names several servers",
		"redis+sentinel://hunter2":               "not the master",
		"redis+sentinel://s1/":                   "not the master",
		"redis+sentinel://s1/hunter2/0":          "not the master",
		"redis+sentinel://s1?db=1":               "not the master",
		"redis+sentinel://s1/m?db=hunter2":       "an option that does not exist",
		"redis+sentinel://s1/m?db=-1":            "a number from 0",
		"redis+sentinel://s1/m?hunter2=1":        "an option that does not exist",
		"redis+sentinel://s1/m?skip_verify=true": "an option that does not exist", // there is nothing to verify
		"redis+sentinel://s1/m#hunter2":          "is not a Redis address",
		"redis+sentinel://:hun%zzter2@s1/m":      "is not a Redis address",
		"redis://h?sentinel_password=hunter2":    "an option that does not exist",
		"redis+cluster://n1/3":                   "only database 0",
		"redis+cluster://n1?db=3":                "only database 0",
	} {
		o, err := redisclient.Parse(address)
		if err == nil {
			t.Errorf("%s is accepted: %+v", address, o.Addrs)
			continue
		}
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %q does not say %q", address, err, says)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s is quoted: %q", address, err)
		}
	}
}

func TestSecretsOfAddresses(t *testing.T) {
	t.Parallel()
	for address, secrets := range map[string][]string{
		"redis://h":                            nil,
		"redis://user:hunter2%40swordfish@h/0": {"hunter2%40swordfish", "hunter2@swordfish"},
		"redis+sentinel://:hunter2@s1:1,s2:2/m?sentinel_password=s%20f": {"hunter2", "s%20f", "s f"},
		"postgres://u:hunter2@a:1,b:2/d?sslpassword=swordfish":          {"hunter2", "swordfish"},
		"redis://:hunter2%zz@h": {"hunter2%zz"},
	} {
		got := redisclient.Secrets(address)
		for _, secret := range secrets {
			if !slices.Contains(got, secret) {
				t.Errorf("%s: %q is not among %q", address, secret, got)
			}
		}
		for _, secret := range got {
			if !slices.Contains(secrets, secret) {
				t.Errorf("%s: %q is taken for a secret", address, secret)
			}
		}
	}
}
