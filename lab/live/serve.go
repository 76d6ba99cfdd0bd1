package live

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results/web"
)

// Serve serves the stored runs on l until the context ends, and writes their URL
// to log. tokenFile is the file that token was read from. Without a token, one is
// generated if other machines can reach l.
func Serve(ctx context.Context, s session.Settings, l net.Listener, token, tokenFile string, log io.Writer) error {
	loopback := web.IsLoopback(l.Addr().String())
	made := !loopback && token == ""
	if made {
		token = web.NewToken()
	}
	store, err := s.OpenResults()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // only read from
	expected, err := s.Expectations()
	if err != nil {
		return err
	}
	server, err := web.New(ctx, web.Config{
		Store: store, Token: token, Loopback: loopback,
		Judge: Judge{Settings: s, Store: store, Expected: expected}, Annotator: export.NewAnnotator(ctx, s.GuestSuites),
		Log: func(err error) { fmt.Fprintf(log, "splicelab: %s\n", sanitize.Line(err.Error())) },
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
