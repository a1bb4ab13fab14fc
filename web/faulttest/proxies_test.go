package faulttest_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/models"
	"parley/web/proxytest"
)

// proxy is a proxy whose configuration is in docs/proxies.
type proxy struct {
	name, file string
	// start runs the proxy with a configuration.
	start func(t testing.TB, address, config string) *proxytest.Server
	// edits are what is replaced in the file for the test, each in one place: the address to listen at, and files of the system.
	edits func(files proxyFiles, address string) map[string]string
	// often makes the proxy ask /readyz ten times as often, and idle is the setting of how long a stream may be silent.
	often, idle map[string]string
	// tooLarge is the size in bytes above which the proxy refuses a body itself, 0 for never.
	tooLarge int
}

// proxyFiles are the files with the certificate of chat.example.com and its key, apart and together.
type proxyFiles struct{ certificate, key, both string }

var proxies = []proxy{
	{
		name: "nginx", file: "nginx.conf",
		start: proxytest.Nginx,
		edits: func(files proxyFiles, address string) map[string]string {
			return map[string]string{
				"listen 80;": "listen unix:" + files.key + ".redirect;", "listen 443 ssl http2;": "listen " + address + " ssl http2;",
				"/etc/ssl/parley/chat.example.com.crt": files.certificate, "/etc/ssl/parley/chat.example.com.key": files.key,
				"/var/log/nginx/parley.log": "access.log",
			}
		},
		often:    map[string]string{"keepalive_timeout 4s;": "keepalive_timeout 400ms;"},
		idle:     map[string]string{"proxy_read_timeout 60s;": "proxy_read_timeout %ds;"},
		tooLarge: 21 << 20,
	},
	{
		name: "Caddy", file: "Caddyfile",
		start: proxytest.Caddy,
		edits: func(files proxyFiles, address string) map[string]string {
			return map[string]string{
				"\nchat.example.com {":                  "\nhttps://chat.example.com:" + address[strings.LastIndexByte(address, ':')+1:] + " {\n\tbind 127.0.0.1",
				"/etc/caddy/certs/chat.example.com.crt": files.certificate,
				"/etc/caddy/certs/chat.example.com.key": files.key,
			}
		},
		often: map[string]string{"health_interval 2s": "health_interval 200ms"},
		idle:  map[string]string{"read_timeout 60s": "read_timeout %ds"},
	},
	{
		name: "HAProxy", file: "haproxy.cfg",
		start: proxytest.HAProxy,
		edits: func(files proxyFiles, address string) map[string]string {
			return map[string]string{
				"    log /dev/log local0\n    user haproxy\n    group haproxy\n    maxconn 20000\n": "", "    bind :80\n": "",
				"bind :443": "bind " + address, "/etc/haproxy/certs/chat.example.com.pem": files.both,
			}
		},
		often: map[string]string{"inter 2s": "inter 200ms"},
		idle:  map[string]string{"timeout server 60s": "timeout server %ds", "timeout client 60s": "timeout client %ds"},
	},
}

const proxyHost = "chat.example.com"

// proxyInstances are the addresses of the instances in the files of docs/proxies.
var proxyInstances = []string{"10.0.0.11:8080", "10.0.0.12:8080"}

// run starts the proxy with its file of docs/proxies before two instances, and returns its address for clients and how it was started.
func (x *proxy) run(t *testing.T, instances []*instance, changes ...map[string]string) (url string, server *proxytest.Server) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../../docs/proxies", x.file))
	if err != nil {
		t.Fatal(err)
	}
	config := string(raw)
	replace := func(from, to string) {
		if n := strings.Count(config, from); n != 1 {
			t.Fatalf("docs/proxies/%s has %q %d times", x.file, from, n)
		}
		config = strings.Replace(config, from, to, 1)
	}
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	for from, to := range x.edits(proxyCertificate.write(t), address) {
		replace(from, to)
	}
	for i, documented := range proxyInstances {
		replace(documented, instances[i].addr)
	}
	for _, change := range changes {
		for from, to := range change {
			replace(from, to)
		}
	}
	server = x.start(t, address, config)
	url = "https://" + proxyHost + address[strings.LastIndexByte(address, ':'):]
	if !eventually(
		t.Context(),
		10*time.Second,
		func() bool { return statusOf(t.Context(), url+"/api/user/session") == http.StatusMethodNotAllowed },
	) {
		t.Fatalf("%s does not reach an instance: %s", x.name, server.ErrorLog())
	}
	return url, server
}

