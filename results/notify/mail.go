package notify

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os/exec"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
)

// Mail sends a message through a program such as sendmail, which reads it with
// its headers from standard input.
type Mail struct {
	// Command is the program and its arguments; it is not passed to a shell.
	Command []string
	// From is the sender's address; empty: the program's default.
	From string
	// To are the recipients' addresses; at least one.
	To []string
	// Timeout bounds the program. Default 1 min.
	Timeout time.Duration
}

const (
	mailTimeout = time.Minute
	// mailLine is the longest line allowed in unencoded mail, in bytes without
	// the line end (RFC 5322).
	mailLine = 998
)

// CheckAddress says what is wrong with an address.
func CheckAddress(text string) error {
	if _, err := mail.ParseAddress(text); err != nil || strings.ContainsAny(text, "\r\n") {
		return errors.New("is not an address such as kernel@example.org")
	}
	return nil
}

// Send implements Sender. The error has the program's output.
func (m Mail) Send(ctx context.Context, msg Message) error {
	if len(m.Command) == 0 {
		return errors.New("mail: no command is named")
	}
	name := sanitize.Line(m.Command[0])
	text, err := m.compose(msg)
	if err != nil {
		return fmt.Errorf("mail by %s: %w", name, err)
	}
	timeout := m.Timeout
	if timeout == 0 {
		timeout = mailTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("it did not exit within %s", timeout))
	defer cancel()
	cmd := exec.CommandContext(ctx, m.Command[0], m.Command[1:]...)
	cmd.Stdin = bytes.NewReader(text)
	// A child of the program may keep its output open.
	cmd.WaitDelay = time.Second
	said, err := cmd.CombinedOutput()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err != nil {
		if text := sanitize.Line(string(said)); text != "" {
			return fmt.Errorf("mail by %s: %w: %s", name, err, text)
		}
		return fmt.Errorf("mail by %s: %w", name, err)
	}
	return nil
}

// compose writes the mail. Nothing in it can add a header: each is one line
// without control characters.
func (m Mail) compose(msg Message) ([]byte, error) {
	var b bytes.Buffer
	header := func(name, value string) {
		fmt.Fprintf(&b, "%s: %s\n", name, value)
	}
	for _, field := range []struct {
		name      string
		addresses []string
	}{{"From", []string{m.From}}, {"To", m.To}} {
		var list []string
		for _, text := range field.addresses {
			if text == "" {
				continue
			}
			a, err := mail.ParseAddress(text)
			if err != nil {
				return nil, fmt.Errorf("%s: %q is not an address", field.name, sanitize.Line(text))
			}
			list = append(list, a.String()) // encodes what is not ASCII
		}
		if len(list) > 0 {
			header(field.name, strings.Join(list, ",\n "))
		}
	}
	header("Subject", mime.QEncoding.Encode("utf-8", sanitize.Line(msg.Subject)))
	header("Date", msg.Date.Format(time.RFC1123Z))
	header("Message-ID", "<"+strings.ToLower(rand.Text())+"@splicelab>")
	// Suppress vacation replies.
	header("Auto-Submitted", "auto-generated")
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	text := sanitize.Text(msg.Text)
	if asIs(text) {
		header("Content-Transfer-Encoding", "7bit")
		b.WriteString("\n" + text)
		return b.Bytes(), nil
	}
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\n")
	var encoded bytes.Buffer
	w := quotedprintable.NewWriter(&encoded)
	_, err := io.WriteString(w, text)
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	// The programs expect the line endings of this system.
	b.Write(bytes.ReplaceAll(encoded.Bytes(), []byte("\r\n"), []byte("\n")))
	return b.Bytes(), nil
}

// asIs reports whether the text needs no encoding. A line with only a dot would
// end the message for some programs.
func asIs(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if len(line) > mailLine || line == "." {
			return false
		}
		for i := range len(line) {
			if line[i] >= 0x80 {
				return false
			}
		}
	}
	return true
}
