package auth

import (
	"maps"
	"slices"
	"sync"
	"time"

	"parley/models"
	"parley/web/kit"
)

const (
	// callerCacheTTL is how long an entry is valid while ended sessions of all instances are announced.
	callerCacheTTL = time.Minute
	// callerCacheTTLInGap is how long it is valid while announcements may be lost. A sign-out takes effect within 5 s even then.
	callerCacheTTLInGap = 3 * time.Second
	// maxCachedCallers bounds the memory of the cache.
	maxCachedCallers = 100_000
)

// callerCache keeps the callers of the last minute by the hash of their credential, so that most requests need no query to identify their
// caller. It holds identities and nothing that changes: no presence, no load. It observes the end of sessions on all instances.
type callerCache struct {
	relayHealthy func() bool // reports whether announcements of other instances arrive
	mu           sync.Mutex
	callers      map[string]cachedCaller
	// generation counts invalidations. The result of a query that began before one is not stored.
	generation uint64
	sweptAt    time.Time
}

type cachedCaller struct {
	kit.Caller
	readAt time.Time
}

func newCallerCache(relayHealthy func() bool) *callerCache {
	return &callerCache{relayHealthy: relayHealthy, callers: map[string]cachedCaller{}}
}

// get returns the caller of a credential, or nil if it is not cached, and the generation that put wants.
func (c *callerCache) get(hash []byte) (*kit.Caller, uint64) {
	ttl := callerCacheTTL
	if !c.relayHealthy() {
		ttl = callerCacheTTLInGap
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.callers[string(hash)]
	now := time.Now()
	if !ok || now.Sub(found.readAt) > ttl || !now.Before(found.ExpiresAt) {
		return nil, c.generation
	}
	caller := found.Caller
	return &caller, c.generation
}

// put stores the result of a query that began at readAt in this generation. It does nothing if sessions have ended since.
func (c *callerCache) put(hash []byte, caller *kit.Caller, readAt time.Time, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation != generation {
		return
	}
	if now := time.Now(); now.Sub(c.sweptAt) > callerCacheTTL {
		c.sweptAt = now
		maps.DeleteFunc(c.callers, func(_ string, old cachedCaller) bool { return now.Sub(old.readAt) > callerCacheTTL })
	}
	for key := range c.callers { // the cache is full: evict at random
		if len(c.callers) < maxCachedCallers {
			break
		}
		delete(c.callers, key)
	}
	c.callers[string(hash)] = cachedCaller{*caller, readAt}
}

// SignedOut implements live.SessionObserver.
func (c *callerCache) SignedOut(e *models.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	delete(c.callers, string(e.SessionHash))
	if e.AgentID == "" && len(e.UserIDs) == 0 {
		return
	}
	for hash, cached := range c.callers {
		isAgent := cached.Actor.IsAgent() && cached.Actor.ID == e.AgentID || cached.Agent != nil && cached.Agent.ID == e.AgentID
		if isAgent || cached.Actor.IsUser() && slices.Contains(e.UserIDs, cached.Actor.ID) {
			delete(c.callers, hash)
		}
	}
}

// Invalidate implements live.SessionObserver: an announcement may have been lost, so nothing that is cached can be trusted.
func (c *callerCache) Invalidate() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	clear(c.callers)
}

// AgentSessions implements live.SessionObserver.
func (c *callerCache) AgentSessions() [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	var hashes [][]byte
	for hash, cached := range c.callers {
		if cached.Actor.IsAgent() {
			hashes = append(hashes, []byte(hash))
		}
	}
	return hashes
}
