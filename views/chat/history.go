package chat

import (
	"strconv"
	"strings"
)

// hasRow tells whether the thread begins with a row that leads to earlier messages, or marks the start of the chat once the reader went back.
func (t Thread) hasRow() bool {
	return len(t.Messages) > 0 && t.History.HasEarlier || t.History.Before > 0
}

// before is the id of the first message, as a parameter of an address.
func (t Thread) before() string {
	if len(t.Messages) == 0 {
		return ""
	}
	return strconv.FormatInt(t.Messages[0].ID, 10)
}

func (t Thread) earlierPage() string { return withParameter(t.History.Page, "before", t.before()) }

func (t Thread) earlierLoad() string { return withParameter(t.History.Load, "before_id", t.before()) }

func withParameter(address, name, value string) string {
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + name + "=" + value
}
