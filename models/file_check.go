package models

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// FileStore is the store of files as [Desk.CheckFiles] reads it.
type FileStore interface {
	Files
	// Has reports whether there is a file of that name.
	Has(ctx context.Context, name string) (bool, error)
	// List calls f for every file, in any order, with its size in bytes and the time when it was stored, until f returns
	// an error. The size of what is left of a file that was never written to its end is -1.
	List(ctx context.Context, f func(name string, size int64, storedAt time.Time) error) error
}

const (
	// FilesStored is the invariant whose violations are messages without their file.
	FilesStored = "files_stored"
	// FilesKnown is the invariant whose violations are files without a message.
	FilesKnown = "files_known"

	// AboutFile is the kind of the subjects of both: the name of a file in the store.
	AboutFile = "file"
)

// orphanAge is the age from which a file that the database does not know is reported. Every name is recorded before
// anything is written under it, so even a younger one is of no use to an upload; but a day leaves time to see that a
// backup of the wrong day was restored.
const orphanAge = 24 * time.Hour

// maxFindings is how many violations of an invariant are reported.
const maxFindings = 100

// FileCheck is how the store and the database agree.
type FileCheck struct {
	Checked  []Checked // FilesStored and FilesKnown
	Orphaned []string  // the names of all files that the database does not know
	Known    int       // how many files of messages are in the store
}

// storedFile is a file that a message has.
type storedFile struct {
	Name      string
	Size      int64 // in bytes, 0 for a thumbnail
	ChatID    string
	MessageID int64
}

func (f storedFile) finding(what string) Finding {
	return Finding{Subject: f.Name, Detail: fmt.Sprintf("%s, of message %d in chat %s", what, f.MessageID, f.ChatID)}
}

// filesOfMessages selects the files that messages have; a condition on s may follow.
const filesOfMessages = `SELECT s.name, a.size, a.chat_id, a.message_id FROM stored_files s
	JOIN (SELECT file AS name, size, chat_id, message_id FROM ` + allAttachments + ` f
		UNION ALL SELECT thumbnail, 0, chat_id, message_id FROM ` + allAttachments + ` t WHERE thumbnail IS NOT NULL) a USING (name)
	WHERE s.due_at IS NULL`

// FileNames returns the names of the files that messages have, in the store.
func (d *Desk) FileNames(ctx context.Context) ([]string, error) {
	names := []string{}
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.NewRaw(`SET LOCAL statement_timeout = '` + checkTimeout + `'`).Exec(ctx); err != nil {
			return err
		}
		names = names[:0]
		return t.NewRaw(`SELECT name FROM stored_files WHERE due_at IS NULL`).Scan(ctx, &names)
	})
	return names, err
}

