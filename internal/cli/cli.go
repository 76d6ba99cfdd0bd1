// Package cli makes any cobra program strict: usage errors that suggest the
// nearest word, help without noise, man pages, and a context that signals
// cancel. It does not know what a program's commands do.
package cli

import (
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/spell"
)

// Any is more arguments than a command line can have.
const Any = 1 << 30

// Root makes cmd the root of a strict command line. Its flags keep the order in
// which they are defined.
func Root(cmd *cobra.Command) {
	cmd.Args, cmd.RunE = subcommandOnly, helpAsError
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetFlagErrorFunc(flagError)
	// Commands that only have subcommands run only to print an error.
	cmd.SetUsageTemplate(strings.NewReplacer(
		"{{if .Runnable}}", "{{if and .Runnable (not .HasAvailableSubCommands)}}",
		".LocalFlags.FlagUsages", "flagUsages .LocalFlags",
		".InheritedFlags.FlagUsages", "flagUsages .InheritedFlags",
	).Replace(cmd.UsageTemplate()))
	templateFunctions()
	cmd.Flags().SortFlags = false
	cmd.PersistentFlags().SortFlags = false
}

// Finish adds cobra's built-in commands, help and completion, to a root that
// already has all others. They do not run its PersistentPreRunE.
func Finish(root *cobra.Command, args []string) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(args...)
	for _, c := range root.Commands() {
		if c.Name() == "help" || c.Name() == "completion" {
			c.PersistentPreRunE = func(*cobra.Command, []string) error { return nil }
		}
		if c.Name() == "completion" {
			c.Args, c.RunE = subcommandOnly, helpAsError
			for _, shell := range c.Commands() {
				shell.Args = Arguments(0, 0, "")
			}
		}
	}
}

// templateFunctions adds to cobra's template functions, which are process-wide.
var templateFunctions = sync.OnceFunc(func() { cobra.AddTemplateFunc("flagUsages", flagUsages) })

// flagUsages describes flags as pflag does, but without "[=true|false]" after
// each boolean flag.
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

// Group is a command that only has subcommands.
func Group(use, short, example string, children ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Long: short + ".", Example: example, Args: subcommandOnly, RunE: helpAsError}
	cmd.AddCommand(children...)
	return cmd
}

// Topic is a page of help that is not about a command.
func Topic(use, short, long, example string) *cobra.Command {
	topic := &cobra.Command{Use: use, Short: short, Long: long, Example: example}
	topic.SetHelpTemplate("{{.Long}}\n\nExamples:\n{{.Example}}\n")
	return topic
}

// subcommandOnly rejects arguments that do not name a subcommand.
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
		return input.Errorf("unknown command %q: did you mean %q?", cmd.CommandPath()+" "+args[0], cmd.CommandPath()+" "+near)
	}
	return input.Errorf("unknown command %q: %s accepts %s", cmd.CommandPath()+" "+args[0], cmd.CommandPath(), strings.Join(known, ", "))
}

// helpAsError answers an incomplete command line with the help, on stderr and
// as bad usage, so that a script with an empty variable notices.
func helpAsError(cmd *cobra.Command, _ []string) error {
	cmd.SetOut(cmd.ErrOrStderr())
	if err := cmd.Help(); err != nil {
		return err
	}
	return input.Errorf("name one of the commands above")
}

// Arguments accepts between low and high arguments; what describes them.
func Arguments(low, high int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < low:
			return input.Errorf("%s needs %s: see %s --help", cmd.CommandPath(), what, cmd.CommandPath())
		case len(args) > high:
			return input.Errorf("%s does not take the argument %q: see %s --help", cmd.CommandPath(), args[high], cmd.CommandPath())
		}
		return nil
	}
}

// ArgumentIf accepts one argument if the flag is set, and none otherwise.
func ArgumentIf(flag *bool) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		high := 0
		if *flag {
			high = 1
		}
		return Arguments(0, high, "")(cmd, args)
	}
}

// First is the first argument, or "".
func First(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
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
			return input.Errorf("unknown flag --%s: did you mean --%s?", name, near)
		}
		text = "unknown flag --" + name
	}
	return input.Errorf("%s: see %s --help", text, cmd.CommandPath())
}
