package main

import (
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/session"
)

func (a *app) shellCommand() *cobra.Command {
	var g session.Guest
	cmd := &cobra.Command{
		Use:   "shell -k KERNEL [-f FS]",
		Short: "Open a shell in a VM with u-root's commands",
		Long: `shell boots a kernel and connects this terminal to a shell in it, as root and
with u-root's commands. Ctrl-C goes to the guest; leave with exit. Nothing
persists after exit. With -f the filesystem is mounted, and the shell starts in
it.

The modules that any test of the suites may request are in the VM, for modprobe
and for the kernel's module autoloading; --module adds others.`,
		Example: `  splicelab shell -k 6.12
  splicelab shell -k newest:1 -f xfs
  splicelab shell -k 6.12 --module dm-crypt`,
		Args: cli.Arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needsKernel(g); err != nil {
				return err
			}
			if !term.IsTerminal(int(a.stdin.Fd())) {
				return usagef("a shell needs a terminal on standard input: for one command use splicelab exec")
			}
			return a.ended(a.session().Shell(cmd.Context(), g, a.stdin, a.Stderr))
		},
	}
	a.guestFlags(cmd, &g)
	return cmd
}
