package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/cmd/splicelab/remedy"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/doctor"
)

func (a *app) doctorCommand() *cobra.Command {
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check what this machine can and cannot do, and how to fix it",
		Long: `doctor checks everything that a run needs: QEMU, the accelerator, mkfs tools,
the kernel archive, cache, results, guest programs, cores and memory. Each line
is ok, warn (a run works, but something is missing) or fail (no run works), and
says how to fix it.

Exit codes: 0 if a run can work, 3 if it cannot.`,
		Example: "  splicelab doctor",
		Args:    cli.Arguments(0, 0, ""),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context(), document) },
	}
	document = output.DocumentFlag(cmd, "doctor")
	return cmd
}

func (a *app) doctor(ctx context.Context, document *output.Document) error {
	report := doctor.Report{Usable: true, Findings: []doctor.Finding{}, Packages: []string{}}
	err := doctor.Examine(ctx, a.session(), func(f doctor.Finding) {
		report.Add(f)
		if document.Wanted() {
			return
		}
		f.Write(a.Stdout, remedy.Setting(f.Option))
	})
	if err != nil {
		return err
	}
	err = a.Show(document, report, func() error {
		if len(report.Packages) > 0 {
			fmt.Fprintf(a.Stdout, "\nTo install what is missing:\n  apt-get install -y %s\n", strings.Join(report.Packages, " "))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if failures := report.Failures(); failures > 0 {
		return fmt.Errorf("this machine cannot run the lab: %d of the checks above failed; they say how to fix it", failures)
	}
	return nil
}
