package api

import (
	"encoding/json"

	"parley/models"
)

// AuditPage is one page of the audit log, newest first.
type AuditPage struct {
	Rows []AuditRow `json:"rows"`
	// Older is the cursor of the next page, for before=; "" on the last page.
	Older string `json:"older"`
}

// AuditRow is one entry of the audit log.
type AuditRow struct {
	ID          int64           `json:"id"`
	At          Time            `json:"at"`
	ActorID     string          `json:"actor_id"`
	ActorName   string          `json:"actor_name"`
	ActorRole   string          `json:"actor_role"`
	Action      string          `json:"action"`
	SubjectKind string          `json:"subject_kind"`
	SubjectID   string          `json:"subject_id"`
	SubjectName string          `json:"subject_name"`
	UserID      *string         `json:"user_id"`
	Details     json.RawMessage `json:"details"`
	Address     string          `json:"address"`
	RequestID   string          `json:"request_id"`
}

// AuditRowOf returns the body of an entry.
func AuditRowOf(r *models.AuditRow) AuditRow {
	return AuditRow{r.ID, Time(r.At), r.ActorID, r.ActorName, string(r.ActorRole), string(r.Action), string(r.SubjectKind), r.SubjectID,
		r.SubjectName,
		r.UserID, r.Details, r.Address, r.RequestID}
}
