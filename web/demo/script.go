package demo

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode"
)

//go:embed conversations.txt
var conversationsText string

// The ways in which a sample conversation ends.
const (
	endsAgent   = "agent"
	endsUser    = "user"
	endsTimeout = "quiet" // it times out
)

// script is one sample conversation.
type script struct {
	Lang       string // as users.locale has it
	Department string // "" for none
	Ends       string
	Page       string // path and title of the page on which it begins
	Title      string
	Lines      []line
}

type line struct {
	ByAgent bool
	Text    string
}

// scripts returns the sample conversations in the order of the file. It parses the file on the first call.
var scripts = sync.OnceValue(func() []script { return must(parseScripts(conversationsText)) })

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var langs = map[string]string{"en": "en", "zh": "zh-CN"}

func parseScripts(text string) ([]script, error) {
	var found []script
	for n, raw := range strings.Split(text, "\n") {
		row := strings.TrimSpace(raw)
		tag, rest, _ := strings.Cut(row, " ")
		switch {
		case row == "" || tag == "#":
		case tag == "==":
			s, err := parseHead(rest)
			if err != nil {
				return nil, fmt.Errorf("conversations.txt:%d: %w", n+1, err)
			}
			found = append(found, s)
		case (tag == "u:" || tag == "a:") && len(found) > 0 && rest != "":
			s := &found[len(found)-1]
			s.Lines = append(s.Lines, line{ByAgent: tag == "a:", Text: strings.ReplaceAll(rest, `\n`, "\n")})
		default:
			return nil, fmt.Errorf("conversations.txt:%d: %q is neither a head nor a line", n+1, row)
		}
	}
	return found, nil
}

func parseHead(head string) (script, error) {
	facts, title, ok := strings.Cut(head, "|")
	comments := strings.Fields(facts)
	if !ok || len(comments) != 4 || langs[comments[0]] == "" {
		return script{}, fmt.Errorf("a head is: == language department ends page | title")
	}
	s := script{
		Lang: langs[comments[0]], Department: strings.Trim(comments[1], "-"), Ends: comments[2], Page: comments[3],
		Title: strings.TrimSpace(title),
	}
	return s, nil
}

// next returns the line that follows byUser lines of the user and byAgent lines of the agent, or nil at the end.
func (s *script) next(byUser, byAgent int) *line {
	for i := range s.Lines {
		count := &byUser
		if s.Lines[i].ByAgent {
			count = &byAgent
		}
		if *count == 0 {
			return &s.Lines[i]
		}
		*count--
	}
	return nil
}

// textFor returns the line with the name of the agent.
func (l *line) textFor(agentName string) string {
	return strings.ReplaceAll(l.Text, "{agent}", firstName(agentName))
}

// firstName returns the first word of a name, or a Chinese name unchanged.
func firstName(name string) string {
	if isChinese(name) {
		return name
	}
	first, _, _ := strings.Cut(name, " ")
	return first
}

func isChinese(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// scriptOf returns the conversation that begins with this text, nil for the text of a real user.
func scriptOf(first string) *script {
	all := scripts()
	for i := range all {
		if all[i].Lines[0].Text == first {
			return &all[i]
		}
	}
	return nil
}
