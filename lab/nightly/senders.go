package nightly

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/results/changes"
	"github.com/splicelab/splicelab/results/notify"
)

// Senders are the configured senders.
func Senders(c config.Notify) ([]notify.Sender, error) {
	var all []notify.Sender
	if c.Webhook != "" {
		token := c.Token
		if c.TokenFile != "" {
			b, err := os.ReadFile(c.TokenFile)
			if err != nil {
				return nil, input.Errorf("nightly.notify.token-file: %s; name a file that can be read", err)
			}
			token = strings.TrimSpace(string(b))
			if token == "" || strings.ContainsAny(token, "\r\n\x00") {
				return nil, input.Errorf("nightly.notify.token-file: %s must hold one line", c.TokenFile)
			}
		}
		all = append(all, notify.Webhook{URL: c.Webhook, Header: c.TokenHeader, Token: token})
	}
	if len(c.Mail) > 0 {
		all = append(all, notify.Mail{Command: c.Mail, From: c.From, To: c.To})
	}
	return all, nil
}

// TryNotify sends a test notification, which shows whether one arrives before a
// nightly run needs it. command is the command line that asked for it.
func TryNotify(ctx context.Context, senders []notify.Sender, host, command string) error {
	if len(senders) == 0 {
		return input.Errorf("no notification is configured: set nightly.notify.webhook or nightly.notify.mail")
	}
	now := time.Now()
	n := changes.Compare(changes.Facts{Host: host, Started: now, Finished: now, Notes: []string{"this is a test notification: " + command}})
	m, err := Message(n, nil, "splicelab "+host+": test notification")
	if err != nil {
		return err
	}
	for _, s := range senders {
		err = errors.Join(err, s.Send(ctx, m))
	}
	return err
}

// Host is the name of this host.
func Host() string {
	name, err := os.Hostname()
	if err != nil {
		return "an unnamed host"
	}
	return sanitize.Line(name)
}
