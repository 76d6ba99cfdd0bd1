// Package doctor checks whether this host can run the lab: QEMU, accelerator,
// mkfs tools, kernel archive, directories, guest programs and resources. It
// names options by their configuration key, not by a flag.
package doctor

import (
	"context"
	"fmt"
	"io"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/session"
)

// Health is the result of a check.
type Health string

// The results of a check.
const (
	OK   Health = "ok"
	Warn Health = "warn" // a run works, with something missing
	Fail Health = "fail" // no run works
)

// Finding is the result of one check.
type Finding struct {
	Health  Health `json:"health"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	// Remedy is what the user can do, without a full stop; empty when nothing
	// needs to be done.
	Remedy string `json:"remedy"`
	// Option is the configuration key that the remedy sets; empty for none.
	Option   string   `json:"option"`
	Packages []string `json:"packages"` // Debian packages to install
}

// Write writes a finding with its remedy. hint is how the user sets its Option,
// or empty.
func (f Finding) Write(out io.Writer, hint string) {
	fmt.Fprintf(out, "%-5s %-12s %s\n", f.Health, f.Subject, sanitize.Line(f.Text))
	if hint != "" {
		f.Remedy += " by " + hint
	}
	if f.Remedy != "" {
		fmt.Fprintf(out, "%-5s %-12s %s\n", "", "", "→ "+sanitize.Line(f.Remedy))
	}
}

// Report is all findings, for machines.
type Report struct {
	Usable   bool      `json:"usable"` // a run can work
	Findings []Finding `json:"findings"`
	Packages []string  `json:"packages"` // Debian packages that are missing
}

// Add adds a finding.
func (r *Report) Add(f Finding) {
	f.Packages = append([]string{}, f.Packages...)
	r.Findings = append(r.Findings, f)
	r.Packages = append(r.Packages, f.Packages...)
	r.Usable = r.Usable && f.Health != Fail
}

// Failures is how many checks failed.
func (r *Report) Failures() int {
	n := 0
	for _, f := range r.Findings {
		if f.Health == Fail {
			n++
		}
	}
	return n
}

type doctor struct{ session.Settings }

// Examine runs all checks, and reports each finding as soon as it is known.
// The error is the reason for which the context was cancelled.
func Examine(ctx context.Context, s session.Settings, report func(Finding)) error {
	d := doctor{s}
	for _, check := range []func(context.Context) []Finding{
		d.checkQEMU, d.checkAccelerator, d.checkMkfs, d.checkConfinement, d.checkArchive, d.checkDirectories, d.checkGuest, d.checkMachine, d.checkGo,
	} {
		for _, f := range check(ctx) {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			report(f)
		}
	}
	return nil
}
