package kernelset

import (
	"context"
	"fmt"
	"io"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/session"
)

// OptionChange is a configuration option that differs between two kernels, for
// machines.
type OptionChange struct {
	Option string `json:"option"`
	Old    string `json:"old"` // empty: off, or unknown to the kernel
	New    string `json:"new"`
}

// Difference is two kernels and the options in which their configurations differ.
type Difference struct {
	Old, New string // releases
	Changes  []OptionChange
}

// Diff compares the configurations of two kernels. Kernels that are not cached
// are fetched first; log shows the progress.
func Diff(ctx context.Context, s session.Settings, log io.Writer, left, right string) (d Difference, err error) {
	release, err := s.UseCache()
	if err != nil {
		return d, err
	}
	defer release()
	store, err := s.OpenKernels()
	if err != nil {
		return d, err
	}
	src := s.Archive(store, false)
	var both []kernels.Entry
	for _, selector := range []string{left, right} {
		found, err := src.Resolve(ctx, selector)
		if err != nil {
			return d, err
		}
		if len(found) != 1 {
			return d, input.Errorf("%s names %d kernels: name one", selector, len(found))
		}
		both = append(both, found[0])
	}
	var options []map[string]string
	for _, e := range both {
		p := progress.New(log)
		found, err := kernels.FetchAll(ctx, []kernels.Entry{e}, 1, p)
		p.Close()
		if err != nil {
			return d, err
		}
		set, err := found[0].Options()
		if err != nil {
			return d, input.Errorf("%s", err)
		}
		options = append(options, set)
	}
	d = Difference{Old: both[0].Release, New: both[1].Release, Changes: []OptionChange{}}
	for _, c := range kernels.DiffOptions(options[0], options[1]) {
		d.Changes = append(d.Changes, OptionChange{Option: c.Option, Old: c.Old, New: c.New})
	}
	return d, nil
}

// Write writes the difference as a table.
func (d Difference) Write(out io.Writer) error {
	w := text.NewTable(out)
	fmt.Fprintf(w, "OPTION\t%s\t%s\n", sanitize.Line(d.Old), sanitize.Line(d.New))
	for _, c := range d.Changes {
		fmt.Fprintf(w, "%s\t%s\t%s\n", sanitize.Line(c.Option), text.OrDash(sanitize.Line(c.Old)), text.OrDash(sanitize.Line(c.New)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d options differ\n", len(d.Changes))
	return err
}
