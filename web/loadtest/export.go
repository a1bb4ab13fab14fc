package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// exportedMessages inserts messages into each ended chat of endedChats.
func exportedMessages(each int) string {
	return fmt.Sprintf(`WITH said AS (
			INSERT INTO messages (id, chat_id, seq, version, sender_type, sender_id, message_type, content, created_at)
			SELECT m, c.id, m, m, CASE WHEN m %% 2 = 1 THEN 'user' ELSE 'customer_service' END::message_sender,
				CASE WHEN m %% 2 = 1 THEN c.user_id ELSE c.agent_id END, 'text', 'Your parcel left us on Monday; it is with you tomorrow at noon.', c.ended_at
			FROM chats c, generate_series(1, %[1]d) m WHERE c.status = 'ended')
		UPDATE chats SET last_seq = %[1]d, total_messages = %[1]d WHERE status = 'ended'`, each)
}

// endedChatChanges inserts what the triggers would have stored of ended chats, for exports.
const endedChatChanges = `INSERT INTO export_changes (chat_id, changed_by, changed_at) SELECT id, '0', ended_at FROM chats WHERE status = 'ended'
	ON CONFLICT (chat_id) DO NOTHING`

// exported is what an export took.
type exported struct {
	seconds float64
	bytes   int64
	memory  int64 // resident memory of the program that was added at most, in bytes
}

// measureExport measures an export of a million messages through the endpoint, and the memory that it needs.
func measureExport(ctx context.Context, b *bench) error {
	const each, agentsN, userCount = 20, 100, 10_000
	chats := b.opts.size(50_000, 200)
	database, err := b.seeded(ctx, users(b.opts.size(userCount, 100)), agents(agentsN, 5, 0), supervisor,
		`UPDATE agents SET role = 'admin' WHERE id = 's1'`,
		endedChats(chats, b.opts.size(userCount, 100), agentsN, "8 s"), exportedMessages(each), endedChatChanges)
	if err != nil {
		return err
	}
	server, err := b.serveProduct(ctx, database, noTimeouts...)
	if err != nil {
		return err
	}
	var seconds, memory []float64
	for n := range b.opts.rounds + 1 {
		e, err := b.export(ctx, server, chats*each)
		if err != nil {
			return err
		}
		if n == 0 { // the warm-up
			continue
		}
		seconds, memory = append(seconds, e.seconds), append(memory, float64(e.memory)/(1<<20))
	}
	b.table.atMost("export of 1,000,000 messages", "s", sampleOf(seconds...), 60, fmt.Sprintf("%d messages in %d chats", chats*each, chats))
	b.table.atMost("memory that an export adds", "MB", sampleOf(memory...), 64, "resident, at most, during the export")
	return nil
}

// export reads one export of that many messages and measures the program meanwhile.
func (b *bench) export(ctx context.Context, server *process, messages int) (e exported, err error) {
	before, err := b.memoryAfterGC(ctx, server)
	if err != nil {
		return e, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+server.addr+"/api/admin/export", nil)
	if err != nil {
		return e, err
	}
	request.Header.Set("Authorization", "Bearer "+agentToken(0))
	began := time.Now()
	response, err := new(http.Client).Do(request)
	if err != nil {
		return e, err
	}
	defer response.Body.Close()
	block, last := make([]byte, 256<<10), []byte(nil)
	for measured := began; ; {
		n, err := response.Body.Read(block)
		e.bytes += int64(n)
		last = append(last, block[:n]...)
		last = last[max(0, len(last)-4096):]
		if time.Since(measured) > 100*time.Millisecond {
			measured = time.Now()
			now, err := server.resident()
			if err != nil {
				return e, err
			}
			e.memory = max(e.memory, now-before)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return e, err
		}
	}
	e.seconds = time.Since(began).Seconds()
	if response.StatusCode != http.StatusOK || !bytes.Contains(last, fmt.Appendf(nil, `"message":%d`, messages)) {
		return e, fmt.Errorf("the export was answered %d and ends with %.300s", response.StatusCode, last[max(0, len(last)-300):])
	}
	return e, nil
}
