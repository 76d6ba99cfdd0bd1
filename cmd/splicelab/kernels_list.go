package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/progress"
)

func (a *app) kernelsListCommand() *cobra.Command {
	var asJSON, refresh bool
	cmd := &cobra.Command{
		Use:   "list [SELECTORS]",
		Short: "List the kernels that can be run, oldest first",
		Long: `list shows every kernel that the archive offers, or those that the selectors
name, in the order of their versions. Numbers in the column NOTE refer to the notes
below the table. What the archive omits, and why, is reported on standard error.`,
		Example: `  splicelab kernels list
  splicelab kernels list 6.12.43..6.12.117
  splicelab kernels list --json newest:5`,
		Args: arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			entries, err := a.listKernels(cmd.Context(), strings.Join(args, ""), refresh)
			if err != nil {
				return err
			}
			if asJSON {
				return a.writeKernelsJSON(entries)
			}
			return a.writeKernels(entries)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON array to standard output")
	cmd.Flags().BoolVar(&refresh, "refresh", false, "ask the archive for its newest index first")
	return cmd
}

func (a *app) listKernels(ctx context.Context, selectors string, refresh bool) ([]kernels.Entry, error) {
	store, err := a.session().OpenKernels()
	if err != nil {
		return nil, err
	}
	src := a.session().Archive(store, refresh)
	if selectors != "" {
		return src.Resolve(ctx, selectors)
	}
	entries, err := kernels.List(ctx, []kernels.Source{src})
	src.Warn()
	return entries, err
}

func (a *app) writeKernels(entries []kernels.Entry) error {
	var notes []string
	w := text.NewTable(a.stdout)
	fmt.Fprintln(w, "SERIES\tVERSION\tRELEASE\tFLAVOUR\tORIGIN\tSIZE\tCACHED\tMODULES\tNOTE")
	for _, e := range entries {
		download := "-"
		if e.Size > 0 {
			download = progress.Bytes(e.Size)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Series(), e.Version, sanitize.Line(e.Release), sanitize.Line(e.Flavour),
			sanitize.Line(e.Origin), download, yesNo(e.Cached), yesNo(e.Modules), reference(&notes, e.Note))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for i, note := range notes {
		fmt.Fprintf(a.stdout, "note %d: %s\n", i+1, sanitize.Line(note))
	}
	return nil
}

// reference is the number of a note, which is added if no kernel before has it;
// "" for none.
func reference(notes *[]string, note string) string {
	if note == "" {
		return ""
	}
	i := slices.Index(*notes, note)
	if i < 0 {
		i = len(*notes)
		*notes = append(*notes, note)
	}
	return strconv.Itoa(i + 1)
}

func (a *app) writeKernelsJSON(entries []kernels.Entry) error {
	list := make([]kernelJSON, 0, len(entries))
	for _, e := range entries {
		list = append(list, newKernelJSON(e))
	}
	return a.writeJSON(list)
}

// writeJSON writes one indented document to standard output.
func (a *app) writeJSON(v any) error {
	return export.JSON(a.stdout, v)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
