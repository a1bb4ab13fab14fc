package api

// Done is a response with only the result of an action.
type Done struct {
	Message string `json:"message"`
}

// MovedChat is a chat after it was assigned, transferred or reordered.
type MovedChat struct {
	Message string `json:"message"`
	Chat    Chat   `json:"chat"`
}
