package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"parley/models"
	"parley/web/admin"
	"parley/web/api"
	"parley/web/auth"
	"parley/web/chat"
	"parley/web/kit"
	"parley/web/limit"
	"parley/web/workbench"
)

// audience is who may call a route.
type audience int

const (
	anyone audience = iota
	users
	agents
	supervisors
	admins
)

func (a audience) kind() models.ActorKind {
	if a == users {
		return models.KindUser
	}
	return models.KindAgent
}

func (a audience) role() models.Role {
	switch a {
	case supervisors:
		return models.RoleSupervisor
	case admins:
		return models.RoleAdmin
	}
	return ""
}

// route is one line of the table. A path of the JSON interface is served below /api and /api/users, a page path as it is.
type route struct {
	method string
	api    string // path of the JSON interface, "" if there is none
	page   string // path for browsers, "" if there is none
	who    audience
	limit  limit.Action // "" for none
	scope  models.Scope // what an API key needs to call the JSON path, "" where keys are refused
	handle echo.HandlerFunc
	// fragment renders the response for scripts of the page. Without it they get 204, and the stream of the page delivers the changes.
	fragment       func(echo.Context) (templ.Component, error)
	next           string              // where a plain form is redirected, "" for the page that it came from
	stream         bool                // a live stream, which has no timeout and accepts a ticket
	input          bool                // only a person does this, so it counts as an agent's input
	createsSession bool                // a plain form without a session creates an anonymous user
	cors           bool                // sites that embed the widget may call it
	requestLimits  echo.MiddlewareFunc // bounds of time and size in place of the function requestLimits
}

const (
	get  = http.MethodGet
	post = http.MethodPost

	userPath  = "/user/customer-service"
	agentPath = "/customer-service"
)

