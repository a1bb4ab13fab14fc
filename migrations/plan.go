package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// Plan is what Up would do to a database as it is now.
type Plan struct {
	Steps []PlannedStep `json:"steps"`
}

// PlannedStep is a step that is pending.
type PlannedStep struct {
	Name string `json:"name"`
	// InTransaction means that the statements run in one transaction, so that every lock is held to its end. Otherwise each statement is
	// on its own.
	InTransaction bool           `json:"in_transaction"`
	Statements    []string       `json:"statements"` // without comments
	Tables        []PlannedTable `json:"tables"`     // that the database has and the step locks, in the order of their names
}

// PlannedTable is a table, or a view, that a step locks.
type PlannedTable struct {
	Table string `json:"table"`
	// Lock is the strongest mode in which the step was seen to lock the table, as PostgreSQL's documentation writes it.
	Lock   string `json:"lock"`
	Blocks Blocks `json:"blocks"` // what waits for the lock
	Rows   int64  `json:"rows"`   // as PostgreSQL estimates
	Bytes  int64  `json:"bytes"`  // without indexes
	// ScannedBytes and RewrittenBytes are what the step reads and writes of tables while it holds the lock, of this table and others: the
	// lock is held for as long as that takes, and for a moment if both are 0. Indexes that are built again with a rewritten table count.
	ScannedBytes   int64 `json:"scanned_bytes"`
	RewrittenBytes int64 `json:"rewritten_bytes"`
}

// Blocks is what waits for a lock.
type Blocks string

// What locks block.
const (
	BlocksNothing Blocks = "nothing" // but other migrations
	BlocksWrites  Blocks = "writes"
	BlocksAll     Blocks = "reads and writes"
)

// lockModes are the modes of pg_locks from weak to strong.
var lockModes = []struct {
	mode, name string
	blocks     Blocks
}{
	{"AccessShareLock", "ACCESS SHARE", BlocksNothing},
	{"RowShareLock", "ROW SHARE", BlocksNothing},
	{"RowExclusiveLock", "ROW EXCLUSIVE", BlocksNothing},
	{"ShareUpdateExclusiveLock", "SHARE UPDATE EXCLUSIVE", BlocksNothing},
	{"ShareLock", "SHARE", BlocksWrites},
	{"ShareRowExclusiveLock", "SHARE ROW EXCLUSIVE", BlocksWrites},
	{"ExclusiveLock", "EXCLUSIVE", BlocksWrites},
	{"AccessExclusiveLock", "ACCESS EXCLUSIVE", BlocksAll},
}

// PlanUp returns what [Up] would do. It applies the pending steps to an empty copy of the schema, looks at pg_locks, at the files of tables
// and at the scans that PostgreSQL counts after every statement, and removes the copy. It locks no table of the real schema and
// leaves nothing. Another plan that is being made at the same time is an error. db needs two free connections.
func PlanUp(ctx context.Context, db *sql.DB) (Plan, error) { return planUp(ctx, db, files) }

const (
	// planSchema is where the copy of the schema is made.
	planSchema = "parley_plan"
	// planComment tells the copy from a schema that someone else made.
	planComment = "made by parley migrate up --plan, which removes it"
	// planPatience limits each statement of a plan, whose tables are all empty.
	planPatience = 30 * time.Second
	// planPoll is how often a plan looks whether a statement waits.
	planPoll = 5 * time.Millisecond
)

func planUp(ctx context.Context, db *sql.DB, fsys fs.FS) (plan Plan, err error) {
	steps, err := load(fsys)
	if err != nil {
		return Plan{}, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return Plan{}, err
	}
	defer conn.Close()
	applied, err := appliedSteps(ctx, conn)
	if err != nil {
		return Plan{}, err
	}
	pending := missing(steps, applied)
	if len(pending) == 0 {
		return Plan{}, nil
	}
	known := slices.DeleteFunc(steps, func(s step) bool {
		return slices.ContainsFunc(pending, func(p step) bool { return p.name == s.name })
	})
	return planSteps(ctx, db, conn, known, pending)
}

