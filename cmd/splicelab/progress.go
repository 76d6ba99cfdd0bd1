package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/session"
)

// progressName is the flag of every verb that shows progress.
const progressName = "progress"

func (a *app) progressFlag(f *pflag.FlagSet) {
	a.progress = progress.Choice{Mode: progress.Auto}
	f.Var(&a.progress, progressName, "show progress as `MODE`: auto, plain, json (an object a line on standard error), json:FILE or none")
}

// showProgress makes standard error show progress as chosen.
func (a *app) showProgress(cmd *cobra.Command) error {
	if f := cmd.Flags().Lookup(progressName); f == nil || !f.Changed {
		return nil
	}
	s, err := a.progress.Open(a.Stderr)
	if err != nil {
		return input.Optionf(progressName, "%s", err)
	}
	a.Stderr, a.log = s, session.NewLog(s)
	return nil
}
