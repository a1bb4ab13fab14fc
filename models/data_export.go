package models

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"
)

const (
	// DataExportFormat is in the first record of an export.
	DataExportFormat = "parley-data-export"
	// DataExportVersion is too. It changes when a field is renamed, retyped or removed; fields and types of records are added without.
	DataExportVersion = 1

	// exportLookahead is how many changed or open chats one step reads.
	exportLookahead = 500
	// exportMessages is how many messages are in memory at most, unless one chat received more than that between two statements.
	exportMessages = 5000
	// exportLateness is by how much a time that a row stores may be before its commit: far more than a transaction may last.
	exportLateness = time.Hour
	// exportRestoredLateness is how far an export goes back behind its cursor if transactions cannot be compared any more, because the
	// data is in another PostgreSQL, or in the same one after a failover.
	exportRestoredLateness = 24 * time.Hour
)

// DataExportQuery is what is exported: everything, or what changed since a time, or what changed since another export. Since and After
// exclude each other.
type DataExportQuery struct {
	Since time.Time // zero for everything
	After string    // a cursor from another export, complete or not
}

// DataExport is an export that was begun.
type DataExport struct {
	desk   *Desk
	query  DataExportQuery
	cursor exportCursor
	counts map[string]int
	began  time.Time
}

// BeginDataExport checks what is asked for and writes a row to the audit log. Administrators only. Since together with After, a cursor
// that is none, and a time before 1970 are validation_failed; a cursor from after the backup that the database was restored from is 409
// export_database_older.
func (d *Desk) BeginDataExport(ctx context.Context, actor Actor, q DataExportQuery) (*DataExport, error) {
	if err := actor.require(RoleAdmin); err != nil {
		return nil, err
	}
	if q.After != "" && !q.Since.IsZero() {
		return nil, invalid("after", fieldInvalid, "Send since or after, not both.")
	}
	e := &DataExport{desk: d, query: q, counts: map[string]int{}}
	var given *exportCursor
	if q.After != "" {
		var err error
		if given, err = parseExportCursor(q.After); err != nil {
			return nil, err
		}
	}
	if err := d.numberTransactions(ctx); err != nil {
		return nil, err
	}
	var now exportSnapshot
	err := d.fromReplica(ctx, func(ctx context.Context) error {
		now = exportSnapshot{}
		return d.reader(ctx).NewRaw(selectExportSnapshot).Scan(ctx, &now)
	})
	if err == nil && given != nil && given.UpTo > now.Next { // a replica that lags behind the export before
		err = d.db.NewRaw(selectExportSnapshot).Scan(ctx, &now)
	}
	if err != nil {
		return nil, translate(err)
	}
	e.began = now.At
	e.cursor = now.begin(q.Since, given)
	more := details{}
	switch {
	case given != nil:
		more["since"] = given.At.Format(time.RFC3339)
	case !q.Since.IsZero():
		more["since"] = q.Since.UTC().Format(time.RFC3339)
	}
	return e, d.auditOnly(ctx, actor, AuditFileExported, Subject{Kind: SubjectFile, ID: "data", Name: "data"}, more)
}

// numberTransactions resets the numbers of transactions if they were counted by another PostgreSQL, from which the data was moved here.
func (d *Desk) numberTransactions(ctx context.Context) error {
	var isNew bool
	err := d.db.NewRaw(`SELECT transactions_of <> (SELECT system_identifier::text FROM pg_control_system()) FROM installation`).
		Scan(ctx, &isNew)
	if err != nil || !isNew {
		return translate(err)
	}
	return d.inTx(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.NewRaw(`SET LOCAL statement_timeout = '60s';
			UPDATE installation SET transactions_of = (SELECT system_identifier::text FROM pg_control_system());
			UPDATE export_changes SET changed_by = '0' WHERE changed_by >= pg_snapshot_xmax(pg_current_snapshot())`).Exec(ctx)
		return err
	})
}

// Write writes the export, one JSON object per line. What is in memory and how long a transaction lasts do not depend on how much is
// exported or on how fast it is read. If the database fails, the last record has the type error, and the error is returned; after an error
// of out nothing more is written. Only a record of the type end says that an export is complete.
func (e *DataExport) Write(ctx context.Context, out io.Writer) error {
	w := newExportWriter(out, e.counts)
	header := exportHeader{
		Type: "header", Format: DataExportFormat, SchemaVersion: DataExportVersion, ExportedAt: e.began,
		IsContinued: flag(e.query.After != ""),
	}
	if !e.query.Since.IsZero() {
		since := e.query.Since.UTC()
		header.Since = &since
	}
	w.write(header)
	for e.cursor.Step != "" && w.err == nil {
		if err := e.next(ctx, w); err != nil {
			err = translate(err)
			var refused *Error
			failure := exportError{Type: "error", Error: "internal_error", Message: "The export failed. Continue it with the last cursor."}
			if errors.As(err, &refused) {
				failure.Error = refused.Code
				if refused.Detail != "" {
					failure.Message = refused.Detail
				}
			}
			w.write(failure)
			w.flush()
			return errors.Join(err, w.err)
		}
		if e.cursor.Step != "" {
			w.write(exportPosition{Type: "cursor", Cursor: e.cursor.String()})
		}
		w.flush()
	}
	w.write(exportEnd{Type: "end", Cursor: e.cursor.String(), Records: e.counts})
	w.flush()
	return w.err
}

// read runs f in a transaction of its own, on the replica if it can be used, which sees everything that was committed before the export.
// f must set, and not add to, the variables that it captures.
func (e *DataExport) read(ctx context.Context, f func(ctx context.Context, t *tx) error) error {
	return e.desk.fromReplica(ctx, func(ctx context.Context) error {
		return e.desk.inTx(ctx, func(ctx context.Context, t *tx) error {
			var sees bool
			if _, err := t.NewRaw(`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`).Exec(ctx); err != nil {
				return err
			}
			if err := t.NewRaw(`SELECT pg_snapshot_xmin(pg_current_snapshot()) >= ?::text::xid8`, e.cursor.UpTo).
				Scan(ctx, &sees); err != nil {
				return err
			}
			if !sees { // a replica that lags behind the one that the export began on
				return ErrExportBehind
			}
			return f(ctx, t)
		})
	})
}

// exportWriter writes records as lines, in blocks.
type exportWriter struct {
	out    io.Writer
	buffer bytes.Buffer
	json   *json.Encoder
	counts map[string]int
	err    error // the first one; nothing is written after it
}

func newExportWriter(out io.Writer, counts map[string]int) *exportWriter {
	w := &exportWriter{out: out, counts: counts}
	w.json = json.NewEncoder(&w.buffer)
	w.json.SetEscapeHTML(false)
	return w
}

// exportBlock is the number of bytes from which lines are written out.
const exportBlock = 64 << 10

func (w *exportWriter) write(record any) {
	if w.err != nil {
		return
	}
	if w.err = w.json.Encode(record); w.buffer.Len() >= exportBlock {
		w.flush()
	}
}

// add writes a record and counts it.
func (w *exportWriter) add(kind string, record any) {
	w.write(record)
	w.counts[kind]++
}

func (w *exportWriter) flush() {
	if w.err == nil && w.buffer.Len() > 0 {
		_, w.err = w.out.Write(w.buffer.Bytes())
	}
	w.buffer.Reset()
}
