package output

import (
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/lab/export"
)

// schemaAnnotation names the schema of the document that a verb prints.
const schemaAnnotation = "splicelab_schema"

// Document is the user's choice of a document in place of text: the flag -o.
type Document struct {
	Encoding export.Encoding // empty: text
}

// DocumentFlag lets a verb print a document of this schema instead of text.
func DocumentFlag(cmd *cobra.Command, schema string) *Document {
	return DocumentFlagP(cmd, schema, "o")
}

// DocumentFlagP is DocumentFlag with another shorthand, or none: verbs that write
// files may have -o for their name.
func DocumentFlagP(cmd *cobra.Command, schema, shorthand string) *Document {
	d := new(Document)
	cmd.Flags().VarP(d, "output-format", shorthand, "print a document instead of text: `FORMAT`, json or yaml")
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[schemaAnnotation] = schema
	return d
}

// JSONFlag adds the flag that had been there before -o.
func (d *Document) JSONFlag(cmd *cobra.Command) {
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

// String implements pflag.Value.
func (d *Document) String() string { return string(d.Encoding) }

// Type implements pflag.Value.
func (d *Document) Type() string { return "format" }

// Set implements pflag.Value.
func (d *Document) Set(text string) error {
	for _, e := range export.Encodings {
		if text == e {
			d.Encoding = export.Encoding(e)
			return nil
		}
	}
	return input.Errorf("%q is not one of %s", text, strings.Join(export.Encodings, ", "))
}

// Wanted reports whether a document was asked for.
func (d *Document) Wanted() bool { return d.Encoding != "" }

// Write writes v as the document that was asked for.
func (d *Document) Write(w io.Writer, v any) error { return d.Encoding.Write(w, v) }

// Show prints v as a document if one was asked for, else as text.
func (o *Output) Show(d *Document, v any, text func() error) error {
	if d.Wanted() {
		return d.Write(o.Stdout, v)
	}
	return text()
}

// WriteDocument writes v to a file as JSON, unless file is empty, and prints it
// if that was asked for.
func (o *Output) WriteDocument(d *Document, file export.File, v any) error {
	if file != "" {
		if err := file.WriteJSON(v, o.Stdout); err != nil || file == export.Stdout {
			return err
		}
	}
	if d.Wanted() {
		return d.Write(o.Stdout, v)
	}
	return nil
}

// Documented returns, for each schema, the verbs below root that print a document
// of it, in the order of the command line.
func Documented(root *cobra.Command) map[string][]string {
	verbs := map[string][]string{}
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		if name := c.Annotations[schemaAnnotation]; name != "" {
			verbs[name] = append(verbs[name], strings.TrimPrefix(c.CommandPath(), root.Name()+" "))
		}
		for _, child := range c.Commands() {
			visit(child)
		}
	}
	visit(root)
	return verbs
}
