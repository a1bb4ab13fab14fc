package faulttest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5"

	"parley/models"
	"parley/web/mail/inbound"
	"parley/web/mail/mailtest"
)

// post is a plant that mails: with the mail server that takes what it sends, and with users who left the page and reply by e-mail.
type post struct {
	*plant
	server *mailtest.Server
	listen []string    // the addresses at which the instances receive replies
	held   atomic.Bool // mails wait as long as in operation

	mu      sync.Mutex
	replies []reply
	read    []mail // what the server took, as far as it was read
}

// reply is a mail of a user that an instance has taken.
type reply struct {
	from, to, words string
	tries           int
}

// newPost starts a plant whose mails need not wait for their minute: compare hurry.
func newPost(t *testing.T) *post {
	t.Helper()
	m := &post{server: mailtest.Start(t, mailtest.NoTLS)}
	m.plant = newPlant(t, func(p *plant) {
		p.environ = append(p.environ, "SMTP_URL=smtp://"+m.server.Address+"?tls=off", "PUBLIC_URL=https://chat.example.com",
			"MAIL_FROM=support@example.com", "MAIL_REPLY_ADDRESS=reply+{token}@example.com", "RATE_MAIL=100000")
		p.own = func() []string {
			address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
			m.listen = append(m.listen, address)
			return []string{"MAIL_LISTEN=smtp://" + address}
		}
	})
	m.moved = true // messages are served after those who wait live
	m.work.Go(m.hurry)
	return m
}

// abandoned is how old an attempt of a process is that was killed. The mail server of these tests answers sooner.
const abandoned = 5 * time.Second

// hurry lets the time come at which mails are due: the minute for which answers are collected, the pause before another attempt, and the
// end of the lease of a process that was killed. Attempts that are being made are not disturbed.
func (m *post) hurry() {
	for pause(m.ctx, 100*time.Millisecond) {
		if m.held.Load() {
			continue
		}
		conn, err := m.connect(m.ctx)
		if err != nil {
			continue
		}
		_, _ = conn.Exec(
			m.ctx,
			`UPDATE outgoing_mails SET due_at = clock_timestamp() WHERE due_at > clock_timestamp() AND (state = 'pending'
			OR state = 'sending' AND (due_at <> attempted_at + interval '3 minutes' OR attempted_at < clock_timestamp() - make_interval(secs => $1)))`,
			abandoned.Seconds(),
		)
		_ = conn.Close(context.Background())
	}
}

// count returns the result of a query for a number.
func (m *post) count(query string, args ...any) (n int) {
	m.t.Helper()
	conn, err := m.connect(m.ctx)
	m.must(err)
	defer conn.Close(context.Background())
	m.must(conn.QueryRow(m.ctx, query, args...).Scan(&n))
	return n
}

// mail is a mail that the server took.
type mail struct {
	id, to, replyTo, text string
	isAnswer              bool
}

// mails returns what the server took, in order.
func (m *post) mails() []mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, got := range m.server.Mails()[len(m.read):] {
		one, err := inbound.Read(strings.NewReader(got.Raw), scratch)
		if err != nil {
			m.t.Errorf("a mail cannot be read: %v\n%s", err, got.Raw)
			one = &inbound.Mail{}
		}
		m.read = append(m.read, mail{
			id: one.MessageID, to: got.Recipient, replyTo: got.Sender, text: one.Text,
			isAnswer: strings.Contains(got.Raw, "Auto-Submitted: auto-generated"),
		})
		one.Close()
	}
	return slices.Clone(m.read)
}

// answers returns how many of the mails are answers.
func (m *post) answers() int {
	return len(slices.DeleteFunc(m.mails(), func(one mail) bool { return !one.isAnswer }))
}

// write lets a user leave a message, close the page, and reply by e-mail to every answer until the load ends.
func (m *post) write(name string) {
	m.t.Helper()
	user, address := m.guest(m.t, len(m.listen)), name+"@example.com"
	key := name + "-0"
	words := "help " + key + " " + secretWord
	a, err := user.ask("leave", "POST", "/user/message", map[string]any{
		"email": address, "name": name, "message": words, "client_message_id": key,
	})
	m.must(err)
	var left struct {
		First messageBody `json:"first_message"`
	}
	if a.into(&left); a.status != 200 || left.First.ID == 0 {
		m.t.Fatalf("%s cannot leave a message: %d %s", name, a.status, a.body)
	}
	m.ledger.acked(ack{
		chat: left.First.ChatID, side: byUser, sender: user.id, key: key, content: words, id: left.First.ID, at: time.Now(), tries: a.tries,
	})
	m.talking.Go(func() {
		answered := map[string]bool{}
		for n := 1; pause(m.load, 50*time.Millisecond); {
			for _, one := range m.mails() {
				if one.to == address && one.isAnswer && !answered[one.id] && m.load.Err() == nil {
					answered[one.id] = true
					m.reply(one, fmt.Sprintf("more %s-%d %s", name, n, secretWord), n)
					n++
				}
			}
		}
	})
}

// reply sends a reply to a mail as a mail server does: until it is taken, under one Message-ID. Every third one takes two ways at once.
func (m *post) reply(to mail, words string, n int) {
	raw := strings.Join([]string{
		"From: " + to.to,
		"To: " + to.replyTo,
		"Subject: Re: Your question",
		"Message-ID: <" + strings.ReplaceAll(words, " ", ".") + "@example.com>",
		"In-Reply-To: <" + to.id + ">",
		"Date: " + time.Now().Format(time.RFC1123Z),
		"Content-Type: text/plain; charset=utf-8",
		"",
		words,
		"",
		"On Mon, 30 Nov 2026 at 09:12, Support <support@example.com> wrote:",
		"> " + strings.ReplaceAll(strings.TrimSpace(to.text), "\n", "\n> "),
		"",
	}, "\r\n")
	var ways sync.WaitGroup
	if n%3 == 0 {
		ways.Go(func() { m.transfer(to.to, to.replyTo, raw, n+1) })
	}
	tries := m.transfer(to.to, to.replyTo, raw, n)
	ways.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.replies = append(m.replies, reply{from: to.to, to: to.replyTo, words: words, tries: tries})
}

