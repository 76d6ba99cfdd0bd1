package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/debian"
	"github.com/splicelab/splicelab/lab/bisect"
)

func (a *app) bisectPackagesCommand() *cobra.Command {
	var s search
	var list, series, html string
	var wholeMap bool
	var mention []string
	cmd := &cobra.Command{
		Use:   "packages -t TEST -f FILESYSTEM --good KERNEL --bad KERNEL",
		Short: "Find between which two packages of the archive the outcome of a cell changed",
		Long: `packages takes the archive's kernels from --good to --bad in the order of their
versions, or those that -k lists, tries the cell on them in fresh VMs, and says which two neighbours
differ. Nothing is built. --good may be the newer one: then it finds a fix.

Looked for is what the bad end shows and the good end never does, or the change
that --term names. A kernel that shows neither, or does not boot, is passed
over. How often the bad end shows it is measured first; a kernel is taken for good
after as many tries as --confidence asks for, and for bad after one.

Stable series get fixes apart, so history is not one line: of every series in
the range the oldest and the newest kernel are tried first, and where one boundary
does not explain what they show that is the answer, with the samples. --series
keeps to one series, whose oldest and newest kernel are the ends unless --good
and --bad say otherwise.

--map does not search: it runs the cells on every kernel, as many cells and
filesystems as -t and -f name, sharing VMs, and shows all changes of all rows as
a picture, on the terminal and by --html as a page.

At the end of a search stand the lines of the changelog between the two that mention the
filesystem, splice, or the page cache, or the words of --mention.

A bisection that was interrupted, or killed, goes on when the same command is given again.

Exit codes: 0 found, or the map is drawn; 1 there is no change, or not one boundary; 2 bad usage, or
ends that are swapped or not steady; 3 the lab failed or was interrupted.`,
		Example: `  splicelab bisect packages -t 'TestSendfileWrite/large-clean' -f xfs --good 5.10 --bad 6.1
  splicelab bisect packages -t 'TestPunchHoleInPage/large-clean' -f xfs --series 6.12 --term zeroed..phantom-zero
  splicelab bisect packages --map -t 'TestSendfileWrite|TestUDP|TestDeviceSource' -f xfs,tmpfs --html map.html`,
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.check(); err != nil {
				return err
			}
			if html != "" && !wholeMap {
				return usagef("--html goes with --map; --json has the answer of a bisection")
			}
			if wholeMap && (s.json != "" || s.term != "") {
				return usagef("--map shows every change: it takes neither --term nor --json")
			}
			if !wholeMap && series == "" && list == "" && (s.good == "" || s.bad == "") {
				return usagef("name both ends by --good and --bad, or a --series, or the kernels by -k")
			}
			if series != "" && list != "" {
				return usagef("--series and -k both say which kernels: use one")
			}
			if slices.Contains(mention, "") {
				return usagef("--mention: a word is empty")
			}
			if wholeMap {
				return a.kernelMap(cmd.Context(), s, list, series, html)
			}
			tests, err := a.oneCell(cmd.Context(), cmd, s.from)
			if err != nil {
				return err
			}
			defer tests.release()
			return a.bisectPackages(cmd.Context(), s, list, series, mention, tests)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&s.good, "good", "", "`KERNEL` that shows what is wanted, a selector that names one")
	cmd.Flags().StringVar(&s.bad, "bad", "", "`KERNEL` that shows what is not")
	cmd.Flags().StringVar(&series, "series", "", "keep to this `SERIES`, for example 6.12")
	cmd.Flags().StringVarP(&list, "kernels", "k", "", "search the kernels that these `SELECTORS` name, the oldest being the good end unless told (default: all between the ends)")
	a.searchFlags(cmd, &s)
	cmd.Flags().BoolVar(&wholeMap, "map", false, "run on every kernel, of any number of cells, and show all that changes")
	cmd.Flags().StringVar(&html, "html", "", "write the map as one page to `FILE`")
	cmd.Flags().StringSliceVar(&mention, "mention", nil, "show the changelog's lines with these `WORDS`, comma-separated (default: filesystem, splice, page cache)")
	return cmd
}
