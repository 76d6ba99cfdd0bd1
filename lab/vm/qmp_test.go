package vm

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/digitalocean/go-qemu/qemu"
)

const greeting = `{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "test"}, "capabilities": ["oob"]}}`

// peer plays QEMU at the other end of a socket pair.
type peer struct {
	t     *testing.T
	conn  net.Conn
	lines *bufio.Reader
}

// newPeer returns a monitor and QEMU's end of its connection.
func newPeer(t *testing.T) (*Monitor, *peer) {
	t.Helper()
	w, err := openPorts(nil)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.FileConn(w.guest[qmpPort])
	if err != nil {
		t.Fatal(err)
	}
	w.closeGuestEnds()
	m := NewMonitor(w.host[qmpPort])
	t.Cleanup(func() {
		_ = m.Disconnect()
		_ = conn.Close()
		w.closeHostEnds()
	})
	return m, &peer{t: t, conn: conn, lines: bufio.NewReader(conn)}
}

// connected is newPeer after the handshake.
func connected(t *testing.T) (*Monitor, *peer) {
	t.Helper()
	m, p := newPeer(t)
	done := make(chan error, 1)
	go func() { done <- m.Connect() }()
	p.say(greeting)
	id := p.hear("qmp_capabilities")
	p.say(`{"return": {}, "id": %s}`, id)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return m, p
}

func (p *peer) say(format string, args ...any) {
	if _, err := fmt.Fprintf(p.conn, format+"\r\n", args...); err != nil {
		p.t.Errorf("peer: %v", err)
	}
}

// hear reads the next command, checks its name and returns its ID as JSON.
func (p *peer) hear(name string) string {
	line, err := p.lines.ReadBytes('\n')
	if err != nil {
		p.t.Errorf("peer: %v", err)
		return `""`
	}
	var c struct {
		Execute string          `json:"execute"`
		ID      json.RawMessage `json:"id"`
	}
	if err := json.Unmarshal(line, &c); err != nil || c.Execute != name {
		p.t.Errorf("peer heard %q (%v), want %s", line, err, name)
	}
	return string(c.ID)
}

// A burst of events before, between and after responses corrupts none, and a
// response stays intact while more arrives (go-qemu issue 226).
func TestMonitorBurst(t *testing.T) {
	m, p := connected(t)
	events, err := m.Events(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const rounds, burst = 50, 200
	var talking sync.WaitGroup
	talking.Go(func() {
		for i := range rounds {
			id := p.hear("query-thing")
			for j := range burst {
				p.say(`{"event": "NOISE", "data": {"n": %d}, "timestamp": {"seconds": 1, "microseconds": 2}}`, j)
			}
			p.say(`{"return": {"round": %d, "fill": %q}, "id": %s}`, i, strings.Repeat("x", i*100), id)
			for j := range burst {
				p.say(`{"event": "NOISE", "data": {"n": %d}, "timestamp": {"seconds": 1, "microseconds": 2}}`, j)
			}
		}
	})
	var answers [][]byte
	for range rounds {
		raw, err := m.Run([]byte(`{"execute": "query-thing"}`))
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, raw)
	}
	talking.Wait()
	for i, raw := range answers {
		var a struct{ Return struct{ Round int } }
		if err := json.Unmarshal(raw, &a); err != nil || a.Return.Round != i {
			t.Errorf("answer %d is %.80q: %v", i, raw, err)
		}
	}
	if e := <-events; e.Event != "NOISE" || e.Timestamp.Seconds != 1 {
		t.Errorf("event %+v", e)
	}
}

// A line may be longer than 64 KiB (go-qemu issue 159).
func TestMonitorLongLine(t *testing.T) {
	m, p := connected(t)
	long := strings.Repeat("y", 1<<20)
	go func() { p.say(`{"return": %q, "id": %s}`, long, p.hear("query-qmp-schema")) }()
	var got string
	if err := m.Execute(t.Context(), "query-qmp-schema", nil, &got); err != nil || got != long {
		t.Errorf("got %d bytes, want %d: %v", len(got), len(long), err)
	}
}

// But the length of a message is bounded.
func TestMonitorEndlessLine(t *testing.T) {
	m, p := connected(t)
	go func() {
		p.hear("query-status")
		chunk := bytes.Repeat([]byte("z"), 1<<20)
		for range maxMessage>>20 + 1 {
			if _, err := p.conn.Write(chunk); err != nil {
				return // the monitor hung up, as it should
			}
		}
	}()
	_, err := m.Run([]byte(`{"execute": "query-status"}`))
	if !errors.Is(err, ErrDisconnected) || !strings.Contains(err.Error(), "more than") {
		t.Errorf("got %v, want a refusal of the message", err)
	}
}

