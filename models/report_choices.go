package models

import "context"

// RatingReasonCount is how many ratings have a reason, which has the name that it has now.
type RatingReasonCount struct {
	ReasonName

	Count int `bun:"count"`
}

// NameCount is how many chats have an outcome or a tag.
type NameCount struct {
	Name  string `bun:"name"`
	Count int    `bun:"count"`
}

// countChoices adds to figures what was chosen in the chats of their period, the most frequent first.
func (d *Desk) countChoices(ctx context.Context, s *Stats) error {
	s.RatingReasons = []RatingReasonCount{}
	err := d.reader(ctx).NewRaw(`SELECT r.id, r.name_en, r.name_zh_cn, count(*) AS count
		FROM chats c CROSS JOIN LATERAL jsonb_array_elements(c.rating_reasons) chosen
		JOIN rating_reasons r ON r.id = (chosen ->> 'id')::bigint
		WHERE c.created_at >= ? AND c.created_at < ? AND c.rating_reasons IS NOT NULL
		GROUP BY r.id ORDER BY count(*) DESC, r.position, r.id`, s.From, s.To).Scan(ctx, &s.RatingReasons)
	if err != nil {
		return translate(err)
	}
	s.Outcomes, s.Tags = []NameCount{}, []NameCount{}
	err = d.reader(ctx).NewRaw(`SELECT outcome AS name, count(*) AS count FROM chats
		WHERE created_at >= ? AND created_at < ? AND outcome IS NOT NULL GROUP BY outcome ORDER BY count(*) DESC, lower(outcome), outcome`,
		s.From, s.To).Scan(ctx, &s.Outcomes)
	if err != nil {
		return translate(err)
	}
	err = d.reader(ctx).NewRaw(`SELECT tag AS name, count(*) AS count FROM chats CROSS JOIN LATERAL unnest(tags) tag
		WHERE created_at >= ? AND created_at < ? AND tags IS NOT NULL GROUP BY tag ORDER BY count(*) DESC, lower(tag), tag`,
		s.From, s.To).Scan(ctx, &s.Tags)
	return translate(err)
}
