package chat

import (
	"strconv"
	"strings"
)

// hasRow reports whether the thread begins with the row that leads to earlier messages or, on a page of earlier messages, marks the start
// of the chat.
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
