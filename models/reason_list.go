package models

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// maxReasons is how many reasons of a list may be in use at a time: as many as a menu can hold.
const maxReasons = 30

// ReasonName is a reason as it is shown: its names in both languages, "" for one that was not entered.
type ReasonName struct {
	ID       int64  `bun:"id,pk"      json:"id"`
	NameEn   string `bun:"name_en"    json:"name_en"`
	NameZhCN string `bun:"name_zh_cn" json:"name_zh_cn"`
}

// In returns the name in Chinese for a Chinese language and in English for any other, or the name in the other language where none was
// entered.
func (n ReasonName) In(lang string) string {
	if strings.HasPrefix(lang, "zh") && n.NameZhCN != "" || n.NameEn == "" {
		return n.NameZhCN
	}
	return n.NameEn
}

// validateReasonNames refuses names of more than 40 characters or none at all, and puts them on one line.
func validateReasonNames(nameEn, nameZhCN *string) (err error) {
	if *nameEn, err = validateText("name_en", oneLine(*nameEn), 0, 40); err != nil {
		return err
	}
	if *nameZhCN, err = validateText("name_zh_cn", oneLine(*nameZhCN), 0, 40); err != nil {
		return err
	}
	if *nameEn == "" && *nameZhCN == "" {
		return invalid("name_en", fieldRequired, "Enter a name in at least one language.")
	}
	return nil
}

// reasonList is a list of reasons in an order that administrators choose. Reasons are retired and never deleted.
type reasonList struct {
	table   string
	subject SubjectKind

	added, changed, moved, retired, restored AuditAction

	notFound, tooMany error

	most     int  // in use at a time, 0 for maxReasons
	isCached bool // processes hold the list with the settings
}

// listedReason is what the reasons of every list have.
type listedReason struct {
	ReasonName

	RetiredAt *time.Time `bun:"retired_at"`
}

// renamed returns the names that change, for the audit log.
func (r *listedReason) renamed(nameEn, nameZhCN string) details {
	more := details{}
	if r.NameEn != nameEn {
		more["name_en"] = step{r.NameEn, nameEn}
	}
	if r.NameZhCN != nameZhCN {
		more["name_zh_cn"] = step{r.NameZhCN, nameZhCN}
	}
	return more
}

func (l *reasonList) isFull(inUse []listedReason) bool {
	return len(inUse) >= cmp.Or(l.most, maxReasons)
}

func (l *reasonList) about(n ReasonName) Subject {
	return Subject{Kind: l.subject, ID: strconv.FormatInt(n.ID, 10), Name: n.In("en")}
}

// addReason runs insert in a transaction that alone changes the list, unless as many as possible are in use, and returns the id of the
// reason. A form adds one reason, see [WithForm].
func (d *Desk) addReason(ctx context.Context, actor Actor, l *reasonList, more details,
	insert func(ctx context.Context, t *tx) (ReasonName, error),
) (id int64, err error) {
	err = d.changeReasons(ctx, actor, l, func(ctx context.Context, t *tx, inUse []listedReason) error {
		id, _, err = t.once(ctx, `SELECT id FROM `+l.table+` WHERE id = ?`, func() (int64, error) {
			if l.isFull(inUse) {
				return 0, l.tooMany
			}
			added, err := insert(ctx, t)
			if err != nil {
				return 0, err
			}
			return added.ID, t.audit(ctx, actor, l.added, l.about(added), more)
		})
		return err
	})
	return id, err
}

func (d *Desk) moveReason(ctx context.Context, actor Actor, l *reasonList, id int64, place int) error {
	if place < 1 {
		return invalid("position", fieldOutOfBounds, "The position must be a whole number from 1.")
	}
	return d.withReason(ctx, actor, l, id, func(ctx context.Context, t *tx, r *listedReason, inUse []listedReason) error {
		if r.RetiredAt != nil {
			return l.notFound
		}
		was, order := 0, []int64{}
		for i := range inUse {
			if inUse[i].ID == id {
				was = i + 1
				continue
			}
			order = append(order, inUse[i].ID)
		}
		place = min(place, len(inUse))
		if place == was {
			return nil
		}
		order = append(order[:place-1], append([]int64{id}, order[place-1:]...)...)
		for i, each := range order {
			if _, err := t.NewRaw(`UPDATE ? SET position = ? WHERE id = ?`, bun.Ident(l.table), i+1, each).Exec(ctx); err != nil {
				return err
			}
		}
		return t.audit(ctx, actor, l.moved, l.about(r.ReasonName), details{"position": step{was, place}})
	})
}

func (d *Desk) retireReason(ctx context.Context, actor Actor, l *reasonList, id int64, retired bool) error {
	return d.withReason(ctx, actor, l, id, func(ctx context.Context, t *tx, r *listedReason, inUse []listedReason) error {
		if retired == (r.RetiredAt != nil) {
			return nil
		}
		query, action := `UPDATE ?0 SET retired_at = clock_timestamp() WHERE id = ?1`, l.retired
		if !retired {
			if l.isFull(inUse) {
				return l.tooMany
			}
			query, action = `UPDATE ?0 SET retired_at = NULL, position = (SELECT max(position) + 1 FROM ?0) WHERE id = ?1`, l.restored
		}
		if _, err := t.NewRaw(query, bun.Ident(l.table), id).Exec(ctx); err != nil {
			return err
		}
		return t.audit(ctx, actor, action, l.about(r.ReasonName), nil)
	})
}

// changeReasons runs f in a transaction that alone changes a list of reasons, with those in use. Admins only.
func (d *Desk) changeReasons(ctx context.Context, actor Actor, l *reasonList,
	f func(ctx context.Context, t *tx, inUse []listedReason) error,
) error {
	if err := actor.require(RoleAdmin); err != nil {
		return err
	}
	run := d.inTx
	if l.isCached {
		run = d.changeSettings
	}
	return run(ctx, func(ctx context.Context, t *tx) error {
		// One at a time, so that two changes of the order do not mix.
		if _, err := t.NewRaw(`SELECT pg_advisory_xact_lock(?)`, reasonsLock).Exec(ctx); err != nil {
			return err
		}
		inUse := []listedReason{}
		err := t.NewRaw(`SELECT id, name_en, name_zh_cn, retired_at FROM ? WHERE retired_at IS NULL ORDER BY position, id`,
			bun.Ident(l.table)).Scan(ctx, &inUse)
		if err != nil {
			return err
		}
		return f(ctx, t, inUse)
	})
}

// withReason is changeReasons for one reason.
func (d *Desk) withReason(ctx context.Context, actor Actor, l *reasonList, id int64,
	f func(ctx context.Context, t *tx, r *listedReason, inUse []listedReason) error,
) error {
	return d.changeReasons(ctx, actor, l, func(ctx context.Context, t *tx, inUse []listedReason) error {
		var r listedReason
		err := t.NewRaw(`SELECT id, name_en, name_zh_cn, retired_at FROM ? WHERE id = ?`, bun.Ident(l.table), id).Scan(ctx, &r)
		if errors.Is(err, sql.ErrNoRows) {
			return l.notFound
		}
		if err != nil {
			return err
		}
		return f(ctx, t, &r, inUse)
	})
}
