package api

import "parley/models"

// Wallboard is what a wallboard shows: numbers without a name of any user. The estimated wait is that of a new chat, null while no agent
// is online.
type Wallboard struct {
	Name                   string  `json:"name"`
	Department             *string `json:"department"`
	AsOf                   Time    `json:"as_of"`
	Waiting                int     `json:"waiting"`
	LongestWaitSeconds     int     `json:"longest_wait_seconds"`
	EstimatedWaitSeconds   *int    `json:"estimated_wait_seconds"`
	EstimatedLowSeconds    *int    `json:"estimated_low_seconds"`
	EstimatedHighSeconds   *int    `json:"estimated_high_seconds"`
	Load                   int     `json:"load"`
	Capacity               int     `json:"capacity"`
	Free                   int     `json:"free"`
	AgentsOnline           int     `json:"agents_online"`
	AbandonedLast30Minutes int     `json:"abandoned_last_30_minutes"`
	ServedToday            int     `json:"served_today"`
}

// WallboardKey is a key of a wallboard without the key itself.
type WallboardKey struct {
	ID            int64   `json:"id"`
	Name          string  `json:"name"`
	Department    *string `json:"department"`
	CreatedByName string  `json:"created_by_name"`
	CreatedAt     Time    `json:"created_at"`
	LastUsedAt    *Time   `json:"last_used_at"`
	RevokedAt     *Time   `json:"revoked_at"`
}

// NewWallboardKey is a key that was just made. The key is in no later answer.
type NewWallboardKey struct {
	WallboardKey
	Key string `json:"key"`
	URL string `json:"url"`
}

// WallboardKeyOf returns the body of a key.
func WallboardKeyOf(k *models.WallboardKey) WallboardKey {
	return WallboardKey{
		ID: k.ID, Name: k.Name, Department: k.Department, CreatedByName: k.ByName, CreatedAt: Time(k.CreatedAt),
		LastUsedAt: OptionalTime(k.LastUsedAt), RevokedAt: OptionalTime(k.RevokedAt),
	}
}
