// Package notify delivers a message to people: by a webhook or by a program
// that sends mail. It must not know what the message is about.
package notify

import (
	"context"
	"encoding/json"
	"time"
)

// Message is what is delivered. Its texts may quote a hostile guest: each
// sender makes safe what it hands on.
type Message struct {
	// Subject is one line.
	Subject string
	// Text is for people: plain text, lines end with a newline.
	Text string
	// Document is for machines: a JSON object.
	Document json.RawMessage
	// Date is when it was written.
	Date time.Time
}

// Sender delivers a message. When Send returns nil somebody has taken it; the
// error says what was wrong and what to do.
type Sender interface {
	Send(ctx context.Context, m Message) error
}
