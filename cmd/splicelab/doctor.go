package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/sanitize"
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine can and cannot do, and how to mend it",
		Long: `doctor looks at everything that a run needs: QEMU, the accelerator, mkfs tools,
the kernel archive, cache, results, guest programs, cores and memory. Each line
is ok, warn (a run works, but something is missing) or fail (no run works), and
says how to mend it.

Exit codes: 0 when a run can work, 3 when it cannot.`,
		Example: "  splicelab doctor",
		Args:    arguments(0, 0, ""),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context()) },
	}
}

// health is what a check found.
type health string

const (
	healthy health = "ok"
	limping health = "warn" // a run works, with something missing
	broken  health = "fail" // no run works
)

// finding is one line of the doctor's.
type finding struct {
	health   health
	subject  string
	text     string
	remedy   string   // a sentence; empty when there is nothing to mend
	packages []string // of Debian, that mend it
}

func (a *app) doctor(ctx context.Context) error {
	var missing []string
	sick := 0
	for _, check := range []func(context.Context) []finding{
		a.checkQEMU, a.checkAccelerator, a.checkMkfs, a.checkArchive, a.checkDirectories, a.checkGuest, a.checkMachine, a.checkGo,
	} {
		for _, f := range check(ctx) {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			f.print(a.stdout)
			missing = append(missing, f.packages...)
			if f.health == broken {
				sick++
			}
		}
	}
	if len(missing) > 0 {
		fmt.Fprintf(a.stdout, "\nTo install what is missing:\n  apt-get install -y %s\n", strings.Join(missing, " "))
	}
	if sick > 0 {
		return fmt.Errorf("this machine cannot run the lab: %d of the lines above say fail, and how to mend it", sick)
	}
	return nil
}

// print writes the finding and, below it, how to mend it.
func (f finding) print(w io.Writer) {
	fmt.Fprintf(w, "%-5s %-12s %s\n", f.health, f.subject, sanitize.Line(f.text))
	if f.remedy != "" {
		fmt.Fprintf(w, "%-5s %-12s %s\n", "", "", "→ "+sanitize.Line(f.remedy))
	}
}
