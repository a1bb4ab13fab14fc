package models

import "time"

// avoidFor is how long a chat that an agent returned to the queue is not assigned to that agent if another one can take it.
const avoidFor = 2 * time.Minute

// chatChange is the change that a transaction makes to one locked chat. Its methods are the steps that a chat takes
// outside the statements for messages and confirmations: each sets everything that the step does to the row and the
// content of its event. They neither read nor write; [tx.save] stores the result and emits the event.
type chatChange struct {
	Change
	before     Chat // the row as it is stored; the columns in which Chat differs from it are written
	now        time.Time
	queueCause QueueCause // why positions in the queue change; "" when they do not
}

// change begins a change of a chat that this transaction has locked, where c is the row as it is stored. What is to
// change is set on the Chat of the result: c is not written.
func (t *tx) change(c *Chat) *chatChange {
	return &chatChange{Change: Change{Chat: *c}, before: *c, now: t.now}
}

// addMessage adds a message as the chat's last one. Its id and its version are known after [tx.save].
func (c *chatChange) addMessage(m Message) {
	c.Chat.LastSeq++
	if m.Type != Note {
		c.Chat.TotalMessages++
	}
	m.ChatID, m.Seq, m.Status, m.CreatedAt = c.Chat.ID, c.Chat.LastSeq, Sent, c.now
	c.Messages = append(c.Messages, m)
}

// addUserMessage adds a text of the chat's user, who waits.
func (c *chatChange) addUserMessage(content string, key *string) {
	chat := &c.Chat
	c.addMessage(Message{SenderType: FromUser, SenderID: chat.UserID, Type: Text, Content: content, ClientMessageID: key})
	chat.LastMessageAt, chat.LastSender = &c.now, ptr(FromUser)
	chat.UnreadByAgent++
	if chat.AwaitingReplySince == nil {
		chat.AwaitingReplySince = &c.now
	}
}

// addReceived adds a message of the chat's user that came by e-mail.
func (c *chatChange) addReceived(m Message) {
	chat := &c.Chat
	m.SenderType, m.SenderID, m.Via = FromUser, chat.UserID, ptr(ViaEmail)
	c.addMessage(m)
	chat.LastMessageAt, chat.LastSender, chat.IdleSince, chat.WarnedAt = &c.now, ptr(FromUser), &c.now, nil
	if chat.IsMessage() {
		chat.IdleSince = nil
	}
	chat.UnreadByAgent++
	if chat.AwaitingReplySince == nil {
		chat.AwaitingReplySince = &c.now
	}
}

// addSystemMessage adds a system message, one of the kinds in message.go.
func (c *chatChange) addSystemMessage(kind string, args map[string]string) {
	c.addMessage(Message{SenderType: FromSystem, Type: SystemMessage, SystemKind: &kind, SystemArgs: args})
}

// addAgentLine adds a system message that only agents see, as they alone see notes.
func (c *chatChange) addAgentLine(kind string, args map[string]string) {
	c.addMessage(Message{SenderType: FromSystem, Type: Note, SystemKind: &kind, SystemArgs: args})
}

// assign assigns a waiting chat to an agent and adds the message that the agent joined.
func (c *chatChange) assign(to *Agent) {
	waited := c.now.Sub(c.Chat.WaitsSince())
	c.addSystemMessage(SystemJoined, map[string]string{"agent": to.Name, systemAgentID: to.ID, "wait_seconds": seconds(waited)})
	c.serveBy(to)
}

// transfer moves an active chat from one agent to another and adds the message about it. A user whose chat a person takes from a bot has
// not waited: the time with people begins now.
func (c *chatChange) transfer(from, to *Agent) {
	c.addSystemMessage(SystemTransferred, map[string]string{"from": from.Name, "to": to.Name, systemAgentID: to.ID})
	c.PrevAgentID = from.ID
	if from.IsBot() {
		c.Chat.LiveAt = &c.now
	} else {
		c.Chat.Transfers++
	}
	c.serveBy(to)
}

// serveBy makes the chat an active one of the agent. The idle time restarts, because the agent has only now seen the
// chat.
func (c *chatChange) serveBy(a *Agent) {
	chat := &c.Chat
	chat.Status, chat.AgentID, chat.AssignedAt = Active, &a.ID, &c.now
	if chat.FirstAssignedAt == nil && !a.IsBot() { // the time until a person has it
		chat.FirstAssignedAt = &c.now
	}
	chat.ReturnedAt, chat.AvoidAgentID, chat.AvoidUntil = nil, nil, nil
	chat.IdleSince, chat.WarnedAt = &c.now, nil
	if chat.IsMessage() { // it never idles out, in the previous release either
		chat.IdleSince = nil
	}
	c.lowerHand()
	chat.JoinedIDs = withoutID(chat.JoinedIDs, a.ID)
	c.Assigned, c.Agent, c.queueCause = true, a.Card(), CauseHelped
}

// requeue takes an active chat from its agent and puts it in front of its priority in the queue. The queue time stays
// that of the first queueing, so chats that come back keep their order. kind is the system message with the reason. With
// avoid the chat is kept from the agent for [avoidFor], as long as another agent could take it. From a bot it is handed over.
func (c *chatChange) requeue(from *Agent, kind string, avoid bool) {
	if from.IsBot() {
		c.handOver(from)
		return
	}
	c.addSystemMessage(kind, map[string]string{"agent": from.Name})
	chat := &c.Chat
	chat.Status, chat.AgentID, chat.AssignedAt = Waiting, nil, nil
	// A user sends heartbeats only while waiting, so the last one may be old.
	chat.ReturnedAt, chat.UserSeenAt = &c.now, c.now
	if chat.IsMessage() {
		chat.UserSeenAt = unattended
	}
	chat.IdleSince, chat.WarnedAt = nil, nil
	if kind == SystemRequeued {
		chat.Transfers++
	}
	c.lowerHand()
	if avoid {
		chat.AvoidAgentID, chat.AvoidUntil = &from.ID, ptr(c.now.Add(avoidFor))
	}
	c.PrevAgentID, c.Returned, c.queueCause = from.ID, true, CauseReturned
}

// end ends an open chat. An active one keeps its agent, who served it last.
func (c *chatChange) end(reason, kind string) {
	chat := &c.Chat
	if chat.Status == Waiting {
		c.queueCause = CauseLeft
	}
	chat.Status, chat.EndedAt, chat.EndedReason, chat.EndedType = Ended, &c.now, &reason, &kind
	chat.AwaitingReplySince = nil
	c.lowerHand()
	chat.JoinedIDs, chat.WatcherIDs = nil, nil
	c.Ended = true
}

// warn warns both sides of an active chat that it will end, and states in how many seconds.
func (c *chatChange) warn(s Settings) {
	c.Chat.WarnedAt, c.Warned = &c.now, true
	c.addSystemMessage(SystemIdleWarning, map[string]string{"seconds": seconds(endsAt(&c.Chat, s).Sub(c.now))})
}

// restartIdle restarts the idle time of an active chat without a message.
func (c *chatChange) restartIdle() { c.Chat.IdleSince, c.Chat.WarnedAt = &c.now, nil }
