package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/buildinfo"
	"github.com/splicelab/splicelab/internal/cli"
)

// version and commit are set by the build: -ldflags "-X main.version=…".
var version, commit string

func build() buildinfo.Build { return buildinfo.Build{Version: version, Commit: commit} }

func (a *app) versionCommand() *cobra.Command {
	var document *output.Document
	cmd := &cobra.Command{
		Use:         "version",
		Short:       "Print the version of splicelab and of Go",
		Long:        "version prints the version and the commit of splicelab, and the version of Go, as --version does.",
		Example:     "  splicelab version",
		Args:        cli.Arguments(0, 0, ""),
		Annotations: map[string]string{unconfigured: "true"},
		RunE: func(*cobra.Command, []string) error {
			return a.Show(document, build().Document(), func() error {
				_, err := fmt.Fprintln(a.Stdout, build().Line("splicelab"))
				return err
			})
		},
	}
	document = output.DocumentFlag(cmd, "version")
	return cmd
}

// versionFlag makes root answer --version like the verb.
func versionFlag(root *cobra.Command) {
	root.Version = build().Line("splicelab")
	root.SetVersionTemplate("{{.Version}}\n")
	root.Flags().Bool("version", false, "print the version and the commit")
}
