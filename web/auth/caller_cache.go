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
func (r *callerCache) get(hash []byte) (*kit.Caller, uint64) {
	ttl := callerCacheTTL
	if !r.relayHealthy() {
		ttl = callerCacheTTLInGap
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	found, ok := r.callers[string(hash)]
	now := time.Now()
	if !ok || now.Sub(found.readAt) > ttl || !now.Before(found.ExpiresAt) {
		return nil, r.generation
	}
	caller := found.Caller
	return &caller, r.generation
}

// put stores the result of a query that began at readAt in this generation. It does nothing if sessions have ended since.
func (r *callerCache) put(hash []byte, caller *kit.Caller, readAt time.Time, generation uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.generation != generation {
		return
	}
	if now := time.Now(); now.Sub(r.sweptAt) > callerCacheTTL {
		r.sweptAt = now
		maps.DeleteFunc(r.callers, func(_ string, old cachedCaller) bool { return now.Sub(old.readAt) > callerCacheTTL })
	}
	for key := range r.callers { // the cache is full: evict at random
		if len(r.callers) < maxCachedCallers {
			break
		}
		delete(r.callers, key)
	}
	r.callers[string(hash)] = cachedCaller{*caller, readAt}
}

// SignedOut implements live.SessionObserver.
func (r *callerCache) SignedOut(e *models.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.generation++
	delete(r.callers, string(e.SessionHash))
	if e.AgentID == "" && len(e.UserIDs) == 0 {
		return
	}
	for hash, cached := range r.callers {
		if cached.Actor.IsAgent() && cached.Actor.ID == e.AgentID || cached.Actor.IsUser() && slices.Contains(e.UserIDs, cached.Actor.ID) {
			delete(r.callers, hash)
		}
	}
}

// Invalidate implements live.SessionObserver: an announcement may have been lost, so nothing that is cached can be trusted.
func (r *callerCache) Invalidate() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.generation++
	clear(r.callers)
}

// AgentSessions implements live.SessionObserver.
func (r *callerCache) AgentSessions() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	var hashes [][]byte
	for hash, cached := range r.callers {
		if cached.Actor.IsAgent() {
			hashes = append(hashes, []byte(hash))
		}
	}
	return hashes
}
