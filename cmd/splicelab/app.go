package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/cmd/splicelab/topics"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/session"
)

// app is one invocation: its streams and its configuration, which is loaded
// before a verb's code runs.
type app struct {
	output.Output
	args  []string
	stdin *os.File
	log   *session.Log

	configFile string
	cfg        config.Config
	programs   session.Programs // where the guest programs are; set on first use
	progress   progress.Choice  // as the verb's flag says
}

// session is the part of the invocation that the packages below need.
func (a *app) session() session.Settings {
	return session.Settings{Config: a.cfg, Command: append([]string{"splicelab"}, a.args...), Version: build().Number(), Log: a.log, Programs: &a.programs}
}

// unconfigured marks commands that work with a broken configuration.
const unconfigured = "splicelab_unconfigured"

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "splicelab",
		Short: "Run Go tests on many kernels and filesystems, and compare the results",
		Long: `splicelab boots many Linux kernels with many filesystems in QEMU, runs Go test
binaries in them, and collects pass/fail matrices of how splice(2) keeps, or
does not keep, the data that a pipe refers to.

Exit codes: 0 success; 1 some cell failed; 2 bad usage or bad input; 3 the lab
itself failed or was interrupted, even if cells failed too.

Options come from flags, environment variables (SPLICELAB_…) and the file
splicelab.yaml, in this order.`,
		Example: `  splicelab doctor                                can this machine run it?
  splicelab run                                   the default matrix
  splicelab run -k 6.1,6.12 -f xfs -t PunchHole   a small one
  splicelab results matrix                        the last run again
  go test -exec "splicelab exec -k 6.12 -f xfs" ./...`,
		PersistentPreRunE: a.configure,
	}
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	cli.Root(root)
	versionFlag(root)

	flags := root.PersistentFlags()
	flags.StringVar(&a.configFile, "config", "", "read options from `FILE` (default: splicelab.yaml in ~/.config/splicelab and here; SPLICELAB_CONFIG)")
	a.option(flags, "cache", "cache", "keep kernels and images in `DIR` (default ~/.cache/splicelab; SPLICELAB_CACHE)")
	a.option(flags, "state", "state", "keep results in `DIR` (default ~/.local/state/splicelab; SPLICELAB_STATE)")
	a.option(flags, "guest-dir", "guest-dir", "take guest programs from `DIR` (default: the embedded ones; SPLICELAB_GUEST_DIR)")

	a.DrawingFlags(root)

	root.AddCommand(
		a.runCommand(),
		a.kernelsCommand(),
		a.testsCommand(),
		a.resultsCommand(),
		a.bisectCommand(),
		a.serveCommand(),
		a.reproCommand(),
		a.execCommand(),
		a.shellCommand(),
		a.nightlyCommand(),
		a.benchCommand(),
		a.doctorCommand(),
		a.cacheCommand(),
		a.configCommand(),
		a.schemaCommand(),
		a.manCommand(),
		a.versionCommand(),
	)
	root.AddCommand(topics.Commands()...)
	a.completions(root)
	cli.GroupFlags(root, flagGroups)
	cli.Finish(root, a.args)
	return root
}

// configure loads the configuration for every command that needs it.
func (a *app) configure(cmd *cobra.Command, _ []string) error {
	if cmd.Annotations[unconfigured] != "" {
		return nil
	}
	if cmd.Name() == cobra.ShellCompRequestCmd || cmd.Name() == cobra.ShellCompNoDescRequestCmd {
		return nil // what it completes reads the configuration, and survives a broken one
	}
	if err := a.showProgress(cmd); err != nil {
		return err
	}
	file := a.configFile
	if file == "" {
		file = os.Getenv("SPLICELAB_CONFIG")
	}
	var err error
	a.cfg, err = config.Load(cmd.Flags(), file)
	return err
}

// option defines a text flag that sets the configuration key.
func (a *app) option(flags *pflag.FlagSet, name, key, usage string) {
	flags.String(name, "", usage)
	a.bind(flags, name, key)
}

// bind makes a defined flag set the configuration key. It fails only for an
// undefined flag, which the help tests of every verb would catch.
func (a *app) bind(flags *pflag.FlagSet, name, key string) {
	if err := config.BindFlag(flags, name, key); err != nil {
		fmt.Fprintf(a.Stderr, "splicelab: flag --%s: %s\n", name, err)
	}
}
