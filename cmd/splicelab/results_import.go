package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/results/format"
)

func (a *app) resultsImportCommand() *cobra.Command {
	var o format.ReadOptions
	cmd := &cobra.Command{
		Use:   "import FILE…",
		Short: "Store results of other tools: JUnit XML and KTAP",
		Long: `import stores the results in these files as one run: JUnit XML of any tool
(xfstests, pytest, surefire, …), and KTAP or TAP as printed by kselftest, KUnit
and LTP, also from a kernel log. "-" is standard input. --kernel and --filesystem
specify what the tests ran on, if the files do not. docs/formats.md says what
becomes which verdict.

The same files give the same run: importing them again stores nothing. If one
cannot be read, none is stored, and the message names file and line.`,
		Example: `  splicelab results import --kernel 6.12.95 --filesystem xfs results/result.xml
  splicelab results import --kernel 6.12.95 kunit.log
  splicelab results import out/junit.xml`,
		Args: cli.Arguments(1, 10_000, "the files to import"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return query.Import(cmd.Context(), a.session(), a.Stdout, cmd.InOrStdin(), args, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.Kernel, "kernel", "", "the tests ran on the kernel `RELEASE`")
	f.StringVar(&o.FS, "filesystem", "", "the tests ran on the filesystem `NAME`")
	f.StringVar(&o.Format, "format", "", "read the files as `FORMAT`: "+strings.Join(format.ReadFormats, " or ")+" (default: detected)")
	return cmd
}
