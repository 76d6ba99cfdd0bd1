package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/bisect/drive"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/terminal"
)

func (a *app) bisectPackagesCommand() *cobra.Command {
	var q drive.PackageQuery
	var to answerFlags
	var html string
	var wholeMap bool
	cmd := &cobra.Command{
		Use:   "packages -t TEST -f FILESYSTEM {--good KERNEL --bad KERNEL | --series SERIES | -k SELECTORS}",
		Short: "Find the two packages of the archive between which a cell's outcome changed",
		Long: `packages tests the cell in fresh VMs on kernels of the archive, in version
order, and reports which two neighbours differ. Nothing is built. The kernels
are those from --good to --bad, of a --series, or selected by -k. --map does not
search: it runs all cells of -t and -f on every kernel and shows all changes.
The same command resumes a search. More: splicelab help bisection.

Exit codes: 0 found, or the map is drawn; 1 there is no change, or no single
boundary; 2 bad usage, or the ends are swapped or flaky; 3 the lab failed.`,
		Example: `  splicelab bisect packages -t 'TestSendfileWrite/large-clean' -f xfs --good 5.10 --bad 6.1
  splicelab bisect packages -t 'TestPunchHoleInPage/large-clean' -f xfs --series 6.12 --term zeroed..phantom-zero
  splicelab bisect packages --map -t 'TestSendfileWrite|TestUDP|TestDeviceSource' -f xfs,tmpfs --html map.html`,
		Args: cli.Arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if html != "" && !wholeMap {
				return usagef("--html requires --map; --json has the answer of a bisection")
			}
			if wholeMap && (to.json != "" || to.output.Wanted() || q.Term != "") {
				return usagef("--map shows every change: it accepts neither --term, --json nor -o")
			}
			if err := q.Check(); err != nil {
				return err
			}
			if !wholeMap && q.Series == "" && q.List == "" && (q.Good == "" || q.Bad == "") {
				return usagef("name both ends with --good and --bad, or a --series, or the kernels with -k")
			}
			if wholeMap {
				return a.kernelMap(cmd.Context(), q, html)
			}
			if err := needsCell(cmd); err != nil {
				return err
			}
			show, failed := a.showAnswer(to)
			if err := drive.Packages(cmd.Context(), a.session(), q, a.Stderr, show); err != nil {
				return err
			}
			return failed()
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&q.Good, "good", "", "good `KERNEL`, a selector that matches one")
	cmd.Flags().StringVar(&q.Bad, "bad", "", "bad `KERNEL`, a selector that matches one")
	cmd.Flags().StringVar(&q.Series, "series", "", "search only this `SERIES`, for example 6.12")
	cmd.Flags().StringVarP(&q.List, "kernels", "k", "", "search the kernels that these `SELECTORS` match, instead of all from --good to --bad")
	a.searchFlags(cmd, &q.Query, &to, "bisect-packages")
	cmd.Flags().BoolVar(&wholeMap, "map", false, "run any number of cells on every kernel, and show all changes")
	cmd.Flags().StringVar(&html, "html", "", "write the map as one page to `FILE`")
	cmd.Flags().StringSliceVar(&q.Mention, "mention", nil, "show the changelog lines with these `WORDS`, comma-separated (default: filesystem, splice, page cache)")
	return cmd
}

// kernelMap shows a map on the terminal, and as a page.
func (a *app) kernelMap(ctx context.Context, q drive.PackageQuery, html string) error {
	if html != "" {
		if err := export.File(html).Check("html"); err != nil {
			return err
		}
	}
	return drive.Map(ctx, a.session(), q, a.Stderr, func(run results.Run, m history.KernelMap) error {
		o := a.TerminalOptions(a.Stdout)
		o.Rows = a.MapRows()
		if err := terminal.WriteKernelMap(a.Stdout, m, "splicelab results map "+run.ID, o); err != nil {
			return err
		}
		if html != "" {
			if err := export.KernelMap(export.File(html), m); err != nil {
				return err
			}
			fmt.Fprintf(a.Stdout, "\nhtml  report: %s\n", html)
		}
		fmt.Fprintf(a.Stdout, "stored as run %s\n", run.ID)
		return nil
	})
}