// CheckFiles compares a store with the database. It finds files of messages that are missing or have another size, and
// files older than a day that belong to nothing, and changes nothing. It may run while files are sent and deleted. It
// needs about 200 bytes of memory for each file.
func (d *Desk) CheckFiles(ctx context.Context, store FileStore) (*FileCheck, error) {
	// The database is read first and the store second: a file of these messages was stored before.
	var all []storedFile
	err := d.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.NewRaw(`SET LOCAL statement_timeout = '` + checkTimeout + `'`).Exec(ctx); err != nil {
			return err
		}
		all = nil
		return t.NewRaw(filesOfMessages).Scan(ctx, &all)
	})
	if err != nil {
		return nil, err
	}
	expected := make(map[string]storedFile, len(all))
	for _, f := range all {
		expected[f.Name] = f
	}
	stored := Checked{Invariant: FilesStored, Meaning: "Every file of a message is in the store, in its full size.", About: AboutFile}
	known := Checked{Invariant: FilesKnown, Meaning: "Every file in the store belongs to a message.", About: AboutFile}
	check := &FileCheck{}
	var unknown []string
	youngest := time.Now().Add(-orphanAge)
	err = store.List(ctx, func(name string, size int64, storedAt time.Time) error {
		if f, found := expected[name]; found && size >= 0 {
			check.Known++
			delete(expected, name)
			if f.Size > 0 && f.Size != size && len(stored.Findings) < maxFindings {
				stored.Findings = append(stored.Findings, f.finding(fmt.Sprintf("it has %d of %d bytes", size, f.Size)))
			}
		} else if !found && storedAt.Before(youngest) {
			unknown = append(unknown, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the files: %w", err)
	}
	if check.Orphaned, err = d.orphaned(ctx, unknown); err != nil {
		return nil, err
	}
	for _, name := range check.Orphaned[:min(len(check.Orphaned), maxFindings)] {
		known.Findings = append(known.Findings, Finding{Subject: name, Detail: "the database does not know it"})
	}
	missing, err := d.missing(ctx, store, expected, maxFindings-len(stored.Findings))
	if err != nil {
		return nil, err
	}
	stored.Findings = append(stored.Findings, missing...)
	check.Checked = []Checked{stored, known}
	return check, nil
}

// fileBatch is how many names a query looks up.
const fileBatch = 1000

// orphaned returns those of the names in the store that the database has no row for. The names must have been in the
// store before: a row is made before its file and deleted after it, and no name is used twice, so no upload will ever
// have such a file.
func (d *Desk) orphaned(ctx context.Context, names []string) ([]string, error) {
	slices.Sort(names)
	names = slices.Compact(names)
	var orphaned []string
	for batch := range slices.Chunk(names, fileBatch) {
		var rows []string
		if err := d.db.NewRaw(`SELECT name FROM stored_files WHERE name IN (?)`, bunIn(batch)).Scan(ctx, &rows); err != nil {
			return nil, translate(err)
		}
		slices.Sort(rows)
		for _, name := range batch {
			if _, has := slices.BinarySearch(rows, name); !has {
				orphaned = append(orphaned, name)
			}
		}
	}
	return orphaned, nil
}

// missing returns up to limit of the files that messages still have and the store has not.
func (d *Desk) missing(ctx context.Context, store FileStore, unseen map[string]storedFile, limit int) ([]Finding, error) {
	names := make([]string, 0, len(unseen))
	for name := range unseen {
		names = append(names, name)
	}
	slices.Sort(names)
	var findings []Finding
	for batch := range slices.Chunk(names, fileBatch) {
		var still []storedFile // the message may have been deleted meanwhile
		if err := d.db.NewRaw(filesOfMessages+` AND s.name IN (?) ORDER BY s.name`, bunIn(batch)).Scan(ctx, &still); err != nil {
			return nil, translate(err)
		}
		for _, f := range still {
			if len(findings) >= limit {
				return findings, nil
			}
			has, err := store.Has(ctx, f.Name)
			if err != nil {
				return nil, fmt.Errorf("look for a file: %w", err)
			}
			if !has {
				findings = append(findings, f.finding("it is missing"))
			}
		}
	}
	return findings, nil
}

// RemoveOrphanedFiles deletes from a store the files that [Desk.CheckFiles] found orphaned, and returns how many. Admins
// only. Each is looked up once more, so a name that the database knows is left alone.
func (d *Desk) RemoveOrphanedFiles(ctx context.Context, actor Actor, store FileStore, check *FileCheck) (removed int, err error) {
	if err := actor.require(RoleAdmin); err != nil {
		return 0, err
	}
	if len(check.Orphaned) == 0 {
		return 0, nil
	}
	subject := Subject{Kind: SubjectRule, ID: FilesKnown, Name: FilesKnown}
	if err := d.auditOnly(ctx, actor, AuditHealthRepaired, subject, nil); err != nil {
		return 0, err
	}
	for batch := range slices.Chunk(check.Orphaned, fileBatch) {
		names, err := d.orphaned(ctx, slices.Clone(batch))
		if err != nil {
			return removed, err
		}
		for _, name := range names {
			if err := store.Delete(ctx, name); err != nil {
				return removed, fmt.Errorf("delete a file: %w", err)
			}
			removed++
		}
	}
	return removed, nil
}
