// Package notify delivers a message by a webhook or by a program that sends
// mail. It does not know what the message is about.
package notify

import (
	"context"
	"encoding/json"
	"time"
)

// Message is what is delivered. Its texts may quote a hostile guest: each
// Sender escapes what it sends.
type Message struct {
	// Subject is one line.
	Subject string
	// Text is plain text; lines end with a newline.
	Text string
	// Document is a JSON object.
	Document json.RawMessage
	// Date is when it was written.
	Date time.Time
}

// Sender delivers a message. Send returns nil when the message was accepted;
// the error includes a remedy.
type Sender interface {
	Send(ctx context.Context, m Message) error
}
