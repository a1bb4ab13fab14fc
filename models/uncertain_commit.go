package models

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// recheckEvery is how often PostgreSQL is asked what became of uncertain commits.
	recheckEvery   = 500 * time.Millisecond
	recheckTimeout = 2 * time.Second
	// lateCommit is how long after PostgreSQL answers again a statement that had reached it may still commit: longer
	// than a statement may run.
	lateCommit = 6 * time.Second
	// maxUncertain bounds how long one commit stays uncertain once PostgreSQL answers.
	maxUncertain = time.Minute
)

// uncertainCommit is what a commit may have changed whose answer was lost, because the connection broke or the answer
// did not come in time. PostgreSQL may have committed it, or may commit it a little later.
type uncertainCommit struct {
	chats map[string][]string // by id, with the agents who had the chat before
	// queue is set when the queue, or an agent's presence or load, may have changed; drain when an agent may have capacity again.
	queue, drain bool
	// all is set for what every instance caches: sessions, settings, sites and erased users.
	all bool
	// profiles are the users whose tags or notes may have changed.
	profiles []string

	lostAt     time.Time
	answeredAt time.Time // when PostgreSQL answered again; zero before
	announced  map[string]int64
}

// uncertainCommitOf returns what a transaction would have announced.
func uncertainCommitOf(t *tx) *uncertainCommit {
	c := &uncertainCommit{chats: map[string][]string{}, drain: t.drain, queue: t.drain}
	for i := range t.events {
		switch e := &t.events[i]; e.Kind {
		case KindChange:
			agents := c.chats[e.Change.Chat.ID]
			if before := e.Change.PrevAgentID; before != "" && !slices.Contains(agents, before) {
				agents = append(agents, before)
			}
			c.chats[e.Change.Chat.ID] = agents
		case KindUserChange:
			if e.User.ProfileChanged {
				c.profiles = append(c.profiles, e.User.UserID)
			}
		case KindOffer: // its agents then compare their offers too
			c.chats[e.Offer.ChatID] = append(c.chats[e.Offer.ChatID], e.Offer.AgentIDs()...)
		case KindPresence, KindQueue, KindAlert, KindFlags: // streams then compare their alerts too
			c.queue = true
		case KindSignedOut, KindSettings, KindErased:
			c.all = true
		}
	}
	return c
}

func (c *uncertainCommit) isEmpty() bool {
	return len(c.chats) == 0 && !c.queue && !c.all && len(c.profiles) == 0
}

// isFinal reports whether the commit has happened by now if it ever will. The longer the answer was lost, the later a
// broken network may still deliver the statement.
func (c *uncertainCommit) isFinal(now time.Time) bool {
	if c.answeredAt.IsZero() {
		return false
	}
	return now.Sub(c.answeredAt) > min(maxUncertain, lateCommit+c.answeredAt.Sub(c.lostAt))
}

// uncertainCommits announces what uncertain commits changed, as soon as PostgreSQL answers and for as long as they may
// still happen. It announces what it reads from the database, never what a transaction meant to do, so nothing is
// announced that was not committed.
type uncertainCommits struct {
	desk *Desk

	mu      sync.Mutex
	commits []*uncertainCommit
	running bool

	stopOnce sync.Once
	stopped  chan struct{}
	work     sync.WaitGroup
}

// add stores a commit if err means that its outcome is unknown. It does not block.
func (u *uncertainCommits) add(err error, c *uncertainCommit) {
	if !isOutcomeUnknown(err) || c.isEmpty() || u.desk.hasNoPublisher() {
		return
	}
	u.remember(c)
}

// addChats is add for a statement that changes chats and nothing else.
func (u *uncertainCommits) addChats(err error, chatIDs ...string) {
	u.add(err, &uncertainCommit{chats: chatsOnly(chatIDs)})
}

// chatsOnly returns the chats of a commit that moves none from one agent to another.
func chatsOnly(ids []string) map[string][]string {
	chats := make(map[string][]string, len(ids))
	for _, id := range ids {
		chats[id] = nil
	}
	return chats
}

// remember adds a commit and starts the rechecks if none are running.
func (u *uncertainCommits) remember(c *uncertainCommit) {
	c.lostAt, c.announced = time.Now(), map[string]int64{}
	u.mu.Lock()
	defer u.mu.Unlock()
	select {
	case <-u.stopped:
		return
	default:
	}
	u.commits = append(u.commits, c)
	if !u.running {
		u.running = true
		u.work.Add(1)
		go u.run()
	}
}

func (u *uncertainCommits) isAny() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.commits) > 0
}

// stop ends the rechecks and waits for the one that is running.
func (u *uncertainCommits) stop() {
	u.mu.Lock()
	u.stopOnce.Do(func() { close(u.stopped) })
	u.mu.Unlock()
	u.work.Wait()
}

