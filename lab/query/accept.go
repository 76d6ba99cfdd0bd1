package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results/expect"
)

// Accept adds rules to the expectations file at path until each failing cell of a
// run is expected to fail, and returns how many cells cannot be covered. like has
// what all new rules share; dry only prints the resulting file.
func Accept(ctx context.Context, out io.Writer, settings session.Settings, path, name, policy string, like expect.Rule, dry bool) (left int, err error) {
	// Replace the target of a link, not the link.
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, input.Errorf("expectations: %s", err)
	}
	now := time.Now()
	e, err := expect.Parse(path, content, now)
	if err != nil {
		return 0, err
	}
	store, err := settings.OpenResults()
	if err != nil {
		return 0, err
	}
	defer func() { _ = store.Close() }() // only read from
	s, err := session.Read(ctx, store, name, policy)
	if err != nil {
		return 0, err
	}
	if strings.TrimSpace(like.Reason) == "" {
		like.Reason = "seen in run " + s.ID
	}
	accepted := e.Accept(s.Cells, s.Policy, like)
	text, err := accepted.Update(e, content, now)
	if err != nil {
		return 0, input.Errorf("%s: %s", path, err)
	}
	switch {
	case dry:
		_, err = out.Write(text)
	case len(accepted.Rules) == 0:
		_, err = fmt.Fprintf(out, "%s: nothing to add for run %s\n", sanitize.Line(path), s.ID)
	default:
		if err := export.File(path).Replace(text); err != nil {
			return 0, input.Errorf("expectations: %s; name a file in a directory that can be written", err)
		}
		_, err = fmt.Fprintf(out, "%s: %d rules added, for %d cells of run %s\n", sanitize.Line(path), len(accepted.Rules), accepted.Cells, s.ID)
	}
	if err != nil {
		return 0, err
	}
	for _, k := range accepted.Left {
		settings.Log.Warn(fmt.Sprintf("%s is not covered: its attempts failed in different ways", k))
	}
	return len(accepted.Left), nil
}
