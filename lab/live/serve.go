package live

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/page"
	"github.com/splicelab/splicelab/results/store"
	"github.com/splicelab/splicelab/results/web"
)

// planned returns the columns of an unfinished run's plan, none if they cannot be
// read.
func planned(ctx context.Context, s *store.Store, r results.Run) []results.Cell {
	if !r.Pending {
		return nil
	}
	kernels, err := s.Kernels(ctx, r.ID)
	if err != nil {
		return nil
	}
	var columns []results.Cell
	for _, k := range kernels {
		for _, fs := range r.Selected.Filesystems {
			key := results.CellKey{Kernel: k.Name, FS: fs}
			columns = append(columns, results.Cell{Attempt: results.Attempt{CellKey: results.SafeKey(key), Version: k.Version, Platform: k.Platform}})
		}
	}
	return columns
}

// Serve serves the stored runs on l until the context ends, and writes their URL
// to log. tokenFile is the file that token was read from. Without a token, one is
// generated if other machines can reach l.
func Serve(ctx context.Context, s session.Settings, l net.Listener, token, tokenFile string, log io.Writer) error {
	loopback := web.IsLoopback(l.Addr().String())
	made := !loopback && token == ""
	if made {
		token = web.NewToken()
	}
	stored, err := s.OpenResults()
	if err != nil {
		return err
	}
	defer func() { _ = stored.Close() }() // only read from
	expected, err := s.Expectations()
	if err != nil {
		return err
	}
	server, err := web.New(ctx, web.Config{
		Store: stored, Token: token, Loopback: loopback,
		Judge: Judge{Settings: s, Store: stored, Expected: expected}, Annotator: export.NewAnnotator(ctx, s.GuestSuites),
		Planned:  func(ctx context.Context, r results.Run) []results.Cell { return planned(ctx, stored, r) },
		Searches: func() ([]page.Search, error) { return searches(s.State) },
		Log:      func(err error) { fmt.Fprintf(log, "splicelab: %s\n", sanitize.Line(err.Error())) },
	})
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }() // only read from
	fmt.Fprintf(log, "serving the runs in %s\n", s.ResultsFile())
	switch {
	case made:
		fmt.Fprintf(log, "open %s#token=%s\n", PageAddress(l.Addr()), token)
	case token != "":
		fmt.Fprintf(log, "open %s and enter the token in %s\n", PageAddress(l.Addr()), tokenFile)
	default:
		fmt.Fprintf(log, "open %s\n", PageAddress(l.Addr()))
	}
	return server.Serve(ctx, l)
}
