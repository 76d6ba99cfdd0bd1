package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results/format"
)

// schemaAnnotation names the schema of the document that a verb prints.
const schemaAnnotation = "splicelab_schema"

// documentFlag is the user's choice of a document in place of text.
type documentFlag struct{ encoding export.Encoding }

// wanted reports whether a document was asked for.
func (d *documentFlag) wanted() bool { return d.encoding != "" }

// String implements pflag.Value.
func (d *documentFlag) String() string { return string(d.encoding) }

// Type implements pflag.Value.
func (d *documentFlag) Type() string { return "format" }

// Set implements pflag.Value.
func (d *documentFlag) Set(text string) error {
	for _, e := range export.Encodings {
		if text == e {
			d.encoding = export.Encoding(e)
			return nil
		}
	}
	return usagef("%q is not one of %s", text, strings.Join(export.Encodings, ", "))
}

// documentFlags lets a verb print a document of this schema instead of text.
func documentFlags(cmd *cobra.Command, schema string) *documentFlag {
	return documentFlagP(cmd, schema, "o")
}

// documentFlagP is documentFlags with another shorthand, or none: verbs that write
// files may have -o for their name.
func documentFlagP(cmd *cobra.Command, schema, shorthand string) *documentFlag {
	d := new(documentFlag)
	cmd.Flags().VarP(d, "output-format", shorthand, "print a document instead of text: `FORMAT`, json or yaml")
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[schemaAnnotation] = schema
	return d
}

// jsonFlag adds the flag that had been there before -o.
func (d *documentFlag) jsonFlag(cmd *cobra.Command) {
	cmd.Flags().BoolFunc("json", "the same as -o json", func(text string) error {
		on, err := strconv.ParseBool(text)
		switch {
		case err != nil:
			return err
		case on:
			return d.Set(string(export.EncodingJSON))
		}
		return nil
	})
}

// show prints v as a document if one was asked for, else as text.
func (a *app) show(d *documentFlag, v any, text func() error) error {
	if d.wanted() {
		return d.encoding.Write(a.stdout, v)
	}
	return text()
}

// writeDocument writes v to a file as JSON, unless file is empty, and prints it
// if that was asked for.
func (a *app) writeDocument(d *documentFlag, file export.File, v any) error {
	if file != "" {
		if err := file.WriteJSON(v, a.stdout); err != nil || file == export.Stdout {
			return err
		}
	}
	if d.wanted() {
		return d.encoding.Write(a.stdout, v)
	}
	return nil
}

// runDocument is the document of a run that was read.
func runDocument(s session.Stored) any {
	return format.JSON(format.Document{Run: s.Run, Cells: s.Cells})
}
