package inbound

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net/mail"
	"os"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/prometheus/client_golang/prometheus"

	"parley/models"
	"parley/web/incoming"
	"parley/web/media"
)

const (
	// maxHops is how many mail servers a mail may have passed. One with more goes round in circles.
	maxHops = 100
	// maxReading is how many mails are read at the same time. Others wait, in their temporary files.
	maxReading = 4
	// deliverTimeout is how long reading and storing a mail may take.
	deliverTimeout = time.Minute
)

// Receiver takes mails and gives them to the desk. It is safe for concurrent use.
type Receiver struct {
	desk    *models.Desk
	files   incoming.Files
	temp    string
	maxSize int64
	log     *slog.Logger
	reading chan struct{}
	results *prometheus.CounterVec
}

// Options of a [Receiver].
type Options struct {
	Desk    *models.Desk
	Files   incoming.Files
	TempDir string // for mails while they are read
	MaxSize int64  // bytes of a mail
	Log     *slog.Logger
}

// New returns a receiver.
func New(o Options) *Receiver {
	r := &Receiver{
		desk: o.Desk, files: o.Files, temp: o.TempDir, maxSize: o.MaxSize, log: o.Log, reading: make(chan struct{}, maxReading),
		results: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "parley", Name: "received_mails_total",
			Help: "E-mails that came to reply addresses, once for each recipient, and recipients that were refused.",
		}, []string{"result"}),
	}
	for _, result := range results {
		r.results.WithLabelValues(string(result))
	}
	return r
}

// Metrics returns the counters of the receiver.
func (r *Receiver) Metrics() prometheus.Collector { return r.results }

// Result is what became of a mail. The values are those of the metric.
type Result string

// The results. A mail with one of the first group is taken: it need not and must not be sent again.
const (
	Stored    Result = "stored"
	Repeated  Result = "repeated"  // it was stored before
	Automatic Result = "automatic" // recorded, and no message of the user
	Bounced   Result = "bounce"    // recorded
	Loop      Result = "loop"      // a mail of ours came back, and is dropped

	UnknownAddress Result = "unknown_address" // no chat has this address, or no longer
	Relay          Result = "relay_denied"    // of a domain that is not ours
	TooLarge       Result = "too_large"
	NotReadable    Result = "not_readable"
	TooManyHops    Result = "too_many_hops"
	RateLimited    Result = "rate_limited" // this result and the next are temporary
	Unavailable    Result = "unavailable"
)

var results = []Result{
	Stored, Repeated, Automatic, Bounced, Loop, UnknownAddress, Relay, TooLarge, NotReadable, TooManyHops, RateLimited, Unavailable,
}

// Refusal is why a mail is not taken. Its text is for the sender.
type Refusal struct { //nolint:errname // a refusal of the mail, not a failure
	Result Result
	Text   string
	cause  error
}

func (e *Refusal) Error() string { return e.Text }

func (e *Refusal) Unwrap() error { return e.cause }

// IsTemporary reports whether the sender should try again.
func (e *Refusal) IsTemporary() bool { return e.Result == RateLimited || e.Result == Unavailable }

// refusalOf returns an error as it is told to the sender. Everything that is not known to be final is temporary, so that nothing is lost.
func refusalOf(err error) *Refusal {
	var already *Refusal
	var refused *models.Error
	switch {
	case errors.As(err, &already):
		return already
	case errors.Is(err, smtp.ErrDataTooLarge):
		return &Refusal{TooLarge, "the mail is too large", err}
	case errors.Is(err, ErrTooDeep), errors.Is(err, ErrTooManyParts), errors.Is(err, ErrTooMuchText), errors.Is(err, ErrNotReadable):
		for _, known := range []error{ErrTooDeep, ErrTooManyParts, ErrTooMuchText} {
			if errors.Is(err, known) {
				return &Refusal{NotReadable, known.Error(), err}
			}
		}
		return &Refusal{NotReadable, ErrNotReadable.Error(), err}
	case errors.As(err, &refused) && refused.Kind == models.NotFound:
		return &Refusal{UnknownAddress, "no such address, or the conversation was deleted", err}
	case errors.As(err, &refused) && refused.Kind == models.TooMany:
		return &Refusal{RateLimited, "too many mails to this address, try again later", err}
	}
	return &Refusal{Unavailable, "temporary failure, try again later", err}
}

// Check refuses a recipient before the mail is received. The error is a *[Refusal].
func (r *Receiver) Check(ctx context.Context, recipient string) error {
	_, domain, _ := strings.Cut(recipient, "@")
	if !strings.EqualFold(domain, r.desk.Settings().ReplyAddress.Domain()) {
		return r.count(&Refusal{Relay, "mail for this domain is not accepted here", nil})
	}
	if err := r.desk.CheckMail(ctx, recipient); err != nil {
		return r.count(refusalOf(err))
	}
	return nil
}

func (r *Receiver) count(refusal *Refusal) error {
	r.results.WithLabelValues(string(refusal.Result)).Inc()
	if refusal.Result == Unavailable {
		r.log.Warn("mail not received", "error", refusal.cause)
	}
	return refusal
}

