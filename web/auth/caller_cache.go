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
	// callerCacheTTL is how long a credential is believed while the ends of sessions are heard of from everywhere.
	callerCacheTTL = time.Minute
	// callerCacheTTLInGap is how long while they are not: requests are cut within 5 s of a sign-out.
	callerCacheTTLInGap = 3 * time.Second
	// maxCachedCallers bounds the memory that callers take.
	maxCachedCallers = 100_000
)

// callerCache are the callers of the last minute by the hash of their credential, so that a request need not ask PostgreSQL who makes it.
// It holds who they are and nothing that changes: no presence, no load.
type callerCache struct {
	relayHealthy func() bool // tells whether the other instances can be heard
	mu           sync.Mutex
	callers      map[string]cachedCaller
	// ended counts what was forgotten: whom a look-up found meanwhile is not kept.
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

// get returns the caller of a credential, nil for one that has to be looked up, and the mark for keep.
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

// put remembers whom a look-up found that began with this mark.
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
	for key := range r.callers { // a flood of strangers pushes out somebody at random
		if len(r.callers) < maxCachedCallers {
			break
		}
		delete(r.callers, key)
	}
	r.callers[string(hash)] = cachedCaller{*caller, readAt}
}

// SignedOut is live.SessionObserver.
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

// Invalidate is live.SessionObserver: somebody may have been signed out without our hearing of it.
func (r *callerCache) Invalidate() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.generation++
	clear(r.callers)
}

// AgentSessions is live.SessionObserver.
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