// routes returns the route table: every path that the server answers, with its audience, rate limit and handler.
func (s *Server) routes() []route {
	const hooks = models.ScopeWebhooks
	breaks, ratings := s.admin.BreakReasons(), s.admin.RatingReasons()
	return []route{
		// Users
		{method: post, api: "/user/session", who: anyone, handle: s.chat.StartSession, cors: true},
		{
			method: post, api: userPath + "/assign", page: "/widget/assign",
			who: users, handle: s.widget.WithQuestions(s.chat.Assign), fragment: s.widget.Parts, cors: true, createsSession: true,
		},
		{
			method:         post,
			api:            "/user/message",
			page:           "/widget/message",
			who:            users,
			limit:          limit.Send,
			handle:         s.widget.WithQuestions(s.chat.LeaveMessage),
			fragment:       s.widget.Parts,
			cors:           true,
			createsSession: true,
		},
		{method: get, api: userPath + "/queue-status", who: users, handle: s.chat.QueueStatus, cors: true},
		{
			method: post, api: userPath + "/queue/cancel", page: "/widget/queue/cancel",
			who: users, limit: limit.Leave, handle: s.chat.CancelQueue, fragment: s.widget.Parts, cors: true,
		},
		{method: get, api: userPath + "/availability", who: users, handle: s.chat.Availability, cors: true},
		{method: get, api: userPath + "/questions", who: users, handle: s.chat.Questions, cors: true},
		{method: get, api: userPath + "/chats/:chat_id/answers", who: users, handle: s.chat.Answers, cors: true},
		{
			method: post, api: userPath + "/chats/:chat_id/answers", page: "/widget/chats/:chat_id/answers",
			who: users, limit: limit.Send, handle: s.widget.WithQuestions(s.chat.Answer), fragment: s.widget.Parts, cors: true,
		},
		{method: get, api: userPath + "/chats", who: users, handle: s.chat.UserChats, cors: true},
		{
			method: get, api: userPath + "/chats/:chat_id/messages", page: "/widget/chats/:chat_id/messages",
			who: users, handle: s.chat.Messages, fragment: s.widget.EarlierMessages, next: "/widget", cors: true,
		},
		{
			method: post, api: userPath + "/chats/:chat_id/messages", page: "/widget/chats/:chat_id/messages",
			who: users, limit: limit.Send, handle: s.chat.Send, cors: true,
		},
		{
			method: post,
			api:    userPath + "/chats/:chat_id/messages/:message_id/mark-read",
			who:    users,
			handle: s.chat.MarkOneRead,
			cors:   true,
		},
		{
			method: post, api: userPath + "/chats/:chat_id/messages/:message_id", page: "/widget/chats/:chat_id/messages/:message_id",
			who: users, limit: limit.Edit, handle: s.chat.EditMessage, fragment: s.widget.Message, cors: true,
		},
		{
			method: post, api: userPath + "/chats/:chat_id/messages/:message_id/withdraw",
			page: "/widget/chats/:chat_id/messages/:message_id/withdraw",
			who:  users, limit: limit.Edit, handle: s.chat.WithdrawMessage, fragment: s.widget.Message, cors: true,
		},
		{
			method: post, api: userPath + "/chats/:chat_id/mark-delivered", page: "/widget/chats/:chat_id/mark-delivered",
			who: users, handle: s.chat.MarkDelivered, cors: true,
		},
		{
			method: post, api: userPath + "/chats/:chat_id/mark-read", page: "/widget/chats/:chat_id/mark-read",
			who: users, handle: s.chat.MarkRead, cors: true,
		},
		{
			method: post, api: userPath + "/chats/:chat_id/typing", page: "/widget/chats/:chat_id/typing",
			who: users, handle: s.chat.Typing, cors: true,
		},
		{
			method: post, api: userPath + "/chats/:chat_id/still-here", page: "/widget/chats/:chat_id/still-here",
			who: users, handle: s.chat.StillHere, fragment: s.widget.Parts, cors: true,
		},
		{
			method: post, api: userPath + "/chats/:chat_id/files", page: "/widget/chats/:chat_id/files",
			who: users, limit: limit.File, handle: s.chat.SendFile, requestLimits: chat.LimitUpload, cors: true,
		},
		{
			method: get, api: userPath + "/chats/:chat_id/files/:message_id", page: "/widget/chats/:chat_id/files/:message_id",
			who: users, handle: s.chat.RefreshFileLinks, cors: true,
		},
		{
			method: post, api: userPath + "/chats/:chat_id/end", page: "/widget/chats/:chat_id/end",
			who: users, limit: limit.End, handle: s.chat.End, fragment: s.widget.Parts, cors: true,
		},
		{
			method: post, api: userPath + "/chats/:chat_id/person", page: "/widget/chats/:chat_id/person",
			who: users, limit: limit.End, handle: s.chat.AskForPerson, fragment: s.widget.Parts, cors: true,
		},
		{
			method: post, api: userPath + "/chats/:chat_id/rate", page: "/widget/chats/:chat_id/rate",
			who: users, limit: limit.Rate, handle: s.widget.Rate(s.chat.Rate), fragment: s.widget.Parts, cors: true,
		},
		{
			method: get, api: userPath + "/chats/:chat_id/transcript", page: "/widget/chats/:chat_id/transcript",
			who: users, limit: limit.Transcript, handle: s.chat.Transcript, requestLimits: chat.LimitDownload, cors: true,
		},
		{
			method: get, api: userPath + "/chats/:chat_id/transcript.html", page: "/widget/chats/:chat_id/transcript.html",
			who: users, limit: limit.Transcript, handle: s.chat.TranscriptHTML, requestLimits: chat.LimitDownload, cors: true,
		},
		{
			method: post, api: userPath + "/chats/:chat_id/transcript-mail", page: "/widget/chats/:chat_id/transcript-mail",
			who: users, limit: limit.Transcript, handle: s.chat.MailTranscript, cors: true,
		},
		{method: get, api: userPath + "/rating-reasons", who: users, handle: s.chat.RatingReasons, cors: true},
		{
			method: post, api: userPath + "/introduce", page: "/widget/introduce",
			who: users, limit: limit.Introduce, handle: s.widget.IntroduceUser, cors: true,
		},
		{method: post, api: userPath + "/stream-ticket", who: users, handle: s.chat.StreamTicket, cors: true},
		{method: get, api: userPath + "/events", who: users, handle: s.chat.Events, stream: true, cors: true},

		{method: get, page: "/widget", who: anyone, handle: s.widget.Page},
		{method: get, page: "/widget/events", who: users, handle: s.widget.Events, stream: true},
		{method: get, page: "/widget/avatars/:avatar_id", who: anyone, handle: s.widget.Avatar},
		{method: post, page: "/widget/session", who: anyone, handle: s.widget.BeginSession},
		{method: post, page: "/widget/chats/:chat_id/page", who: users, limit: limit.Page, handle: s.chat.UpdatePage},
		{method: post, page: "/widget/identify", who: anyone, handle: s.widget.IdentifyUser},
		{method: post, page: "/widget/logout", who: anyone, handle: s.widget.EndSession},
		{method: get, page: "/widget.js", who: anyone, handle: s.loader("loader.js")},
		{method: get, page: "/widget.mjs", who: anyone, handle: s.loader("loader.mjs")},
		{method: get, page: "/widget/words.mjs", who: anyone, handle: s.loaderWords},

		// The link in an e-mail, whose token is all that counts
		{method: get, page: "/continue/:token", who: anyone, handle: s.widget.Continue},
		{method: post, page: "/continue/:token/messages", who: anyone, handle: s.widget.ContinueSend},
		{method: post, page: "/continue/:token/ask", who: anyone, handle: s.widget.ContinueAsk},
		{method: post, page: "/continue/:token/read", who: anyone, handle: s.widget.ContinueRead},

		// Agents
		{method: post, api: agentPath + "/login", page: "/login", who: anyone, handle: s.account.SignIn},
		{method: post, api: agentPath + "/logout", page: "/logout", who: agents, handle: s.account.SignOut},
		{
			method: post, api: agentPath + "/online", page: "/workbench/online",
			who: agents, input: true, handle: s.workbench.SetPresence(models.DetailOnline), fragment: s.workbench.Parts,
		},
		{
			method: post, api: agentPath + "/last-chats", page: "/workbench/last-chats",
			who: agents, input: true, handle: s.workbench.SetPresence(models.DetailLastChats), fragment: s.workbench.Parts,
		},
		{
			method: post, api: agentPath + "/break", page: "/workbench/break",
			who: agents, input: true, handle: s.workbench.TakeBreak, fragment: s.workbench.Parts,
		},
		{
			method: post, api: agentPath + "/away", page: "/workbench/away",
			who: agents, input: true, handle: s.workbench.SetPresence(models.DetailAway), fragment: s.workbench.Parts,
		},
		{
			method: post, api: agentPath + "/offline", page: "/workbench/offline",
			who: agents, input: true, handle: s.workbench.SetPresence(models.DetailOffline), fragment: s.workbench.Parts,
		},
		{
			method: post, api: agentPath + "/extra-chat", page: "/workbench/extra-chat",
			who: agents, input: true, handle: s.workbench.OpenExtraChat, fragment: s.workbench.Parts,
		},
		{
			method: post, api: agentPath + "/extra-chat/cancel", page: "/workbench/extra-chat/cancel",
			who: agents, input: true, handle: s.workbench.CloseExtraChat, fragment: s.workbench.Parts,
		},
		{method: get, api: agentPath + "/left-messages", who: agents, handle: s.workbench.LeftMessages},
		{method: get, api: agentPath + "/closing-reminders", who: agents, handle: s.workbench.ClosingReminders},
		{
			method: post, api: agentPath + "/closing-reminders/dismiss", page: "/workbench/closing-reminders/dismiss",
			who: agents, input: true, handle: s.workbench.DismissClosingReminders, fragment: s.workbench.Parts,
		},
		{method: get, api: agentPath + "/break-reasons", who: agents, handle: s.workbench.BreakReasons},
		{method: post, api: agentPath + "/input", page: "/workbench/input", who: agents, input: true, handle: s.workbench.ReportInput},
		{method: get, api: agentPath + "/status", who: agents, scope: models.ScopeWriteMessages, handle: s.workbench.Status},
		{method: get, api: agentPath + "/check-availability", who: anyone, handle: s.chat.Availability},
		{method: get, api: agentPath + "/chats", who: agents, scope: models.ScopeWriteMessages, handle: s.chat.AgentChats},
		{
			method:   get,
			api:      agentPath + "/chats/:chat_id/messages",
			page:     "/workbench/chats/:chat_id/messages",
			who:      agents,
			scope:    models.ScopeWriteMessages,
			handle:   s.chat.Messages,
			fragment: s.workbench.EarlierMessages,
			next:     "/workbench/chats/:chat_id",
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/messages", page: "/workbench/chats/:chat_id/messages",
			who: agents, scope: models.ScopeWriteMessages, limit: limit.Send, input: true, handle: s.chat.Send,
		},
		{method: post, api: agentPath + "/chats/:chat_id/messages/:message_id/mark-read", who: agents, handle: s.chat.MarkOneRead},
		{
			method: post, api: agentPath + "/chats/:chat_id/messages/:message_id", page: "/workbench/chats/:chat_id/messages/:message_id",
			who: agents, limit: limit.Edit, handle: s.chat.EditMessage, fragment: s.workbench.Message, next: "/workbench/chats/:chat_id",
		},
		{
			method:   post,
			api:      agentPath + "/chats/:chat_id/messages/:message_id/withdraw",
			page:     "/workbench/chats/:chat_id/messages/:message_id/withdraw",
			who:      agents,
			limit:    limit.Edit,
			handle:   s.chat.WithdrawMessage,
			fragment: s.workbench.Message,
			next:     "/workbench/chats/:chat_id",
		},
		{
			method: get, api: agentPath + "/chats/:chat_id/messages/:message_id/email",
			page: "/workbench/chats/:chat_id/messages/:message_id/email", who: agents, handle: s.workbench.Mail,
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/open", page: "/workbench/chats/:chat_id/open",
			who: agents, input: true, handle: s.chat.Open,
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/mark-delivered", page: "/workbench/chats/:chat_id/mark-delivered",
			who: agents, scope: models.ScopeWriteMessages, handle: s.chat.MarkDelivered,
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/mark-read", page: "/workbench/chats/:chat_id/mark-read",
			who: agents, scope: models.ScopeWriteMessages, handle: s.chat.MarkRead,
		},
		{
			method: post,
			api:    agentPath + "/chats/:chat_id/typing",
			page:   "/workbench/chats/:chat_id/typing",
			who:    agents, scope: models.ScopeWriteMessages,
			input:  true,
			handle: s.chat.Typing,
		},
		{
			method:        post,
			api:           agentPath + "/chats/:chat_id/files",
			page:          "/workbench/chats/:chat_id/files",
			who:           agents,
			scope:         models.ScopeWriteMessages,
			limit:         limit.File,
			input:         true,
			handle:        s.chat.SendFile,
			requestLimits: chat.LimitUpload,
		},
		{
			method: get, api: agentPath + "/chats/:chat_id/files/:message_id", page: "/workbench/chats/:chat_id/files/:message_id",
			who: agents, scope: models.ScopeWriteMessages, handle: s.chat.RefreshFileLinks,
		},
		{
			method:   post,
			api:      agentPath + "/chats/:chat_id/end",
			page:     "/workbench/chats/:chat_id/end",
			who:      agents,
			scope:    models.ScopeWriteMessages,
			limit:    limit.End,
			input:    true,
			handle:   s.chat.End,
			fragment: s.workbench.Parts,
			next:     "/workbench/chats/:chat_id",
		},
		{
			method:   post,
			api:      agentPath + "/chats/:chat_id/transfer",
			page:     "/workbench/chats/:chat_id/transfer",
			who:      agents,
			scope:    models.ScopeWriteMessages,
			input:    true,
			handle:   s.chat.Transfer,
			fragment: s.workbench.Parts,
			next:     "/workbench",
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/transcript-mail", page: "/workbench/chats/:chat_id/transcript-mail",
			who: agents, limit: limit.Transcript, input: true, handle: s.chat.MailTranscript, next: "/workbench/chats/:chat_id",
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/revoke-links", page: "/workbench/chats/:chat_id/revoke-links",
			who: agents, handle: s.chat.RevokeLinks, next: "/workbench/chats/:chat_id",
		},
		{method: get, api: agentPath + "/offers", who: agents, handle: s.chat.Offers},
		{method: get, api: agentPath + "/chats/:chat_id/transfer-options", who: agents, handle: s.chat.TransferOptions},
		{method: get, api: agentPath + "/chats/:chat_id/hand-over", who: agents, handle: s.chat.HandOver},
		{
			method: post, api: agentPath + "/chats/:chat_id/hand-over", who: agents, scope: models.ScopeWriteMessages,
			handle: s.chat.HandOverToPerson,
		},
		{
			method: get, api: agentPath + "/canned-replies", who: agents, scope: models.ScopeWriteMessages, limit: limit.Search,
			handle: s.chat.FindCannedReplies,
		},
		{method: get, api: agentPath + "/chats/:chat_id/offer", who: agents, handle: s.chat.OfferedChat},
		{
			method: post, api: agentPath + "/chats/:chat_id/offer", page: "/workbench/chats/:chat_id/offer",
			who: agents, input: true, handle: s.chat.OfferTransfer, fragment: s.workbench.Parts, next: "/workbench/chats/:chat_id",
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/offer/accept", page: "/workbench/chats/:chat_id/offer/accept",
			who: agents, input: true, handle: s.chat.AcceptOffer, fragment: s.workbench.Parts, next: "/workbench/chats/:chat_id",
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/offer/decline", page: "/workbench/chats/:chat_id/offer/decline",
			who: agents, input: true, handle: s.chat.DeclineOffer, fragment: s.workbench.Parts, next: "/workbench",
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/offer/withdraw", page: "/workbench/chats/:chat_id/offer/withdraw",
			who: agents, input: true, handle: s.chat.WithdrawOffer, fragment: s.workbench.Parts, next: "/workbench/chats/:chat_id",
		},
		{
			method: post,
			api:    agentPath + "/chats/:chat_id/notes",
			page:   "/workbench/chats/:chat_id/notes",
			who:    agents, scope: models.ScopeWriteMessages,
			input:  true,
			handle: s.chat.Note,
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/whispers", page: "/workbench/chats/:chat_id/whispers",
			who: agents, limit: limit.Send, input: true, handle: s.chat.AnswerWhisper, next: "/workbench/chats/:chat_id",
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/raise-hand", page: "/workbench/chats/:chat_id/raise-hand",
			who: agents, input: true, handle: s.chat.RaiseHand, fragment: s.workbench.Parts, next: "/workbench/chats/:chat_id",
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/lower-hand", page: "/workbench/chats/:chat_id/lower-hand",
			who: agents, input: true, handle: s.chat.LowerHand, fragment: s.workbench.Parts, next: "/workbench/chats/:chat_id",
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/assistant", page: "/workbench/chats/:chat_id/assistant", who: agents,
			limit: limit.Assistant, input: true, handle: s.workbench.Assist, requestLimits: workbench.LimitAssistant,
		},
		{
			method: get, api: agentPath + "/chats/:chat_id/user", page: "/workbench/chats/:chat_id/user", who: agents,
			handle: s.workbench.UserProfile, fragment: s.workbench.UserPanel, next: "/workbench/chats/:chat_id",
		},
		{method: get, api: agentPath + "/chats/:chat_id/answers", who: agents, handle: s.chat.Answers},
		{method: get, api: agentPath + "/chats/:chat_id/pages", who: agents, handle: s.workbench.ChatPages},
		{
			method: post, api: agentPath + "/chats/:chat_id/user/tags", page: "/workbench/chats/:chat_id/user/tags", who: agents,
			limit: limit.Profile, input: true, handle: s.workbench.AddUserTag, fragment: s.workbench.UserTags,
			next: "/workbench/chats/:chat_id",
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/user/tags/remove", page: "/workbench/chats/:chat_id/user/tags/remove",
			who: agents, limit: limit.Profile, input: true, handle: s.workbench.RemoveUserTag, fragment: s.workbench.UserTags,
			next: "/workbench/chats/:chat_id",
		},
		{method: get, api: agentPath + "/user-tags", page: "/workbench/user-tags", who: agents, handle: s.workbench.UserTagsInUse},
		{
			method: post, api: agentPath + "/chats/:chat_id/user/notes", page: "/workbench/chats/:chat_id/user/notes", who: agents,
			limit: limit.Profile, input: true, handle: s.workbench.AddUserNote, fragment: s.workbench.UserNotes,
			next: "/workbench/chats/:chat_id",
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/user/notes/:note_id", page: "/workbench/chats/:chat_id/user/notes/:note_id",
			who: agents, limit: limit.Profile, input: true, handle: s.workbench.EditUserNote, next: "/workbench/chats/:chat_id",
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/user/notes/:note_id/remove",
			page: "/workbench/chats/:chat_id/user/notes/:note_id/remove", who: agents, limit: limit.Profile, input: true,
			handle: s.workbench.RemoveUserNote, fragment: s.workbench.UserNotes, next: "/workbench/chats/:chat_id",
		},
		{
			method: get, api: agentPath + "/chats/:chat_id/user/chats", page: "/workbench/chats/:chat_id/user/chats", who: agents,
			handle: s.workbench.EarlierChats, fragment: s.workbench.EarlierList, next: "/workbench/chats/:chat_id",
		},
		{
			method: get, page: "/workbench/chats/:chat_id/user/chats/:earlier_id", who: agents, handle: s.workbench.EarlierChat,
		},
		{
			method: get, api: agentPath + "/chats/:chat_id/user/chats/:earlier_id/messages",
			page: "/workbench/chats/:chat_id/user/chats/:earlier_id/messages", who: agents, handle: s.workbench.EarlierMessagesOf,
			fragment: s.workbench.EarlierPart, next: "/workbench/chats/:chat_id",
		},
		{method: get, api: agentPath + "/chats-to-wrap-up", who: agents, handle: s.workbench.ChatsToWrapUp},
		{
			method: post, api: agentPath + "/chats-to-wrap-up/skip", page: "/workbench/chats-to-wrap-up/skip",
			who: agents, handle: s.workbench.SkipWrapUps, fragment: s.workbench.Parts, next: "/workbench",
		},
		{
			method: get,
			api:    agentPath + "/chats/:chat_id/wrap-up",
			who:    agents,
			scope:  models.ScopeWriteMessages,
			handle: s.workbench.WrapUp,
		},
		{
			method:   post,
			api:      agentPath + "/chats/:chat_id/wrap-up",
			page:     "/workbench/chats/:chat_id/wrap-up",
			who:      agents,
			scope:    models.ScopeWriteMessages,
			handle:   s.workbench.SetWrapUp,
			fragment: s.workbench.Parts,
			next:     "/workbench/chats/:chat_id",
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/wrap-up/skip", page: "/workbench/chats/:chat_id/wrap-up/skip",
			who: agents, handle: s.workbench.SkipWrapUp, fragment: s.workbench.Parts, next: "/workbench/chats/:chat_id",
		},
		{method: get, api: agentPath + "/drafts", who: agents, handle: s.chat.Drafts},
		{method: get, api: agentPath + "/chats/:chat_id/draft", who: agents, handle: s.chat.DraftsInChat},
		{
			method: post, api: agentPath + "/chats/:chat_id/draft", page: "/workbench/chats/:chat_id/draft",
			who: agents, limit: limit.Draft, handle: s.chat.SaveDraft,
		},
		{
			method: post, api: agentPath + "/chats/:chat_id/draft/discard", page: "/workbench/chats/:chat_id/draft/discard",
			who: agents, limit: limit.Draft, handle: s.chat.DiscardDraft,
		},
		{method: get, api: agentPath + "/chats/:chat_id/timeout-status", who: agents, handle: s.chat.TimeoutStatus},
		{method: get, api: agentPath + "/all-ratings", who: agents, scope: models.ScopeReports, handle: s.workbench.AllRatings},
		{method: get, api: agentPath + "/:service_id/rating", who: agents, handle: s.workbench.Rating},
		{method: post, api: agentPath + "/stream-ticket", who: agents, handle: s.chat.StreamTicket},
		{method: get, api: agentPath + "/events", who: agents, scope: models.ScopeWriteMessages, handle: s.chat.Events, stream: true},

		{
			method: get, api: "/canned-replies", page: "/workbench/canned-replies", who: agents,
			handle: s.workbench.CannedReplies,
		},
		{
			method: post, api: "/canned-replies", page: "/workbench/canned-replies", who: agents,
			handle: s.workbench.AddCannedReply,
		},
		{
			method: get, api: "/canned-replies/:reply_id", page: "/workbench/canned-replies/:reply_id", who: agents,
			handle: s.workbench.CannedReply,
		},
		{
			method: post, api: "/canned-replies/:reply_id", page: "/workbench/canned-replies/:reply_id", who: agents,
			handle: s.workbench.ChangeCannedReply,
		},
		{
			method: post, api: "/canned-replies/:reply_id/remove", page: "/workbench/canned-replies/:reply_id/remove", who: agents,
			handle: s.workbench.RemoveCannedReply,
		},
		{
			method: post, api: "/canned-replies/:reply_id/use", page: "/workbench/canned-replies/:reply_id/use", who: agents,
			handle: s.workbench.UseCannedReply,
		},
		{
			method: post, api: "/canned-replies-import", page: "/workbench/canned-replies-import", who: agents,
			limit: limit.File, handle: s.workbench.ImportCannedReplies, requestLimits: kit.LimitImport,
		},
		{method: get, page: "/workbench/canned-replies.csv", who: agents, handle: s.workbench.CannedCSV},
		{
			method: get,
			api:    agentPath + "/search",
			page:   "/workbench/search",
			who:    agents,
			scope:  models.ScopeReadChats,
			limit:  limit.Search,
			handle: s.workbench.Search,
		},
		{method: get, page: "/workbench", who: agents, handle: s.workbench.Page},
		{method: get, page: "/workbench/chats/:chat_id", who: agents, handle: s.workbench.Chat},
		{method: get, page: "/workbench/events", who: agents, handle: s.workbench.Events, stream: true},

		{method: get, api: "/account", page: "/account", who: agents, handle: s.account.AccountPage},
		{method: post, api: "/account/password", page: "/account/password", who: agents, handle: s.account.ChangePassword},
		{method: get, api: "/account/reminders", who: agents, handle: s.account.Reminders},
		{method: post, api: "/account/reminders", page: "/account/reminders", who: agents, handle: s.account.SetReminders},
		{method: get, api: "/account/sessions", who: agents, handle: s.account.MySessions},
		{
			method: post, api: "/account/sessions/:session_id/end", page: "/account/sessions/:session_id/end",
			who: agents, handle: s.account.EndMySession,
		},
		{
			method: post, api: "/account/sessions/end-others", page: "/account/sessions/end-others",
			who: agents, handle: s.account.EndMyOtherSessions,
		},
		{method: get, api: "/account/push-devices", who: agents, handle: s.account.PushDevices},
		{
			method: post, api: "/account/push-devices", page: "/account/push-devices",
			who: agents, limit: limit.Push, handle: s.account.AddPushDevice,
		},
		{
			method: post, api: "/account/push-devices/:device_id/remove", page: "/account/push-devices/:device_id/remove",
			who: agents, handle: s.account.RemovePushDevice,
		},
		{
			method: post, api: "/account/push-devices/:device_id/test", page: "/account/push-devices/:device_id/test",
			who: agents, limit: limit.Push, handle: s.account.TestPushDevice,
		},
		{method: get, api: "/account/second-factor", page: "/account/second-factor", who: agents, handle: s.account.SecondFactor},
		{method: post, api: "/account/second-factor", page: "/account/second-factor", who: agents, handle: s.account.BeginSecondFactor},
		{
			method: post, api: "/account/second-factor/confirm", page: "/account/second-factor/confirm",
			who: agents, handle: s.account.ConfirmSecondFactor,
		},
		{
			method: post, api: "/account/second-factor/codes", page: "/account/second-factor/codes",
			who: agents, handle: s.account.RenewRecoveryCodes,
		},
		{
			method: post,
			api:    "/account/second-factor/off",
			page:   "/account/second-factor/off",
			who:    agents,
			handle: s.account.EndSecondFactor,
		},

		// Supervisors
		{method: get, api: "/supervisor/queue", who: supervisors, scope: models.ScopeQueue, handle: s.supervisor.Queue},
		{
			method: get, api: "/supervisor/wallboards", page: "/supervisor/wallboards",
			who: supervisors, handle: s.supervisor.WallboardsPage,
		},
		{
			method: post, api: "/supervisor/wallboards", page: "/supervisor/wallboards",
			who: supervisors, handle: s.supervisor.AddWallboard,
		},
		{
			method: post, api: "/supervisor/wallboards/:wallboard_id/revoke", page: "/supervisor/wallboards/:wallboard_id/revoke",
			who: supervisors, handle: s.supervisor.RevokeWallboard,
		},
		{method: get, api: "/wallboard/:wall_key", page: "/wallboard/:wall_key", who: anyone, handle: s.supervisor.Wallboard},
		{method: get, page: "/wallboard/:wall_key/events", who: anyone, handle: s.supervisor.WallboardEvents, stream: true},
		{method: get, api: "/supervisor/bots", who: supervisors, scope: models.ScopeQueue, handle: s.supervisor.Bots},
		{method: get, api: "/supervisor/load", who: supervisors, scope: models.ScopeQueue, handle: s.supervisor.Load},
		{method: get, api: "/supervisor/stats", who: supervisors, scope: models.ScopeReports, handle: s.supervisor.Stats},
		// Reports
		{
			method: get,
			api:    "/supervisor/reports",
			page:   "/supervisor/reports",
			who:    supervisors,
			scope:  models.ScopeReports,
			handle: s.supervisor.Reports,
		},
		{method: get, page: "/supervisor/reports.csv", who: supervisors, handle: s.supervisor.ReportCSV},
		{method: get, page: "/supervisor/reports.xlsx", who: supervisors, handle: s.supervisor.ReportXLSX},
		{method: get, page: "/supervisor/definitions", who: supervisors, handle: s.supervisor.Definitions},
		{method: get, api: "/supervisor/report-views", who: supervisors, handle: s.supervisor.ReportViews},
		{
			method: post, api: "/supervisor/report-views", page: "/supervisor/report-views",
			who: supervisors, handle: s.supervisor.SaveReportView, next: "/supervisor/reports",
		},
		{
			method: post, api: "/supervisor/report-views/:view_id/remove", page: "/supervisor/report-views/:view_id/remove",
			who: supervisors, handle: s.supervisor.RemoveReportView, next: "/supervisor/reports",
		},
		{
			method: post, api: "/supervisor/queue/:chat_id/assign", page: "/supervisor/queue/:chat_id/assign",
			who: supervisors, scope: models.ScopeQueue, handle: s.supervisor.AssignByHand,
		},
		{
			method: post, api: "/supervisor/queue/:chat_id/priority", page: "/supervisor/queue/:chat_id/priority",
			who: supervisors, scope: models.ScopeQueue, handle: s.supervisor.SetPriority,
		},
		{
			method: get, api: "/supervisor/queue/:chat_id/why", page: "/supervisor/queue/:chat_id/why",
			who: supervisors, scope: models.ScopeQueue, handle: s.supervisor.Why,
		},
		{
			method:   get,
			api:      "/supervisor/chats/:chat_id/messages",
			page:     "/supervisor/chats/:chat_id/messages",
			who:      supervisors,
			scope:    models.ScopeReadChats,
			handle:   s.chat.Messages,
			fragment: s.supervisor.EarlierMessages,
			next:     "/supervisor/chats/:chat_id",
		},
		{
			method: get, api: "/supervisor/chats/:chat_id/messages/:message_id/versions",
			who: supervisors, scope: models.ScopeReadChats, handle: s.chat.MessageVersions,
		},
		{
			method: post, api: "/supervisor/chats/:chat_id/end", page: "/supervisor/chats/:chat_id/end",
			who: supervisors, limit: limit.End, handle: s.chat.End,
		},
		{
			method: post, api: "/supervisor/chats/:chat_id/transfer", page: "/supervisor/chats/:chat_id/transfer",
			who: supervisors, handle: s.chat.Transfer,
		},
		{method: get, api: "/supervisor/what-if", page: "/supervisor/what-if", who: supervisors, handle: s.supervisor.WhatIf},
		{method: get, api: "/supervisor/temporary-capacities", who: supervisors, handle: s.supervisor.TemporaryCapacities},
		{
			method: post, api: "/supervisor/temporary-capacities", page: "/supervisor/temporary-capacities",
			who: supervisors, handle: s.supervisor.ApplyCapacity,
		},
		{
			method: post,
			api:    "/supervisor/temporary-capacities/:temporary_id/extend",
			page:   "/supervisor/temporary-capacities/:temporary_id/extend",
			who:    supervisors,
			handle: s.supervisor.ExtendCapacity,
		},
		{
			method: post,
			api:    "/supervisor/temporary-capacities/:temporary_id/end",
			page:   "/supervisor/temporary-capacities/:temporary_id/end",
			who:    supervisors,
			handle: s.supervisor.EndCapacity,
		},
		{
			method: get, api: "/supervisor/chats/:chat_id/events", page: "/supervisor/chats/:chat_id/events",
			who: supervisors, handle: s.supervisor.Watch, stream: true,
		},
		{
			method: post, api: "/supervisor/chats/:chat_id/whispers", page: "/supervisor/chats/:chat_id/whispers",
			who: supervisors, limit: limit.Send, input: true, handle: s.chat.Whisper, next: "/supervisor/chats/:chat_id",
		},
		{
			method: post, api: "/supervisor/chats/:chat_id/join", page: "/supervisor/chats/:chat_id/join",
			who: supervisors, input: true, handle: s.supervisor.Join, next: "/supervisor/chats/:chat_id",
		},
		{
			method: post, api: "/supervisor/chats/:chat_id/leave", page: "/supervisor/chats/:chat_id/leave",
			who: supervisors, input: true, handle: s.supervisor.Leave, next: "/supervisor/chats/:chat_id",
		},
		{
			method: post, api: "/supervisor/chats/:chat_id/take-over", page: "/supervisor/chats/:chat_id/take-over",
			who: supervisors, input: true, handle: s.supervisor.TakeOver,
		},
		{method: get, api: "/supervisor/flags", who: supervisors, handle: s.supervisor.Flags},
		{
			method: post, api: "/supervisor/chats/:chat_id/flags/dismiss", page: "/supervisor/chats/:chat_id/flags/dismiss",
			who: supervisors, input: true, handle: s.supervisor.DismissFlag,
		},
		{method: get, api: "/supervisor/events", who: supervisors, scope: models.ScopeQueue, handle: s.chat.SupervisorEvents, stream: true},

		{
			method: get,
			api:    "/supervisor/wait",
			page:   "/supervisor/wait",
			who:    supervisors,
			scope:  models.ScopeReports,
			handle: s.supervisor.WaitAccuracy,
		},
		{method: get, page: "/supervisor/wait.csv", who: supervisors, handle: s.supervisor.WaitCSV},
		{
			method: get,
			api:    "/supervisor/alerts",
			page:   "/supervisor/alerts",
			who:    supervisors,
			scope:  models.ScopeReports,
			handle: s.supervisor.AlertHistory,
		},
		{method: get, page: "/supervisor/alerts.csv", who: supervisors, handle: s.supervisor.AlertsCSV},
		{
			method: post, api: "/supervisor/alerts/:alert_id/acknowledge", page: "/supervisor/alerts/:alert_id/acknowledge",
			who: supervisors, handle: s.supervisor.AcknowledgeAlert,
		},
		{
			method: post, api: "/supervisor/alerts/:alert_id/snooze", page: "/supervisor/alerts/:alert_id/snooze",
			who: supervisors, handle: s.supervisor.SnoozeAlert,
		},
		{method: get, api: "/supervisor/alert-rules", page: "/supervisor/alert-rules", who: supervisors, handle: s.supervisor.AlertRules},
		{
			method: post, api: "/supervisor/alert-rules", page: "/supervisor/alert-rules",
			who: supervisors, handle: s.supervisor.AddAlertRule,
		},
		{
			method: post, api: "/supervisor/alert-rules/:rule_id", page: "/supervisor/alert-rules/:rule_id",
			who: supervisors, handle: s.supervisor.ChangeAlertRule,
		},
		{
			method: post, api: "/supervisor/alert-rules/:rule_id/remove", page: "/supervisor/alert-rules/:rule_id/remove",
			who: supervisors, handle: s.supervisor.RemoveAlertRule,
		},

		{method: get, page: "/supervisor", who: supervisors, handle: s.supervisor.Page},
		{method: get, page: "/supervisor/events", who: supervisors, handle: s.supervisor.Events, stream: true},
		{method: get, page: "/supervisor/queue.csv", who: supervisors, handle: s.supervisor.QueueCSV},
		{method: get, page: "/supervisor/counts.csv", who: supervisors, handle: s.supervisor.CountsCSV},
		{method: get, page: "/supervisor/day.csv", who: supervisors, handle: s.supervisor.DayCSV},
		{method: get, api: "/supervisor/minutes", who: supervisors, scope: models.ScopeReports, handle: s.supervisor.Minutes},
		{method: get, page: "/supervisor/minutes.csv", who: supervisors, handle: s.supervisor.MinutesCSV},
		{method: get, page: "/supervisor/replay", who: supervisors, handle: s.supervisor.Replay},
		{method: get, api: "/supervisor/forecast", who: supervisors, scope: models.ScopeReports, handle: s.supervisor.Forecast},
		{method: get, page: "/supervisor/forecast", who: supervisors, handle: s.supervisor.ForecastPage},
		{method: get, page: "/supervisor/forecast.csv", who: supervisors, handle: s.supervisor.ForecastCSV},
		{
			method: get,
			api:    "/supervisor/chats/:chat_id",
			page:   "/supervisor/chats/:chat_id",
			who:    supervisors,
			scope:  models.ScopeReadChats,
			handle: s.supervisor.Chat,
		},
		{
			method: get, api: "/supervisor/chats/:chat_id/files/:message_id", page: "/supervisor/chats/:chat_id/files/:message_id",
			who: supervisors, scope: models.ScopeReadChats, handle: s.chat.RefreshFileLinks,
		},
		{
			method: get,
			api:    "/supervisor/agents/:agent_id",
			page:   "/supervisor/agents/:agent_id",
			who:    supervisors,
			handle: s.supervisor.Agent,
		},
		{
			method: get,
			api:    "/supervisor/agents/:agent_id/presence",
			who:    supervisors,
			scope:  models.ScopeReports,
			handle: s.supervisor.PresenceHistory,
		},

		// Administrators
		{method: get, page: "/admin", who: admins, handle: s.admin.Index},
		{method: get, api: "/admin/agents", page: "/admin/people", who: admins, handle: s.admin.AgentsPage},
		{method: post, api: "/admin/agents", page: "/admin/people", who: admins, handle: s.admin.AddAgent},
		{method: get, page: "/admin/people/new", who: admins, handle: s.admin.NewAgentPage},
		{method: get, api: "/admin/agents/:agent_id", page: "/admin/people/:agent_id", who: admins, handle: s.admin.AgentPage},
		{method: post, api: "/admin/agents/:agent_id", page: "/admin/people/:agent_id", who: admins, handle: s.admin.UpdateAgent},
		{
			method: post, api: "/admin/agents/:agent_id/password", page: "/admin/people/:agent_id/password",
			who: admins, handle: s.admin.SetAgentPassword,
		},
		{
			method: post, api: "/admin/agents/:agent_id/reset-second-factor", page: "/admin/people/:agent_id/reset-second-factor",
			who: admins, handle: s.admin.ResetAgentSecondFactor,
		},
		{method: get, api: "/admin/agents/:agent_id/push-devices", who: admins, handle: s.admin.PushDevices},
		{
			method: post, api: "/admin/agents/:agent_id/push-devices/:device_id/remove",
			page: "/admin/people/:agent_id/push-devices/:device_id/remove", who: admins, handle: s.admin.RemovePushDevice,
		},
		{
			method: post, api: "/admin/agents/:agent_id/disable", page: "/admin/people/:agent_id/disable",
			who: admins, handle: s.admin.DisableAgent(true),
		},
		{
			method: post, api: "/admin/agents/:agent_id/enable", page: "/admin/people/:agent_id/enable",
			who: admins, handle: s.admin.DisableAgent(false),
		},
		{method: get, api: "/admin/departments", page: "/admin/departments", who: admins, handle: s.admin.DepartmentsPage},
		{method: post, api: "/admin/departments", page: "/admin/departments", who: admins, handle: s.admin.AddDepartment},
		{method: post, api: "/admin/departments/:slug", page: "/admin/departments/:slug", who: admins, handle: s.admin.RenameDepartment},
		{
			method: post, api: "/admin/departments/:slug/remove", page: "/admin/departments/:slug/remove",
			who: admins, handle: s.admin.RemoveDepartment,
		},
		{method: get, api: "/admin/hours", page: "/admin/hours", who: admins, handle: s.admin.HoursPage},
		{method: post, api: "/admin/hours", page: "/admin/hours", who: admins, handle: s.admin.SetHours},
		{
			method: post, api: "/admin/hours/import", page: "/admin/hours/import", who: admins,
			limit: limit.File, handle: s.admin.ImportHolidays, requestLimits: kit.LimitImport,
		},
		{method: post, api: "/admin/hours/remove", page: "/admin/hours/remove", who: admins, handle: s.admin.RemoveHours},
		{method: get, api: "/admin/break-reasons", page: "/admin/break-reasons", who: admins, handle: breaks.Page},
		{method: post, api: "/admin/break-reasons", page: "/admin/break-reasons", who: admins, handle: breaks.Add},
		{
			method: post, api: "/admin/break-reasons/:reason_id", page: "/admin/break-reasons/:reason_id",
			who: admins, handle: breaks.Update,
		},
		{
			method: post, api: "/admin/break-reasons/:reason_id/move", page: "/admin/break-reasons/:reason_id/move",
			who: admins, handle: breaks.Move,
		},
		{
			method: post, api: "/admin/break-reasons/:reason_id/retire", page: "/admin/break-reasons/:reason_id/retire",
			who: admins, handle: breaks.Retire(true),
		},
		{
			method: post, api: "/admin/break-reasons/:reason_id/restore", page: "/admin/break-reasons/:reason_id/restore",
			who: admins, handle: breaks.Retire(false),
		},
		{method: get, api: "/admin/questions", page: "/admin/questions", who: admins, handle: s.admin.QuestionsPage},
		{method: post, api: "/admin/questions", page: "/admin/questions", who: admins, handle: s.admin.AddQuestion},
		{method: get, page: "/admin/questions/:question_id", who: admins, handle: s.admin.QuestionPage},
		{
			method: post, api: "/admin/questions/:question_id", page: "/admin/questions/:question_id",
			who: admins, handle: s.admin.UpdateQuestion, next: "/admin/questions",
		},
		{
			method: post, api: "/admin/questions/:question_id/move", page: "/admin/questions/:question_id/move",
			who: admins, handle: s.admin.MoveQuestion, next: "/admin/questions",
		},
		{
			method: post, api: "/admin/questions/:question_id/retire", page: "/admin/questions/:question_id/retire",
			who: admins, handle: s.admin.RetireQuestion(true), next: "/admin/questions",
		},
		{
			method: post, api: "/admin/questions/:question_id/restore", page: "/admin/questions/:question_id/restore",
			who: admins, handle: s.admin.RetireQuestion(false), next: "/admin/questions",
		},
		{method: get, api: "/admin/rating-reasons", page: "/admin/rating-reasons", who: admins, handle: ratings.Page},
		{method: post, api: "/admin/rating-reasons", page: "/admin/rating-reasons", who: admins, handle: ratings.Add},
		{
			method: post, api: "/admin/rating-reasons/:rating_reason_id", page: "/admin/rating-reasons/:rating_reason_id",
			who: admins, handle: ratings.Update,
		},
		{
			method: post, api: "/admin/rating-reasons/:rating_reason_id/move", page: "/admin/rating-reasons/:rating_reason_id/move",
			who: admins, handle: ratings.Move,
		},
		{
			method: post, api: "/admin/rating-reasons/:rating_reason_id/retire", page: "/admin/rating-reasons/:rating_reason_id/retire",
			who: admins, handle: ratings.Retire(true),
		},
		{
			method: post, api: "/admin/rating-reasons/:rating_reason_id/restore", page: "/admin/rating-reasons/:rating_reason_id/restore",
			who: admins, handle: ratings.Retire(false),
		},
		{method: get, api: "/admin/wrap-up-options", page: "/admin/wrap-up", who: admins, handle: s.admin.WrapUpPage},
		{method: post, api: "/admin/wrap-up-options", page: "/admin/wrap-up", who: admins, handle: s.admin.AddWrapUpOption},
		{
			method: post, api: "/admin/wrap-up-options/:option_id", page: "/admin/wrap-up/:option_id",
			who: admins, handle: s.admin.RenameWrapUpOption,
		},
		{
			method: post, api: "/admin/wrap-up-options/:option_id/retire", page: "/admin/wrap-up/:option_id/retire",
			who: admins, handle: s.admin.RetireWrapUpOption(true),
		},
		{
			method: post, api: "/admin/wrap-up-options/:option_id/restore", page: "/admin/wrap-up/:option_id/restore",
			who: admins, handle: s.admin.RetireWrapUpOption(false),
		},
		{method: get, api: "/admin/settings", page: "/admin/settings", who: admins, handle: s.admin.SettingsPage},
		{method: post, api: "/admin/settings", page: "/admin/settings", who: admins, handle: s.admin.ChangeSettings},
		{method: post, api: "/admin/settings/:key", who: admins, handle: s.admin.ChangeSetting},
		{method: post, api: "/admin/settings/:key/reset", who: admins, handle: s.admin.ResetSetting},
		{method: get, api: "/admin/sites", page: "/admin/sites", who: admins, handle: s.admin.SitesPage},
		{method: post, api: "/admin/sites", page: "/admin/sites", who: admins, handle: s.admin.AddSite},
		{method: post, api: "/admin/sites/remove", page: "/admin/sites/remove", who: admins, handle: s.admin.RemoveSite},
		{method: get, api: "/admin/bots", page: "/admin/bots", who: admins, handle: s.admin.BotsPage},
		{method: post, api: "/admin/bots", page: "/admin/bots", who: admins, handle: s.admin.AddBot},
		{method: get, api: "/admin/bots/:bot_id", page: "/admin/bots/:bot_id", who: admins, handle: s.admin.BotPage},
		{method: post, api: "/admin/bots/:bot_id", page: "/admin/bots/:bot_id", who: admins, handle: s.admin.UpdateBot},
		{
			method: post, api: "/admin/bots/:bot_id/disable", page: "/admin/bots/:bot_id/disable",
			who: admins, handle: s.admin.SwitchBot(true),
		},
		{
			method: post, api: "/admin/bots/:bot_id/enable", page: "/admin/bots/:bot_id/enable",
			who: admins, handle: s.admin.SwitchBot(false),
		},
		{method: get, api: "/admin/api-keys", page: "/admin/api-keys", who: admins, handle: s.admin.APIKeysPage},
		{method: post, api: "/admin/api-keys", page: "/admin/api-keys", who: admins, handle: s.admin.AddAPIKey},
		{
			method: post, api: "/admin/api-keys/:api_key_id/revoke", page: "/admin/api-keys/:api_key_id/revoke",
			who: admins, handle: s.admin.RevokeAPIKey,
		},
		{method: get, api: "/admin/texts", page: "/admin/texts", who: admins, handle: s.admin.TextsPage},
		{method: post, api: "/admin/texts", page: "/admin/texts", who: admins, handle: s.admin.SetText},
		{method: post, api: "/admin/texts/reset", page: "/admin/texts/reset", who: admins, handle: s.admin.ResetText},
		{method: get, api: "/admin/webhooks", page: "/admin/webhooks", who: admins, scope: hooks, handle: s.admin.WebhooksPage},
		{method: post, api: "/admin/webhooks", page: "/admin/webhooks", who: admins, scope: hooks, handle: s.admin.AddWebhook},
		{
			method: get, api: "/admin/webhooks/:webhook_id", page: "/admin/webhooks/:webhook_id",
			who: admins, scope: hooks, handle: s.admin.WebhookPage,
		},
		{
			method: post, api: "/admin/webhooks/:webhook_id", page: "/admin/webhooks/:webhook_id",
			who: admins, scope: hooks, handle: s.admin.UpdateWebhook,
		},
		{
			method: post, api: "/admin/webhooks/:webhook_id/rotate", page: "/admin/webhooks/:webhook_id/rotate",
			who: admins, scope: hooks, handle: s.admin.RotateWebhookSecret,
		},
		{
			method: post, api: "/admin/webhooks/:webhook_id/pause", page: "/admin/webhooks/:webhook_id/pause",
			who: admins, scope: hooks, handle: s.admin.PauseWebhook(true),
		},
		{
			method: post, api: "/admin/webhooks/:webhook_id/resume", page: "/admin/webhooks/:webhook_id/resume",
			who: admins, scope: hooks, handle: s.admin.PauseWebhook(false),
		},
		{
			method: post, api: "/admin/webhooks/:webhook_id/remove", page: "/admin/webhooks/:webhook_id/remove",
			who: admins, scope: hooks, handle: s.admin.RemoveWebhook,
		},
		{
			method: post, api: "/admin/webhooks/:webhook_id/test", page: "/admin/webhooks/:webhook_id/test",
			who: admins, scope: hooks, handle: s.admin.TestWebhook,
		},
		{
			method: post, api: "/admin/webhooks/:webhook_id/replay", page: "/admin/webhooks/:webhook_id/replay",
			who: admins, scope: hooks, handle: s.admin.ReplayWebhookDeliveries,
		},
		{method: get, api: "/admin/webhooks/:webhook_id/deliveries", who: admins, scope: hooks, handle: s.admin.WebhookDeliveries},
		{
			method: get,
			api:    "/admin/webhooks/:webhook_id/deliveries/:delivery_id",
			page:   "/admin/webhooks/:webhook_id/deliveries/:delivery_id",
			who:    admins,
			scope:  hooks,
			handle: s.admin.WebhookDeliveryPage,
		},
		{
			method: post,
			api:    "/admin/webhooks/:webhook_id/deliveries/:delivery_id/replay",
			page:   "/admin/webhooks/:webhook_id/deliveries/:delivery_id/replay",
			who:    admins,
			scope:  hooks,
			handle: s.admin.ReplayWebhookDelivery,
		},
		{method: get, api: "/admin/looks", page: "/admin/looks", who: admins, handle: s.admin.LooksPage},
		{method: post, api: "/admin/looks", page: "/admin/looks", who: admins, handle: s.admin.SetLook},
		{method: get, page: "/admin/looks/one", who: admins, handle: s.admin.LookPage},
		{method: post, page: "/admin/looks/preview", who: admins, handle: s.admin.PreviewLook},
		{
			method: post, api: "/admin/looks/avatar", page: "/admin/looks/avatar",
			who: admins, limit: limit.File, handle: s.admin.SetLookAvatar, requestLimits: kit.LimitImport,
		},
		{method: post, api: "/admin/looks/remove", page: "/admin/looks/remove", who: admins, handle: s.admin.RemoveLook},
		{method: get, page: "/admin/users", who: admins, handle: s.admin.UsersPage},
		{method: post, api: "/admin/users/find", page: "/admin/users", who: admins, scope: models.ScopeUsers, handle: s.admin.FindUsers},
		{method: get, api: "/admin/users/one", page: "/admin/users/one", who: admins, scope: models.ScopeUsers, handle: s.admin.UserPage},
		{
			method: post,
			api:    "/admin/users/export",
			page:   "/admin/users/export",
			who:    admins,
			scope:  models.ScopeUsers,
			handle: s.admin.ExportUser,
		},
		{
			method: post,
			api:    "/admin/users/erase",
			page:   "/admin/users/erase",
			who:    admins,
			scope:  models.ScopeUsers,
			handle: s.admin.EraseUser,
		},
		{method: get, page: "/admin/data", who: admins, handle: s.admin.DataPage},
		{
			method:        get,
			api:           "/admin/export",
			page:          "/admin/export.ndjson",
			who:           admins,
			scope:         models.ScopeReadChats,
			handle:        s.admin.ExportData,
			requestLimits: admin.LimitExport,
		},
		{method: get, api: "/admin/audit", page: "/admin/audit", who: admins, handle: s.admin.AuditPage},
		{method: get, page: "/admin/audit.csv", who: admins, handle: s.admin.AuditCSV},
		{method: get, api: "/admin/mail", page: "/admin/mail", who: admins, handle: s.admin.MailPage},
		{method: post, api: "/admin/mail/:mail_id/retry", page: "/admin/mail/:mail_id/retry", who: admins, handle: s.admin.RetryMail},
		{method: get, api: "/admin/health", page: "/admin/health", who: admins, handle: s.admin.HealthPage},
		{method: post, api: "/admin/health/repair", page: "/admin/health/repair", who: admins, handle: s.admin.RepairHealth},

		// Pages
		{method: get, page: "/", who: anyone, handle: s.account.StartPage},
		{method: get, page: "/login", who: anyone, handle: s.account.LoginPage},
		{method: get, page: "/login/sso", who: anyone, handle: s.account.StartSSO},
		{method: get, page: "/login/sso/callback", who: anyone, handle: s.account.FinishSSO},
		{method: post, page: "/login/sso/backchannel-logout", who: anyone, handle: s.account.ReceiveLogout},
		{method: post, page: "/preferences", who: anyone, handle: s.account.SetPreferences},
		{method: get, page: "/demo", who: anyone, handle: s.demoHome},
		{method: get, page: "/demo/help", who: anyone, handle: s.demoHelp},
		{method: get, page: "/demo/mailbox", who: anyone, handle: s.demoMailbox},
		{method: get, page: "/demo/mailbox/:number", who: anyone, handle: s.demoMail},
		{method: get, page: "/demo/mailbox/:number/html", who: anyone, handle: s.demoMailHTML},

		// Files, by signed links
		{method: get, page: "/files/:public_id", who: anyone, handle: s.chat.ServeFile(api.Original), requestLimits: chat.LimitDownload},
		{
			method: get, page: "/files/:public_id/thumbnail",
			who: anyone, handle: s.chat.ServeFile(api.Thumbnail), requestLimits: chat.LimitDownload,
		},

		// Operation
		{method: get, page: "/static/*", who: anyone, handle: s.staticFile},
		{method: get, page: "/manifest.webmanifest", who: anyone, handle: s.manifest},
		{method: get, page: "/openapi.json", who: anyone, handle: s.openAPI},
		{method: get, page: "/healthz", who: anyone, handle: s.healthz},
		{method: get, page: "/readyz", who: anyone, handle: s.readyz},
		{method: get, page: "/metrics", who: anyone, handle: s.metricsPage},
	}
}