// Deliver reads a mail and stores it for each recipient. The sender is that of the envelope, "" for none. It returns an error for each
// recipient, nil once the mail is committed for it; an error is a *[Refusal].
func (r *Receiver) Deliver(ctx context.Context, sender string, recipients []string, content io.Reader) []error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout+deliverTimeout)
	defer cancel()
	m, in, err := r.receive(ctx, sender, content)
	if err != nil {
		refused := refusalOf(err)
		errs := make([]error, len(recipients))
		for i := range errs {
			errs[i] = r.count(refused)
		}
		return errs
	}
	defer m.Close()
	errs := make([]error, len(recipients))
	for i, recipient := range recipients {
		in.Address = recipient
		result, err := r.store(ctx, m, in)
		if err != nil {
			errs[i] = r.count(refusalOf(err))
			continue
		}
		r.results.WithLabelValues(string(result)).Inc()
		r.log.Info("mail received", "result", string(result), "size", in.Size, "files", len(m.Files))
	}
	return errs
}

// receive writes a mail to a temporary file and reads it there.
func (r *Receiver) receive(ctx context.Context, sender string, content io.Reader) (*Mail, models.IncomingMail, error) {
	var in models.IncomingMail
	spool, err := tempFile(r.temp)
	if err != nil {
		return nil, in, err
	}
	defer spool.Close()
	sum := sha256.New()
	in.Size, err = io.Copy(io.MultiWriter(spool, sum), io.LimitReader(content, r.maxSize+1))
	switch {
	case err != nil:
		return nil, in, err
	case in.Size > r.maxSize:
		return nil, in, smtp.ErrDataTooLarge
	}
	select {
	case r.reading <- struct{}{}:
		defer func() { <-r.reading }()
	case <-ctx.Done():
		return nil, in, ctx.Err()
	}
	m, err := r.read(spool)
	if err != nil {
		return nil, in, err
	}
	if m.Hops > maxHops {
		m.Close()
		return nil, in, &Refusal{TooManyHops, "too many hops, the mail goes round in circles", nil}
	}
	m.IsAutomatic = m.IsAutomatic || isNullSender(sender)
	in.Key = sha256.Sum256([]byte("message-id " + m.MessageID))
	if m.MessageID == "" {
		in.Key = [sha256.Size]byte(sum.Sum(nil))
	}
	in.MessageID = m.MessageID
	in.FromEmail, in.FromName, in.Subject, in.Content, in.Written = m.FromEmail, m.FromName, m.Subject, m.Text, m.Written
	return m, in, nil
}

func (r *Receiver) read(spool *os.File) (*Mail, error) {
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return Read(spool, r.temp)
}

// isNullSender reports whether an envelope has no sender, as those of bounces and automatic answers.
func isNullSender(sender string) bool {
	sender = strings.Trim(strings.TrimSpace(sender), "<>")
	return sender == "" || strings.EqualFold(sender, "MAILER-DAEMON")
}

// store stores a mail for the recipient in it.
func (r *Receiver) store(ctx context.Context, m *Mail, in models.IncomingMail) (Result, error) {
	if ours, err := r.desk.IsOwnMail(ctx, m.MessageID); err != nil || ours {
		if ours {
			r.log.Warn("a mail of ours came back and was dropped", "message_id", m.MessageID, "sender", domainOf(in.FromEmail))
		}
		return Loop, err
	}
	var receipt *models.MailReceipt
	var err error
	result := Stored
	switch {
	case m.Bounce != nil:
		result = Bounced
		receipt, err = r.desk.RecordBounce(ctx, in, *m.Bounce)
	case m.IsAutomatic:
		result = Automatic
		receipt, err = r.desk.RecordAutomaticMail(ctx, in)
	default:
		receipt, err = r.storeReply(ctx, m, in)
	}
	if err == nil && receipt.Repeated {
		result = Repeated
	}
	return result, err
}

// domainOf returns the part of an address that the log may have.
func domainOf(address string) string {
	if parsed, err := mail.ParseAddress(address); err == nil {
		address = parsed.Address
	}
	return address[strings.LastIndexByte(address, '@')+1:]
}

// storeReply stores the files of a mail, and then the mail with them.
func (r *Receiver) storeReply(ctx context.Context, m *Mail, in models.IncomingMail) (*models.MailReceipt, error) {
	if received, err := r.desk.WasReceived(ctx, in.Address, in.Key); err != nil || received {
		return &models.MailReceipt{Repeated: received}, err
	}
	if err := r.desk.CheckMail(ctx, in.Address); err != nil {
		return nil, err
	}
	in.Refused = append([]models.RefusedFile{}, m.Refused...)
	in.Files = nil
	var stored []*incoming.Stored
	taken := false
	defer func() {
		if !taken {
			r.files.Discard(ctx, stored...)
		}
	}()
	for _, f := range m.Files {
		one, err := r.files.Put(ctx, incoming.File{Content: f.Content, Name: f.Name, Size: f.Size, SHA256: f.SHA256})
		var refusal *media.Refusal
		if errors.As(err, &refusal) {
			in.Refused = append(in.Refused, models.RefusedFile{Name: f.Name, Reason: string(refusal.Reason)})
			continue
		}
		if err != nil {
			return nil, err
		}
		stored = append(stored, one)
		in.Files = append(in.Files, models.NewFile{Attachment: one.Attachment})
	}
	receipt, err := r.desk.ReceiveMail(ctx, in)
	taken = err == nil && !receipt.Repeated
	return receipt, err
}
