package repro

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/lab/bundle"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/program"
)

// CheckBundle rejects a bundle path that cannot be written, before anything is
// run.
func CheckBundle(f export.File) error {
	path := string(f)
	if !strings.HasSuffix(path, bundle.Suffix) || filepath.Base(path) == bundle.Suffix {
		return input.Optionf("bundle", "%s: the name must end with %s", path, bundle.Suffix)
	}
	return f.Check("bundle")
}

// Bundle packs a reproduced report and verifies the bundle in a clean directory
// before it replaces the file. It returns the bundle's size; progress is
// logged.
func (t *Tries) Bundle(ctx context.Context, f export.File, log io.Writer) (size int64, err error) {
	s, r, p := t.session, t.report, t.plan
	p.Repeat = 0
	if !strings.Contains(s.Run.Kernels, ":") {
		r.Kernel = t.ready[0].Release // a series may resolve to another kernel next week
	}
	dir, release, err := program.TempDir(s.Cache)
	if err != nil {
		return 0, err
	}
	defer release()
	fmt.Fprintf(log, "packing %s\n", f)
	machine, err := t.lab.Standalone(ctx, p, t.ready, dir)
	if err != nil {
		return 0, err
	}
	deadline := s.VM.BootTimeout + 2*s.VM.CellTimeout
	b := bundle.Bundle{Machine: machine, Report: r, Timeout: max(deadline, time.Minute), Expected: t.text, Version: s.Version}
	part, err := f.Temporary()
	if err != nil {
		return 0, err
	}
	err = b.Write(ctx, part, strings.TrimSuffix(filepath.Base(string(f)), bundle.Suffix))
	if err = errors.Join(err, part.Close()); err == nil {
		clean := filepath.Join(dir, "clean")
		if err = os.Mkdir(clean, 0o755); err == nil {
			fmt.Fprintln(log, "running it in a clean directory")
			err = bundle.Check(ctx, part.Name(), clean, s.VM.QEMUs()[machine.Arch.Name])
		}
	}
	if err == nil {
		err = os.Rename(part.Name(), string(f))
	}
	if err != nil {
		return 0, errors.Join(err, os.Remove(part.Name()))
	}
	st, err := os.Stat(string(f))
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}
