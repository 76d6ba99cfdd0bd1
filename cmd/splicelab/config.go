package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/export"
)

func (a *app) configCommand() *cobra.Command {
	return cli.Group("config", "Show the configuration, and decide which files are trusted",
		`  splicelab config show
  splicelab config trust
  splicelab config trust --remove`,
		a.configShowCommand(), a.configTrustCommand())
}

func (a *app) configShowCommand() *cobra.Command {
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show every option and its value",
		Long: `show prints all options as they are after flags, environment variables and
files were read, as a splicelab.yaml. Secrets are hidden.`,
		Example: `  splicelab config show
  splicelab config show -o json | jq .run.policy`,
		Args: cli.Arguments(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			return a.Show(document, config.Shown{Config: a.cfg}, func() error { return export.YAML(a.Stdout, config.Shown{Config: a.cfg}) })
		},
	}
	document = output.DocumentFlag(cmd, "config")
	return cmd
}

func (a *app) configTrustCommand() *cobra.Command {
	var remove bool
	cmd := &cobra.Command{
		Use:   "trust [FILE]",
		Short: "Trust the configuration file in the current directory, or FILE",
		Long: `trust lets a splicelab.yaml in the current directory set every option. Without
it, such a file may choose kernels, filesystems, tests, policies and the like,
but no programs, archives, keyrings or places to write to: it may have come
with somebody's checkout. trust prints what the file sets beyond that.

The file is remembered by its content: when it changes, it has to be trusted
again. A file that --config, SPLICELAB_CONFIG or your home directory names
needs no trust. docs/security.md has the whole list.`,
		Example: `  splicelab config trust
  splicelab config trust --remove`,
		Args:        cli.Arguments(0, 1, ""),
		Annotations: map[string]string{unconfigured: "it is this file that keeps others from being read"},
		RunE: func(_ *cobra.Command, args []string) error {
			file := config.FileName
			if len(args) == 1 {
				file = args[0]
			}
			content, err := os.ReadFile(file)
			if err != nil {
				return usagef("trusting a configuration: %s", err)
			}
			trust, err := config.OpenTrust()
			if err != nil {
				return err
			}
			if remove {
				if err := trust.Remove(content); err != nil {
					return err
				}
				_, err = fmt.Fprintf(a.Stdout, "%s is not trusted\n", file)
				return err
			}
			return trust.Accept(a.Stdout, file, content)
		},
	}
	cmd.Flags().BoolVar(&remove, "remove", false, "no longer trust it")
	return cmd
}
