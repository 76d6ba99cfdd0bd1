package output

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/lab/export"
)

// verb is a command with -o and --json.
func verb() (*cobra.Command, *Document) {
	cmd := &cobra.Command{Use: "verb", Run: func(*cobra.Command, []string) {}, SilenceErrors: true, SilenceUsage: true}
	d := DocumentFlag(cmd, "verbs")
	d.JSONFlag(cmd)
	cmd.SetOut(io.Discard)
	return cmd, d
}

func TestDocumentFlags(t *testing.T) {
	for _, c := range []struct {
		line string
		want string // "": text
		bad  string // what the message contains
	}{
		{line: ""},
		{line: "-o json", want: "json"},
		{line: "--output-format=yaml", want: "yaml"},
		{line: "--json", want: "json"},
		{line: "--json=false"},
		{line: "--json=maybe", bad: "maybe"},
		{line: "-o xml", bad: `"xml" is not one of json, yaml`},
		{line: "-o JSON", bad: `"JSON" is not one of`},
	} {
		cmd, d := verb()
		cmd.SetArgs(strings.Fields(c.line))
		err := cmd.Execute()
		if (err != nil) != (c.bad != "") || err != nil && !strings.Contains(err.Error(), c.bad) {
			t.Errorf("%q: %v", c.line, err)
		}
		if d.String() != c.want || d.Wanted() != (c.want != "") {
			t.Errorf("%q: the document is %q, wanted: %t", c.line, d, d.Wanted())
		}
	}
}

func TestShow(t *testing.T) {
	value := map[string]int{"cells": 3}
	for encoding, want := range map[string]string{
		"":     "three cells\n",
		"json": "{\n  \"cells\": 3\n}\n",
		"yaml": "cells: 3\n",
	} {
		o, written := toFile(t)
		d := &Document{export.Encoding(encoding)}
		err := o.Show(d, value, func() error {
			_, err := o.Stdout.WriteString("three cells\n")
			return err
		})
		if got := written(); err != nil || got != want {
			t.Errorf("%q: %v, %q, want %q", encoding, err, got, want)
		}
	}
	o, _ := toFile(t)
	failed := errors.New("x")
	if err := o.Show(new(Document), value, func() error { return failed }); !errors.Is(err, failed) {
		t.Errorf("the text's error: %v", err)
	}
}

func TestWriteDocument(t *testing.T) {
	const asJSON, asYAML = "{\n  \"cells\": 3\n}\n", "cells: 3\n"
	for _, c := range []struct {
		name, file, encoding string
		inFile, printed      string
	}{
		{"nothing was asked for", "", "", "", ""},
		{"printed", "", "yaml", "", asYAML},
		{"a file", "doc.json", "", asJSON, ""},
		{"a file, and printed", "doc.json", "yaml", asJSON, asYAML},
		// Two documents would be none that a program could read.
		{"stdout twice", "-", "json", "", asJSON},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, written := toFile(t)
			t.Chdir(t.TempDir())
			if err := o.WriteDocument(&Document{Encoding: export.Encoding(c.encoding)}, export.File(c.file), map[string]int{"cells": 3}); err != nil {
				t.Fatal(err)
			}
			inFile, err := os.ReadFile("doc.json")
			if err != nil && c.inFile != "" || string(inFile) != c.inFile {
				t.Errorf("the file: %v, %q", err, inFile)
			}
			if got := written(); got != c.printed {
				t.Errorf("standard output: %q, want %q", got, c.printed)
			}
		})
	}
	o, written := toFile(t)
	if err := o.WriteDocument(&Document{export.EncodingJSON}, export.File(filepath.Join(t.TempDir(), "none", "x")), 1); err == nil || written() != "" {
		t.Errorf("a file that cannot be written: %v, and printed: %q", err, written())
	}
}

func TestDocumented(t *testing.T) {
	root, group := &cobra.Command{Use: "lab"}, &cobra.Command{Use: "runs"}
	leaf := func(name, schema string) *cobra.Command {
		c := &cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}, Annotations: map[string]string{"other": "kept"}}
		if schema != "" {
			DocumentFlag(c, schema)
		}
		if c.Annotations["other"] != "kept" {
			t.Errorf("%s lost its annotations", name)
		}
		return c
	}
	group.AddCommand(leaf("show", "run"), leaf("prune", ""), leaf("list", "runs"))
	root.AddCommand(group, leaf("version", "version"), leaf("matrix", "run"))
	want := map[string][]string{"run": {"matrix", "runs show"}, "runs": {"runs list"}, "version": {"version"}}
	if d := cmp.Diff(want, Documented(root)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
