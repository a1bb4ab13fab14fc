package models

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// ReportNames returns the sites, outcomes and tags of the chats of the last 366 days, at most 100 of each, the most frequent first.
// Supervisors only.
func (d *Desk) ReportNames(ctx context.Context, actor Actor) (map[ReportGroup][]string, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	var names map[ReportGroup][]string
	err := d.fromReplica(ctx, func(ctx context.Context) error {
		names = map[ReportGroup][]string{}
		return d.queryPreparedRows(
			ctx,
			`SELECT kind, name FROM (SELECT kind, name, row_number() OVER (PARTITION BY kind ORDER BY sum(chats) DESC, name) AS place
			FROM report_buckets WHERE kind IN ('site', 'outcome', 'tag') AND grain = 86400 AND starts_at > now() - interval '367 days'
			GROUP BY kind, name) n WHERE place <= 100 ORDER BY kind, place`,
			nil,
			func(rows pgx.Rows) error {
				var kind ReportGroup
				var name string
				err := rows.Scan(&kind, &name)
				names[kind] = append(names[kind], name)
				return err
			},
		)
	})
	return names, translate(err)
}
