package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/program"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/outcome"
)

func (a *app) execCommand() *cobra.Command {
	var g session.Guest
	var env []string
	cmd := &cobra.Command{
		Use:   "exec -k KERNEL [-f FS] [--] BINARY [ARGS…]",
		Short: "Run one program on one kernel, for go test -exec",
		Long: `exec boots a kernel, runs a static Linux program in it as root, and exits with
the program's exit code. It is meant for go test -exec: working directory,
environment and profiles work as usual. With -f, TMPDIR is on that filesystem.
Flags after BINARY belong to BINARY. More: splicelab help programs.

Exit codes: the program's own; 1 also if the kernel crashed, hung or did not
boot, 2 for bad usage, 3 if the lab failed. The latter three are reported on
standard error.`,
		Example: `  splicelab exec -k 6.12 -f xfs -- ./mytest.test -test.v
  CGO_ENABLED=0 go test -exec "splicelab exec -k 6.12 -f xfs" ./...
  splicelab exec -k 6.12 --module brd --env SIZE=4096 -- ./program
  CGO_ENABLED=0 go test -exec "splicelab exec -k 5.10" -coverprofile c.out ./pkg`,
		Args: cli.Arguments(1, cli.Any, "a program to run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needsKernel(g); err != nil {
				return err
			}
			return a.ended(a.session().Exec(cmd.Context(), g, args, env, a.Stdout, a.Stderr))
		},
	}
	a.guestFlags(cmd, &g)
	cmd.Flags().StringArrayVar(&env, "env", nil, "set `NAME=VALUE` in the program's environment (repeatable)")
	cmd.Flags().SetInterspersed(false)
	return cmd
}

// ended converts the exit of a guest program into the error that determines the
// exit code.
func (a *app) ended(code int, err error) error {
	var kernel *program.KernelError
	switch {
	case errors.As(err, &kernel) && kernel.Verdict == outcome.Skip:
		return usagef("this kernel and filesystem cannot run here: %s", kernel.Detail)
	case errors.As(err, &kernel):
		fmt.Fprintf(a.Stderr, "splicelab: the kernel ended first: %s\n", sanitize.Line(kernel.Error()))
		if kernel.Console != "" {
			fmt.Fprintf(a.Stderr, "%s\n", strings.TrimRight(sanitize.Text(kernel.Console), "\n"))
		}
		return exit.CellsFailed(1)
	case err != nil:
		return err
	}
	return exit.ProgramExited(code)
}
