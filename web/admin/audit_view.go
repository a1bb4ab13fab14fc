package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"parley/models"
	view "parley/views/admin"
	"parley/views/staff"
	"parley/views/text"
	"parley/web/present"
)

// consoleID is who acts by command line.
const consoleID = "console"

func auditPeople(ctx context.Context, agents []models.Agent) []view.Choice {
	choices := []view.Choice{{Name: text.T(ctx, "admin.audit.anybody")}}
	for i := range agents {
		choices = append(choices, view.Choice{Value: agents[i].ID, Name: agents[i].Name})
	}
	return append(choices, view.Choice{Value: consoleID, Name: text.T(ctx, "admin.audit.console")})
}

func auditActions(ctx context.Context) []view.Choice {
	choices := []view.Choice{{Name: text.T(ctx, "admin.audit.anything")}}
	for _, a := range models.AuditActions {
		choices = append(choices, view.Choice{Value: string(a), Name: text.T(ctx, "admin.audit.did."+string(a))})
	}
	return choices
}

func rowView(ctx context.Context, r *models.AuditRow) view.Deed {
	d := view.Deed{At: r.At, Who: r.ActorName, What: text.T(ctx, "admin.audit.did."+string(r.Action)), Kind: text.T(ctx, "admin.audit.kind."+string(r.SubjectKind)),
		About: r.SubjectName, AboutHref: "/admin/audit?" + url.Values{"subject": {r.SubjectID}}.Encode(), Address: r.Address, Request: r.RequestID,
		Details: detailLines(ctx, r)}
	switch r.ActorID {
	case "":
		d.Who = text.T(ctx, "admin.audit.somebody")
	case consoleID:
		d.Who = text.T(ctx, "admin.audit.console")
	default:
		d.Role = staff.RoleWord(ctx, string(r.ActorRole))
	}
	switch {
	case r.SubjectKind == models.SubjectChat:
		d.About = text.T(ctx, "admin.audit.chat_of", "Name", userNow(r))
	case r.SubjectKind == models.SubjectUser:
		d.About = userNow(r)
	case r.SubjectKind == models.SubjectSetting:
		d.About = settingLabel(ctx, r.SubjectID)
	case r.SubjectKind == models.SubjectRule:
		d.About = text.T(ctx, "admin.health.rule."+r.SubjectID)
	case r.SubjectID == "":
		d.About, d.AboutHref = text.T(ctx, "admin.audit.no_account"), ""
	}
	return d
}

// userNow is the name that the user has now; the log itself has none.
func userNow(r *models.AuditRow) string {
	if r.User != nil {
		return r.User.DisplayName()
	}
	return present.Deref(r.UserID)
}

// detailKeys are what is said of a row, in this order.
var detailKeys = []string{"name", "role", "capacity", "departments", "department", "agent", "value", "priority", "status", "rows", "sessions", "chats", "messages"}

func detailLines(ctx context.Context, r *models.AuditRow) []string {
	var told map[string]json.RawMessage
	if json.Unmarshal(r.Details, &told) != nil {
		return nil
	}
	word := func(key string, raw json.RawMessage) string {
		said := detailWord(ctx, key, raw)
		if setting, known := models.SettingByKey(r.SubjectID); known && key == "value" {
			return settingWord(ctx, setting, said)
		}
		return said
	}
	var lines []string
	for _, key := range detailKeys {
		if told[key] == nil {
			continue
		}
		label := text.T(ctx, "admin.audit.detail."+key)
		var step struct{ From, To json.RawMessage }
		if json.Unmarshal(told[key], &step) == nil && step.To != nil {
			lines = append(lines, text.T(ctx, "admin.audit.change", "Label", label, "From", word(key, step.From), "To", word(key, step.To)))
		} else {
			lines = append(lines, text.T(ctx, "admin.audit.fact", "Label", label, "Value", word(key, told[key])))
		}
	}
	return lines
}

func detailWord(ctx context.Context, key string, raw json.RawMessage) string {
	var value any
	_ = json.Unmarshal(raw, &value)
	switch v := value.(type) {
	case []any:
		names := make([]string, len(v))
		for i := range v {
			names[i] = fmt.Sprint(v[i])
		}
		value = strings.Join(names, ", ")
	case nil:
		value = ""
	}
	word := fmt.Sprint(value)
	switch {
	case word == "":
		return text.T(ctx, "admin.audit.none")
	case key == "role":
		return staff.RoleWord(ctx, word)
	case key == "status":
		return text.T(ctx, "admin.audit.status."+word)
	}
	return word
}
