// Package kernelset lists, describes, compares, fetches and builds kernels. It
// must not know flags.
package kernelset

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/session"
)

// List lists the kernels of the archive, or those that the selectors match.
// refresh updates the archive's index first.
func List(ctx context.Context, s session.Settings, selectors string, refresh bool) ([]kernels.Entry, error) {
	store, err := s.OpenKernels()
	if err != nil {
		return nil, err
	}
	src := s.Archive(store, refresh)
	flavour, whole := wholeFlavour(selectors)
	if !whole {
		return src.Resolve(ctx, selectors)
	}
	entries, err := kernels.ListFlavour(ctx, []kernels.Source{src}, flavour)
	src.Warn()
	return entries, err
}

// wholeFlavour reports whether the selectors are none, or a known @FLAVOUR alone:
// then all its kernels are listed, also those that need a permission.
func wholeFlavour(selectors string) (flavour string, whole bool) {
	if selectors == "" {
		return "", true
	}
	flavour, only := strings.CutPrefix(selectors, "@")
	_, _, err := kernels.CutFlavour(selectors)
	return flavour, only && err == nil
}

// Write writes kernels as a table.
func Write(out io.Writer, entries []kernels.Entry) error {
	var notes []string
	w := text.NewTable(out)
	fmt.Fprintln(w, "SERIES\tVERSION\tRELEASE\tFLAVOUR\tORIGIN\tSIZE\tCACHED\tMODULES\tNOTE")
	for _, e := range entries {
		download := "-"
		if e.Size > 0 {
			download = progress.Bytes(e.Size)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Series(), e.Version, sanitize.Line(e.Release), sanitize.Line(e.Flavour),
			sanitize.Line(e.Origin), download, yesNo(e.Cached), yesNo(e.Modules), reference(&notes, e.Note))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for i, note := range notes {
		fmt.Fprintf(out, "note %d: %s\n", i+1, sanitize.Line(note))
	}
	return nil
}

// Documents is the document of "kernels list".
func Documents(entries []kernels.Entry) []Document {
	list := make([]Document, 0, len(entries))
	for _, e := range entries {
		list = append(list, newDocument(e))
	}
	return list
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// Document is a kernel for machines. Fields may be added, but are never renamed
// or missing.
type Document struct {
	Release        string `json:"release"`
	Series         string `json:"series"`
	Version        string `json:"version"`
	PackageVersion string `json:"package_version"`
	Arch           string `json:"arch"`
	Flavour        string `json:"flavour"`
	PageSize       int    `json:"page_size"` // bytes; 0 if unknown until it is fetched
	Origin         string `json:"origin"`
	SizeBytes      int64  `json:"size_bytes"`
	Cached         bool   `json:"cached"`
	Modules        bool   `json:"modules"`
	Note           string `json:"note"`
}

func newDocument(e kernels.Entry) Document {
	return Document{
		Release: e.Release, Series: e.Series(), Version: e.Version.String(), PackageVersion: e.PackageVersion,
		Arch: cmp.Or(e.Arch, kernels.AMD64), Flavour: e.Flavour, PageSize: e.PageSize, Origin: e.Origin, SizeBytes: e.Size, Cached: e.Cached, Modules: e.Modules, Note: e.Note,
	}
}

// reference is the number of a note, which is added if it is new; "" for none.
func reference(notes *[]string, note string) string {
	if note == "" {
		return ""
	}
	i := slices.Index(*notes, note)
	if i < 0 {
		i = len(*notes)
		*notes = append(*notes, note)
	}
	return strconv.Itoa(i + 1)
}
