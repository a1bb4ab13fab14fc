package api

import "parley/models"

// Email is the e-mail of which messages were made.
type Email struct {
	Kind           string `json:"kind"`
	FromEmail      string `json:"from_email"`
	FromName       string `json:"from_name"`
	ExpectedEmail  string `json:"expected_email"`
	Subject        string `json:"subject"`
	Content        string `json:"content"`
	Size           int64  `json:"size"`
	ReceivedAt     Time   `json:"received_at"`
	FirstMessageID *int64 `json:"first_message_id"`
	LastMessageID  *int64 `json:"last_message_id"`
}

// EmailOf returns the body of a received mail.
func EmailOf(m *models.ReceivedMail) Email {
	return Email{
		Kind: string(
			m.Kind,
		),
		FromEmail:      m.FromEmail,
		FromName:       m.FromName,
		ExpectedEmail:  m.Expected,
		Subject:        m.Subject,
		Content:        m.Content,
		Size:           m.Size,
		ReceivedAt:     Time(m.ReceivedAt),
		FirstMessageID: m.FirstMessageID,
		LastMessageID:  m.LastMessageID,
	}
}
