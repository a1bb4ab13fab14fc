package models

import "context"

// RatingReasonCount is how many ratings have a reason, which has the name that it has now.
type RatingReasonCount struct {
	ReasonName

	Count int `bun:"count"`
}

// countChoices adds to figures what was chosen in the chats of their period, the most frequent first.
func (d *Desk) countChoices(ctx context.Context, s *Stats) error {
	s.RatingReasons = []RatingReasonCount{}
	err := d.db.NewRaw(`SELECT r.id, r.name_en, r.name_zh_cn, count(*) AS count
		FROM chats c CROSS JOIN LATERAL jsonb_array_elements(c.rating_reasons) chosen
		JOIN rating_reasons r ON r.id = (chosen ->> 'id')::bigint
		WHERE c.created_at >= ? AND c.created_at < ? AND c.rating_reasons IS NOT NULL
		GROUP BY r.id ORDER BY count(*) DESC, r.position, r.id`, s.From, s.To).Scan(ctx, &s.RatingReasons)
	return translate(err)
}