// planSteps returns what the pending steps would do to a database that has the known ones.
func planSteps(ctx context.Context, db *sql.DB, conn *sql.Conn, known, pending []step) (plan Plan, err error) {
	var counts bool
	if err := conn.QueryRowContext(ctx, "SELECT current_setting('track_counts')::boolean").Scan(&counts); err != nil {
		return Plan{}, err
	}
	if !counts {
		return Plan{}, errors.New("a plan needs the setting track_counts of PostgreSQL, which is off")
	}
	p := &planner{db: db, conn: conn}
	if p.sizes, err = tableSizes(ctx, conn); err != nil {
		return Plan{}, fmt.Errorf("read the sizes of the tables: %w", err)
	}
	if err := conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('messages') AND relkind = 'p')").
		Scan(&p.partitioned); err != nil {
		return Plan{}, err
	}
	defer func() { err = errors.Join(err, p.remove(ctx)) }()
	if err := p.copySchema(ctx, known); err != nil {
		return Plan{}, err
	}
	for _, s := range pending {
		planned, err := p.plan(ctx, s)
		if err != nil {
			return Plan{}, fmt.Errorf("plan migration %s: %w", s.name, err)
		}
		plan.Steps = append(plan.Steps, planned)
	}
	return plan, nil
}

// planner makes a plan in a schema of its own.
type planner struct {
	db    *sql.DB
	conn  *sql.Conn
	sizes map[string]tableSize // of the tables and views of the real schema
	// partitioned means that the real messages are in partitions. The copy has the first one and two months then.
	partitioned bool
	locked      bool // conn has the lock of plans
	made        bool // the schema is there
}

type tableSize struct{ rows, bytes, allBytes int64 }

// tableSizes returns the sizes of the tables and views of the current schema, by name.
func tableSizes(ctx context.Context, conn *sql.Conn) (map[string]tableSize, error) {
	rows, err := conn.QueryContext(ctx, `SELECT c.relname,
		CASE WHEN c.reltuples < 0 THEN pg_stat_get_live_tuples(c.oid) ELSE c.reltuples::bigint END,
		coalesce(s.bytes, 0), coalesce(s.all_bytes, 0)
		FROM pg_class c LEFT JOIN LATERAL (
			SELECT sum(pg_table_size(part))::bigint AS bytes, sum(pg_total_relation_size(part))::bigint AS all_bytes
			FROM (SELECT c.oid AS part WHERE c.relkind IN ('r', 'm')
				UNION ALL SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf AND c.relkind = 'p') parts
		) s ON true
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'm', 'v')`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	sizes := map[string]tableSize{}
	for rows.Next() {
		var name string
		var size tableSize
		if err := rows.Scan(&name, &size.rows, &size.bytes, &size.allBytes); err != nil {
			return nil, err
		}
		sizes[name] = size
	}
	return sizes, rows.Err()
}

// copySchema makes the schema as the known steps make it, without data.
func (p *planner) copySchema(ctx context.Context, known []step) error {
	if err := p.conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", lockKey+1).Scan(&p.locked); err != nil {
		return err
	}
	if !p.locked {
		return errors.New("another plan for this database is being made")
	}
	var comment sql.NullString
	err := p.conn.QueryRowContext(ctx, "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1", planSchema).
		Scan(&comment)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	case comment.String != planComment:
		return fmt.Errorf("the database has a schema %s that was not made by a plan; plans are made in a schema of that name", planSchema)
	}
	p.made = true
	tx, err := p.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit this does nothing
	// The search path has nothing but the copy, so no statement can reach the real tables.
	if _, err := tx.ExecContext(
		ctx,
		fmt.Sprintf(`DROP SCHEMA IF EXISTS %[1]s CASCADE; CREATE SCHEMA %[1]s; COMMENT ON SCHEMA %[1]s IS '%[2]s';
		SET search_path = %[1]s; SET statement_timeout = %[3]d; SET lock_timeout = %[4]d; SET idle_in_transaction_session_timeout = 0`,
			planSchema, planComment, planPatience.Milliseconds(), lockTimeout.Milliseconds()),
	); err != nil {
		return fmt.Errorf("make a copy of the schema, for which the role needs the right CREATE on the database: %w", err)
	}
	for _, s := range known {
		text := s.up.text
		if !s.up.inTransaction {
			text = strings.ReplaceAll(text, concurrently, "")
		}
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("copy migration %s: %w", s.name, err)
		}
	}
	if p.partitioned {
		if _, err := tx.ExecContext(ctx, "SELECT partition_messages((date_trunc('month', now()) + interval '1 month')::date)"); err != nil {
			return fmt.Errorf("copy the partitions: %w", err)
		}
	}
	return tx.Commit()
}

