// Package redisclient makes the clients of Redis: of one server, of the master that sentinels name, or of a cluster. It also tells why a
// Redis that answers cannot be used.
package redisclient

import (
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// followRedirects is how often a command in a cluster is tried again at another node: once because its keys have moved, and once
	// more because they are moving right now.
	followRedirects = 2
	// readSlots is how often a client reads which node has which keys. A client that reaches the other nodes learns of a fail-over by
	// nothing else: the node that died sends it nowhere, and the library asks once a minute.
	readSlots = 2 * time.Second
	// findMaster is how long connecting to a master may take at least, since sentinels are asked first and one of them may hang. The
	// caller does not wait so long: the library connects in the background, and the next command finds the connection.
	findMaster = 2 * time.Second
)

// Options say which Redis to use and how. Copies may be changed before Client is called.
type Options struct {
	redis.UniversalOptions
	// Health records the failures of all clients; nil to record none.
	Health *Health
}

// IsCluster reports whether keys are spread over the nodes of a cluster, so that a script finds only keys with one hash tag.
func (o *Options) IsCluster() bool { return o.IsClusterMode }

// SetTimeout bounds each step of a command: waiting for a connection, opening one, writing and reading.
func (o *Options) SetTimeout(timeout time.Duration) {
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = timeout, timeout, timeout, timeout
}

// Client returns a client, which the caller closes. Redis need not be reachable.
//
// A connection to a master is made through its name each time, so a client finds the new master after a fail-over. A connection on which
// an old master refuses to write is closed.
func (o *Options) Client() redis.UniversalClient {
	options := o.UniversalOptions
	client := func() redis.UniversalClient {
		switch {
		case options.IsClusterMode:
			options.MaxRedirects = followRedirects
			cluster := options.Cluster()
			cluster.ClusterStateReloadInterval = readSlots
			return redis.NewClusterClient(cluster)
		case options.MasterName != "":
			options.DialTimeout = max(options.DialTimeout, findMaster)
			return redis.NewFailoverClient(options.Failover())
		default:
			return redis.NewClient(options.Simple())
		}
	}()
	if o.Health != nil {
		client.AddHook(recorder{health: o.Health, cluster: options.IsClusterMode})
	}
	return client
}