// run rechecks until no commit is left or stop is called.
func (u *uncertainCommits) run() {
	defer u.work.Done()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-u.stopped:
			cancel()
		case <-ctx.Done():
		}
	}()
	for u.round(ctx) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(recheckEvery):
		}
	}
}

// round announces what became of the commits and forgets those that are final. It reports whether any is left.
func (u *uncertainCommits) round(ctx context.Context) bool {
	u.mu.Lock()
	commits := slices.Clone(u.commits)
	u.mu.Unlock()
	asked := time.Now()
	if err := u.announce(ctx, commits, asked); err != nil {
		return true // PostgreSQL does not answer: later
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.commits = slices.DeleteFunc(u.commits, func(c *uncertainCommit) bool { return c.isFinal(asked) })
	u.running = len(u.commits) > 0
	return u.running
}

// announce publishes the chats whose version is higher than the one announced before. An error means that PostgreSQL
// does not answer yet.
func (u *uncertainCommits) announce(ctx context.Context, commits []*uncertainCommit, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, recheckTimeout)
	defer cancel()
	ids, all := []string{}, false
	for _, c := range commits {
		for id := range c.chats {
			ids = append(ids, id)
		}
		all = all || c.all
	}
	versions, err := u.desk.chatVersions(ctx, ids)
	if err != nil {
		return err
	}
	if all {
		if err := u.desk.countUnpublished(ctx); err != nil {
			return err
		}
	}
	if err := u.desk.awaitDurable(ctx); err != nil {
		return err
	}
	recheck, drain := &Recheck{}, false
	for _, c := range commits {
		// A profile has no version to compare either. The event makes clients read it again.
		if c.answeredAt.IsZero() || c.isFinal(now) {
			if err := u.desk.announceProfiles(ctx, c.profiles); err != nil {
				return err
			}
		}
		if c.answeredAt.IsZero() {
			c.answeredAt = now
		}
		news := false
		for id, before := range c.chats {
			current, found := versions[id]
			if !found || current.Version <= c.announced[id] {
				continue
			}
			news, c.announced[id] = true, current.Version
			recheck.Chats = append(recheck.Chats, current)
			for _, agent := range before {
				current.AgentID = &agent
				recheck.Chats = append(recheck.Chats, current)
			}
		}
		// Neither the queue nor an agent has a version to compare. They are announced while a change is likely, and once more at the end.
		if c.queue && (news || now.Sub(c.answeredAt) < 2*time.Second || c.isFinal(now)) {
			recheck.Queue, drain = true, drain || c.drain
		}
	}
	if len(recheck.Chats) > 0 || recheck.Queue {
		u.desk.publish([]Event{{Kind: KindRecheck, Recheck: recheck}})
	}
	if drain {
		u.desk.wakeDrain()
	}
	return nil
}

// HasUncertainCommits reports whether this desk does not know yet what became of some commits, and therefore has not
// announced them.
func (d *Desk) HasUncertainCommits() bool { return d.uncertain.isAny() }

// chatVersions returns the versions of chats by id. Chats that are not stored are left out.
func (d *Desk) chatVersions(ctx context.Context, ids []string) (map[string]ChatVersion, error) {
	versions := make(map[string]ChatVersion, len(ids))
	err := d.queryPreparedRows(ctx, `SELECT id, user_id, agent_id, version, ended_at FROM chats
		WHERE id = ANY($1)`, []any{ids}, func(rows pgx.Rows) error {
		var chat ChatVersion
		err := rows.Scan(&chat.ChatID, &chat.UserID, &chat.AgentID, &chat.Version, &chat.EndedAt)
		versions[chat.ChatID] = chat
		return err
	})
	return versions, err
}

func chatVersionOf(c *Chat) ChatVersion {
	return ChatVersion{ChatID: c.ID, UserID: c.UserID, AgentID: c.AgentID, Version: c.Version, EndedAt: c.EndedAt}
}

// announceVersions publishes the versions of chats to their streams. Every response to a request that may be a retry
// calls it: the process that made the change may have died before it published the change.
func (d *Desk) announceVersions(versions ...ChatVersion) {
	if len(versions) > 0 {
		d.publish([]Event{{Kind: KindRecheck, Recheck: &Recheck{Chats: versions}}})
	}
}

// announceVersion is announceVersions for a chat that is not read yet. If it cannot be read now, it is rechecked later.
func (d *Desk) announceVersion(ctx context.Context, chatID string) {
	versions, err := d.chatVersions(ctx, []string{chatID})
	if err != nil {
		d.uncertain.remember(&uncertainCommit{chats: chatsOnly([]string{chatID})})
		return
	}
	for _, version := range versions {
		d.announceVersions(version)
	}
}