// silent returns the change of the configuration under which a stream may be silent for so many seconds.
func (x *proxy) silent(seconds int) map[string]string {
	change := map[string]string{}
	for from, to := range x.idle {
		change[from] = fmt.Sprintf(to, seconds)
	}
	return change
}

// TestBehindProxies runs two instances behind each of the proxies of docs/proxies.md with its configuration of
// docs/proxies, over TLS and HTTP/2. Streams are not delayed, files of every size are accepted or refused by Parley, an
// address is believed only as far as the proxy has seen it, and the replacement of both instances goes unnoticed.
func TestBehindProxies(t *testing.T) {
	t.Parallel()
	delay := form(time.Second, 5*time.Second)
	p := newPlant(t, func(p *plant) {
		p.environ = append(p.environ, "TRUSTED_PROXIES=127.0.0.1", "DRAIN_DELAY="+delay.String(), "RATE_FILE=1000")
	})
	var started []string
	for _, x := range proxies {
		if _, err := proxytest.Find(strings.ToLower(x.name)); err != nil {
			t.Run(x.name, func(t *testing.T) { t.Skip(err) })
			continue
		}
		url, _ := x.run(t, p.instances, form(x.often, nil))
		p.fronts, started = append(p.fronts, url), append(started, x.name)
	}
	t.Run("each", func(t *testing.T) {
		for at, name := range started {
			x := proxies[slices.IndexFunc(proxies, func(x proxy) bool { return x.name == name })]
			p.passesAtOnce(t, name, at)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				p.passesFiles(t, at, x.tooLarge)
				p.believesTheProxyAlone(t, p.fronts[at])
				p.hidesWhatIsInternal(t, p.fronts[at])
				if p.cutsSilence(t, &x, 2); long {
					p.outlivesSilence(t, &x)
				}
			})
		}
	})
	began := time.Now()
	p.crowd(form(6, 30), form(3, 10), 2, form(50*time.Millisecond, 200*time.Millisecond))
	for range form(1, 10) {
		for _, i := range p.instances {
			pause(t.Context(), form(200*time.Millisecond, 2*time.Second))
			stopping := time.Now()
			i.signal(syscall.SIGTERM)
			i.ends(t, 0, stopping, delay+15*time.Second)
			i.start()
			for at, name := range started {
				who := p.guest(t, at)
				p.until(20*time.Second, name+" sends requests to the instance that was replaced", func() bool {
					a, err := who.once(p.ctx, "look", "GET", ofUser+"/chats", nil)
					return err == nil && i.output.hasRequest(a.requestID)
				})
			}
		}
	}
	during := span{began, time.Now()}
	p.settle()
	p.audit()
	p.mustNotFail(t, span{})
	sent, wrong := 0, complaints{}
	for _, c := range p.ledger.during(during, "") {
		if sent++; c.status == 0 && c.kind != "stream" {
			wrong.add("%s through %s was not answered", c.kind, started[c.instance])
		}
	}
	wrong.report(t)
	t.Logf("%d requests while both instances were replaced", sent)
}

// passesAtOnce checks that a message in an idle chat is not buffered.
func (p *plant) passesAtOnce(t *testing.T, name string, at int) {
	t.Helper()
	agent := p.agent("calm-"+name, models.RoleAgent, 1)
	who := p.guest(t, at)
	user := p.newPerson("calm-user-"+name, byUser, ofUser, who.id, who.token, at)
	defer agent.be("offline")
	chat, ok := user.open()
	if !ok {
		return
	}
	defer user.end(chat)
	p.until(10*time.Second, "the stream stands", func() bool { return len(user.stream.came()[chat]) > 0 })
	began := time.Now()
	agent.say(chat, "at-once-"+name, "at once")
	heard := func() bool { return len(user.stream.came()[chat]) > 1 }
	ok = eventually(t.Context(), 10*time.Second, heard)
	took := time.Since(began)
	if slack := p.meter.slack(began, time.Now(), 8); !ok || took > time.Second+slack {
		t.Errorf("a message took %s on a machine that is slow by %s", took, slack)
	}
}

