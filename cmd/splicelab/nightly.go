package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/cmd/splicelab/remedy"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/nightly"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results/notify"
)

func (a *app) nightlyCommand() *cobra.Command {
	var try bool
	d := config.Default()
	cmd := &cobra.Command{
		Use:   "nightly",
		Short: "Run the matrix unattended, and report what changed",
		Long: `nightly is for cron or a systemd timer. It runs the matrix on the archive's
newest kernels, compares it with the baseline, writes reports, and sends a
notification if there is something new. Then it removes old runs and reports. The
section nightly of splicelab.yaml configures it: docs/nightly.md.

Exit codes: 0 nothing got worse than in the baseline; 1 something did; 2 bad
configuration; 3 the lab failed or the run has holes, such as a missing kernel. 3
takes precedence over 1.`,
		Example: `  splicelab nightly
  splicelab nightly -k 6.12,newest:2 -f all --all --deadline 6h
  splicelab nightly --baseline previous --reports /srv/www/splicelab
  splicelab nightly --try-notify`,
		Args: cli.Arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			senders, err := nightly.Senders(a.cfg.Nightly.Notify)
			if err != nil {
				return err
			}
			if try {
				return nightly.TryNotify(cmd.Context(), senders, nightly.Host(), "splicelab nightly --try-notify")
			}
			return a.nightly(cmd.Context(), senders)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringP("kernels", "k", "", "run on the kernels that these `SELECTORS` name (default: run.kernels, "+d.Run.Kernels+")")
	f.StringP("filesystems", "f", "", "run on these filesystem profiles: `NAMES`, comma-separated, or all (default: run.filesystems, "+d.Run.Filesystems+")")
	f.StringP("tests", "t", "", "run the tests whose suite.TestName/subtest matches `REGEXP` (default: the quick cells; see splicelab run)")
	f.Bool("all", false, "run the whole suite (default: the quick cells)")
	f.String("policy", d.Run.Policy, "`POLICY` that decides which outcomes pass: alias or snapshot")
	f.String("isolation", d.Run.Isolation, "isolate cells by `MODE`: cell (a fresh VM for each) or vm (a VM shared until a cell breaks it)")
	f.IntP("jobs", "j", 0, "run `N` VMs at once (default: from cores and memory)")
	a.progressFlag(f)
	f.String("baseline", d.Nightly.Baseline, "compare with this `RUN`: @baseline, previous for the previous nightly run, or any other")
	f.String("reports", "", "write reports below `DIR` (default: reports in the directory of results)")
	f.Int("keep-days", d.Nightly.KeepDays, "keep runs and reports for `N` days")
	f.Duration("deadline", d.Nightly.Deadline, "stop the run after this `TIME`, and list the remaining cells; 0s for never")
	f.Bool("always", false, "send a notification even if there is nothing new")
	for name, key := range map[string]string{
		"kernels": "nightly.kernels", "filesystems": "nightly.filesystems", "tests": "nightly.tests", "all": "nightly.all",
		"policy": "run.policy", "isolation": "run.isolation", "jobs": "run.jobs", "baseline": "nightly.baseline", "reports": "nightly.reports",
		"keep-days": "nightly.keep-days", "deadline": "nightly.deadline", "always": "nightly.notify.always",
	} {
		a.bind(f, name, key)
	}
	a.vmFlags(f)
	f.BoolVar(&try, "try-notify", false, "only send a test notification")
	return cmd
}

// nightly performs a nightly run. A wrong configuration is an error before it
// starts; lab failures are reported by the run.
func (a *app) nightly(ctx context.Context, senders []notify.Sender) error {
	p := progress.New(a.Stderr)
	defer p.Close()
	n, err := session.NewNightly(ctx, a.session(), progress.Unattended{Progress: p})
	if err != nil {
		return err
	}
	out, err := n.Execute(ctx, senders, nightly.Host(), func(err error) string { return remedy.Explain(err, a.cfg) })
	p.Close()
	if err != nil {
		return err
	}
	out.Write(a.Stdout, a.Stderr)
	if err := out.Err(); err != nil {
		return err
	}
	return exit.CellsFailed(len(out.News.Worse))
}
