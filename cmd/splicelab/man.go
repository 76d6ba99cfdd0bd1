package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
)

// manCommand writes the man pages, one per verb. Only the build uses it, so it
// is hidden from users.
func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "man DIR",
		Short:       "Write the man pages to a directory",
		Long:        "man writes a man page for each command to DIR. SOURCE_DATE_EPOCH sets their date.",
		Example:     "  splicelab man bin/man",
		Hidden:      true,
		Args:        cli.Arguments(1, 1, "the directory to write to"),
		Annotations: map[string]string{unconfigured: "true"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return cli.ManPages(cmd.Root(), args[0], build().Number())
		},
	}
}
