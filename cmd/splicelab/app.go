package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/internal/spell"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/session"
)

// app is one invocation: its streams and its configuration, which is loaded
// before a verb's code runs.
type app struct {
	args   []string
	stdin  *os.File
	stdout *os.File
	stderr io.Writer
	log    *session.Log

	configFile string
	cfg        config.Config
	programs   session.Programs // where the guest programs are, once that was asked
}

// session is what the packages below take of the invocation.
func (a *app) session() session.Settings {
	return session.Settings{Config: a.cfg, Command: append([]string{"splicelab"}, a.args...), Version: buildVersion(), Log: a.log, Programs: &a.programs}
}

// unconfigured marks commands that work with a broken configuration.
const unconfigured = "splicelab_unconfigured"

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "splicelab",
		Short: "Run Go tests on many kernels and filesystems, and compare what happened",
		Long: `splicelab boots many Linux kernels with many filesystems in QEMU, runs Go test
binaries in them, and collects pass/fail matrices of how splice(2) keeps, or
does not keep, the data that a pipe refers to.

Exit codes: 0 everything as it should be; 1 some cell failed; 2 bad usage or
bad input; 3 the lab itself failed or was interrupted, even if cells failed too.

Options come from flags, environment variables (SPLICELAB_…) and the file
splicelab.yaml, in this order.`,
		Example: `  splicelab doctor                                can this machine run it?
  splicelab run                                   the default matrix
  splicelab run -k 6.1,6.12 -f xfs -t PunchHole   a small one
  splicelab results matrix                        the last run again
  go test -exec "splicelab exec -k 6.12 -f xfs" ./...`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              subcommandOnly,
		RunE:              helpAsError,
		PersistentPreRunE: a.configure,
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(flagError)
	// Commands that only have subcommands can be run just to say so.
	root.SetUsageTemplate(strings.NewReplacer(
		"{{if .Runnable}}", "{{if and .Runnable (not .HasAvailableSubCommands)}}",
		".LocalFlags.FlagUsages", "flagUsages .LocalFlags",
		".InheritedFlags.FlagUsages", "flagUsages .InheritedFlags",
	).Replace(root.UsageTemplate()))
	templateFunctions()
	root.Flags().SortFlags = false
	versionFlag(root)

	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.StringVar(&a.configFile, "config", "", "read options from `FILE` (default splicelab.yaml here or in ~/.config/splicelab; SPLICELAB_CONFIG)")
	a.option(flags, "cache", "cache", "keep kernels and images in `DIR` (default ~/.cache/splicelab; SPLICELAB_CACHE)")
	a.option(flags, "state", "state", "keep results in `DIR` (default ~/.local/state/splicelab; SPLICELAB_STATE)")
	a.option(flags, "guest-dir", "guest-dir", "take guest programs from `DIR` (default: the embedded ones; SPLICELAB_GUEST_DIR)")

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
		a.manCommand(),
		a.versionCommand(),
		runsTopic(),
	)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(a.args...)
	for _, c := range root.Commands() {
		if c.Name() == "help" || c.Name() == "completion" {
			c.PersistentPreRunE = func(*cobra.Command, []string) error { return nil }
		}
		if c.Name() == "completion" {
			c.Args, c.RunE = subcommandOnly, helpAsError
			for _, shell := range c.Commands() {
				shell.Args = arguments(0, 0, "")
			}
		}
	}
	return root
}

// templateFunctions adds to cobra's functions, which are the process's.
var templateFunctions = sync.OnceFunc(func() { cobra.AddTemplateFunc("flagUsages", flagUsages) })

// flagUsages describes flags as pflag does, without "[=true|false]" behind each
// flag that has no argument.
func flagUsages(flags *pflag.FlagSet) string {
	shown := pflag.NewFlagSet("", pflag.ContinueOnError)
	shown.SortFlags = flags.SortFlags
	flags.VisitAll(func(f *pflag.Flag) {
		plain := *f
		if plain.Value.Type() == "bool" {
			plain.Value = struct{ pflag.Value }{plain.Value} // has no IsBoolFlag
		}
		shown.AddFlag(&plain)
	})
	return shown.FlagUsages()
}

// configure loads the configuration for every command that needs it.
func (a *app) configure(cmd *cobra.Command, _ []string) error {
	if cmd.Annotations[unconfigured] != "" {
		return nil
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

// bind makes a flag that is defined set the configuration key. It can only
// fail for a flag that is not defined, which the tests of every verb's help
// would show at once.
func (a *app) bind(flags *pflag.FlagSet, name, key string) {
	if err := config.BindFlag(flags, name, key); err != nil {
		fmt.Fprintf(a.stderr, "splicelab: flag --%s: %s\n", name, err)
	}
}

// group is a command that only has subcommands.
func group(use, short, example string, children ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Long: short + ".", Example: example, Args: subcommandOnly, RunE: helpAsError}
	cmd.AddCommand(children...)
	return cmd
}

// subcommandOnly refuses arguments that are not the name of a subcommand.
func subcommandOnly(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			known = append(known, c.Name())
		}
	}
	if near := spell.Nearest(args[0], known); near != "" {
		return usagef("unknown command %q: did you mean %q?", cmd.CommandPath()+" "+args[0], cmd.CommandPath()+" "+near)
	}
	return usagef("unknown command %q: %s takes %s", cmd.CommandPath()+" "+args[0], cmd.CommandPath(), strings.Join(known, ", "))
}

// helpAsError answers a command line that stops too early: with the help, on
// stderr and as bad usage, so that a script with an empty variable notices.
func helpAsError(cmd *cobra.Command, _ []string) error {
	cmd.SetOut(cmd.ErrOrStderr())
	if err := cmd.Help(); err != nil {
		return err
	}
	return usagef("name one of the commands above")
}

// arguments takes between low and high arguments, which what describes.
func arguments(low, high int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < low:
			return usagef("%s needs %s: see %s --help", cmd.CommandPath(), what, cmd.CommandPath())
		case len(args) > high:
			return usagef("%s does not take the argument %q: see %s --help", cmd.CommandPath(), args[high], cmd.CommandPath())
		}
		return nil
	}
}

// flagError turns pflag's error into one that names the nearest flag.
func flagError(cmd *cobra.Command, err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "unknown flag: --"); ok {
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				known = append(known, f.Name)
			}
		})
		if near := spell.Nearest(name, known); near != "" {
			return usagef("unknown flag --%s: did you mean --%s?", name, near)
		}
		text = "unknown flag --" + name
	}
	return usagef("%s: see %s --help", text, cmd.CommandPath())
}
