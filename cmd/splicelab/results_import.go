package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
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
		Args: arguments(1, 10_000, "the files to import"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.importFiles(cmd.Context(), cmd.InOrStdin(), args, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.Kernel, "kernel", "", "the tests ran on the kernel `RELEASE`")
	f.StringVar(&o.FS, "filesystem", "", "the tests ran on the filesystem `NAME`")
	f.StringVar(&o.Format, "format", "", "read the files as `FORMAT`: "+strings.Join(format.ReadFormats, " or ")+" (default: each as what it looks like)")
	return cmd
}

// importFiles reads all files before it stores any.
func (a *app) importFiles(ctx context.Context, stdin io.Reader, files []string, o format.ReadOptions) error {
	if o.Format != "" && !slices.Contains(format.ReadFormats, o.Format) {
		return usagef("--format: %q is not one of %s", o.Format, strings.Join(format.ReadFormats, ", "))
	}
	var sources []format.Source
	for i, file := range files {
		if slices.Contains(files[:i], file) {
			return usagef("%s is named twice", file)
		}
		s, err := readSource(file, stdin, o)
		if err != nil {
			return err
		}
		sources = append(sources, s)
	}
	run, attempts, err := format.Merge(sources, time.Now().UTC())
	if err != nil {
		return err
	}
	run.Command = append([]string{"splicelab"}, a.args...)
	store, err := a.session().OpenResults()
	if err != nil {
		return err
	}
	known, err := store.Import(ctx, run, attempts)
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	if known {
		fmt.Fprintf(a.stdout, "stored already as run %s: splicelab results show %s\n", run.ID, run.ID)
		return nil
	}
	byKey := map[results.CellKey][]results.Attempt{}
	for _, one := range attempts {
		byKey[one.CellKey] = append(byKey[one.CellKey], one)
	}
	verdicts := map[outcome.Verdict]int{}
	for _, tries := range byKey {
		verdicts[results.FromAttempts(tries).Verdict]++
	}
	fmt.Fprintf(a.stdout, "stored as run %s: %s; splicelab results show %s\n", run.ID, counts(verdicts), run.ID)
	if run.Problem != "" {
		a.log.Warn("this run cannot be trusted: " + run.Problem)
	}
	return nil
}

// readSource reads one file, or standard input for "-".
func readSource(file string, stdin io.Reader, o format.ReadOptions) (format.Source, error) {
	o.File = file
	if file == "-" {
		o.File = "standard input"
		return format.ReadSource(stdin, o)
	}
	f, err := os.Open(file)
	if err != nil {
		return format.Source{}, usagef("%s; name files that can be read", err)
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && st.IsDir() {
		return format.Source{}, usagef("%s is a directory: name the files in it", file)
	}
	return format.ReadSource(f, o)
}
