package workbench

import (
	"time"

	"parley/views/staff"
)

// Search is the page with the form of a search and its results.
type Search struct {
	Frame                        staff.Frame
	Values                       map[string]string // of the fields, by name
	Agents, Departments, Ratings []Option
	Outcomes, Tags               []string // that are offered
	IsFiltered                   bool     // by more than words
	IsAsked                      bool
	Results                      SearchResults
}

// SearchResults are the found chats of one page.
type SearchResults struct {
	Query            string
	People           []SearchHit // the first hit of each user whose name was searched for; Href leads to the user's chats
	Hits             []SearchHit
	Errors           Errors
	All, First, Next string // addresses; First and Next are "" for none
}

// SearchHit is one of them.
type SearchHit struct {
	ChatID, Href, Name       string
	Unverified               bool
	Agent, Department, Ended string
	IsOpen                   bool
	At                       time.Time // of the end, or of the start of an open chat
	Outcome, Rating          string
	Tags                     []string
	Sender                   string // of the message
	Parts                    []SnippetPart
}

// SnippetPart is a piece of the text of the message.
type SnippetPart struct {
	Text    string
	IsMatch bool
}

// count returns how many chats are shown, with a plus sign if there are more.
func (r SearchResults) count() string {
	n := count(len(r.Hits))
	if r.Next != "" {
		n += "+"
	}
	return n
}