// passesFiles checks that a file of the largest size arrives, that Parley refuses larger ones with its own error, and what the proxy does
// above its own limit.
func (p *plant) passesFiles(t *testing.T, at, tooLarge int) {
	t.Helper()
	const largest = 10 << 20
	url, who := p.fronts[at], p.guest(t, at)
	a, err := who.once(t.Context(), "assign", "POST", ofUser+"/assign", nil)
	p.must(err)
	path := "/api" + ofUser + "/chats/" + chatOf(a) + "/files"
	for _, try := range []struct {
		size, status int
		code         string
	}{
		{largest, http.StatusCreated, ""},
		{largest + 1, http.StatusRequestEntityTooLarge, "file_too_large"},
		{2 * largest, http.StatusRequestEntityTooLarge, "file_too_large"},
	} {
		if status, body := upload(t, url+path, who.token, try.size); status != try.status || !strings.Contains(body, try.code) {
			t.Errorf("a file of %d bytes is answered %d %.300q, want %d %s", try.size, status, body, try.status, try.code)
		}
	}
	if tooLarge > 0 {
		status, body := upload(t, url+path, who.token, tooLarge)
		if status != http.StatusRequestEntityTooLarge || !strings.Contains(body, "<html>") {
			t.Errorf("more than the proxy takes is answered %d %.300q", status, body)
		}
	}
	_, err = who.once(t.Context(), "end", "POST", ofUser+"/chats/"+chatOf(a)+"/end", nil)
	p.must(err)
}

// upload sends a text file of so many bytes and returns the answer.
func upload(t *testing.T, url, token string, size int) (status int, body string) {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", "large.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(bytes.Repeat([]byte("a line of text\n"), size/15+1)[:size])
	_ = w.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, &form)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := transport.RoundTrip(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	raw, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(raw)
}

// believesTheProxyAlone checks that X-Forwarded-For, X-Request-Id and traceparent are accepted from the proxy, and not from its clients.
func (p *plant) believesTheProxyAlone(t *testing.T, url string) {
	t.Helper()
	direct := p.instances[0].url
	for _, try := range []struct{ name, url, from, claims, want string }{
		{"through the proxy", url, "127.0.0.5", "", "127.0.0.5"},
		{"through the proxy, claiming another", url, "127.0.0.5", "203.0.113.9", "127.0.0.5"},
		{"past the proxy, claiming another", direct, "127.0.0.6", "203.0.113.9", "127.0.0.6"},
		{"as the proxy itself", direct, "127.0.0.1", "203.0.113.9", "203.0.113.9"},
	} {
		line := p.logOf(t, try.url, try.from, try.claims)
		if line.Address != try.want {
			t.Errorf("%s: the address is taken to be %q, want %q", try.name, line.Address, try.want)
		}
		if isProxy := try.from == "127.0.0.1"; (line.Trace == claimedTrace) != isProxy || strings.HasPrefix(line.ID, "claimed") != isProxy {
			t.Errorf("%s: the claimed trace and id are logged as %q and %q", try.name, line.Trace, line.ID)
		}
	}
}

const claimedTrace = "4bf92f3577b34da6a3ce929d0e0e4736"

// logLine is the line that Parley logs for a request.
type logLine struct {
	Address string
	ID      string `json:"request_id"`
	Trace   string `json:"trace_id"`
}

// logOf sends a request from one address with another one in the header, and with an id and a trace, and returns its line in the log.
func (p *plant) logOf(t *testing.T, url, from, claims string) (line logLine) {
	t.Helper()
	own := edge(from)
	defer own.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api"+ofAgent+"/check-availability", nil)
	p.must(err)
	if claims != "" {
		req.Header.Set("X-Forwarded-For", claims)
	}
	req.Header.Set("X-Request-Id", "claimed-"+rand.Text())
	req.Header.Set("Traceparent", "00-"+claimedTrace+"-00f067aa0ba902b7-01")
	res, err := own.RoundTrip(req)
	p.must(err)
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	if isTLS := strings.HasPrefix(url, "https:"); isTLS && res.ProtoMajor != 2 {
		t.Errorf("the proxy speaks %s", res.Proto)
	}
	id := res.Header.Get("X-Request-ID")
	p.until(5*time.Second, "the request is in the log", func() bool {
		for _, i := range p.instances {
			for said := range strings.Lines(i.output.String()) {
				if strings.Contains(said, requestIDText(id)) {
					return json.Unmarshal([]byte(said), &line) == nil
				}
			}
		}
		return false
	})
	return line
}

// hidesWhatIsInternal checks that metrics and health are not for clients of the proxy.
func (p *plant) hidesWhatIsInternal(t *testing.T, url string) {
	t.Helper()
	for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
		if status := statusOf(t.Context(), url+path); status != http.StatusNotFound {
			t.Errorf("%s is answered %d", path, status)
		}
	}
}

