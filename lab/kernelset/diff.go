package kernelset

import (
	"context"
	"fmt"
	"io"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/session"
)

// Diff writes the options in which the configurations of two kernels differ.
// Kernels that are not cached are fetched first; log shows the progress.
func Diff(ctx context.Context, s session.Settings, out, log io.Writer, left, right string, asJSON bool) error {
	release, err := s.UseCache()
	if err != nil {
		return err
	}
	defer release()
	store, err := s.OpenKernels()
	if err != nil {
		return err
	}
	src := s.Archive(store, false)
	var both []kernels.Entry
	for _, selector := range []string{left, right} {
		found, err := src.Resolve(ctx, selector)
		if err != nil {
			return err
		}
		if len(found) != 1 {
			return input.Errorf("%s names %d kernels: name one", selector, len(found))
		}
		both = append(both, found[0])
	}
	var options []map[string]string
	for _, e := range both {
		p := progress.New(log)
		found, err := kernels.FetchAll(ctx, []kernels.Entry{e}, 1, p)
		p.Close()
		if err != nil {
			return err
		}
		set, err := found[0].Options()
		if err != nil {
			return input.Errorf("%s", err)
		}
		options = append(options, set)
	}
	changes := kernels.DiffOptions(options[0], options[1])
	if asJSON {
		list := make([]map[string]string, 0, len(changes))
		for _, c := range changes {
			list = append(list, map[string]string{"option": c.Option, "old": c.Old, "new": c.New})
		}
		return export.JSON(out, list)
	}
	w := text.NewTable(out)
	fmt.Fprintf(w, "OPTION\t%s\t%s\n", sanitize.Line(both[0].Release), sanitize.Line(both[1].Release))
	for _, c := range changes {
		fmt.Fprintf(w, "%s\t%s\t%s\n", sanitize.Line(c.Option), text.OrDash(sanitize.Line(c.Old)), text.OrDash(sanitize.Line(c.New)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d options differ\n", len(changes))
	return nil
}
