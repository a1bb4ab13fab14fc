package admin

import (
	"strconv"

	"github.com/a-h/templ"

	"parley/views/chat"
	"parley/views/staff"
)

// Questions lists the questions before chats, with the form for one more and what users see.
type Questions struct {
	Frame   staff.Frame
	InUse   []QuestionRow // in the order in which they are asked
	Retired []QuestionRow
	New     Question // as typed
	Preview Preview
}

// QuestionRow is one row. Facts are how and where it is asked.
type QuestionRow struct {
	ID          int64
	Text, Facts string
}

// Preview is what a site asks for chats of a department.
type Preview struct {
	Site, Department   string
	Sites, Departments []Choice
	Forms              []PreviewForm
}

// PreviewForm is what is asked at a time.
type PreviewForm struct {
	Title     string
	Questions []chat.Question
}

// OneQuestion is the form of a stored question.
type OneQuestion struct {
	Frame   staff.Frame
	Title   string
	Form    Question
	Preview []chat.Question // as it is stored
}

// Question is the form of a question, as typed if there are Errors. The first one of Sites and Departments is all of them.
type Question struct {
	ID                                 int64 // 0 for a new one
	Site, Department, Kind, Asked      string
	NameEn, NameZhCN, HelpEn, HelpZhCN string
	Link                               string
	IsRequired                         bool
	Choices                            []QuestionChoice // with empty rows
	Sites, Departments, Kinds, Times   []Choice
	Errors                             Errors
}

// QuestionChoice is a row of the choices.
type QuestionChoice struct{ Key, NameEn, NameZhCN string }

func questionURL(id int64, tail string) templ.SafeURL {
	return templ.SafeURL("/admin/questions/" + strconv.FormatInt(id, 10) + tail)
}

// url is where the form is sent.
func (q Question) url() templ.SafeURL {
	if q.ID == 0 {
		return "/admin/questions"
	}
	return questionURL(q.ID, "")
}
