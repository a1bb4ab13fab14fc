package api

import "parley/models"

// CannedReply is a prepared answer.
type CannedReply struct {
	ReplyID    string  `json:"reply_id"`
	Scope      string  `json:"scope"`
	Department *string `json:"department"`
	AgentID    *string `json:"agent_id"`
	Shortcut   string  `json:"shortcut"`
	Title      string  `json:"title"`
	Body       string  `json:"body"`
	Language   string  `json:"language"`
	UseCount   int64   `json:"use_count"`
	CanChange  IntBool `json:"can_change"`
	CreatedAt  Time    `json:"created_at"`
	UpdatedAt  Time    `json:"updated_at"`
}

// CannedReplyOf is the body of a canned reply as the actor sees it.
func CannedReplyOf(r *models.CannedReply, actor models.Actor) CannedReply {
	return CannedReply{
		ReplyID: r.ID, Scope: string(r.Scope()), Department: r.Department, AgentID: r.AgentID, Shortcut: r.Shortcut,
		Title: r.Title, Body: r.Body, Language: r.Language, UseCount: r.UseCount, CanChange: IntBool(r.CanChange(actor)),
		CreatedAt: Time(r.CreatedAt), UpdatedAt: Time(r.UpdatedAt),
	}
}

// CannedImport tells what an import did.
type CannedImport struct {
	Message string `json:"message"`
	Added   int    `json:"added"`
	Changed int    `json:"changed"`
}
