package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/schema"
)

func (a *app) schemaCommand() *cobra.Command {
	var dir string
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "schema [NAME]",
		Short: "Print the JSON Schema of a document, or list them",
		Long: `schema prints the JSON Schema (2020-12) of the document NAME, or lists the
documents and the verbs that print them. Fields may be added to a version, but
are never renamed, removed or given another type: docs/formats.md.`,
		Example: `  splicelab schema
  splicelab schema run > run.schema.json
  splicelab schema --dir schemas`,
		Args:        cli.Arguments(0, 1, ""),
		Annotations: map[string]string{unconfigured: "true"},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case dir != "" && (len(args) > 0 || document.Wanted()):
				return usagef("--dir writes all schemas to files: it accepts neither a NAME nor -o")
			case dir != "":
				return schema.WriteAll(dir, a.Stdout)
			case len(args) == 1 && document.Wanted():
				return usagef("a schema is JSON: -o is for the list")
			case len(args) == 1:
				content, err := schema.Text(args[0])
				if err != nil {
					return err
				}
				_, err = a.Stdout.Write(content)
				return err
			}
			list := schemas(cmd.Root())
			return a.Show(document, list, func() error { return schema.WriteList(a.Stdout, list) })
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&dir, "dir", "", "write all schemas to files in `DIR`")
	document = output.DocumentFlag(cmd, "schemas")
	return cmd
}

// schemas lists the schemas with the verbs of the command line.
func schemas(root *cobra.Command) []schema.Listed {
	verbs := output.Documented(root)
	verbs["cells"] = []string{"results show -t …"}
	verbs["changes"] = []string{"nightly"}
	verbs["progress"] = []string{"every verb with --progress json"}
	verbs[schema.API] = []string{"serve"}
	return schema.List(verbs)
}