// cutsSilence checks what happens where a proxy allows less silence than there is between two heartbeats: streams are cut again and again,
// and come back with their cursor, so that nothing is lost.
func (p *plant) cutsSilence(t *testing.T, x *proxy, seconds int) {
	t.Helper()
	url, _ := x.run(t, p.instances, x.silent(seconds))
	user, stream := p.listensThrough(t, url)
	p.until(10*time.Second, "the stream is cut and comes back", func() bool { n, _ := stream.connection(); return n >= 2 })
	p.until(10*time.Second, "the message after it arrives", user)
}

// outlivesSilence checks that heartbeats keep a stream alive that a proxy cuts after 16 s of silence, for more than a minute.
func (p *plant) outlivesSilence(t *testing.T, x *proxy) {
	t.Helper()
	url, _ := x.run(t, p.instances, x.silent(16))
	user, stream := p.listensThrough(t, url)
	p.until(10*time.Second, "the stream stands", func() bool { _, open := stream.connection(); return open })
	pause(t.Context(), 65*time.Second)
	if n, open := stream.connection(); n != 1 || !open {
		t.Errorf("after a minute it is connection %d, open %t", n, open)
	}
	p.until(10*time.Second, "a message arrives", user)
}

// listensThrough lets a user who waits listen through a proxy. speak sends a message, once, and reports whether it has arrived.
func (p *plant) listensThrough(t *testing.T, url string) (speak func() bool, stream *listener) {
	t.Helper()
	who := p.guest(t, 0)
	a, err := who.once(t.Context(), "assign", "POST", ofUser+"/assign", nil)
	p.must(err)
	chat, ctx := chatOf(a), t.Context()
	stream = &listener{
		plant: &plant{
			t:      p.t,
			fronts: []string{url},
			ledger: &ledger{},
			load:   p.load,
		},
		name:  "silent",
		path:  ofUser + "/events",
		token: who.token,
		back:  20 * time.Millisecond,
	}
	go stream.run(ctx)
	t.Cleanup(func() {
		_, _ = who.once(context.WithoutCancel(ctx), "end", "POST", ofUser+"/chats/"+chat+"/end", nil)
		if stream.mu.Lock(); len(stream.wrong) > 0 {
			t.Errorf("the stream: %v", stream.wrong)
		}
		stream.mu.Unlock()
	})
	said := 0
	return func() bool {
		if said == 0 {
			said = len(stream.came()[chat]) + 1
			if a, err := who.once(ctx, "send", "POST", ofUser+"/chats/"+chat+"/messages", map[string]any{
				"content": "after the silence", "client_message_id": "after-the-silence",
			}); err != nil || a.status >= 300 {
				t.Errorf("a message is answered %d %s, %v", a.status, a.code, err)
			}
		}
		return len(stream.came()[chat]) >= said
	}, stream
}

// statusOf returns the status of a response, 0 without one.
func statusOf(ctx context.Context, url string) int {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// edge returns a transport whose connections come from an address of this machine, "" for any. It knows where chat.example.com is and
// trusts its certificate.
func edge(from string) *http.Transport {
	dialer := &net.Dialer{}
	if from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	return &http.Transport{
		MaxIdleConnsPerHost: 200, IdleConnTimeout: 30 * time.Second, DisableCompression: true, ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{RootCAs: proxyCertificate.pool},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, strings.Replace(address, proxyHost, "127.0.0.1", 1))
		},
	}
}

// proxyCertificate is the certificate of chat.example.com, signed by itself.
var proxyCertificate = newCertificate()

type certificate struct {
	certificate, key []byte // PEM
	pool             *x509.CertPool
}

func newCertificate() *certificate {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: proxyHost}, DNSNames: []string{proxyHost},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	c := &certificate{
		certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		key:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		pool:        x509.NewCertPool(),
	}
	c.pool.AppendCertsFromPEM(c.certificate)
	return c
}

// write writes the certificate to files.
func (c *certificate) write(t *testing.T) proxyFiles {
	t.Helper()
	dir := t.TempDir()
	files := proxyFiles{filepath.Join(dir, "crt"), filepath.Join(dir, "key"), filepath.Join(dir, "pem")}
	for name, content := range map[string][]byte{
		files.certificate: c.certificate, files.key: c.key, files.both: append(bytes.Clone(c.certificate), c.key...),
	} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// hasRequest reports whether the instance has logged a request with an id.
func (o *output) hasRequest(id string) bool { return strings.Contains(o.String(), requestIDText(id)) }

func requestIDText(id string) string { return `"request_id":"` + id + `"` }
