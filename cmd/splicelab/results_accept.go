package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/config"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results/expect"
)

func (a *app) resultsAcceptCommand() *cobra.Command {
	var like expect.Rule
	var policy string
	var dry bool
	cmd := &cobra.Command{
		Use:   "accept [RUN]",
		Short: "Expect what failed in a run from now on",
		Long: `accept adds rules to the expectations file, until each failing cell of RUN is
expected to fail. It creates the file if it is missing. The cell's result is then
its expectation: if it fails in another way, or passes, that is reported.

Subtests, filesystems and neighbouring kernels with the same result share a rule,
which covers no cell of RUN with another result. A rule names a series where all
its kernels agree. Existing rules and comments stay; new rules go to the end of
the file, or before the first rule that contradicts them for one of their cells.` + runHelp + `

Exit codes: 0 every cell that fails is covered; 1 some cannot be: its attempts
failed in different ways.`,
		Example: `  splicelab results accept --dry-run
  splicelab results accept latest --reason 'no kernel promises it' --owner ana --until 2027-03-31`,
		Args: arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			if like.Until != "" {
				end, err := time.Parse(time.DateOnly, like.Until)
				if err != nil || end.AddDate(0, 0, 1).Before(time.Now()) {
					return usagef("--until %s: must be a day to come, like 2027-03-31", like.Until)
				}
			}
			return a.accept(cmd, first(args), policy, like, dry)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&like.Reason, "reason", "", "say `WHY` it is expected (default: in which run it was seen)")
	f.StringVar(&like.Owner, "owner", "", "name `WHO` looks after it")
	f.StringVar(&like.Link, "link", "", "give the `URL` where it is written about")
	f.StringVar(&like.Until, "until", "", "let the rules expire after `DATE`, YYYY-MM-DD")
	f.BoolVar(&dry, "dry-run", false, "show what the file would be, and leave it")
	policyFlag(cmd, &policy)
	a.expectationsFlag(f)
	return cmd
}

func (a *app) accept(cmd *cobra.Command, name, policy string, like expect.Rule, dry bool) error {
	path := a.cfg.Run.Expectations
	if path == "" || path == config.NoExpectations {
		return usagef("say where the rules go: --expectations FILE")
	}
	// What a link leads to is replaced, not the link.
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usagef("expectations: %s", err)
	}
	now := time.Now()
	e, err := expect.Parse(path, content, now)
	if err != nil {
		return err
	}
	store, err := a.session().OpenResults()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // only read from
	s, err := session.Read(cmd.Context(), store, name, policy)
	if err != nil {
		return err
	}
	if strings.TrimSpace(like.Reason) == "" {
		like.Reason = "seen in run " + s.ID
	}
	accepted := e.Accept(s.Cells, s.Policy, like)
	text, err := accepted.Update(e, content, now)
	if err != nil {
		return usagef("%s: %s", path, err)
	}
	switch {
	case dry:
		_, err = a.stdout.Write(text)
	case len(accepted.Rules) == 0:
		_, err = fmt.Fprintf(a.stdout, "%s: nothing to add for run %s\n", sanitize.Line(path), s.ID)
	default:
		if err := export.File(path).Replace(text); err != nil {
			return usagef("expectations: %s; name a file in a directory that can be written", err)
		}
		_, err = fmt.Fprintf(a.stdout, "%s: %d rules added, for %d cells of run %s\n", sanitize.Line(path), len(accepted.Rules), accepted.Cells, s.ID)
	}
	if err != nil {
		return err
	}
	for _, k := range accepted.Left {
		a.log.Warn(fmt.Sprintf("%s is not covered: its attempts failed in different ways", k))
	}
	if n := len(accepted.Left); n > 0 {
		return &failedError{n}
	}
	return nil
}
