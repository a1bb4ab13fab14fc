package faulttest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/models"
	"parley/web/nginxtest"
)

// proxyAddress is the source address of the proxy, which distinguishes it from other clients on this machine.
const proxyAddress = "127.0.0.77"

// TestBehindNginx runs two instances behind a real nginx, configured as in the README. Streams are not delayed, the replacement of an
// instance goes unnoticed, and a forwarded address is accepted only from the proxy.
func TestBehindNginx(t *testing.T) {
	t.Parallel()
	p := newPlant(t, func(p *plant) { p.environ = append(p.environ, "TRUSTED_PROXIES="+proxyAddress) })
	p.front = startNginx(t, p.instances[0].addr, p.instances[1].addr)
	p.passesAtOnce(t)
	p.passesFiles(t)
	p.believesTheProxyAlone(t)
	p.crowd(form(8, 30), form(4, 10), 2, form(100*time.Millisecond, 300*time.Millisecond))
	for range form(1, 3) {
		for _, i := range p.instances {
			pause(t.Context(), form(300*time.Millisecond, 2*time.Second))
			began := time.Now()
			i.signal(syscall.SIGTERM)
			i.ends(t, 0, began, 15*time.Second)
			i.start()
			p.until(10*time.Second, "nginx sends requests to the instance that was replaced", func() bool {
				return strings.Contains(i.output.since(began), `"msg":"request"`)
			})
		}
	}
	p.settle()
	p.audit()
	p.mustNotFail(t, span{})
}

// passesAtOnce checks that a message in an idle chat is not buffered.
func (p *plant) passesAtOnce(t *testing.T) {
	t.Helper()
	agent := p.agent("calm", models.RoleAgent, 1)
	user := p.user("calm")
	chat, ok := user.open()
	if !ok {
		return
	}
	p.until(10*time.Second, "the stream stands", func() bool { return len(user.stream.came()[chat]) > 0 })
	began := time.Now()
	agent.say(chat, "at-once", "at once")
	heard := func() bool { return len(user.stream.came()[chat]) > 1 }
	if ok, slack := eventually(
		t.Context(),
		10*time.Second,
		heard,
	), p.meter.slack(
		began,
		time.Now(),
		8,
	); !ok ||
		time.Since(began) > time.Second+slack {
		t.Errorf("a message took %s through nginx on a machine that is slow by %s", time.Since(began), slack)
	}
	user.end(chat)
	agent.be("offline")
}

// passesFiles checks that the program refuses a file that is too large, with its own message, and not nginx.
func (p *plant) passesFiles(t *testing.T) {
	t.Helper()
	a, err := p.guest(t, 0).once(t.Context(), "large", "POST", ofUser+"/assign", map[string]any{"message": strings.Repeat("x", 2<<20)})
	if err != nil || a.status != http.StatusRequestEntityTooLarge || a.code == "" {
		t.Errorf("2 MiB are answered %d %q: %v", a.status, a.code, err)
	}
}

// believesTheProxyAlone checks that X-Forwarded-For is only accepted from the proxy.
func (p *plant) believesTheProxyAlone(t *testing.T) {
	t.Helper()
	direct := p.instances[0].url
	for _, try := range []struct{ name, url, from, claims, want string }{
		{"through nginx", p.front, "127.0.0.5", "", "127.0.0.5"},
		{"through nginx, claiming another", p.front, "127.0.0.5", "203.0.113.9", "127.0.0.5"},
		{"past nginx, claiming another", direct, "127.0.0.6", "203.0.113.9", "127.0.0.6"},
		{"as nginx itself", direct, proxyAddress, "203.0.113.9", "203.0.113.9"},
	} {
		if got := p.addressOf(t, try.url, try.from, try.claims); got != try.want {
			t.Errorf("%s: the address is taken to be %q, want %q", try.name, got, try.want)
		}
	}
}

// addressOf sends a request from one address with another one in the header and returns the address in the log.
func (p *plant) addressOf(t *testing.T, url, from, claims string) string {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	own := &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api"+ofAgent+"/check-availability", nil)
	p.must(err)
	if claims != "" {
		req.Header.Set("X-Forwarded-For", claims)
	}
	res, err := own.RoundTrip(req)
	p.must(err)
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	id := res.Header.Get("X-Request-ID")
	var line struct{ Address string }
	p.until(5*time.Second, "the request is in the log", func() bool {
		for _, i := range p.instances {
			for said := range strings.Lines(i.output.String()) {
				if id != "" && strings.Contains(said, `"request_id":"`+id+`"`) {
					return json.Unmarshal([]byte(said), &line) == nil
				}
			}
		}
		return false
	})
	return line.Address
}

// since returns the log of an instance from a time on, to the second.
func (o *output) since(began time.Time) string {
	var said strings.Builder
	for line := range strings.Lines(o.String()) {
		var l struct{ Time time.Time }
		if json.Unmarshal([]byte(line), &l) == nil && l.Time.After(began) {
			said.WriteString(line)
		}
	}
	return said.String()
}

var nginxBlock = regexp.MustCompile("(?s)```nginx\n(.*?)```")

// startNginx runs nginx with the configuration that the README shows, before two instances, and returns its address.
func startNginx(t *testing.T, instances ...string) string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := nginxBlock.FindSubmatch(readme)
	if shown == nil {
		t.Fatal("the README shows no configuration of nginx")
	}
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	config := string(shown[1])
	for from, to := range map[string]string{"listen 80;": "listen " + address + ";", "10.0.0.11:8080": instances[0], "10.0.0.12:8080": instances[1]} {
		if strings.Count(config, from) != 1 {
			t.Fatalf("the README's configuration of nginx has no %s, or several", from)
		}
		config = strings.Replace(config, from, to, 1)
	}
	directives := "access_log off;\nproxy_bind " + proxyAddress + ";\n" + config
	nginx := nginxtest.Start(t, address, directives)
	url := "http://" + address
	if !eventually(t.Context(), 10*time.Second, func() bool { return look(t.Context(), url+"/healthz") == nil }) {
		t.Fatalf("nginx does not reach an instance: %s", nginx.ErrorLog())
	}
	return url
}