// transfer tries again until an instance has taken the mail, and returns how often it tried. A final refusal fails the test.
func (m *post) transfer(from, to, raw string, at int) (tries int) {
	ctx, cancel := context.WithTimeout(m.ctx, opPatience)
	defer cancel()
	for {
		tries++
		err := m.transferOnce(ctx, m.listen[(at+tries)%len(m.listen)], from, to, raw)
		if err == nil {
			return tries
		}
		var refused *smtp.SMTPError
		if errors.As(err, &refused) && !refused.Temporary() {
			m.t.Errorf("a reply was refused for good: %v", err)
			return tries
		}
		if !pause(ctx, 50*time.Millisecond) {
			m.t.Errorf("a reply was not taken in %s: %v", opPatience, err)
			return tries
		}
	}
}

func (m *post) transferOnce(ctx context.Context, address, from, to, raw string) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	c := smtp.NewClient(conn)
	defer c.Close()
	c.CommandTimeout, c.SubmissionTimeout = requestPatience, requestPatience
	return c.SendMail(from, []string{to}, strings.NewReader(raw))
}

// taken returns how many replies were taken.
func (m *post) taken() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.replies)
}

// correspond lets users leave messages, and agents answer them. The agents end some chats, so that replies begin new ones.
func (m *post) correspond(users, agents int) {
	m.t.Helper()
	for i := range agents {
		who := m.agent(fmt.Sprintf("agent%d", i), models.RoleAgent, 2)
		m.talking.Go(func() {
			for {
				select {
				case <-m.load.Done():
					return
				case got := <-who.inbox:
					said := who.say(got.ChatID, fmt.Sprintf("re-%d", got.ID), fmt.Sprintf("answer to %d.", got.ID))
					if said && got.ID%7 == 0 {
						who.end(got.ChatID)
					}
				}
			}
		})
	}
	for i := range users {
		m.write(fmt.Sprintf("writer%d", i))
	}
}

// allSent waits until no mail waits.
func (m *post) allSent() {
	m.t.Helper()
	m.until(time.Minute, "all mails are sent", func() bool {
		return m.count(`SELECT count(*) FROM outgoing_mails WHERE state NOT IN ('sent', 'skipped')`) == 0
	})
}

// outgoing is a mail of the outbox.
type outgoing struct {
	Chat, MessageID, Recipient, State string
	Attempts                          int
}

// auditMail checks that every answer is in exactly one mail to its user, however often that mail was taken; that a mail was taken more
// than once only under one Message-ID, with one content, and after an attempt whose end its sender did not learn; and that every reply that
// was taken is one message. Call it after settle.
func (m *post) auditMail() {
	m.t.Helper()
	m.allSent()
	conn, err := m.connect(m.t.Context())
	m.must(err)
	defer conn.Close(context.Background())
	found, err := conn.Query(
		m.t.Context(),
		`SELECT chat_id AS chat, coalesce(message_id, '') AS message_id, recipient, state, attempts FROM outgoing_mails`,
	)
	m.must(err)
	stored, err := pgx.CollectRows(found, pgx.RowToStructByName[outgoing])
	m.must(err)
	wrong := complaints{}
	box := map[string]outgoing{}
	for _, o := range stored {
		box[o.MessageID] = o
		if o.State != "sent" {
			wrong.add("a mail is %s", o.State)
		}
	}
	taken, copies := map[string]mail{}, map[string]int{}
	for _, one := range m.mails() {
		if before, again := taken[one.id]; again && before != one {
			wrong.add("mail %s was taken as %q and as %q", one.id, before.text, one.text)
		}
		taken[one.id] = one
		copies[one.id]++
		if o := box[one.id]; o.Recipient != one.to || copies[one.id] > o.Attempts {
			wrong.add("mail %s to %s was taken %d times; the outbox has %+v", one.id, one.to, copies[one.id], o)
		}
	}
	for id, o := range box {
		if copies[id] == 0 {
			wrong.add("a mail that counts as sent was never taken: %+v", o)
		}
	}
	answers, messages := 0, map[string]int{}
	for _, r := range m.rows() {
		switch {
		case r.Type != "text":
		case r.Side == byUser:
			messages[r.Content]++
		case r.Side == byAgent:
			answers++
			in := 0
			for id, one := range taken {
				if strings.Contains(one.text, r.Content) {
					in++
					if box[id].Chat != r.Chat {
						wrong.add("answer %q is in a mail of another chat", r.Content)
					}
				}
			}
			if in != 1 {
				wrong.add("answer %q is in %d mails", r.Content, in)
			}
		}
	}
	retried := 0
	for _, one := range m.replies {
		if one.tries > 1 {
			retried++
		}
		if messages[one.words] != 1 {
			wrong.add("the reply %q of %s was taken and is %d messages", one.words, one.from, messages[one.words])
		}
		delete(messages, one.words)
	}
	for words, n := range messages {
		if !strings.HasPrefix(words, "help ") || n != 1 {
			wrong.add("%q is %d messages, and was never sent so", words, n)
		}
	}
	wrong.report(m.t)
	m.t.Logf("%d answers in %d mails, taken %d times; %d replies, %d of them sent again",
		answers, len(taken), len(m.server.Mails()), len(m.replies), retried)
	if answers == 0 {
		m.t.Error("nothing was mailed")
	}
}
