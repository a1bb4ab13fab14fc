package testdb

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Link carries the connections of a program to PostgreSQL, and can lose the answer to a commit.
type Link struct {
	URL string // of the database, by way of the link

	to string // the Unix socket of PostgreSQL

	statements atomic.Int64

	mu   sync.Mutex
	next *Loss
}

// Loss is a commit whose answer is lost.
type Loss struct {
	marker string
	late   bool
	lost   chan struct{} // closed once the commit was on its way
	let    chan struct{}
	done   chan struct{} // closed once PostgreSQL has answered it
}

// NewLink opens a link to a database of [Postgres] or [PostgresServer].
func NewLink(t testing.TB, databaseURL string) *Link {
	t.Helper()
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	l := &Link{
		to:  filepath.Join(config.Host, fmt.Sprintf(".s.PGSQL.%d", config.Port)),
		URL: fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", config.User, listener.Addr(), config.Database),
	}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go l.join(near)
		}
	}()
	return l
}

// Statements returns how many statements went over the link, those that begin and end transactions among them.
func (l *Link) Statements() int64 { return l.statements.Load() }

// LoseAnswer cuts the connection of the next commit that has the marker in it, once PostgreSQL has committed: the COMMIT
// of a transaction in which a statement had it, or a statement that commits by itself and is bound to it.
func (l *Link) LoseAnswer(marker string) *Loss { return l.lose(marker, false) }

// DelayCommit is LoseAnswer for a commit that reaches PostgreSQL only with [Loss.Deliver], after the connection was cut.
func (l *Link) DelayCommit(marker string) *Loss { return l.lose(marker, true) }

func (l *Link) lose(marker string, late bool) *Loss {
	loss := &Loss{marker: marker, late: late, lost: make(chan struct{}), let: make(chan struct{}), done: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = loss
	return loss
}

// Lost is closed once the answer is lost.
func (l *Loss) Lost() <-chan struct{} { return l.lost }

// Deliver lets a delayed commit reach PostgreSQL, and returns once it is committed.
func (l *Loss) Deliver() {
	close(l.let)
	<-l.done
}

// take returns the loss of which this is the commit, nil for none.
func (l *Link) take(matches func(marker string) bool) *Loss {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next == nil || !matches(l.next.marker) {
		return nil
	}
	loss := l.next
	l.next = nil
	return loss
}

func (l *Link) join(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("unix", l.to)
	if err != nil {
		return
	}
	defer far.Close()
	answers := make(chan *Loss, 1)
	go func() {
		defer near.Close()
		piece := make([]byte, 64<<10)
		for {
			n, err := far.Read(piece)
			if err != nil {
				return
			}
			select {
			case loss := <-answers:
				_ = near.Close()
				close(loss.done)
				if !loss.late {
					close(loss.lost)
				}
				return
			default:
			}
			if _, err := near.Write(piece[:n]); err != nil {
				return
			}
		}
	}()
	l.carry(bufio.NewReader(near), near, far, answers)
}

// carry forwards the messages of the program to PostgreSQL.
func (l *Link) carry(from *bufio.Reader, near, far net.Conn, answers chan<- *Loss) {
	first, err := message(from, false) // has no type
	if err != nil {
		return
	}
	if _, err := far.Write(first); err != nil {
		return
	}
	inTx := false
	var said []byte // in this transaction
	for {
		m, err := message(from, true)
		if err != nil {
			return
		}
		if m[0] == 'Q' || m[0] == 'E' {
			l.statements.Add(1)
		}
		var loss *Loss
		switch query := bytes.TrimRight(m[5:], "\x00"); {
		case m[0] == 'Q' && bytes.EqualFold(query, []byte("commit")):
			loss = l.take(func(marker string) bool { return bytes.Contains(said, []byte(marker)) })
			inTx, said = false, nil
		case m[0] == 'Q' && bytes.HasPrefix(bytes.ToLower(query), []byte("begin")):
			inTx = true
		case m[0] == 'Q' && bytes.EqualFold(query, []byte("rollback")):
			inTx, said = false, nil
		case inTx:
			said = append(said, m...)
		case m[0] == 'B':
			if loss = l.take(func(marker string) bool { return bytes.Contains(m, []byte(marker)) }); loss != nil {
				for m[len(m)-5] != 'S' { // with all that follows up to the Sync
					more, err := message(from, true)
					if err != nil {
						return
					}
					m = append(m, more...)
				}
			}
		}
		if loss != nil {
			answers <- loss
			if loss.late {
				_ = near.Close()
				close(loss.lost)
				<-loss.let
			}
		}
		if _, err := far.Write(m); err != nil {
			return
		}
		if loss != nil {
			<-loss.done
			return
		}
	}
}

// message reads one message of the protocol whole.
func message(from *bufio.Reader, typed bool) ([]byte, error) {
	head := make([]byte, 4)
	if typed {
		head = make([]byte, 5)
	}
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	rest := make([]byte, binary.BigEndian.Uint32(head[len(head)-4:])-4)
	_, err := io.ReadFull(from, rest)
	return append(head, rest...), err
}
