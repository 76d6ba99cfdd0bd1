package main

import (
	"context"
	"errors"
	"net"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/live"
	"github.com/splicelab/splicelab/results/web"
)

func (a *app) serveCommand() *cobra.Command {
	var listen, tokenFile string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Show stored runs, and one in progress, in a browser",
		Long: `serve shows the page of the HTML report for all stored runs, and a run in
progress live. It is read-only. It also serves JSON (docs/api.md) and metrics for
Prometheus (/metrics). By default only this machine can reach it. If --listen
names an address that others can reach, a token is required: one is generated
and printed as part of the page's URL, or --token-file names a file with a token
of at least 16 characters. There is no encryption: put a TLS proxy in front of
it on untrusted networks. Ctrl-C stops it.`,
		Example: `  splicelab serve
  splicelab serve --listen localhost:9000
  splicelab serve --listen :8417 --token-file ~/.config/splicelab/token
  curl -s localhost:8417/api/runs/latest | jq .tally`,
		Args: cli.Arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), listen, tokenFile) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&listen, "listen", web.DefaultAddress, "listen at `ADDRESS`, host:port; port 0 is any free port")
	f.StringVar(&tokenFile, "token-file", "", "require the token in `FILE` from everybody")
	a.expectationsFlag(f)
	return cmd
}

func (a *app) serve(ctx context.Context, listen, tokenFile string) error {
	token, err := live.ReadToken(tokenFile)
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		why := err
		if op := (*net.OpError)(nil); errors.As(err, &op) {
			why = op.Err // without the address, which the message already has
		}
		return usagef("--listen %s: %s; name another address, such as %s", listen, why, web.DefaultAddress)
	}
	defer func() { _ = l.Close() }() // the server closes it; this is for earlier failures
	return live.Serve(ctx, a.session(), l, token, tokenFile, a.Stderr)
}
