package web

import (
	"maps"
	"slices"
	"sync"
	"time"

	"parley/models"
	"parley/web/kit"
)

const (
	// rememberedFor is how long a credential is believed while the ends of sessions are heard of from everywhere.
	rememberedFor = time.Minute
	// doubtedFor is how long while they are not: requests are cut within 5 s of a sign-out.
	doubtedFor = 3 * time.Second
	// maxRemembered bounds the memory that callers take.
	maxRemembered = 100_000
)

// remembered are the callers of the last minute by the hash of their credential, so that a request need not ask PostgreSQL who makes it.
// It holds who they are and nothing that changes: no presence, no load.
type remembered struct {
	heard func() bool // tells whether the other instances can be heard
	mu    sync.Mutex
	by    map[string]recollection
	// ended counts what was forgotten: whom a look-up found meanwhile is not kept.
	ended uint64
	swept time.Time
}

type recollection struct {
	kit.Caller
	at time.Time
}

func newRemembered(heard func() bool) *remembered {
	return &remembered{heard: heard, by: map[string]recollection{}}
}

// find returns the caller of a credential, nil for one that has to be looked up, and the mark for keep.
func (r *remembered) find(hash []byte) (*kit.Caller, uint64) {
	trusted := rememberedFor
	if !r.heard() {
		trusted = doubtedFor
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	found, ok := r.by[string(hash)]
	now := time.Now()
	if !ok || now.Sub(found.at) > trusted || !now.Before(found.Ends) {
		return nil, r.ended
	}
	who := found.Caller
	return &who, r.ended
}

// keep remembers whom a look-up found that began with this mark.
func (r *remembered) keep(hash []byte, who *kit.Caller, began time.Time, mark uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended != mark {
		return
	}
	if now := time.Now(); now.Sub(r.swept) > rememberedFor {
		r.swept = now
		maps.DeleteFunc(r.by, func(_ string, old recollection) bool { return now.Sub(old.at) > rememberedFor })
	}
	for key := range r.by { // a flood of strangers pushes out somebody at random
		if len(r.by) < maxRemembered {
			break
		}
		delete(r.by, key)
	}
	r.by[string(hash)] = recollection{*who, began}
}

// SignedOut is live.Watcher.
func (r *remembered) SignedOut(e *models.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended++
	delete(r.by, string(e.SessionHash))
	if e.AgentID == "" && len(e.UserIDs) == 0 {
		return
	}
	for hash, who := range r.by {
		if who.Actor.IsAgent() && who.Actor.ID == e.AgentID || who.Actor.IsUser() && slices.Contains(e.UserIDs, who.Actor.ID) {
			delete(r.by, hash)
		}
	}
}

// Unsure is live.Watcher: somebody may have been signed out without our hearing of it.
func (r *remembered) Unsure() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended++
	clear(r.by)
}

// AgentSessions is live.Watcher.
func (r *remembered) AgentSessions() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	var hashes [][]byte
	for hash, who := range r.by {
		if who.Actor.IsAgent() {
			hashes = append(hashes, []byte(hash))
		}
	}
	return hashes
}
