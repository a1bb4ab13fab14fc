package demo

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"parley/models"
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
	WrapUp     models.WrapUp // what the agent says about it after its end
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
	parts := strings.Split(head, "|")
	facts := strings.Fields(parts[0])
	if len(parts) != 4 || len(facts) != 4 || langs[facts[0]] == "" {
		return script{}, fmt.Errorf("a head is: == language department ends page | title | outcome | tags")
	}
	s := script{
		Lang: langs[facts[0]], Department: strings.Trim(facts[1], "-"), Ends: facts[2], Page: facts[3],
		Title: strings.TrimSpace(parts[1]), WrapUp: models.WrapUp{Outcome: strings.TrimSpace(parts[2])},
	}
	for tag := range strings.SplitSeq(parts[3], ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			s.WrapUp.Tags = append(s.WrapUp.Tags, tag)
		}
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

// scriptOfMessages returns the conversation that begins with the first of these messages, nil for the chat of a real user.
func scriptOfMessages(messages []message) *script {
	all := scripts()
	for i := range all {
		if len(messages) > 0 && all[i].Lines[0].Text == messages[0].Content {
			return &all[i]
		}
	}
	return nil
}
