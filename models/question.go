package models

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// QuestionKind is how a question is answered.
type QuestionKind string

// The kinds of questions.
const (
	TextQuestion     QuestionKind = "text"     // in up to MaxAnswer characters
	EmailQuestion    QuestionKind = "email"    // by an address
	ChoiceQuestion   QuestionKind = "choice"   // by one of its choices
	CheckboxQuestion QuestionKind = "checkbox" // by true or false
	ConsentQuestion  QuestionKind = "consent"  // by true or false, about what its link leads to
)

// QuestionKinds are all kinds, in the order in which forms list them.
var QuestionKinds = []QuestionKind{TextQuestion, EmailQuestion, ChoiceQuestion, CheckboxQuestion, ConsentQuestion}

// isTicked reports whether the answers are true or false.
func (k QuestionKind) isTicked() bool { return k == CheckboxQuestion || k == ConsentQuestion }

// When a question is asked.
const (
	AskedBefore  = "before"  // before the chat begins
	AskedWaiting = "waiting" // while the user waits
)

// The bounds of questions.
const (
	MaxQuestions    = 100 // in use at a time, of all sites and departments
	MaxChoices      = 20
	MaxQuestionText = 300 // characters of a question, and of its help
	MaxAnswer       = 500 // characters of a text
	maxChoiceName   = 80
)

// Question is what users are asked before their chat or while they wait. Its columns and the names in JSON are the same.
type Question struct {
	ReasonName // the text of the question

	Site       string           `json:"site"`       // the origin of the site that asks it, "" for all
	Department string           `json:"department"` // for chats that ask for it, "" for all chats
	Kind       QuestionKind     `json:"kind"`
	HelpEn     string           `json:"help_en"`
	HelpZhCN   string           `json:"help_zh_cn"`
	Choices    []QuestionChoice `json:"choices"` // none for other kinds than choice
	IsRequired bool             `json:"is_required"`
	Asked      string           `json:"asked"` // AskedBefore or AskedWaiting
	Link       string           `json:"link"`  // of a consent; "" for none
	RetiredAt  *time.Time       `json:"retired_at"`
}

// QuestionChoice is one of the answers to choose from. Its key stays the same when its names change.
type QuestionChoice struct {
	Key      string `json:"key"`
	NameEn   string `json:"name_en"`
	NameZhCN string `json:"name_zh_cn"`
}

// In returns the name in a language, or the name in the other language where none was entered.
func (c QuestionChoice) In(lang string) string {
	return ReasonName{NameEn: c.NameEn, NameZhCN: c.NameZhCN}.In(lang)
}

// Help returns the help in a language, or in the other language where none was entered.
func (q *Question) Help(lang string) string {
	return ReasonName{NameEn: q.HelpEn, NameZhCN: q.HelpZhCN}.In(lang)
}

// Field returns the name of the answer in forms and in refusals.
func (q *Question) Field() string { return answerField(q.ID) }

// IsAskedOn reports whether a site asks the question for chats of a department; "" is no site and no department.
func (q *Question) IsAskedOn(site, department string) bool {
	return (q.Site == "" || q.Site == site) && (q.Department == "" || q.Department == department)
}

var choiceKeyForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// validate puts texts on one line, gives choices without a key one, and drops what the kind does not have. It refuses, as
// validation_failed: an unknown kind or time, a question without a text, texts of more than MaxQuestionText characters, a site
// that is no origin, a link that is not http or https, and for a choice none or more than MaxChoices choices, choices without a
// name, and keys that are not 1 to 40 of a–z, 0–9, "-" and "_" or that two choices have.
func (q *Question) validate() (err error) {
	if !slices.Contains(QuestionKinds, q.Kind) {
		return invalid("kind", fieldUnknown, "kind must be text, email, choice, checkbox or consent.")
	}
	if q.Asked != AskedBefore && q.Asked != AskedWaiting {
		return invalid("asked", fieldUnknown, "asked must be before or waiting.")
	}
	for _, f := range []struct {
		field string
		text  *string
	}{{"name_en", &q.NameEn}, {"name_zh_cn", &q.NameZhCN}, {"help_en", &q.HelpEn}, {"help_zh_cn", &q.HelpZhCN}} {
		if *f.text, err = validateText(f.field, oneLine(*f.text), 0, MaxQuestionText); err != nil {
			return err
		}
	}
	if q.NameEn == "" && q.NameZhCN == "" {
		return invalid("name_en", fieldRequired, "Enter the question in at least one language.")
	}
	if q.Site != "" {
		if q.Site, err = ParseOrigin(q.Site); err != nil {
			return invalid(
				"site",
				fieldInvalid,
				"site must be the exact origin of a site such as https://www.example.com, or empty for all.",
			)
		}
	}
	if q.Kind != ConsentQuestion {
		q.Link = ""
	}
	if q.Link, err = validateLink(q.Link); err != nil {
		return err
	}
	if q.Kind != ChoiceQuestion {
		q.Choices = nil
		return nil
	}
	return validateChoices(q.Choices)
}

func validateLink(link string) (string, error) { return validateURL("link", link) }

// validateURL returns the address of a page, "" for none. It refuses anything but http and https.
func validateURL(field, link string) (string, error) {
	link, err := validateText(field, link, 0, 2000)
	if err != nil || link == "" {
		return "", err
	}
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return "", invalid(field, fieldInvalid, "A link must be an address such as https://www.example.com/privacy.")
	}
	return link, nil
}

func validateChoices(choices []QuestionChoice) error {
	if len(choices) == 0 {
		return invalid("choices", fieldRequired, "Enter at least one choice.")
	}
	if len(choices) > MaxChoices {
		return invalid("choices", fieldTooMany, "There can be at most "+strconv.Itoa(MaxChoices)+" choices.")
	}
	keys := map[string]bool{}
	for i := range choices {
		c := &choices[i]
		for _, name := range []*string{&c.NameEn, &c.NameZhCN} {
			var err error
			if *name, err = validateText("choices", oneLine(*name), 0, maxChoiceName); err != nil {
				return err
			}
		}
		if c.NameEn == "" && c.NameZhCN == "" {
			return invalid("choices", fieldRequired, "Each choice needs a name in at least one language.")
		}
		switch {
		case c.Key == "":
		case !choiceKeyForm.MatchString(c.Key):
			return invalid(
				"choices",
				fieldInvalid,
				"The key of a choice must have 1 to 40 lower-case letters, digits, hyphens and underscores.",
			)
		case keys[c.Key]:
			return invalid("choices", fieldTaken, "Two choices have the key "+c.Key+".")
		}
		keys[c.Key] = true
	}
	for i := range choices {
		if c := &choices[i]; c.Key == "" {
			c.Key = newChoiceKey(c.NameEn, keys)
			keys[c.Key] = true
		}
	}
	return nil
}

// newChoiceKey returns a key that is not taken, made of the English name where there is one.
func newChoiceKey(name string, taken map[string]bool) string {
	key := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name), "-")
	if len(key) > 30 {
		key = strings.Trim(key[:30], "-")
	}
	if key == "" {
		key = "choice"
	}
	unique := key
	for n := 2; taken[unique]; n++ {
		unique = key + "-" + strconv.Itoa(n)
	}
	return unique
}
