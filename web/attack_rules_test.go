package web_test

import (
	"net/http"

	"parley/models"
)

// outcome is an exact response. The zero outcome is that of a valid request.
type outcome struct {
	status int
	code   string // of the problem, "" for none
}

// rule is the expected response of a route to callers of its audience. A route without a rule fails the tests.
type rule struct {
	in     models.Status // the state of the chat that the request is meant for, "" where no chat matters
	body   string        // a valid request with every field, except mutually exclusive ones
	file   bool          // a valid request is a form with a file
	ok     int           // the status of the response; 0 means 200
	bare   int           // the status without a cookie, if different
	boss   outcome       // to supervisors and administrators who are not part of the chat
	others outcome       // to all other callers without a part in the chat; chat_not_found if the path names one
	admins bool          // administrators are allowed it, unlike other supervisors
	offer  string        // the agent has offered the chat ("made"), or another agent offers it to the agent ("got")
	large  bool          // a body of up to kit.ImportLimit is accepted
	known  outcome       // to users verified by a host site, if different
}

// dotPNG is an image of one pixel, in base64.
const dotPNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

var (
	notInChat   = outcome{403, "not_in_chat"}
	notYours    = outcome{404, "chat_not_found"}
	noSession   = outcome{404, "session_not_found"}
	notOffered  = outcome{404, "offer_not_found"}
	noDevice    = outcome{404, "push_device_not_found"}
	noReply     = outcome{404, "canned_reply_not_found"}
	noView      = outcome{404, "report_view_not_found"}
	unsigned    = 403 // for an address that is only valid with its signature
	wrongKind   = outcome{403, "wrong_credential"}
	noRole      = outcome{403, "role_required"}
	noScope     = outcome{403, "scope_required"}
	noKeys      = outcome{403, "api_key_refused"}
	noGood      = outcome{401, "unauthorized"}
	noContent   = http.StatusNoContent
	drawnAnew   = http.StatusResetContent
	leadsOn     = http.StatusSeeOther
	justCreated = http.StatusCreated
)

