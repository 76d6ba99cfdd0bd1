package schema

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/lab/export"
)

// List lists the schemas with the verbs that print the documents, by name.
func List(verbs map[string][]string) []Listed {
	var list []Listed
	for _, d := range Documents {
		list = append(list, Listed{Name: d.Name, Version: Version, Title: d.Title, Verbs: append([]string{}, verbs[d.Name]...)})
	}
	return list
}

// WriteList writes the list as a table.
func WriteList(out io.Writer, list []Listed) error {
	w := text.NewTable(out)
	fmt.Fprintln(w, "NAME\tVERSION\tPRINTED BY\tWHAT")
	for _, d := range list {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", d.Name, d.Version, strings.Join(d.Verbs, ", "), d.Title)
	}
	return w.Flush()
}

// WriteAll writes every schema to a file in dir, and the names of the files to
// out.
func WriteAll(dir string, out io.Writer) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return input.Errorf("--dir: %s; name a directory that can be written", err)
	}
	for _, d := range Documents {
		content, err := Text(d.Name)
		if err != nil {
			return err
		}
		file := filepath.Join(dir, fmt.Sprintf("%s.v%d.json", d.Name, Version))
		if err := export.File(file).Replace(content); err != nil {
			return err
		}
		fmt.Fprintln(out, file)
	}
	return nil
}
