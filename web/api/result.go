package api

// Done is an answer that only says what was done.
type Done struct {
	Message string `json:"message"`
}

// MovedChat is a chat after it changed hands.
type MovedChat struct {
	Message string `json:"message"`
	Chat    Chat   `json:"chat"`
}