// Events that nobody reads block nothing, and the last ones are kept.
func TestMonitorUndrainedEvents(t *testing.T) {
	m, p := connected(t)
	events, err := m.Events(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const n = 10 * eventBacklog
	go func() {
		id := p.hear("query-status")
		for i := range n {
			p.say(`{"event": "N", "data": {"n": %d}}`, i)
		}
		p.say(`{"event": "SHUTDOWN", "data": {"reason": "guest-reset"}}`)
		p.say(`{"return": {"status": "running"}, "id": %s}`, id)
	}()
	var status struct{ Status string }
	if err := m.Execute(t.Context(), "query-status", nil, &status); err != nil || status.Status != "running" {
		t.Fatalf("status %+v: %v", status, err)
	}
	if err := m.Disconnect(); err != nil {
		t.Fatal(err)
	}
	var last string
	count := 0
	for e := range events {
		last = e.Event
		count++
	}
	if last != "SHUTDOWN" || count != eventBacklog {
		t.Errorf("%d events, the last %q; want %d and SHUTDOWN", count, last, eventBacklog)
	}
}

// A command whose deadline passed does not get another one's response, nor the
// other way round.
func TestMonitorDeadline(t *testing.T) {
	m, p := connected(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := m.RunContext(ctx, []byte(`{"execute": "slow"}`)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the deadline", err)
	}
	go func() {
		late := p.hear("slow")
		next := p.hear("fast")
		p.say(`{"return": "late", "id": %s}`, late)
		p.say(`{"return": "next", "id": %s}`, next)
	}()
	var got string
	if err := m.Execute(t.Context(), "fast", nil, &got); err != nil || got != "next" {
		t.Errorf("got %q, %v", got, err)
	}
}

// If QEMU does not read, a writer blocks no longer than its context, and the
// connection is not reused after a partial command.
func TestMonitorPeerDoesNotRead(t *testing.T) {
	m, p := connected(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = p.lines.ReadByte() // it has begun
		cancel()
	}()
	huge := fmt.Appendf(nil, `{"execute": "x", "arguments": {"a": %q}}`, strings.Repeat("a", 4<<20))
	if _, err := m.RunContext(ctx, huge); err == nil {
		t.Fatal("a command succeeded that nobody read")
	}
	if _, err := m.Run([]byte(`{"execute": "y"}`)); !errors.Is(err, ErrDisconnected) {
		t.Errorf("got %v, want ErrDisconnected", err)
	}
}

func TestMonitorRefusal(t *testing.T) {
	m, p := connected(t)
	go func() {
		p.say(`{"error": {"class": "CommandNotFound", "desc": "no such thing"}, "id": %s}`, p.hear("nonsense"))
	}()
	err := m.Execute(t.Context(), "nonsense", nil, nil)
	var refused *CommandError
	if !errors.As(err, &refused) || refused.Class != "CommandNotFound" || !strings.Contains(err.Error(), "no such thing") {
		t.Errorf("got %v", err)
	}
	if _, err := m.Run([]byte(`nonsense`)); err == nil {
		t.Error("something that is not JSON was sent")
	}
}

// Whatever QEMU does, commands end with an error and subscriptions are closed.
func TestMonitorEnds(t *testing.T) {
	for name, act := range map[string]func(p *peer){
		"closes":           func(p *peer) { _ = p.conn.Close() },
		"closes in a line": func(p *peer) { _, _ = io.WriteString(p.conn, `{"retu`); _ = p.conn.Close() },
		"talks nonsense":   func(p *peer) { p.say("Segmentation fault") },
	} {
		t.Run(name, func(t *testing.T) {
			m, p := connected(t)
			events, err := m.Events(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				p.hear("query-status")
				act(p)
			}()
			if _, err := m.Run([]byte(`{"execute": "query-status"}`)); !errors.Is(err, ErrDisconnected) {
				t.Errorf("got %v, want ErrDisconnected", err)
			}
			if e, ok := <-events; ok {
				t.Errorf("an event from nowhere: %+v", e)
			}
			if _, err := m.Events(t.Context()); !errors.Is(err, ErrDisconnected) {
				t.Errorf("a subscription to nothing: %v", err)
			}
		})
	}
}

// Disconnect returns whatever is pending, and may be repeated.
func TestMonitorDisconnect(t *testing.T) {
	t.Run("during a command", func(t *testing.T) {
		m, p := connected(t)
		if _, err := m.Events(t.Context()); err != nil {
			t.Fatal(err)
		}
		result := make(chan error, 1)
		go func() {
			_, err := m.Run([]byte(`{"execute": "query-status"}`))
			result <- err
		}()
		p.hear("query-status")
		p.say(`{"event": "UNREAD"}`)
		for range 2 {
			if err := m.Disconnect(); err != nil {
				t.Error(err)
			}
		}
		if err := <-result; !errors.Is(err, ErrDisconnected) {
			t.Errorf("got %v, want ErrDisconnected", err)
		}
	})
	t.Run("before a greeting", func(t *testing.T) {
		m, _ := newPeer(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := m.ConnectContext(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if err := m.Disconnect(); err != nil {
			t.Error(err)
		}
	})
	t.Run("never connected", func(t *testing.T) {
		m, _ := newPeer(t)
		if err := m.Disconnect(); err != nil {
			t.Error(err)
		}
		if err := m.Connect(); !errors.Is(err, ErrDisconnected) {
			t.Errorf("got %v", err)
		}
	})
}

func TestMonitorEventsEndWithContext(t *testing.T) {
	m, p := connected(t)
	ctx, cancel := context.WithCancel(t.Context())
	a, err := m.Events(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.Events(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, ok := <-a; ok {
		t.Error("an event after the end")
	}
	p.say(`{"event": "RESUME"}`)
	if e := <-b; e.Event != "RESUME" {
		t.Errorf("the other subscription got %+v", e)
	}
}

// go-qemu's own code works on the monitor.
func TestMonitorServesDomain(t *testing.T) {
	m, p := connected(t)
	d, err := qemu.NewDomain(m, "test")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		p.say(`{"return": {"running": true, "singlestep": false, "status": "running"}, "id": %s}`, p.hear("query-status"))
	}()
	if s, err := d.Status(); err != nil || s != qemu.StatusRunning {
		t.Errorf("status %v, %v", s, err)
	}
	go func() {
		p.say(`{"return": [{"device": "disk0", "type": "unknown", "removable": false, "locked": false}], "id": %s}`, p.hear("query-block"))
	}()
	if devices, err := d.BlockDevices(); err != nil || len(devices) != 1 || devices[0].Device != "disk0" {
		t.Errorf("block devices %+v, %v", devices, err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
