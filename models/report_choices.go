package models

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
