package models

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// term is a token that a chat must have, or with isPrefix the beginning of one.
type term struct {
	text     string
	isPrefix bool
}

// clause is a condition that one of its terms fulfills. A query is a list of clauses, all of which a chat fulfills.
type clause []term

// Limits of a query.
const (
	maxQueryText    = 200
	maxQueryClauses = 32
	minPrefix       = 3 // characters: of shorter beginnings there are too many words
)

// queryClauses returns the clauses of a text that a person searches for. The last word may be a beginning. It is false
// for a text that is shorter than two characters that can be searched.
func queryClauses(text string) ([]clause, bool) {
	tokens := tokensOf(text)
	var clauses []clause
	known := map[term]bool{}
	longest := 0
	for i, t := range tokens {
		one := term{text: t.text}
		n := utf8.RuneCountInString(t.text)
		switch t.kind {
		case wordToken:
			touchesNext := i+1 < len(tokens) && tokens[i+1].start < t.end
			touchesPrevious := i > 0 && tokens[i-1].end > t.start
			if n == 1 && (touchesNext || touchesPrevious) {
				continue // it is in the pair that it makes with its neighbour, and may be a part of a longer word
			}
			one.isPrefix = n >= minPrefix && t.end == len(text)
		case singleToken:
			if !t.lone {
				continue // it is in a pair
			}
			one.isPrefix = true
		}
		if longest = max(longest, n); !known[one] && len(clauses) < maxQueryClauses {
			known[one] = true
			clauses = append(clauses, clause{one})
		}
	}
	return clauses, longest >= 2
}

// Marks of what the filters select by, in the column of the words. No word begins with a colon.
const (
	markAgent      = ":agent:"
	markReader     = ":reader:"
	markUser       = ":user:"
	markDepartment = ":department:"
	markTag        = ":tag:"
	markOutcome    = ":outcome:"
	markRating     = ":rating:"
	markFiles      = ":files"
)

func ratingMark(rating float64) string {
	return markRating + strconv.FormatFloat(rating, 'f', 1, 64)
}

// ratingClause returns the clause for the ratings from lowest to highest, where 0 is no bound.
func ratingClause(lowest, highest float64) clause {
	if highest == 0 {
		highest = 5
	}
	var c clause
	for r := max(lowest, 1); r <= highest; r += 0.5 {
		c = append(c, term{text: ratingMark(r)})
	}
	return c
}

// Chats are marked with the day of their end and with the 8, 64 and 512 days that it belongs to. So a search can look at
// the latest days first, and the index reads little of a word that most chats have.
var daySpans = []int64{1, 8, 64, 512}

func dayOf(t time.Time) int64 { return t.UnixMicro() / (24 * time.Hour).Microseconds() }

func startOfDay(day int64) time.Time {
	return time.UnixMicro(day * (24 * time.Hour).Microseconds()).UTC()
}

func dayMark(span, day int64) string {
	return ":day:" + strconv.FormatInt(span, 10) + ":" + strconv.FormatInt(day/span, 10)
}

// dayMarks returns the marks of a chat that ended on a day.
func dayMarks(day int64) []string {
	marks := make([]string, len(daySpans))
	for i, span := range daySpans {
		marks[i] = dayMark(span, day)
	}
	return marks
}

// daysClause returns the clause for the days from first to last, of as few marks as there can be.
func daysClause(first, last int64) clause {
	var c clause
	for day := first; day <= last; {
		span := daySpans[0]
		for _, s := range daySpans[1:] {
			if day%s == 0 && day+s-1 <= last {
				span = s
			}
		}
		c = append(c, term{text: dayMark(span, day)})
		day += span
	}
	return c
}

// tsquery returns clauses in the syntax of PostgreSQL's type of that name.
func tsquery(clauses []clause) string {
	var b strings.Builder
	for i, c := range clauses {
		if i > 0 {
			b.WriteString(" & ")
		}
		b.WriteString("(")
		for j, t := range c {
			if j > 0 {
				b.WriteString(" | ")
			}
			b.WriteString("'" + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(t.text) + "'")
			if t.isPrefix {
				b.WriteString(":*")
			}
		}
		b.WriteString(")")
	}
	return b.String()
}

// fulfills reports whether a list of tokens fulfills the clause.
func (c clause) fulfills(tokens map[string]bool) bool {
	for _, t := range c {
		if tokens[t.text] {
			return true
		}
		if !t.isPrefix {
			continue
		}
		for token := range tokens {
			if strings.HasPrefix(token, t.text) {
				return true
			}
		}
	}
	return false
}

// matches reports whether the clause is about a token.
func (c clause) matches(token string) bool {
	for _, t := range c {
		if t.text == token || t.isPrefix && strings.HasPrefix(token, t.text) {
			return true
		}
	}
	return false
}
