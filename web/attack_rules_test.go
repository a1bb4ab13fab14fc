package web_test

import (
	"net/http"

	"parley/models"
)

// outcome is an exact answer. The zero outcome is that of a line's right use.
type outcome struct {
	status int
	code   string // of the problem, "" for none
}

// rule is what a line of the table answers to those whom its audience lets on. A line without one fails the tests.
type rule struct {
	in     models.Status // the state of the chat that the request is meant for, "" where no chat matters
	body   string        // a right request: every field that there is, but for those of which one excludes the other
	ok     int           // its answer, 200 if it is 0
	boss   outcome       // to supervisors and administrators who are not part of the chat
	others outcome       // to everybody else whose chat it is not; chat_not_found where the path names one
}

var (
	notInChat   = outcome{403, "not_in_chat"}
	notYours    = outcome{404, "chat_not_found"}
	notYet      = outcome{501, "not_implemented"} // the same to everybody
	wrongKind   = outcome{403, "wrong_credential"}
	noRole      = outcome{403, "role_required"}
	noGood      = outcome{401, "unauthorized"}
	noContent   = http.StatusNoContent
	drawnAnew   = http.StatusResetContent
	leadsOn     = http.StatusSeeOther
	justCreated = http.StatusCreated
)

// rules has a line for each of the table, by its name.
var rules = map[string]rule{
	// Users
	"POST /user/session": {},
	"POST /user/customer-service/assign": {body: `{"message":"Hello","client_message_id":"key","department":"cards","page_url":"https://shop.example/a",
		"page_title":"Shop"}`},
	"GET /user/customer-service/queue-status":                                     {},
	"POST /user/customer-service/queue/cancel":                                    {in: models.Waiting, others: outcome{409, "not_in_queue"}},
	"GET /user/customer-service/availability":                                     {},
	"GET /user/customer-service/chats":                                            {},
	"GET /user/customer-service/chats/{chat_id}/messages":                         {in: models.Active},
	"POST /user/customer-service/chats/{chat_id}/messages":                        {in: models.Active, body: `{"content":"Hello","client_message_id":"key"}`, ok: justCreated},
	"POST /user/customer-service/chats/{chat_id}/messages/{message_id}/mark-read": {in: models.Active},
	"POST /user/customer-service/chats/{chat_id}/mark-delivered":                  {in: models.Active, body: `{"up_to":9007199254740991}`},
	"POST /user/customer-service/chats/{chat_id}/mark-read":                       {in: models.Active, body: `{"up_to":9007199254740991}`},
	"POST /user/customer-service/chats/{chat_id}/typing":                          {in: models.Active, ok: noContent},
	"POST /user/customer-service/chats/{chat_id}/still-here":                      {in: models.Active, ok: noContent},
	"POST /user/customer-service/chats/{chat_id}/files":                           {in: models.Active, ok: notYet.status, others: notYet},
	"POST /user/customer-service/chats/{chat_id}/end":                             {in: models.Active, body: `{"comment":"Bye"}`},
	"POST /user/customer-service/chats/{chat_id}/rate":                            {in: models.Ended, body: `{"rating":4.5,"comment":"Good"}`},
	"POST /user/customer-service/stream-ticket":                                   {},
	"GET /user/customer-service/events":                                           {},
	"GET /widget":                                                                 {},
	"GET /widget/events":                                                          {},
	"POST /widget/identify":                                                       {body: `{"token":"{signed}"}`, ok: drawnAnew},
	"POST /widget/logout":                                                         {ok: drawnAnew},
	"GET /widget.js":                                                              {},

	// Agents
	"POST /customer-service/login":                                           {body: `{"email":"anna@example.com","password":"correct horse battery","next":"/workbench"}`},
	"POST /customer-service/logout":                                          {},
	"POST /customer-service/online":                                          {},
	"POST /customer-service/away":                                            {},
	"POST /customer-service/offline":                                         {},
	"GET /customer-service/status":                                           {},
	"GET /customer-service/check-availability":                               {},
	"GET /customer-service/chats":                                            {},
	"GET /customer-service/chats/{chat_id}/messages":                         {in: models.Active},
	"POST /customer-service/chats/{chat_id}/messages":                        {in: models.Active, body: `{"content":"Hello","client_message_id":"key"}`, ok: justCreated, boss: notInChat},
	"POST /customer-service/chats/{chat_id}/messages/{message_id}/mark-read": {in: models.Active, boss: notInChat},
	"POST /customer-service/chats/{chat_id}/mark-delivered":                  {in: models.Active, body: `{"up_to":9007199254740991}`, boss: notInChat},
	"POST /customer-service/chats/{chat_id}/mark-read":                       {in: models.Active, body: `{"up_to":9007199254740991}`, boss: notInChat},
	"POST /customer-service/chats/{chat_id}/typing":                          {in: models.Active, ok: noContent, boss: notInChat},
	"POST /customer-service/chats/{chat_id}/files":                           {in: models.Active, ok: notYet.status, boss: notYet, others: notYet},
	"POST /customer-service/chats/{chat_id}/end":                             {in: models.Active, body: `{"comment":"Solved"}`},
	"POST /customer-service/chats/{chat_id}/transfer":                        {in: models.Active, body: `{"service_id":"{other_id}","note":"Please"}`},
	"POST /customer-service/chats/{chat_id}/notes":                           {in: models.Active, body: `{"content":"Hello"}`, ok: justCreated, boss: notInChat},
	"GET /customer-service/chats/{chat_id}/timeout-status":                   {in: models.Active},
	"GET /customer-service/all-ratings":                                      {},
	"GET /customer-service/{service_id}/rating":                              {others: outcome{403, "not_your_rating"}},
	"POST /customer-service/stream-ticket":                                   {},
	"GET /customer-service/events":                                           {},
	"GET /workbench":                                                         {},
	"GET /workbench/chats/{chat_id}":                                         {in: models.Active},
	"GET /workbench/events":                                                  {},

	// Supervisors
	"GET /supervisor/queue":                     {},
	"GET /supervisor/load":                      {},
	"GET /supervisor/stats":                     {},
	"POST /supervisor/queue/{chat_id}/assign":   {in: models.Waiting, body: `{"service_id":"{other_id}"}`},
	"POST /supervisor/queue/{chat_id}/priority": {in: models.Waiting, body: `{"priority":7}`},
	"POST /supervisor/chats/{chat_id}/end":      {in: models.Active, body: `{"comment":"Solved"}`},
	"POST /supervisor/chats/{chat_id}/transfer": {in: models.Active, body: `{"service_id":"{other_id}","note":"Please"}`},
	"GET /supervisor/events":                    {},
	"GET /supervisor":                           {},
	"GET /supervisor/queue.csv":                 {},
	"GET /supervisor/day.csv":                   {},
	"GET /supervisor/chats/{chat_id}":           {in: models.Active},
	"GET /supervisor/agents/{agent_id}":         {},

	// Administrators
	"GET /admin":        {ok: leadsOn},
	"GET /admin/people": {},
	"POST /admin/people": {body: `{"name":"New","email":"{address}","role":"agent","max_concurrent":"5","password":"long enough to be one",
		"departments":["cards"]}`, ok: noContent},
	"GET /admin/people/new":                  {},
	"GET /admin/people/{agent_id}":           {},
	"POST /admin/people/{agent_id}":          {body: `{"name":"Dora","role":"agent","max_concurrent":"5","departments":["cards"]}`, ok: noContent},
	"POST /admin/people/{agent_id}/password": {body: `{"password":"long enough to be one"}`, ok: noContent},
	"POST /admin/people/{agent_id}/disable":  {ok: noContent},
	"POST /admin/people/{agent_id}/enable":   {ok: noContent},
	"GET /admin/departments":                 {},
	"POST /admin/departments":                {body: `{"slug":"new-{slug}","name":"New"}`, ok: noContent},
	"POST /admin/departments/{slug}":         {body: `{"name":"Newer"}`, ok: noContent},
	"POST /admin/departments/{slug}/remove":  {ok: noContent},
	"GET /admin/settings":                    {},
	"POST /admin/settings/{key}":             {body: `{"value":"20"}`, ok: noContent},
	"POST /admin/settings/{key}/reset":       {ok: noContent},
	"GET /admin/sites":                       {},
	"POST /admin/sites":                      {body: `{"origin":"https://{slug}.example"}`, ok: noContent},
	"POST /admin/sites/remove":               {body: `{"origin":"https://shop.example"}`, ok: noContent},
	"GET /admin/health":                      {},
	"POST /admin/health/repair":              {body: `{"name":"load_counted"}`, ok: noContent},

	// Pages and the house
	"GET /":             {},
	"GET /login":        {},
	"POST /preferences": {body: `{"lang":"en","theme":"dark","next":"/login"}`, ok: noContent},
	"GET /demo":         {},
	"GET /demo/help":    {},
	"GET /static/*":     {},
	"GET /openapi.json": {},
	"GET /healthz":      {},
	"GET /readyz":       {},
	"GET /metrics":      {},
}
