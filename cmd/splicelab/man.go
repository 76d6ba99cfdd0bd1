package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand writes the man pages, one a verb. It is the build's, which ships
// what it writes, and is hidden from users.
func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "man DIR",
		Short:       "Write the man pages to a directory",
		Long:        "man writes a man page for each command to DIR. SOURCE_DATE_EPOCH sets their date.",
		Example:     "  splicelab man bin/man",
		Hidden:      true,
		Args:        arguments(1, 1, "the directory to write to"),
		Annotations: map[string]string{unconfigured: "true"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("man pages: %w", err)
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			header := &doc.GenManHeader{Title: "SPLICELAB", Section: "1", Source: "splicelab " + buildVersion(), Manual: "splicelab"}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return fmt.Errorf("man pages: %w", err)
			}
			return nil
		},
	}
}
