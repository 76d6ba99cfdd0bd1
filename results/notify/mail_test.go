package notify_test

import (
	"bytes"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/results/notify"
)

// program is a mail program that stores its input.
func program(t *testing.T, script string) (command []string, got func() []byte) {
	t.Helper()
	dir := t.TempDir()
	file, kept := filepath.Join(dir, "sendmail"), filepath.Join(dir, "kept")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return []string{file, kept}, func() []byte {
		b, err := os.ReadFile(kept)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

func TestMail(t *testing.T) {
	for _, c := range []struct {
		name, subject, text string
		wantSubject         string
		wantText            string
		encoding            string
	}{
		{"plain", "2 new failures", "a\nb\n", "2 new failures", "a\nb\n", "7bit"},
		{"a header in the subject", "x\r\nBcc: all@example.org\n\nbody", "a\n", "x Bcc: all@example.org body", "a\n", "7bit"},
		{"other letters", "späte Fehler – 2", "ein „Fehler“\n", "späte Fehler – 2", "ein „Fehler“\n", "quoted-printable"},
		{"escapes", "x \x1b[31m", "red \x1b[31m\xff\n", `x \x1b[31m`, "red \\x1b[31m\\xff\n", "7bit"},
		{"a long line", "x", strings.Repeat("y", 5000) + "\n", "x", strings.Repeat("y", 5000) + "\n", "quoted-printable"},
		{"a dot", "x", "a\n.\nb\n", "x", "a\n.\nb\n", "quoted-printable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			command, got := program(t, `cat >"$1"`)
			m := notify.Mail{Command: command, From: "Lab <lab@example.org>", To: []string{"a@example.org", "Bé <b@example.org>"}}
			if err := m.Send(t.Context(), notify.Message{Subject: c.subject, Text: c.text, Date: message.Date}); err != nil {
				t.Fatal(err)
			}
			raw := got()
			parsed, err := mail.ReadMessage(bytes.NewReader(raw))
			if err != nil {
				t.Fatalf("%v:\n%s", err, raw)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
			if err != nil || subject != c.wantSubject {
				t.Errorf("subject %q, %v; want %q", subject, err, c.wantSubject)
			}
			to, err := parsed.Header.AddressList("To")
			if err != nil || len(to) != 2 || to[1].Address != "b@example.org" || to[1].Name != "Bé" {
				t.Errorf("to %v, %v", to, err)
			}
			if date, err := parsed.Header.Date(); err != nil || !date.Equal(message.Date) {
				t.Errorf("date %s, %v", date, err)
			}
			if len(parsed.Header["Bcc"]) > 0 || len(parsed.Header) != 9 {
				t.Errorf("headers: %v", parsed.Header)
			}
			if e := parsed.Header.Get("Content-Transfer-Encoding"); e != c.encoding {
				t.Errorf("encoding %s, want %s", e, c.encoding)
			}
			body := parsed.Body
			if c.encoding != "7bit" {
				body = quotedprintable.NewReader(body)
			}
			text, err := io.ReadAll(body)
			if err != nil || string(text) != c.wantText {
				t.Errorf("text %q, %v; want %q", text, err, c.wantText)
			}
			for line := range bytes.Lines(raw) {
				if len(line) > 999 {
					t.Errorf("a line of %d bytes", len(line))
				}
			}
		})
	}
}

func TestMailThatCannotBeSent(t *testing.T) {
	refuses, _ := program(t, `echo "no such user" >&2; exit 67`)
	hangs, _ := program(t, `exec sleep 60`)
	for _, c := range []struct {
		mail notify.Mail
		want string
	}{
		{notify.Mail{Command: refuses}, "exit status 67: no such user"},
		{notify.Mail{Command: hangs, Timeout: 50 * time.Millisecond}, "it did not exit within 50ms"},
		{notify.Mail{Command: []string{"/nonexistent/sendmail"}}, "/nonexistent/sendmail: no such file"},
		{notify.Mail{}, "no command"},
		{notify.Mail{Command: refuses, From: "x\nBcc: y@example.org"}, "From: \"x Bcc: y@example.org\" is not an address"},
	} {
		c.mail.To = []string{"a@example.org"}
		if err := c.mail.Send(t.Context(), message); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

func TestCheckAddress(t *testing.T) {
	for text, ok := range map[string]bool{"a@example.org": true, "Lab <lab@example.org>": true, "": false, "lab": false, "a@example.org\nBcc: b@example.org": false} {
		if err := notify.CheckAddress(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}
