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
		Long: `serve shows the page of the HTML report for all stored runs: their list, the
matrix of each, its cells, what changed between two, the history of a cell, and
a map of outcomes over kernels. A run that another splicelab makes meanwhile is
seen to grow. Nothing can be changed through it. docs/api.md describes the JSON
documents that it also serves.

Only this machine can reach it unless --listen names an address that others
can, which takes a token: one is made and printed as part of the page's address,
or --token-file names a file that holds one of at least 16 characters. There is
no encryption: put a proxy with TLS before it where the network is not yours.

Ctrl-C ends it.`,
		Example: `  splicelab serve
  splicelab serve --listen localhost:9000
  splicelab serve --listen :8417 --token-file ~/.config/splicelab/token
  curl -s localhost:8417/api/runs/latest | jq .tally`,
		Args: cli.Arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), listen, tokenFile) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&listen, "listen", web.DefaultAddress, "listen at `ADDRESS`, host:port; port 0 is any that is free")
	f.StringVar(&tokenFile, "token-file", "", "ask everybody for the token in `FILE`")
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
	return live.Serve(ctx, a.session(), l, token, tokenFile, a.stderr)
}
