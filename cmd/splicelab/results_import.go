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
		Short: "Store what other tools found: JUnit XML and KTAP",
		Long: `import stores the results in these files as one run, beside those of the lab:
JUnit XML of any tool (xfstests, pytest, surefire, …), and KTAP or TAP as
kselftest, KUnit and LTP print it, also out of a kernel log. "-" is standard input.

--kernel and --filesystem say what the tests ran on, where the files do not.
xfstests' JUnit and reports of splicelab do. Without a filesystem, it is "none".

A failure and an error are a fail, what is skipped or expected to fail is a
skip, and what has no result, although it was planned or had begun, is infra:
the run then says that it cannot be trusted. In a report of splicelab, all
verdicts are as they were. docs/formats.md tells more.

The same files are the same run: importing them again stores nothing. Where one
cannot be read, none is stored, and the message names file and line.`,
		Example: `  splicelab results import --kernel 6.12.95 --filesystem xfs results/result.xml
  splicelab results import --kernel 6.12.95 kunit.log
  splicelab results import out/junit.xml`,
		Args: cli.Arguments(1, 10_000, "the files to import"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return query.Import(cmd.Context(), a.session(), a.stdout, cmd.InOrStdin(), args, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.Kernel, "kernel", "", "the tests ran on the kernel `RELEASE`")
	f.StringVar(&o.FS, "filesystem", "", "the tests ran on the filesystem `NAME`")
	f.StringVar(&o.Format, "format", "", "read the files as `FORMAT`: "+strings.Join(format.ReadFormats, " or ")+" (default: each as what it looks like)")
	return cmd
}