// apiPrefixes are the prefixes below which the JSON interface is served.
var apiPrefixes = []string{"/api", "/api/users"}

// paths returns all paths of a route.
func (r *route) paths() []string {
	var paths []string
	if r.api != "" {
		for _, prefix := range apiPrefixes {
			paths = append(paths, prefix+r.api)
		}
	}
	if r.page != "" {
		paths = append(paths, r.page)
	}
	return paths
}

// access returns what the route requires of its callers.
func (r *route) access() auth.Access {
	return auth.Access{
		Public: r.who == anyone, Kind: r.who.kind(), Role: r.who.role(), CreatesSession: r.createsSession, Stream: r.stream,
		Scope: r.scope, NoTimeout: r.stream || r.requestLimits != nil,
	}
}

func (s *Server) mount(e *echo.Echo) {
	preflighted := map[string]bool{}
	for _, line := range s.routes() {
		r := &line
		handler := func(c echo.Context) error {
			if r.fragment != nil {
				c.Set(kit.FragmentKey, func() (templ.Component, error) { return r.fragment(c) })
			}
			if r.next != "" {
				c.Set(kit.NextKey, strings.ReplaceAll(r.next, ":chat_id", url.PathEscape(kit.ChatID(c))))
			}
			err := r.handle(c)
			if r.input && err == nil && kit.CallerOf(c).APIKey == nil {
				s.Hub.RecordInput(kit.ActorOf(c))
			}
			return err
		}
		chain := []echo.MiddlewareFunc{s.cors(r), s.sameOrigin, s.Middleware(r.access()), s.rateLimited(r)}
		switch {
		case r.requestLimits != nil:
			chain = append([]echo.MiddlewareFunc{r.requestLimits}, chain...)
		case !r.stream:
			chain = append([]echo.MiddlewareFunc{requestLimits}, chain...)
		}
		for _, path := range r.paths() {
			if r.who == users || r.cors {
				s.userPaths[path] = true
			}
			e.Add(r.method, path, handler, chain...)
			if r.method == get && !r.stream {
				e.Add(http.MethodHead, path, handler, chain...)
			}
			if r.cors && kit.IsAPI(path) && !preflighted[path] {
				preflighted[path] = true
				e.Add(http.MethodOptions, path, s.preflight)
			}
		}
	}
}
