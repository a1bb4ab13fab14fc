package admin

import (
	"net/url"
	"time"

	"github.com/a-h/templ"

	"parley/views/staff"
)

// Users is the search for users.
type Users struct {
	Frame    staff.Frame
	Query    string // as typed
	Searched bool
	Rows     []FoundUser
	More     bool // there are more than are shown
	Done     string
	Errors   Errors
}

// FoundUser is one row of the search.
type FoundUser struct {
	ID, Name, Email string
	Verified        bool
	Chats           int
	Last            *time.Time
}

// UserPage shows what is stored about one user, who can be exported or erased.
type UserPage struct {
	Frame    staff.Frame
	ID, Name string
	Verified bool
	Facts    []Fact
	Chats    []UserChat // the latest
	Held     int        // how many there are
	Typed    string     // of the confirmation
	Errors   Errors
}

// Fact is one stored piece of data.
type Fact struct {
	Label, Value string
	At           *time.Time
}

// UserChat is a chat of the user.
type UserChat struct {
	ID       string
	At       time.Time
	State    string
	Messages int
	Agent    string
}

// userURL has the id in the query, since an id may contain any character.
func userURL(id string) templ.SafeURL {
	return templ.SafeURL("/admin/users/one?" + url.Values{"id": {id}}.Encode())
}

func readingURL(chatID string) templ.SafeURL {
	return templ.SafeURL("/supervisor/chats/" + url.PathEscape(chatID))
}
