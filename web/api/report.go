package api

import (
	"reflect"

	"parley/models"
)

// Report is a report over a period.
type Report struct {
	From     Time          `json:"from"`
	To       Time          `json:"to"`
	TimeZone string        `json:"time_zone"`
	By       string        `json:"by"`
	Only     *string       `json:"only"`
	Total    ReportFigures `json:"total"`
	Before   ReportBefore  `json:"before"`
	Rows     []ReportRow   `json:"rows"`
	Due      int           `json:"quarters_due"`
}

// ReportBefore is the period before, with its figures.
type ReportBefore struct {
	From    Time          `json:"from"`
	To      Time          `json:"to"`
	Figures ReportFigures `json:"figures"`
}

// ReportRow is one row of a report.
type ReportRow struct {
	Key     string        `json:"key"`
	Label   string        `json:"label"`
	From    *Time         `json:"from"`
	To      *Time         `json:"to"`
	Figures ReportFigures `json:"figures"`
}

// ReportFigures are the figures of a row. The names are the keys of their definitions.
type ReportFigures struct {
	Chats          int64    `json:"chats"`
	Answered       int64    `json:"answered"`
	Abandoned      int64    `json:"abandoned"`
	Cancelled      int64    `json:"cancelled"`
	AbandonedShare *float64 `json:"abandoned_share"`
	Timeouts       int64    `json:"timeouts"`
	Messages       int64    `json:"messages"`
	BotOnlyChats   int64    `json:"bot_only_chats"`
	MessagesLeft   int64    `json:"messages_left"`
	LeftAnswered   int64    `json:"messages_answered"`
	LeftMedian     *float64 `json:"message_answer_median"`
	WaitMedian     *float64 `json:"wait_median"`
	WaitP90        *float64 `json:"wait_p90"`
	WaitMean       *float64 `json:"wait_mean"`
	ResponseMedian *float64 `json:"first_response_median"`
	ResponseP90    *float64 `json:"first_response_p90"`
	ResponseMean   *float64 `json:"first_response_mean"`
	HandleMedian   *float64 `json:"handle_median"`
	HandleP90      *float64 `json:"handle_p90"`
	HandleMean     *float64 `json:"handle_mean"`
	WrapUpMedian   *float64 `json:"wrap_up_median"`
	WrapUpP90      *float64 `json:"wrap_up_p90"`
	WrapUpMean     *float64 `json:"wrap_up_mean"`
	Transfers      int64    `json:"transfers"`
	OneTouchShare  *float64 `json:"one_touch_share"`
	Ratings        int64    `json:"ratings"`
	RatingMean     *float64 `json:"rating_mean"`
	CSAT           *float64 `json:"csat"`
	Online         *int64   `json:"online_seconds"`
	Away           *int64   `json:"away_seconds"`
	Break          *int64   `json:"break_seconds"`
	Load           *float64 `json:"load"`
	Occupancy      *float64 `json:"occupancy"`
}

// ReportFiguresOf returns the body of figures.
func ReportFiguresOf(f *models.Figures) ReportFigures {
	return ReportFigures{
		Chats: f.Chats, Answered: f.Answered, Abandoned: f.Abandoned, Cancelled: f.Cancelled, AbandonedShare: f.AbandonedShare,
		Timeouts: f.Timeouts, Messages: f.Messages, BotOnlyChats: f.BotOnly, MessagesLeft: f.MessagesLeft, LeftAnswered: f.MessagesAnswered,
		LeftMedian: f.MessageAnswerMedian, WaitMedian: f.WaitMedian, WaitP90: f.WaitP90, WaitMean: f.WaitMean,
		ResponseMedian: f.ResponseMedian, ResponseP90: f.ResponseP90, ResponseMean: f.ResponseMean,
		HandleMedian: f.HandleMedian, HandleP90: f.HandleP90, HandleMean: f.HandleMean,
		WrapUpMedian: f.WrapUpMedian, WrapUpP90: f.WrapUpP90, WrapUpMean: f.WrapUpMean, Transfers: f.Transfers,
		OneTouchShare: f.OneTouchShare, Ratings: f.Ratings, RatingMean: f.RatingMean, CSAT: f.CSAT,
		Online: f.OnlineSeconds, Away: f.AwaySeconds, Break: f.BreakSeconds, Load: f.Load, Occupancy: f.Occupancy,
	}
}

// Value returns a figure by the key of its definition, which is its name in JSON; nil for none.
func (f *ReportFigures) Value(key string) *float64 {
	row := reflect.ValueOf(*f)
	for i := range row.NumField() {
		if row.Type().Field(i).Tag.Get("json") != key {
			continue
		}
		v := row.Field(i)
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return nil
			}
			v = v.Elem()
		}
		n := v.Convert(reflect.TypeFor[float64]()).Float()
		return &n
	}
	return nil
}

// ReportView is a saved report.
type ReportView struct {
	ViewID    string  `json:"view_id"`
	Name      string  `json:"name"`
	Query     string  `json:"query"`
	IsShared  IntBool `json:"is_shared"`
	IsOwn     IntBool `json:"is_own"`
	AgentName string  `json:"agent_name"`
	CreatedAt Time    `json:"created_at"`
}

// ReportViewOf returns the body of a saved report as the actor sees it.
func ReportViewOf(v *models.ReportView, actor models.Actor) ReportView {
	return ReportView{
		ViewID: v.ID, Name: v.Name, Query: v.Query, IsShared: IntBool(v.IsShared), IsOwn: IntBool(v.AgentID == actor.ID),
		AgentName: v.AgentName, CreatedAt: Time(v.CreatedAt),
	}
}
