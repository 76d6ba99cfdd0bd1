package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/osfile"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/bundle"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/program"
	"github.com/splicelab/splicelab/lab/report"
)

// checkBundleName refuses a bundle that could not be written, before anything
// is run.
func checkBundleName(path string) error {
	if !strings.HasSuffix(path, bundle.Suffix) || filepath.Base(path) == bundle.Suffix {
		return usagef("--bundle %s: its name has to end with %s", path, bundle.Suffix)
	}
	if err := (reportFile{path: path}).writable(); err != nil {
		return usagef("--bundle: %s; name a file in a directory that can be written", err)
	}
	return nil
}

// bundle packs a report that was just reproduced, and runs the result in a
// clean directory. What stands at path is whole and checked, or what it was.
func (a *app) bundle(ctx context.Context, l *lab.Lab, p plan.Plan, ks lab.Ready, r report.Report, expected, path string) error {
	dir, release, err := program.TempDir(a.cfg.Cache)
	if err != nil {
		return err
	}
	defer release()
	fmt.Fprintf(a.stderr, "packing %s\n", path)
	machine, err := l.Standalone(ctx, p, ks, dir)
	if err != nil {
		return err
	}
	deadline := a.cfg.VM.BootTimeout + 2*a.cfg.VM.CellTimeout
	b := bundle.Bundle{Machine: machine, Report: r, Accel: l.Accel(), Timeout: max(deadline, time.Minute), Expected: expected, Version: buildVersion()}
	part, err := osfile.Create(path, 0o666)
	if err != nil {
		return err
	}
	err = b.Write(ctx, part, strings.TrimSuffix(filepath.Base(path), bundle.Suffix))
	if err == nil {
		clean := filepath.Join(dir, "clean")
		if err = os.Mkdir(clean, 0o755); err == nil {
			fmt.Fprintln(a.stderr, "running it in a clean directory")
			err = bundle.Check(ctx, part.Name(), clean, a.cfg.VM.QEMU)
		}
	}
	if err != nil {
		return errors.Join(err, part.Abort())
	}
	if err := part.Commit(); err != nil {
		return err
	}
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s: %s; it was run in a clean directory, and shows it\n", path, size(st.Size()))
	return nil
}
