package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
)

// converse serves one end of a pipe and returns the other, past the Hello.
func converse(t *testing.T) (net.Conn, *bufio.Reader) {
	t.Helper()
	host, agent := net.Pipe()
	t.Cleanup(func() { _ = host.Close() })
	go serve(agent, &child{})
	in := bufio.NewReaderSize(host, protocol.MaxLine)
	if r := next(t, in); r.ID != 0 || r.Hello == nil || r.Hello.Version != protocol.Version {
		t.Fatalf("first reply %+v, want Hello", r)
	}
	return host, in
}

func next(t *testing.T, in *bufio.Reader) protocol.Reply {
	t.Helper()
	line, err := in.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var r protocol.Reply
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return r
}

func TestServeRejectsMalformedRequests(t *testing.T) {
	host, in := converse(t)
	for _, c := range []struct {
		line string
		id   uint64
	}{
		{`{"id":1,"exec":{"path":1}}`, 1},
		{`{"id":2, broken`, 2},
		{"\x00\xff\x1b[31m", 0},
		{`{"exec":{"id":"x"}}`, 0},
		{`{"id":3,"put":{"data":"` + strings.Repeat("A", protocol.MaxLine) + `"}}`, 3},
		{strings.Repeat("\x00", 3*protocol.MaxLine), 0},
		{`{"id":4}`, 4},
		{`{"id":5,"get":{"path":"/nonexistent"}}`, 5},
	} {
		if _, err := io.WriteString(host, c.line+"\n"); err != nil {
			t.Fatal(err)
		}
		if r := next(t, in); r.ID != c.id || r.Error == "" {
			t.Errorf("reply %+v to %.40q, want an error for %d", r, c.line, c.id)
		}
	}
	if _, err := io.WriteString(host, "\n \n"+`{"id":9,"ping":{}}`+"\n"); err != nil {
		t.Fatal(err)
	}
	if r := next(t, in); r.ID != 9 || r.Error != "" {
		t.Errorf("ping after all that: %+v", r)
	}
}

func TestReplyIsNeverTooLong(t *testing.T) {
	var out strings.Builder
	c := &control{w: &out}
	c.reply(protocol.Reply{ID: 7, Log: []string{strings.Repeat("\x01", protocol.MaxLine)}})
	var r protocol.Reply
	if err := json.Unmarshal([]byte(out.String()), &r); err != nil {
		t.Fatal(err)
	}
	if out.Len() > protocol.MaxLine || r.ID != 7 || r.Error == "" {
		t.Errorf("%d bytes: %+v", out.Len(), r)
	}
}

func TestAnswerSurvivesPanic(t *testing.T) {
	var out strings.Builder
	c := &control{w: &out}
	c.answer(nil, protocol.Request{ID: 3, Kill: &protocol.Kill{}}) // a nil child panics
	if !strings.Contains(out.String(), `"id":3`) || !strings.Contains(out.String(), "panicked") {
		t.Errorf("reply %q", out.String())
	}
}

func TestSplitOptions(t *testing.T) {
	flags, data := splitOptions("noatime,huge=always,ro,,size=1g,defaults")
	if flags != unix.MS_NOATIME|unix.MS_RDONLY || data != "huge=always,size=1g" {
		t.Errorf("flags %#x data %q", flags, data)
	}
	if flags, data := splitOptions(""); flags != 0 || data != "" {
		t.Errorf("flags %#x data %q of nothing", flags, data)
	}
}

func TestKernelLogMessage(t *testing.T) {
	for record, want := range map[string]string{
		"6,339,5140900,-;NET: Registered; family 10\n SUBSYSTEM=net\n": "NET: Registered; family 10",
		"no separator": "no separator",
		"4,1,1,-;" + strings.Repeat("x", 5000) + "\n": strings.Repeat("x", maxLogLine),
	} {
		if got := message(record); got != want {
			t.Errorf("message(%.40q) = %.40q, want %.40q", record, got, want)
		}
	}
}

func TestFillNamesErrno(t *testing.T) {
	for errno, want := range map[unix.Errno]string{
		unix.EUCLEAN: "EUCLEAN", unix.EBADMSG: "EBADMSG", unix.EOPNOTSUPP: "EOPNOTSUPP",
		unix.EAGAIN: "EAGAIN", unix.EINVAL: "EINVAL", unix.EDEADLK: "EDEADLK",
	} {
		r := fill(protocol.Reply{ID: 1}, errors.Join(errors.New("mounting"), errno))
		if r.Errno != want || r.Error == "" {
			t.Errorf("%d: %+v, want %s", errno, r, want)
		}
	}
}
