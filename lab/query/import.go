package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/format"
)

// Import stores the results in files as one run, and prints its id. It reads all
// files before it stores any.
func Import(ctx context.Context, s session.Settings, out io.Writer, stdin io.Reader, files []string, o format.ReadOptions) error {
	if o.Format != "" && !slices.Contains(format.ReadFormats, o.Format) {
		return input.Optionf("format", "%q is not one of %s", o.Format, strings.Join(format.ReadFormats, ", "))
	}
	var sources []format.Source
	for i, file := range files {
		if slices.Contains(files[:i], file) {
			return input.Errorf("%s is named twice", file)
		}
		source, err := readSource(file, stdin, o)
		if err != nil {
			return err
		}
		sources = append(sources, source)
	}
	run, attempts, err := format.Merge(sources, time.Now().UTC())
	if err != nil {
		return err
	}
	run.Command, run.Origin = s.Command, results.OriginImport
	store, err := s.OpenResults()
	if err != nil {
		return err
	}
	known, err := store.Import(ctx, run, attempts)
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	if known {
		fmt.Fprintf(out, "already stored as run %s: splicelab results show %s\n", run.ID, run.ID)
		return nil
	}
	byKey := map[results.CellKey][]results.Attempt{}
	for _, one := range attempts {
		byKey[one.CellKey] = append(byKey[one.CellKey], one)
	}
	verdicts := map[outcome.Verdict]int{}
	for _, tries := range byKey {
		verdicts[results.FromAttempts(tries).Verdict]++
	}
	fmt.Fprintf(out, "stored as run %s: %s; splicelab results show %s\n", run.ID, counts(verdicts), run.ID)
	if run.Problem != "" {
		s.Log.Warn("this run cannot be trusted: " + run.Problem)
	}
	return nil
}

// readSource reads one file, or standard input for "-".
func readSource(file string, stdin io.Reader, o format.ReadOptions) (format.Source, error) {
	o.File = file
	if file == "-" {
		o.File = "standard input"
		return format.ReadSource(stdin, o)
	}
	f, err := os.Open(file)
	if err != nil {
		return format.Source{}, input.Errorf("%s; name files that can be read", err)
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && st.IsDir() {
		return format.Source{}, input.Errorf("%s is a directory: name the files in it", file)
	}
	return format.ReadSource(f, o)
}
