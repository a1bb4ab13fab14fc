package models

import (
	"context"
	"time"
)

// ReportComment is what a user wrote with a rating.
type ReportComment struct {
	ChatID    string    `bun:"chat_id"`
	AgentName string    `bun:"agent_name"` // "" for none
	Rating    float64   `bun:"rating"`
	Comment   string    `bun:"comment"`
	RatedAt   time.Time `bun:"rated_at"`
}

// maxReportComments is how many comments a report has at most, the latest ones.
const maxReportComments = 50

// ReportComments returns the comments on chats of a report that are still stored, those of the latest chats first. It refuses what
// [Desk.Report] refuses.
func (d *Desk) ReportComments(ctx context.Context, actor Actor, q ReportQuery) ([]ReportComment, error) {
	if err := actor.require(RoleSupervisor); err != nil {
		return nil, err
	}
	if err := q.Check(); err != nil {
		return nil, err
	}
	condition := map[ReportGroup]string{
		"": `?2 = ?2`, ByAgent: `c.agent_id = ?2`, ByDepartment: `coalesce(c.department, '') = ?2`,
		ByOutcome: `c.outcome = ?2`, ByTag: `?2 = ANY(c.tags)`,
		BySite: `?2 = CASE WHEN f.site IN (?3) THEN f.site ELSE '' END`,
	}[q.With]
	var comments []ReportComment
	err := d.fromReplica(ctx, func(ctx context.Context) error {
		comments = []ReportComment{}
		return d.reader(ctx).
			NewRaw(`SELECT c.id AS chat_id, coalesce(a.name, '') AS agent_name, c.rating, c.rating_comment AS comment, c.rated_at
		FROM chats c JOIN report_facts f ON f.chat_id = c.id LEFT JOIN agents a ON a.id = c.agent_id
		WHERE c.rating_comment IS NOT NULL AND c.created_at >= ?0 AND c.created_at < ?1 AND `+condition+`
		ORDER BY c.created_at DESC, c.id LIMIT ?4`, q.From, q.To, q.Name, bunIn(append([]string{""}, d.AllowedOrigins()...)), maxReportComments).
			Scan(ctx, &comments)
	})
	return comments, translate(err)
}
