package models

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// agentColumns selects every column except the password's hash, the effective presence, the departments, the names of
// the reason of a break and ExtraOpen. The effective presence is the chosen one, unless there was no heartbeat for PRESENCE_TIMEOUT
// ($1, in seconds).
var agentColumns = agentRow.selectList("a") + `,
	CASE WHEN a.disabled_at IS NOT NULL OR a.choice = 'offline' THEN 'offline'
		WHEN ` + lastSign + ` < clock_timestamp() - make_interval(secs => $1) THEN 'away'
		ELSE a.choice END,
	ARRAY(SELECT department FROM agent_departments ad WHERE ad.agent_id = a.id ORDER BY 1),
	CASE WHEN a.break_reason_id IS NOT NULL THEN (SELECT ARRAY[r.name_en, r.name_zh_cn] FROM break_reasons r WHERE r.id = a.break_reason_id) END, ` + isExtraOpen

const agentTables = ` FROM agents a CROSS JOIN pulse p `

// scanTargets returns where the columns of agentColumns are scanned to, followed by the targets of further columns.
func (a *Agent) scanTargets(more ...any) []any {
	return append(agentRow.scanTargets(a, &a.Presence, &a.Departments, &a.BreakNames, &a.ExtraOpen), more...)
}

// reader is the desk or one of its transactions.
type reader interface {
	queryPreparedRows(ctx context.Context, query string, args []any, each func(pgx.Rows) error) error
}

// agents returns the agents that a condition selects. The first parameter of the condition is $2.
func (d *Desk) agents(ctx context.Context, db reader, where string, args ...any) ([]Agent, error) {
	agents := []Agent{}
	args = append([]any{d.Settings().PresenceTimeout.Seconds()}, args...)
	err := db.queryPreparedRows(ctx, `SELECT `+agentColumns+agentTables+where, args, func(rows pgx.Rows) error {
		var a Agent
		err := rows.Scan(a.scanTargets()...)
		agents = append(agents, a)
		return err
	})
	return agents, err
}

// agent returns one agent, or agent_not_found.
func (d *Desk) agent(ctx context.Context, db reader, id string) (*Agent, error) {
	agents, err := d.agents(ctx, db, `WHERE a.id = $2`, id)
	if err != nil {
		return nil, err
	}
	if len(agents) == 0 {
		return nil, ErrAgentNotFound
	}
	return &agents[0], nil
}

// lockAgent locks the agent's row, then reads the agent with a statement of its own: a statement that waits for a lock
// sees other tables as they were before it waited. An unknown agent is agent_not_found.
func (d *Desk) lockAgent(ctx context.Context, t *tx, id string) (*Agent, error) {
	if _, err := t.NewRaw(`SELECT FROM agents WHERE id = ? FOR UPDATE`, id).Exec(ctx); err != nil {
		return nil, err
	}
	return d.agent(ctx, t, id)
}

// lockedAgents are agents whose rows are locked, by id.
type lockedAgents map[string]*Agent

// all returns the agents in the order of their ids.
func (l lockedAgents) all() []*Agent {
	return slices.SortedFunc(maps.Values(l), func(a, b *Agent) int { return cmp.Compare(a.ID, b.ID) })
}

// lockAgents is lockAgent for several agents, in the order of their ids. Unknown ones are left out.
func (d *Desk) lockAgents(ctx context.Context, t *tx, ids ...string) (lockedAgents, error) {
	if _, err := t.NewRaw(`SELECT FROM agents WHERE id IN (?) ORDER BY id FOR UPDATE`, bunIn(ids)).Exec(ctx); err != nil {
		return nil, err
	}
	rows, err := d.agents(ctx, t, `WHERE a.id = ANY($2)`, ids)
	locked := make(lockedAgents, len(rows))
	for i := range rows {
		locked[rows[i].ID] = &rows[i]
	}
	return locked, err
}

// AgentByID returns an agent with presence and departments, or agent_not_found.
func (d *Desk) AgentByID(ctx context.Context, id string) (*Agent, error) {
	a, err := d.agent(ctx, d, id)
	return a, translate(err)
}

// Agents returns all agents who are people, by name, disabled ones last.
func (d *Desk) Agents(ctx context.Context) ([]Agent, error) {
	agents, err := d.agents(ctx, d, `WHERE a.kind = 'human' ORDER BY a.disabled_at IS NOT NULL, lower(a.name), a.id`)
	return agents, translate(err)
}

// AgentsAndBots is Agents with the bots among them, for the names in chats.
func (d *Desk) AgentsAndBots(ctx context.Context) ([]Agent, error) {
	agents, err := d.agents(ctx, d, `ORDER BY a.disabled_at IS NOT NULL, lower(a.name), a.id`)
	return agents, translate(err)
}

// AgentByEmail returns an agent by address, without regard to case, or agent_not_found.
func (d *Desk) AgentByEmail(ctx context.Context, email string) (*Agent, error) {
	agents, err := d.agents(ctx, d, `WHERE lower(a.email) = lower($2)`, strings.TrimSpace(email))
	if err != nil {
		return nil, translate(err)
	}
	if len(agents) == 0 {
		return nil, ErrAgentNotFound
	}
	return &agents[0], nil
}
