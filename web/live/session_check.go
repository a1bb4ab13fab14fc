package live

import (
	"context"
	"time"

	"parley/models"
)

// sessionCheckEvery keeps the contract that a stream ends within 5 s of the end of its session even when the event is lost.
const sessionCheckEvery = 3 * time.Second

// checkSessions ends the streams of sessions that are no longer in PostgreSQL, and removes these from the
// SessionObserver's cache. Agents' sessions are checked each time, since agents may do much. Users' sessions, and erased
// users, are checked every fullCheckEvery, and each time while the instance is not healthy or after a commit without a
// publisher, as by a command of the command line. Streams of anonymous users end once an identity is required. The same
// query returns the version of the settings.
func (h *Hub) checkSessions(ctx context.Context) {
	var checkedAllAt time.Time
	erased := map[int64]bool{}
	unpublished, _, err := h.unpublishedCommits(ctx)
	known := err == nil
	for sleep(ctx, sessionCheckEvery) {
		h.endAnonymous()
		now, settings, err := h.unpublishedCommits(ctx)
		if err != nil {
			continue // no session ends because PostgreSQL is away
		}
		changed := now != unpublished || !known
		if changed {
			h.repairAll()
		}
		if settings != h.desk.SettingsVersion() {
			h.reload()
		}
		all := changed || !h.Healthy() || time.Since(checkedAllAt) >= fullCheckEvery
		if h.endSignedOut(ctx, all) != nil || all && h.endErased(ctx, erased) != nil {
			continue
		}
		if unpublished, known = now, true; all {
			checkedAllAt = time.Now()
		}
	}
}

// unpublishedCommits returns how many commits had no publisher, and the version of the settings.
func (h *Hub) unpublishedCommits(ctx context.Context) (n, settings int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	return h.desk.UnpublishedCommits(ctx)
}

// endSignedOut ends the streams whose session is gone: agents', and with all also users'.
func (h *Hub) endSignedOut(ctx context.Context, all bool) error {
	hashes := h.sessions.AgentSessions()
	streamsOf := map[string][]*subscription{}
	for _, hash := range hashes {
		streamsOf[string(hash)] = nil
	}
	h.each(func(s *subscription) {
		if len(s.session) == 0 || s.actor.IsUser() && !all {
			return
		}
		streams, known := streamsOf[string(s.session)]
		if !known {
			hashes = append(hashes, s.session)
		}
		streamsOf[string(s.session)] = append(streams, s)
	})
	if len(hashes) == 0 {
		return nil
	}
	live, err := h.liveSessions(ctx, hashes)
	if err != nil {
		return err
	}
	for hash, streams := range streamsOf {
		if live[hash] {
			continue
		}
		h.sessions.SignedOut(&models.Event{Kind: models.KindSignedOut, SessionHash: []byte(hash)})
		for _, s := range streams {
			s.end(SignedOut)
		}
	}
	return nil
}

// endAnonymous ends the streams of users without a verified identity once one is required.
func (h *Hub) endAnonymous() {
	if !h.desk.Settings().RequireIdentity {
		return
	}
	h.each(func(s *subscription) {
		if s.anonymous {
			s.end(SignedOut)
		}
	})
}

// endErased ends the streams of users whose erasure was missed: those who came with a signed token have no session that
// could be gone. done are the erasures that were handled before, and these are added to it.
func (h *Hub) endErased(ctx context.Context, done map[int64]bool) error {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	erasures, err := h.desk.ErasedLately(ctx, 2*fullCheckEvery)
	if err != nil {
		return err
	}
	for _, e := range erasures {
		if !done[e.ID] {
			done[e.ID] = true
			h.signedOut(&models.Event{Kind: models.KindSignedOut, UserIDs: []string{e.UserID}})
		}
	}
	return nil
}

func (h *Hub) liveSessions(ctx context.Context, hashes [][]byte) (map[string]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	return h.desk.LiveSessions(ctx, hashes)
}
