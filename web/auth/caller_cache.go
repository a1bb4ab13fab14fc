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
	invalidations uint64
	swept         time.Time
}

type cachedCaller struct {
	kit.Caller
	at time.Time
}

func newCallerCache(heard func() bool) *callerCache {
	return &callerCache{relayHealthy: heard, callers: map[string]cachedCaller{}}
}

// find returns the caller of a credential, nil for one that has to be looked up, and the mark for keep.
func (r *callerCache) find(hash []byte) (*kit.Caller, uint64) {
	trusted := callerCacheTTL
	if !r.relayHealthy() {
		trusted = callerCacheTTLInGap
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	found, ok := r.callers[string(hash)]
	now := time.Now()
	if !ok || now.Sub(found.at) > trusted || !now.Before(found.Ends) {
		return nil, r.invalidations
	}
	who := found.Caller
	return &who, r.invalidations
}

// keep remembers whom a look-up found that began with this mark.
func (r *callerCache) keep(hash []byte, who *kit.Caller, began time.Time, mark uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.invalidations != mark {
		return
	}
	if now := time.Now(); now.Sub(r.swept) > callerCacheTTL {
		r.swept = now
		maps.DeleteFunc(r.callers, func(_ string, old cachedCaller) bool { return now.Sub(old.at) > callerCacheTTL })
	}
	for key := range r.callers { // a flood of strangers pushes out somebody at random
		if len(r.callers) < maxCachedCallers {
			break
		}
		delete(r.callers, key)
	}
	r.callers[string(hash)] = cachedCaller{*who, began}
}

// SignedOut is live.SessionObserver.
func (r *callerCache) SignedOut(e *models.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.invalidations++
	delete(r.callers, string(e.SessionHash))
	if e.AgentID == "" && len(e.UserIDs) == 0 {
		return
	}
	for hash, who := range r.callers {
		if who.Actor.IsAgent() && who.Actor.ID == e.AgentID || who.Actor.IsUser() && slices.Contains(e.UserIDs, who.Actor.ID) {
			delete(r.callers, hash)
		}
	}
}

// Invalidate is live.SessionObserver: somebody may have been signed out without our hearing of it.
func (r *callerCache) Invalidate() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.invalidations++
	clear(r.callers)
}

// AgentSessions is live.SessionObserver.
func (r *callerCache) AgentSessions() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	var hashes [][]byte
	for hash, who := range r.callers {
		if who.Actor.IsAgent() {
			hashes = append(hashes, []byte(hash))
		}
	}
	return hashes
}
