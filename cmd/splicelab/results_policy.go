package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results/findings"
	"github.com/splicelab/splicelab/results/store"
	"github.com/splicelab/splicelab/results/terminal"
)

func (a *app) resultsPolicyCommand() *cobra.Command {
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "policy [RUN]",
		Short: "Show the policy vectors of a run: the answers of each source and sink",
		Long: `policy shows, for each kernel, source and sink, the answers to the eight probes
that distinguish policies: the vector recorded by "splicelab run -t Policy".
Kernels mix policies, so there is no single label; the last column lists the
policies that no answer contradicts.` + runHelp,
		Example: `  splicelab run -k 6.12 -f xfs -t Policy
  splicelab results policy
  splicelab results policy latest -o json`,
		Args: cli.Arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withRun(cmd.Context(), cli.First(args), "", func(_ *store.Store, s session.Stored) error {
				if document.Wanted() {
					return document.Write(a.Stdout, append([]findings.Vector{}, findings.Vectors(s.Cells)...))
				}
				if len(findings.Vectors(s.Cells)) == 0 {
					return usagef("run %s has no policy vectors: its tests did not include TestPolicy; make some with splicelab run -t Policy", s.ID)
				}
				return a.Draw(cmd.Context(), func(w io.Writer, o terminal.Options) error { return terminal.WriteVectors(w, s.Cells, o) })
			})
		},
	}
	cmd.Flags().SortFlags = false
	a.WideFlag(cmd)
	document = output.DocumentFlag(cmd, "policy-vectors")
	document.JSONFlag(cmd)
	return cmd
}
