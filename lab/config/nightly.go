package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/results/format"
	"github.com/splicelab/splicelab/results/notify"
)

// Nightly configures "splicelab nightly".
type Nightly struct {
	// Kernels, Filesystems and Tests are those of a nightly run. Default:
	// empty, those of Run.
	Kernels     string `mapstructure:"kernels"`
	Filesystems string `mapstructure:"filesystems"`
	Tests       string `mapstructure:"tests"`
	// All runs the whole suite. Default false: as in Run.
	All bool `mapstructure:"all"`
	// Baseline is the run to compare with: "@baseline" (default), "previous"
	// for the previous nightly run, or another run.
	Baseline string `mapstructure:"baseline"`
	// Reports is the directory of report files. Default: "reports" in State.
	Reports string `mapstructure:"reports"`
	// ReportURL is the URL of Reports, for notifications. Default: empty,
	// notifications contain file names.
	ReportURL string `mapstructure:"report-url"`
	// Formats are those of the report files. Default html and json.
	Formats []string `mapstructure:"formats"`
	// KeepDays is how many days runs, reports and unused cache entries are
	// kept, 1 to 36500. Default 30.
	KeepDays int `mapstructure:"keep-days"`
	// MinFree is the space that must be free in cache, state and reports, in
	// MiB, 0 to 16777216. Default 2048.
	MinFree int `mapstructure:"min-free"`
	// Deadline bounds the run; 0: no limit. Default 20h.
	Deadline time.Duration `mapstructure:"deadline"`
	// Notify configures notifications.
	Notify Notify `mapstructure:"notify"`
}

// Notify is how a nightly run reports what changed.
type Notify struct {
	// Always sends a notification even if nothing changed. Default false.
	Always bool `mapstructure:"always"`
	// Webhook is the URL to which a JSON document is sent. Default: none.
	Webhook string `mapstructure:"webhook"`
	// TokenFile contains, and Token is, the webhook's secret. Default: none.
	TokenFile string `mapstructure:"token-file"`
	Token     string `mapstructure:"token"`
	// TokenHeader is the header for the secret. Default Authorization, where
	// "Bearer " precedes it.
	TokenHeader string `mapstructure:"token-header"`
	// Mail is a program, with its arguments, that sends the mail on its
	// standard input. Default: none.
	Mail []string `mapstructure:"mail"`
	// From is the sender's address. Default: the program's.
	From string `mapstructure:"from"`
	// To are the recipients' addresses.
	To []string `mapstructure:"to"`
}

// NightlyFormats are the values of nightly.formats: the report formats of a run.
func NightlyFormats() []string {
	names := []string{"html"}
	for _, f := range format.Formats {
		names = append(names, f.Name)
	}
	return names
}

func defaultNightly() Nightly {
	return Nightly{
		Baseline: "@baseline", Formats: []string{"html", "json"}, KeepDays: 30, MinFree: 2048, Deadline: 20 * time.Hour,
		Notify: Notify{TokenHeader: "Authorization"},
	}
}

var headerName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// validate reports every fault under its key.
func (n *Nightly) validate() []fault {
	var faults []fault
	wrong := func(key, format string, args ...any) {
		faults = append(faults, fault{key: "nightly." + key, what: fmt.Sprintf(format, args...)})
	}
	if n.Kernels != "" {
		if err := kernels.CheckSelectors(n.Kernels); err != nil {
			wrong("kernels", "%s", err)
		}
	}
	if _, err := regexp.Compile(n.Tests); err != nil {
		wrong("tests", "%q is not a regular expression: %s", n.Tests, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if strings.TrimSpace(n.Baseline) == "" {
		wrong("baseline", "is empty; write for example @baseline or previous")
	}
	if n.ReportURL != "" {
		if err := notify.CheckURL(n.ReportURL, false); err != nil {
			wrong("report-url", "%q %s", n.ReportURL, err)
		}
	}
	for i, f := range n.Formats {
		switch {
		case !slices.Contains(NightlyFormats(), f):
			wrong("formats", "%q is not one of %s", f, strings.Join(NightlyFormats(), ", "))
		case slices.Contains(n.Formats[:i], f):
			wrong("formats", "%q is listed twice", f)
		}
	}
	if n.KeepDays < 1 || n.KeepDays > 36500 {
		wrong("keep-days", "%d is not between 1 and 36500 days", n.KeepDays)
	}
	if n.MinFree < 0 || n.MinFree > 16<<20 {
		wrong("min-free", "%d is not between 0 and %d MiB", n.MinFree, 16<<20)
	}
	if n.Deadline < 0 {
		wrong("deadline", "%s is negative; write for example 20h, or 0s for none", n.Deadline)
	}
	n.Notify.validate(wrong)
	return faults
}

func (n *Notify) validate(wrong func(key, format string, args ...any)) {
	secret := n.Token != "" || n.TokenFile != ""
	if n.Webhook != "" {
		if err := notify.CheckURL(n.Webhook, secret); err != nil {
			wrong("notify.webhook", "%s", err) // the address itself may be a secret
		}
	} else if secret {
		wrong("notify.webhook", "is empty, but a token is set; write for example https://chat.example.org/hook")
	}
	if n.Token != "" && n.TokenFile != "" {
		wrong("notify.token-file", "notify.token is set too: set only one of them")
	}
	if strings.ContainsAny(n.Token, "\r\n\x00") {
		wrong("notify.token", "contains a line break")
	}
	if !headerName.MatchString(n.TokenHeader) {
		wrong("notify.token-header", "%q is not the name of a header such as Authorization", n.TokenHeader)
	}
	if n.From != "" {
		if err := notify.CheckAddress(n.From); err != nil {
			wrong("notify.from", "%q %s", n.From, err)
		}
	}
	for _, to := range n.To {
		if err := notify.CheckAddress(to); err != nil {
			wrong("notify.to", "%q %s", to, err)
		}
	}
	switch {
	case len(n.Mail) > 0 && n.Mail[0] == "":
		wrong("notify.mail", "names no program; write for example [sendmail, -t, -i]")
	case len(n.Mail) > 0 && len(n.To) == 0:
		wrong("notify.to", "is empty, so nobody would get the mail; write for example [kernel@example.org]")
	case len(n.Mail) == 0 && (len(n.To) > 0 || n.From != ""):
		wrong("notify.mail", "is empty, but addresses are set; write for example [sendmail, -t, -i]")
	}
}