// rules has an entry for each route, by its name.
var rules = map[string]rule{
	// Users
	"POST /user/session": {},
	"POST /user/customer-service/assign": {
		body: `{"message":"Hello","client_message_id":"key","department":"cards","page_url":"https://shop.example/a",
		"page_title":"Shop","site":"https://shop.example","answers":{}}`,
	},
	"POST /user/message": {
		others: outcome{409, "chat_active"}, // an agent has the chat that they began by assign
		body: `{"email":"maria@example.com","name":"Maria","message":"Hello","client_message_id":"key","consent":1,"locale":"en","department":"cards",
		"page_url":"https://shop.example/a","page_title":"Shop","site":"https://shop.example","answers":{}}`,
	},
	"GET /user/customer-service/queue-status": {},
	"POST /user/customer-service/queue/cancel": {
		in:     models.Waiting,
		others: outcome{409, "not_in_queue"},
	},
	"GET /user/customer-service/availability":             {},
	"GET /user/customer-service/chats":                    {},
	"GET /user/customer-service/chats/{chat_id}/messages": {in: models.Active},
	"POST /user/customer-service/chats/{chat_id}/messages": {
		in:   models.Active,
		body: `{"content":"Hello","client_message_id":"key","last_seen_id":9007199254740991,"draft_chat_id":"{chat_id}","quick_replies":[]}`,
		ok:   justCreated,
	},
	"POST /user/customer-service/chats/{chat_id}/messages/{message_id}/mark-read": {in: models.Active},
	"POST /user/customer-service/chats/{chat_id}/messages/{message_id}":           {in: models.Active, body: `{"content":"Changed"}`},
	"POST /user/customer-service/chats/{chat_id}/messages/{message_id}/withdraw":  {in: models.Active},
	"POST /user/customer-service/chats/{chat_id}/mark-delivered":                  {in: models.Active, body: `{"up_to":9007199254740991}`},
	"POST /user/customer-service/chats/{chat_id}/mark-read":                       {in: models.Active, body: `{"up_to":9007199254740991}`},
	"POST /user/customer-service/chats/{chat_id}/typing":                          {in: models.Active, ok: noContent},
	"POST /user/customer-service/chats/{chat_id}/still-here":                      {in: models.Active, ok: noContent},
	"POST /user/customer-service/chats/{chat_id}/files":                           {in: models.Active, file: true, ok: justCreated},
	"GET /user/customer-service/chats/{chat_id}/files/{message_id}":               {in: models.Active},
	"POST /user/customer-service/introduce": {
		body:  `{"name":"Maria","email":"{address}"}`,
		known: outcome{409, "identity_verified"},
	},
	"POST /user/customer-service/chats/{chat_id}/end": {
		in: models.Active, body: `{"comment":"Bye","outcome":"Solved","tags":["Refund"],"wrap_up":1}`,
	},
	"POST /user/customer-service/chats/{chat_id}/person": {in: models.Active},
	"POST /user/customer-service/chats/{chat_id}/rate": {
		in:   models.Ended,
		body: `{"rating":4.5,"comment":"Good","reasons":[6]}`,
	},
	"GET /user/customer-service/questions":                  {},
	"GET /user/customer-service/chats/{chat_id}/answers":    {in: models.Active},
	"POST /user/customer-service/chats/{chat_id}/answers":   {in: models.Active, body: `{"answers":{},"site":"https://shop.example"}`},
	"GET /user/customer-service/rating-reasons":             {},
	"GET /user/customer-service/chats/{chat_id}/transcript": {in: models.Active},

	"GET /user/customer-service/chats/{chat_id}/transcript.html": {in: models.Active},
	"POST /user/customer-service/stream-ticket":                  {},
	"GET /user/customer-service/events":                          {},
	"GET /widget":                                                {},
	"GET /widget/events":                                         {},
	"POST /widget/session":                                       {body: `{"bearer":"1"}`},
	"POST /user/customer-service/chats/{chat_id}/transcript-mail": {
		in:   models.Active,
		body: `{"email":"{address}","time_zone":"Asia/Kolkata"}`,
		ok:   409,
	}, // no mail server
	"POST /widget/chats/{chat_id}/page": {
		in:   models.Active,
		body: `{"page_url":"https://shop.example/b","page_title":"Basket"}`,
		ok:   noContent,
	},
	"POST /widget/identify": {
		body: `{"token":"{signed}"}`,
		ok:   drawnAnew,
		bare: http.StatusOK,
	}, // without a cookie, the session is in the response
	"POST /widget/logout":   {ok: drawnAnew},
	"GET /widget.js":        {},
	"GET /widget/words.mjs": {},
	"GET /widget.mjs":       {},

	// Agents
	"POST /customer-service/login": {
		body: `{"email":"anna@example.com","password":"correct horse battery","next":"/workbench"}`,
	},
	"POST /customer-service/logout":                    {},
	"POST /customer-service/online":                    {},
	"POST /customer-service/last-chats":                {},
	"POST /customer-service/break":                     {body: `{"reason_id":2,"minutes":30}`},
	"POST /customer-service/extra-chat":                {ok: 409}, // the agents of the stage have capacity
	"POST /customer-service/extra-chat/cancel":         {},
	"GET /customer-service/break-reasons":              {},
	"GET /customer-service/closing-reminders":          {},
	"GET /customer-service/left-messages":              {},
	"POST /customer-service/closing-reminders/dismiss": {ok: noContent},

	"GET /account/reminders": {},
	"POST /account/reminders": {
		body: `{"is_repeated":1,"is_quiet":1,"quiet_from":"22:00","quiet_until":"07:00","quiet_days":["monday"],"time_zone":"UTC"}`,
	},
	"POST /customer-service/input":                   {ok: noContent},
	"POST /customer-service/away":                    {},
	"POST /customer-service/offline":                 {},
	"GET /customer-service/status":                   {},
	"GET /customer-service/check-availability":       {},
	"GET /customer-service/chats":                    {},
	"GET /customer-service/chats/{chat_id}/messages": {in: models.Active},
	"POST /customer-service/chats/{chat_id}/messages": {
		in:   models.Active,
		body: `{"content":"Hello","client_message_id":"key","last_seen_id":9007199254740991,"draft_chat_id":"{chat_id}","quick_replies":[]}`,
		ok:   justCreated,
		boss: notInChat,
	},
	"POST /customer-service/chats/{chat_id}/messages/{message_id}/mark-read": {in: models.Active, boss: notInChat},
	"POST /customer-service/chats/{chat_id}/messages/{message_id}": {
		in:   models.Active,
		body: `{"content":"Changed"}`,
		boss: notInChat,
	},
	"POST /customer-service/chats/{chat_id}/messages/{message_id}/withdraw": {in: models.Active, boss: notInChat},
	"POST /customer-service/chats/{chat_id}/mark-delivered": {
		in:   models.Active,
		body: `{"up_to":9007199254740991}`,
		boss: notInChat,
	},
	"POST /customer-service/chats/{chat_id}/mark-read": {
		in:   models.Active,
		body: `{"up_to":9007199254740991}`,
		boss: notInChat,
	},
	"POST /customer-service/chats/{chat_id}/open":   {in: models.Active, ok: noContent, boss: notInChat},
	"POST /customer-service/chats/{chat_id}/typing": {in: models.Active, ok: noContent, boss: notInChat},
	"POST /customer-service/chats/{chat_id}/files": {
		in:   models.Active,
		file: true,
		ok:   justCreated,
		boss: notInChat,
	},
	"GET /customer-service/chats/{chat_id}/files/{message_id}":          {in: models.Active},
	"GET /customer-service/chats/{chat_id}/messages/{message_id}/email": {in: models.Active},
	"POST /customer-service/chats/{chat_id}/end": {
		in: models.Active, body: `{"comment":"Solved","outcome":"Solved","tags":["Refund"],"wrap_up":1}`,
	},
	"GET /customer-service/chats-to-wrap-up":                  {},
	"POST /customer-service/chats-to-wrap-up/skip":            {},
	"GET /customer-service/chats/{chat_id}/wrap-up":           {in: models.Active},
	"POST /customer-service/chats/{chat_id}/wrap-up":          {in: models.Ended, body: `{"outcome":"Solved","tags":["Refund"]}`},
	"POST /customer-service/chats/{chat_id}/wrap-up/skip":     {in: models.Ended},
	"GET /customer-service/chats/{chat_id}/user":              {in: models.Active},
	"GET /customer-service/chats/{chat_id}/answers":           {in: models.Active},
	"GET /customer-service/chats/{chat_id}/pages":             {in: models.Active},
	"POST /customer-service/chats/{chat_id}/user/tags":        {in: models.Active, body: `{"tag":"VIP"}`},
	"POST /customer-service/chats/{chat_id}/user/tags/remove": {in: models.Active, body: `{"tag":"VIP"}`},
	"GET /customer-service/user-tags":                         {},
	"POST /customer-service/chats/{chat_id}/user/notes": {
		in: models.Active, body: `{"content":"Prefers mornings"}`, ok: justCreated,
	},
	"POST /customer-service/chats/{chat_id}/user/notes/{note_id}": {
		in: models.Active, body: `{"content":"Prefers evenings","version":1}`,
	},
	"POST /customer-service/chats/{chat_id}/user/notes/{note_id}/remove":     {in: models.Active, body: `{"version":1}`},
	"GET /customer-service/chats/{chat_id}/user/chats":                       {in: models.Active},
	"GET /customer-service/chats/{chat_id}/user/chats/{earlier_id}/messages": {in: models.Active},
	"GET /workbench/chats/{chat_id}/user/chats/{earlier_id}":                 {in: models.Active},
	"POST /customer-service/chats/{chat_id}/transfer": {
		in:   models.Active,
		body: `{"service_id":"{other_id}","note":"Please"}`,
	},
	"GET /customer-service/offers":                           {},
	"GET /customer-service/chats/{chat_id}/transfer-options": {in: models.Active},
	"GET /customer-service/chats/{chat_id}/hand-over":        {in: models.Active, offer: "handed over", boss: notOffered},
	"POST /customer-service/chats/{chat_id}/hand-over": {
		in: models.Active, body: `{"note":"Please","department":"cards"}`, ok: 409, boss: outcome{409, "chat_not_with_bot"},
	}, // no bot has the chat
	"GET /customer-service/canned-replies":        {},
	"GET /customer-service/chats/{chat_id}/offer": {in: models.Active, offer: "got", boss: notOffered},
	"POST /customer-service/chats/{chat_id}/offer": {
		in:   models.Active,
		body: `{"service_id":"{other_id}","wants":"A refund","tried":"A new parcel","promised":"An answer"}`,
		ok:   justCreated,
		boss: notInChat,
	},
	"POST /customer-service/chats/{chat_id}/offer/accept": {in: models.Active, offer: "got", boss: notOffered},
	"POST /customer-service/chats/{chat_id}/offer/decline": {
		in: models.Active, offer: "got", body: `{"reason":"Busy"}`, boss: notOffered,
	},
	"POST /customer-service/chats/{chat_id}/offer/withdraw": {in: models.Active, offer: "made", boss: notInChat},
	"POST /customer-service/chats/{chat_id}/assistant": {
		in: models.Active, body: `{"task":"translation","text":"Hello","message_id":0,"language":"de"}`, boss: notInChat,
	},
	"POST /customer-service/chats/{chat_id}/notes": {
		in:   models.Active,
		body: `{"content":"Hello"}`,
		ok:   justCreated,
		boss: notInChat,
	},
	"POST /customer-service/chats/{chat_id}/whispers": {
		in: models.Active, body: `{"content":"Yes","client_message_id":"key"}`, ok: 409, boss: notInChat,
	}, // the agent may answer a whisper only
	"POST /customer-service/chats/{chat_id}/raise-hand": {in: models.Active, body: `{"line":"A refund"}`, boss: notInChat},
	"POST /customer-service/chats/{chat_id}/lower-hand": {in: models.Active},
	"POST /customer-service/chats/{chat_id}/transcript-mail": {
		in:   models.Active,
		body: `{"email":"{address}","time_zone":"Asia/Kolkata"}`,
		ok:   409,
	}, // no mail server
	"POST /customer-service/chats/{chat_id}/revoke-links": {in: models.Active, body: `{"reply_addresses":1}`},
	"GET /customer-service/drafts":                        {},
	"GET /customer-service/chats/{chat_id}/draft":         {in: models.Active, boss: notInChat},
	"POST /customer-service/chats/{chat_id}/draft": {
		in:   models.Active,
		body: `{"kind":"reply","content":"Hello","version":0}`,
		boss: notInChat,
	},
	"POST /customer-service/chats/{chat_id}/draft/discard": {
		in:   models.Active,
		body: `{"kind":"reply","service_id":"{service_id}"}`,
		ok:   noContent,
		boss: notInChat,
	},
	"GET /customer-service/chats/{chat_id}/timeout-status": {in: models.Active},
	"GET /customer-service/all-ratings":                    {},
	"GET /customer-service/{service_id}/rating":            {others: outcome{403, "not_your_rating"}},
	"POST /customer-service/stream-ticket":                 {},
	"GET /customer-service/events":                         {},
	"GET /customer-service/search":                         {},
	"GET /canned-replies":                                  {},
	"POST /canned-replies": {
		body: `{"shortcut":"{slug}","title":"New","body":"New","language":"en","scope":"mine","department":"cards"}`,
		ok:   justCreated,
	},
	"GET /canned-replies/{reply_id}": {boss: noReply, others: noReply, admins: true},
	"POST /canned-replies/{reply_id}": {
		body: `{"shortcut":"{slug}","title":"New","body":"New","language":"en","scope":"mine","department":"cards"}`,
		boss: noReply, others: noReply, admins: true,
	},
	"POST /canned-replies/{reply_id}/remove": {boss: noReply, others: noReply, admins: true},
	"POST /canned-replies/{reply_id}/use":    {ok: noContent, boss: noReply, others: noReply, admins: true},
	"POST /canned-replies-import":            {body: `{"csv":"shortcut,title,body\n{slug},New,New"}`, large: true},
	"GET /workbench/canned-replies.csv":      {},
	"GET /workbench":                         {},
	"GET /workbench/chats/{chat_id}":         {in: models.Active},
	"GET /workbench/events":                  {},

	"GET /account":                            {},
	"POST /account/password":                  {body: `{"old_password":"correct horse battery","password":"another horse battery"}`},
	"GET /account/sessions":                   {},
	"POST /account/sessions/{session_id}/end": {boss: noSession, others: noSession},
	"POST /account/sessions/end-others":       {},
	"GET /account/push-devices":               {},
	"POST /account/push-devices": {
		body: `{"endpoint":"https://push.example.com/one","p256dh":"BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
		"auth":"AAAAAAAAAAAAAAAAAAAAAA"}`,
		ok: justCreated,
	},
	"POST /account/push-devices/{device_id}/remove": {boss: noDevice, others: noDevice},
	"POST /account/push-devices/{device_id}/test":   {boss: noDevice, others: noDevice, ok: 409}, // the stage sends nothing
	"GET /account/second-factor":                    {},
	"POST /account/second-factor":                   {body: `{"password":"correct horse battery"}`},
	"POST /account/second-factor/confirm": {
		body: `{"code":"123456"}`,
		ok:   409,
	}, // a valid code needs the secret: see TestProgramsSetUpASecondFactor
	"POST /account/second-factor/codes": {body: `{"password":"correct horse battery","code":"123456"}`, ok: 409},
	"POST /account/second-factor/off":   {body: `{"password":"correct horse battery","code":"123456"}`, ok: 409},

	// Supervisors
	"GET /supervisor/queue":                             {},
	"GET /supervisor/load":                              {},
	"GET /supervisor/bots":                              {},
	"GET /supervisor/stats":                             {},
	"POST /supervisor/queue/{chat_id}/assign":           {in: models.Waiting, body: `{"service_id":"{other_id}"}`},
	"POST /supervisor/queue/{chat_id}/priority":         {in: models.Waiting, body: `{"priority":7}`},
	"GET /supervisor/queue/{chat_id}/why":               {in: models.Waiting},
	"GET /supervisor/wallboards":                        {},
	"POST /supervisor/wallboards":                       {body: `{"name":"{slug}","department":"cards"}`, ok: justCreated},
	"POST /supervisor/wallboards/{wallboard_id}/revoke": {},
	"GET /wallboard/{wall_key}":                         {},
	"GET /wallboard/{wall_key}/events":                  {},
	"GET /supervisor/reports":                           {},
	"GET /supervisor/reports.csv":                       {},
	"GET /supervisor/reports.xlsx":                      {},
	"GET /supervisor/definitions":                       {},
	"GET /supervisor/report-views":                      {},
	"POST /supervisor/report-views":                     {body: `{"name":"{slug}","query":"range=7d","is_shared":1}`, ok: justCreated},
	"POST /supervisor/report-views/{view_id}/remove":    {ok: noContent, boss: noView, others: noView, admins: true},
	"POST /supervisor/chats/{chat_id}/end": {
		in: models.Active, body: `{"comment":"Solved","outcome":"Solved","tags":["Refund"],"wrap_up":1}`,
	},
	"POST /supervisor/chats/{chat_id}/transfer": {
		in:   models.Active,
		body: `{"service_id":"{other_id}","note":"Please"}`,
	},
	"GET /supervisor/events":               {},
	"GET /supervisor/what-if":              {},
	"GET /supervisor/temporary-capacities": {},
	"POST /supervisor/temporary-capacities": {
		body: `{"department":"` + unserved + `","capacity":2,"minutes":30}`,
		ok:   409,
	}, // it has no agents
	"POST /supervisor/temporary-capacities/{temporary_id}/extend": {body: `{"minutes":60}`},
	"POST /supervisor/temporary-capacities/{temporary_id}/end":    {},
	"GET /supervisor":                                {},
	"GET /supervisor/wait":                           {},
	"GET /supervisor/wait.csv":                       {},
	"GET /supervisor/alerts":                         {},
	"GET /supervisor/alerts.csv":                     {},
	"POST /supervisor/alerts/{alert_id}/acknowledge": {},
	"POST /supervisor/alerts/{alert_id}/snooze":      {body: `{"minutes":30}`},
	"GET /supervisor/alert-rules":                    {},
	"POST /supervisor/alert-rules": {
		body: `{"kind":"queue_length","department":"cards","threshold":7,"hold_seconds":60,"window_minutes":30,"is_enabled":1}`,
		ok:   justCreated,
	},
	"POST /supervisor/alert-rules/{rule_id}": {
		body: `{"kind":"queue_length","department":"cards","threshold":7,"hold_seconds":60,"window_minutes":30,"is_enabled":0}`,
	},
	"POST /supervisor/alert-rules/{rule_id}/remove": {ok: noContent},
	"POST /supervisor/chats/{chat_id}/whispers": {
		in: models.Active, body: `{"content":"Offer a refund","client_message_id":"key"}`, ok: justCreated,
	},
	"POST /supervisor/chats/{chat_id}/join":  {in: models.Active},
	"POST /supervisor/chats/{chat_id}/leave": {in: models.Active},
	"POST /supervisor/chats/{chat_id}/take-over": {
		in: models.Active,
		ok: 409,
	}, // the supervisors of the stage are not online
	"POST /supervisor/chats/{chat_id}/flags/dismiss":                 {in: models.Active, body: `{"kind":"words"}`},
	"GET /supervisor/chats/{chat_id}/events":                         {in: models.Active},
	"GET /supervisor/flags":                                          {},
	"GET /supervisor/queue.csv":                                      {},
	"GET /supervisor/day.csv":                                        {},
	"GET /supervisor/counts.csv":                                     {},
	"GET /supervisor/minutes":                                        {},
	"GET /supervisor/minutes.csv":                                    {},
	"GET /supervisor/replay":                                         {},
	"GET /supervisor/forecast":                                       {},
	"GET /supervisor/forecast.csv":                                   {},
	"GET /supervisor/chats/{chat_id}":                                {in: models.Active},
	"GET /supervisor/chats/{chat_id}/messages":                       {in: models.Active},
	"GET /supervisor/chats/{chat_id}/messages/{message_id}/versions": {in: models.Active},
	"GET /supervisor/chats/{chat_id}/files/{message_id}":             {in: models.Active},
	"GET /supervisor/agents/{agent_id}":                              {},
	"GET /supervisor/agents/{agent_id}/presence":                     {},

	// Administrators
	"GET /admin":        {ok: leadsOn},
	"GET /admin/agents": {},
	"POST /admin/agents": {
		body: `{"name":"New","email":"{address}","role":"agent","max_concurrent":5,"max_messages":10,
		"password":"long enough to be one","departments":["cards"]}`, ok: justCreated,
	},
	"GET /admin/people/new":        {},
	"GET /admin/agents/{agent_id}": {},
	"POST /admin/agents/{agent_id}": {
		body: `{"name":"Dora","role":"agent","max_concurrent":5,"max_messages":10,"departments":["cards"]}`,
	},
	"POST /admin/agents/{agent_id}/password":                        {body: `{"password":"long enough to be one"}`},
	"POST /admin/agents/{agent_id}/reset-second-factor":             {},
	"GET /admin/agents/{agent_id}/push-devices":                     {},
	"POST /admin/agents/{agent_id}/push-devices/{device_id}/remove": {},
	"POST /admin/agents/{agent_id}/disable":                         {},
	"POST /admin/agents/{agent_id}/enable":                          {},
	"GET /admin/departments":                                        {},
	"POST /admin/departments":                                       {body: `{"slug":"new-{slug}","name":"New"}`, ok: justCreated},
	"POST /admin/departments/{slug}":                                {body: `{"name":"Newer"}`},
	"POST /admin/departments/{slug}/remove":                         {},
	"GET /admin/wrap-up-options":                                    {},
	"POST /admin/wrap-up-options": {
		body: `{"kind":"tag","department":"cards","name":"{slug}"}`,
		ok:   justCreated,
	},
	"POST /admin/wrap-up-options/{option_id}":         {body: `{"name":"New-{slug}"}`},
	"POST /admin/wrap-up-options/{option_id}/retire":  {},
	"POST /admin/wrap-up-options/{option_id}/restore": {},
	"GET /admin/hours":  {},
	"POST /admin/hours": {body: `{"time_zone":"Europe/Berlin","monday":"09:00-17:00"}`},
	"POST /admin/hours/import": {
		body: `{"calendar":"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nEND:VCALENDAR"}`, large: true,
	},
	"POST /admin/hours/remove":                      {body: `{"department":"parcels"}`, ok: 404},
	"GET /admin/break-reasons":                      {},
	"POST /admin/break-reasons":                     {body: `{"name_en":"Tea","name_zh_cn":"茶","minutes":10}`, ok: justCreated},
	"POST /admin/break-reasons/{reason_id}":         {body: `{"name_en":"Tea","name_zh_cn":"茶","minutes":10}`},
	"POST /admin/break-reasons/{reason_id}/move":    {body: `{"position":1}`},
	"POST /admin/break-reasons/{reason_id}/retire":  {},
	"POST /admin/break-reasons/{reason_id}/restore": {},
	"GET /admin/questions/{question_id}":            {},
	"GET /admin/questions":                          {},
	"POST /admin/questions": {
		body: `{"name_en":"Your order","kind":"text","asked":"before","is_required":0}`,
		ok:   justCreated,
	},
	"POST /admin/questions/{question_id}":         {body: `{"name_en":"Your order","kind":"text","asked":"before","is_required":0}`},
	"POST /admin/questions/{question_id}/move":    {body: `{"position":1}`},
	"POST /admin/questions/{question_id}/retire":  {},
	"POST /admin/questions/{question_id}/restore": {},
	"GET /admin/bots":                             {},
	"POST /admin/bots": {
		body: `{"name":"{slug}","departments":["cards"],"serves_general":0,"max_concurrent":5,"answer_seconds":10}`, ok: justCreated,
	},
	"GET /admin/bots/{bot_id}": {},
	"POST /admin/bots/{bot_id}": {
		body: `{"name":"{slug}","departments":["cards"],"serves_general":0,"max_concurrent":5,"answer_seconds":10}`,
	},
	"POST /admin/bots/{bot_id}/disable": {},
	"POST /admin/bots/{bot_id}/enable":  {},
	"GET /admin/api-keys":               {},
	"POST /admin/api-keys": {
		body: `{"name":"{slug}","scopes":["queue"],"networks":["192.0.2.0/24"],"agent_id":"","expires_in_days":30}`,
		ok:   justCreated,
	},
	"POST /admin/api-keys/{api_key_id}/revoke": {},
	"GET /admin/webhooks":                      {},
	"POST /admin/webhooks": {
		body: `{"name":"{slug}","url":"https://127.0.0.1/{slug}","events":["chat.ended"],"headers":["X-Tenant: shop"],"agent_id":""}`,
		ok:   justCreated,
	},
	"GET /admin/webhooks/{webhook_id}": {},
	"POST /admin/webhooks/{webhook_id}": {
		body: `{"name":"{slug}","url":"https://127.0.0.1/{slug}","events":["chat.rated"],"headers":["X-Tenant"],"agent_id":""}`,
	},
	"POST /admin/webhooks/{webhook_id}/rotate": {},
	"POST /admin/webhooks/{webhook_id}/pause":  {},
	"POST /admin/webhooks/{webhook_id}/resume": {},
	"POST /admin/webhooks/{webhook_id}/remove": {},
	"POST /admin/webhooks/{webhook_id}/test":   {},
	"POST /admin/webhooks/{webhook_id}/replay": {
		body: `{"from":"2026-01-01","to":"2026-01-31","state":"failed","type":"chat.ended"}`,
	},
	"GET /admin/webhooks/{webhook_id}/deliveries":                       {},
	"GET /admin/webhooks/{webhook_id}/deliveries/{delivery_id}":         {},
	"POST /admin/webhooks/{webhook_id}/deliveries/{delivery_id}/replay": {},
	"GET /admin/looks": {},
	"POST /admin/looks": {
		body: `{"site":"","colour":"#6a1b9a","company":"Shop","label_en":"Ask","label_zh_cn":"咨询","position":"left","greeting_en":"Hello",
		"greeting_zh_cn":"您好","away_en":"Away","away_zh_cn":"离开","topics":["cards"],"privacy_url":"https://www.example.com/privacy"}`,
	},
	"GET /admin/texts":                {},
	"POST /admin/texts":               {body: `{"site":"","locale":"de","key":"widget.greeting","text":"Moin"}`},
	"POST /admin/texts/reset":         {body: `{"site":"","locale":"de","key":"widget.privacy"}`, ok: 404},
	"GET /admin/looks/one":            {},
	"POST /admin/looks/preview":       {},
	"POST /admin/looks/avatar":        {body: `{"site":"","avatar":"` + dotPNG + `"}`, large: true},
	"POST /admin/looks/remove":        {body: `{"site":"https://none.example"}`, ok: 404},
	"GET /widget/avatars/{avatar_id}": {ok: 404},
	"GET /admin/rating-reasons":       {},
	"POST /admin/rating-reasons": {
		body: `{"name_en":"Tea","name_zh_cn":"茶","min_stars":1,"max_stars":5}`,
		ok:   justCreated,
	},
	"POST /admin/rating-reasons/{rating_reason_id}":         {body: `{"name_en":"Tea","name_zh_cn":"茶","min_stars":1,"max_stars":5}`},
	"POST /admin/rating-reasons/{rating_reason_id}/move":    {body: `{"position":1}`},
	"POST /admin/rating-reasons/{rating_reason_id}/retire":  {},
	"POST /admin/rating-reasons/{rating_reason_id}/restore": {},
	"GET /admin/settings":                                   {},
	"POST /admin/settings":                                  {body: `{"values":{"{key}":"20"}}`},
	"POST /admin/settings/{key}":                            {body: `{"value":"20"}`},
	"POST /admin/settings/{key}/reset":                      {},
	"GET /admin/sites":                                      {},
	"POST /admin/sites":                                     {body: `{"origin":"https://{slug}.example"}`, ok: justCreated},
	"POST /admin/sites/remove":                              {body: `{"origin":"https://{slug}.example"}`},
	"GET /admin/users":                                      {},
	"POST /admin/users/find":                                {body: `{"q":"{user_id}"}`},
	"GET /admin/users/one":                                  {ok: 404}, // no user is named
	"POST /admin/users/export":                              {body: `{"id":"{user_id}"}`},
	"POST /admin/users/erase":                               {in: models.Active, body: `{"id":"{user_id}","confirm":"{user_id}"}`},
	"GET /admin/audit":                                      {},
	// The answer is the one without a provider, since a test has none.
	"GET /login/sso":                     {ok: 404},
	"GET /login/sso/callback":            {ok: 404},
	"POST /login/sso/backchannel-logout": {body: `{"logout_token":"x.y.z"}`, ok: 404},
	"GET /admin/data":                    {},
	"GET /admin/export":                  {},
	"GET /admin/audit.csv":               {},
	"GET /admin/mail":                    {},
	"POST /admin/mail/{mail_id}/retry":   {ok: 404}, // there is none
	"GET /admin/health":                  {},
	"POST /admin/health/repair":          {body: `{"name":"load_counted"}`},

	// Pages and installation
	"GET /":                           {},
	"GET /login":                      {},
	"POST /preferences":               {body: `{"lang":"en","theme":"dark","next":"/login"}`, ok: noContent},
	"GET /demo":                       {},
	"GET /demo/mailbox":               {ok: 404}, // only while Parley is tried
	"GET /demo/mailbox/{number}":      {ok: 404},
	"GET /demo/mailbox/{number}/html": {ok: 404},
	"GET /continue/{token}":           {ok: 404}, // the token of the attack was not signed
	"POST /continue/{token}/messages": {body: `{"content":"Hello","client_message_id":"key"}`, ok: 404},
	"POST /continue/{token}/ask":      {body: `{"content":"Hello","client_message_id":"key"}`, ok: 404},
	"POST /continue/{token}/read":     {ok: 404},
	"GET /demo/help":                  {},

	// Files: see TestAnAddressIsGoodForWhatItWasSignedForAlone
	"GET /files/{public_id}":           {in: models.Active, ok: unsigned},
	"GET /files/{public_id}/thumbnail": {in: models.Active, ok: unsigned},

	"GET /manifest.webmanifest": {},
	"GET /static/*":             {},
	"GET /openapi.json":         {},
	"GET /healthz":              {},
	"GET /readyz":               {},
	"GET /metrics":              {},
}
