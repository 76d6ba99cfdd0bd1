package main

import (
	"context"
	"fmt"

	"github.com/splicelab/splicelab/internal/sanitize"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/progress"
)

func (a *app) kernelsDiffCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare the build configurations of two kernels",
		Long: `diff lists the options in which two kernels' configurations differ. An option
that is off, or that a kernel does not know, is shown as "-"; what only names the
compiler is left out. Kernels that are not cached are fetched first.`,
		Example: `  splicelab kernels diff 6.1 6.12
  splicelab kernels diff 6.12 'file:arch/x86/boot/bzImage?config=.config'`,
		Args: arguments(2, 2, "two selectors, for example 6.1 6.12"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.diffKernels(cmd.Context(), args[0], args[1], asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON array to standard output")
	return cmd
}

func (a *app) diffKernels(ctx context.Context, left, right string, asJSON bool) error {
	src, release, err := a.openArchive(false)
	if err != nil {
		return err
	}
	defer release()
	var both []kernels.Entry
	for _, selector := range []string{left, right} {
		found, err := src.Resolve(ctx, selector)
		if err != nil {
			return err
		}
		if len(found) != 1 {
			return usagef("%s names %d kernels: name one", selector, len(found))
		}
		both = append(both, found[0])
	}
	var options []map[string]string
	for _, e := range both {
		p := progress.New(a.stderr)
		found, err := kernels.FetchAll(ctx, []kernels.Entry{e}, 1, p)
		p.Close()
		if err != nil {
			return err
		}
		set, err := found[0].Options()
		if err != nil {
			return usagef("%s", err)
		}
		options = append(options, set)
	}
	changes := kernels.DiffOptions(options[0], options[1])
	if asJSON {
		list := make([]map[string]string, 0, len(changes))
		for _, c := range changes {
			list = append(list, map[string]string{"option": c.Option, "old": c.Old, "new": c.New})
		}
		return a.writeJSON(list)
	}
	w := text.NewTable(a.stdout)
	fmt.Fprintf(w, "OPTION\t%s\t%s\n", sanitize.Line(both[0].Release), sanitize.Line(both[1].Release))
	for _, c := range changes {
		fmt.Fprintf(w, "%s\t%s\t%s\n", sanitize.Line(c.Option), text.OrDash(sanitize.Line(c.Old)), text.OrDash(sanitize.Line(c.New)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%d options differ\n", len(changes))
	return nil
}
