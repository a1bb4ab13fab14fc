package api

// SupervisedChat is any chat as a supervisor sees it, without its messages.
type SupervisedChat struct {
	AgentChat
	Service         *Service    `json:"service"`
	UserEmail       *string     `json:"user_email"`
	PageURL         *string     `json:"page_url"`
	PageTitle       *string     `json:"page_title"`
	EndComment      *string     `json:"end_comment"`
	FirstAssignedAt *Time       `json:"first_assigned_at"`
	FirstResponseAt *Time       `json:"first_response_at"`
	QueueEntry      *QueueEntry `json:"queue_entry"`
	Answers         []Answer    `json:"answers"`
}

// SupervisedAgent is an agent as a supervisor sees it, with some of its chats.
type SupervisedAgent struct {
	AgentLoad
	Role        string      `json:"role"`
	Departments []string    `json:"departments"`
	IsDisabled  IntBool     `json:"is_disabled"`
	Chats       []AgentChat `json:"chats"`
}
