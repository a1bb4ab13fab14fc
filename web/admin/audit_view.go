package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"parley/models"
	view "parley/views/admin"
	"parley/views/staff"
	"parley/views/text"
	"parley/web/present"
)

// commandLineID is the id of the actor of the command line.
const commandLineID = "console"

// ssoID is the actor of what follows from a sign-in at the provider.
const ssoID = "sso"

func auditAgents(ctx context.Context, agents []models.Agent) []view.Choice {
	choices := []view.Choice{{Name: text.T(ctx, "admin.audit.anybody")}}
	for i := range agents {
		choices = append(choices, view.Choice{Value: agents[i].ID, Name: agents[i].Name})
	}
	return append(choices, view.Choice{Value: commandLineID, Name: text.T(ctx, "admin.audit.console")},
		view.Choice{Value: ssoID, Name: text.T(ctx, "admin.audit.sso")})
}

func auditActions(ctx context.Context) []view.Choice {
	choices := []view.Choice{{Name: text.T(ctx, "admin.audit.anything")}}
	for _, a := range models.AuditActions {
		choices = append(choices, view.Choice{Value: string(a), Name: text.T(ctx, "admin.audit.did."+string(a))})
	}
	return choices
}

func auditRow(ctx context.Context, r *models.AuditRow) view.AuditEntry {
	d := view.AuditEntry{
		At: r.At, Who: r.ActorName, What: text.T(ctx, "admin.audit.did."+string(r.Action)),
		Kind:  text.T(ctx, "admin.audit.kind."+string(r.SubjectKind)),
		About: r.SubjectName, AboutHref: "/admin/audit?" + url.Values{"subject": {r.SubjectID}}.Encode(), Address: r.Address,
		Details: detailLines(ctx, r),
	}
	switch r.ActorID {
	case "":
		d.Who = text.T(ctx, "admin.audit.somebody")
		if r.Action == models.AuditCapacityTakenBack || r.Action == models.AuditWebhookSwitchedOff {
			d.Who = text.T(ctx, "admin.audit.parley")
		}
	case ssoID:
		d.Who = text.T(ctx, "admin.audit.sso")
	case commandLineID:
		d.Who = text.T(ctx, "admin.audit.console")
	default:
		d.Role = staff.RoleWord(ctx, string(r.ActorRole))
	}
	switch {
	case r.SubjectKind == models.SubjectChat:
		d.About = text.T(ctx, "admin.audit.chat_of", "Name", currentUserName(r))
	case r.SubjectKind == models.SubjectSearch && r.UserID == nil:
		d.About = text.T(ctx, "admin.audit.all_chats")
	case r.SubjectKind == models.SubjectSearch:
		d.About = text.T(ctx, "admin.audit.chats_of", "Name", currentUserName(r))
	case r.SubjectKind == models.SubjectUser:
		d.About = currentUserName(r)
	case r.SubjectKind == models.SubjectTemporaryCapacity && r.SubjectName == "":
		d.About = text.T(ctx, "admin.audit.all_agents")
	case r.SubjectKind == models.SubjectSetting:
		d.About = settingLabel(ctx, r.SubjectID)
	case r.SubjectKind == models.SubjectAlertRule || r.SubjectKind == models.SubjectAlert:
		d.About = text.T(ctx, "supervisor.alerts.kind."+r.SubjectName)
	case r.SubjectKind == models.SubjectRule:
		d.About = text.T(ctx, "admin.health.rule."+r.SubjectID)
	case r.SubjectID == "":
		d.About, d.AboutHref = text.T(ctx, "admin.audit.no_account"), ""
	}
	return d
}

// currentUserName returns the current name of a user; the log itself stores none.
func currentUserName(r *models.AuditRow) string {
	if r.User != nil {
		return r.User.DisplayName()
	}
	return present.Deref(r.UserID)
}

// detailKeys are the details that a row shows, in this order.
var detailKeys = []string{
	"name",
	"role",
	"capacity",
	"max_messages",
	"departments",
	"department",
	"agent",
	"shortcut",
	"title",
	"language",
	"scope",
	"characters",
	"kind",
	"changed",
	"value",
	"change",
	"for_minutes",
	"agents",
	"priority",
	"status",
	"since",
	"rows",
	"canned_replies",
	"sessions",
	"chats",
	"messages",
	"name_en",
	"name_zh_cn",
	"minutes",
	"position",
	"filters",
	"colour",
	"company",
	"avatar",
	"label_en",
	"label_zh_cn",
	"side",
	"greeting_en",
	"greeting_zh_cn",
	"away_en",
	"away_zh_cn",
	"topics",
	"privacy_url",
	"text",
	"watched",
	"figure",
	"threshold",
	"hold_seconds",
	"window_minutes",
	"is_enabled",
	"enabled",
	"serves_general",
	"answer_seconds",
	"bot",
	"reason",
	"snooze_minutes",
	"url",
	"events",
	"headers",
	"deliveries",
}

func detailLines(ctx context.Context, r *models.AuditRow) []string {
	var details map[string]json.RawMessage
	if json.Unmarshal(r.Details, &details) != nil {
		return nil
	}
	detail := func(key string, raw json.RawMessage) string {
		value := detailText(ctx, key, raw)
		if setting, known := models.SettingByKey(r.SubjectID); known && key == "value" {
			return settingWord(ctx, setting, value)
		}
		return value
	}
	var lines []string
	for _, key := range detailKeys {
		if details[key] == nil {
			continue
		}
		label := text.T(ctx, "admin.audit.detail."+key)
		var step struct{ From, To json.RawMessage }
		if json.Unmarshal(details[key], &step) == nil && step.To != nil {
			lines = append(
				lines,
				text.T(ctx, "admin.audit.change", "Label", label, "From", detail(key, step.From), "To", detail(key, step.To)),
			)
		} else {
			lines = append(lines, text.T(ctx, "admin.audit.fact", "Label", label, "Value", detail(key, details[key])))
		}
	}
	return lines
}

func detailText(ctx context.Context, key string, raw json.RawMessage) string {
	var value any
	_ = json.Unmarshal(raw, &value)
	switch v := value.(type) {
	case []any:
		names := make([]string, len(v))
		for i := range v {
			names[i] = fmt.Sprint(v[i])
			switch key {
			case "agents": // of a temporary capacity
				if agent, ok := v[i].(map[string]any); ok {
					names[i] = fmt.Sprintf("%v %v → %v", agent["name"], agent["from"], agent["to"])
				}
			case "changed":
				names[i] = text.T(ctx, "admin.audit.wrap_up."+names[i])
			case "filters":
				names[i] = text.T(ctx, "admin.audit.searched."+names[i])
			}
		}
		value = text.List(ctx, names)
	case nil:
		value = ""
	}
	message := fmt.Sprint(value)
	switch {
	case message == "":
		return text.T(ctx, "admin.audit.none")
	case key == "watched":
		if at, err := time.Parse(time.RFC3339Nano, message); err == nil {
			return at.UTC().Format(time.DateTime) + " UTC"
		}
	case key == "role":
		return staff.RoleWord(ctx, message)
	case key == "figure":
		return text.T(ctx, "supervisor.alerts.kind."+message)
	case key == "kind":
		return text.T(ctx, "admin.audit.wrap_up."+message)
	case key == "status":
		return text.T(ctx, "admin.audit.status."+message)
	}
	return message
}
