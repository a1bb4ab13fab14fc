package live

import (
	"context"
	"time"

	"parley/models"
)

// sessionCheck keeps the promise that a stream ends within 5 s of its owner's sign-out when the event is lost.
const sessionCheck = 3 * time.Second

// checkSessions ends the streams whose session is gone, and makes the watcher forget it: agents' sessions always, since what they may do is much; users'
// now and then, while sign-outs on other instances may not be heard, and after somebody who tells nobody changed something: a command of the console.
// The streams of anonymous users end once an identity is required. By the same question it learns that the settings have another version.
func (h *Hub) checkSessions(ctx context.Context) {
	var checked time.Time
	erased := map[int64]bool{}
	unheard, _, err := h.unpublishedCommits(ctx)
	known := err == nil
	for wait(ctx, sessionCheck) {
		h.endAnonymous()
		now, settings, err := h.unpublishedCommits(ctx)
		if err != nil {
			continue // nobody is signed out because PostgreSQL is away
		}
		told := now != unheard || !known
		if told {
			h.repairAll()
		}
		if settings != h.desk.SettingsVersion() {
			h.reload()
		}
		all := told || !h.Healthy() || time.Since(checked) >= fullCheckEvery
		if h.endSignedOut(ctx, all) != nil || all && h.endErased(ctx, erased) != nil {
			continue
		}
		if unheard, known = now, true; all {
			checked = time.Now()
		}
	}
}

func (h *Hub) unpublishedCommits(ctx context.Context) (n, settings int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	return h.desk.UnpublishedCommits(ctx)
}

func (h *Hub) endSignedOut(ctx context.Context, all bool) error {
	hashes := h.sessions.AgentSessions()
	held := map[string][]*subscription{}
	for _, hash := range hashes {
		held[string(hash)] = nil
	}
	h.each(func(s *subscription) {
		if len(s.session) == 0 || s.actor.IsUser() && !all {
			return
		}
		streams, known := held[string(s.session)]
		if !known {
			hashes = append(hashes, s.session)
		}
		held[string(s.session)] = append(streams, s)
	})
	if len(hashes) == 0 {
		return nil
	}
	live, err := h.liveSessions(ctx, hashes)
	if err != nil {
		return err
	}
	for hash, streams := range held {
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

// endErased ends the streams of users who were erased without our hearing of it; those who came by a signed token have no session that could be
// gone. It notes in done what it has done.
func (h *Hub) endErased(ctx context.Context, done map[int64]bool) error {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	lately, err := h.desk.ErasedLately(ctx, 2*fullCheckEvery)
	if err != nil {
		return err
	}
	for _, e := range lately {
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
