package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/completion"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results/format"
)

// completionTime bounds what a completion reads: a shell waits for it. The
// archive's index may have to be fetched.
const completionTime = 2 * time.Second

// runArguments are the verbs whose arguments name stored runs.
var runArguments = []string{"results show", "results matrix", "results policy", "results findings", "results diff", "results baseline", "results accept",
	"results expectations", "results map", "results trend", "results flaky", "results timing", "results export", "run"}

// completions completes the flags and arguments of every verb. What they offer
// comes from this machine: a shell that waits for a network seems to hang.
func (a *app) completions(root *cobra.Command) {
	runs, tests, kernels, filesystems := a.offered(completion.Runs), a.offered(completion.Tests), a.offered(completion.Kernels), a.offered(completion.Filesystems)
	verdicts := cli.Fixed(completion.Verdicts()...)
	cli.Complete(root, map[string]cli.Words{
		"filesystems": filesystems, "filesystem": filesystems, "kernels": kernels, "kernel": kernels,
		"tests": tests, "test": tests, "run": runs,
		"policy": cli.Fixed(completion.Policies()...), "accel": cli.Fixed(config.Accels...), "isolation": cli.Fixed(config.Isolations...),
		"verdict": verdicts, "only": verdicts,
		"output-format": cli.Fixed(export.Encodings...), "format": cli.Fixed(format.ReadFormats...),
	}, "filesystems", "kernels", "verdict", "only")
	for _, name := range runArguments {
		if c, _, err := root.Find(strings.Fields(name)); err == nil {
			c.ValidArgsFunction = cli.Completion(runs)
		}
	}
	for name, words := range map[string]cli.Words{"tests show": tests, "kernels list": kernels, "kernels show": kernels, "kernels fetch": kernels, "kernels diff": kernels} {
		if c, _, err := root.Find(strings.Fields(name)); err == nil {
			c.ValidArgsFunction = cli.Completion(words)
		}
	}
	if c, _, err := root.Find([]string{"bisect", "packages"}); err == nil { // elsewhere they are commits
		cli.Complete(c, map[string]cli.Words{"good": kernels, "bad": kernels})
	}
	if c, _, err := root.Find([]string{"schema"}); err == nil {
		c.ValidArgsFunction = cli.Completion(cli.Fixed(completion.Schemas()...))
	}
}

// offered reads the configuration first, which a shell's request for words does
// not do. An error offers nothing: a shell has nowhere to show it.
func (a *app) offered(words func(context.Context, session.Settings) ([]string, error)) cli.Words {
	return func(cmd *cobra.Command, args []string) []string {
		if err := a.configure(cmd, args); err != nil {
			return nil
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		found, err := words(ctx, a.session())
		if err != nil {
			cobra.CompDebugln(err.Error(), true)
		}
		return found
	}
}