// remove removes the schema and gives up the lock.
func (p *planner) remove(ctx context.Context) error {
	if !p.locked {
		return nil
	}
	// The caller's context may be the reason why we stop.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), planPatience)
	defer cancel()
	var dropErr error
	if p.made {
		_, dropErr = p.conn.ExecContext(ctx, "DROP SCHEMA IF EXISTS "+planSchema+" CASCADE")
	}
	_, resetErr := p.conn.ExecContext(ctx, resetTimeouts+"; RESET search_path")
	_, unlockErr := p.conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", lockKey+1)
	if err := errors.Join(dropErr, resetErr, unlockErr); err != nil {
		return fmt.Errorf("remove the copy of the schema, %s: %w", planSchema, err)
	}
	return nil
}

// effect is what one statement did to a relation that was there before it.
type effect struct {
	name      string
	mode      int // index in lockModes, -1 for none
	scans     int64
	rewritten bool
}

// plan applies a step to the copy and returns what it did.
func (p *planner) plan(ctx context.Context, s step) (PlannedStep, error) {
	planned := PlannedStep{Name: s.name, InTransaction: s.up.inTransaction, Statements: statements(s.up.text)}
	held := map[string]*PlannedTable{}
	modes := map[string]int{}
	run := func(effects []effect) {
		var scanned, rewritten int64
		for _, e := range effects {
			size := p.sizes[e.name]
			scanned += e.scans * size.bytes
			if e.rewritten {
				rewritten += size.allBytes
			}
			if e.mode < 0 {
				continue
			}
			if _, isReal := p.sizes[e.name]; !isReal { // it is new with this upgrade, so there is no one who uses it
				continue
			}
			t := held[e.name]
			if t == nil {
				t = &PlannedTable{Table: e.name, Rows: size.rows, Bytes: size.bytes}
				held[e.name] = t
				modes[e.name] = e.mode
			}
			if e.mode > modes[e.name] || t.Lock == "" {
				// What happened under a weaker lock does not count.
				modes[e.name], t.Lock, t.Blocks = e.mode, lockModes[e.mode].name, lockModes[e.mode].blocks
				t.ScannedBytes, t.RewrittenBytes = 0, 0
			}
		}
		for name, t := range held {
			if s.up.inTransaction || slices.ContainsFunc(effects, func(e effect) bool { return e.name == name && e.mode == modes[name] }) {
				t.ScannedBytes += scanned
				t.RewrittenBytes += rewritten
			}
		}
	}
	if err := p.runObserved(ctx, s, planned.Statements, run); err != nil {
		return PlannedStep{}, err
	}
	planned.Tables = []PlannedTable{}
	for name, t := range held {
		if modes[name] > 0 || t.ScannedBytes > 0 { // every view and foreign key is an ACCESS SHARE without consequences
			planned.Tables = append(planned.Tables, *t)
		}
	}
	slices.SortFunc(planned.Tables, func(a, b PlannedTable) int { return strings.Compare(a.Table, b.Table) })
	return planned, nil
}

// firstLine returns the first line of a statement.
func firstLine(statement string) string {
	line, _, _ := strings.Cut(statement, "\n")
	return line
}
