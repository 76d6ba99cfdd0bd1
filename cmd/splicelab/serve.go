package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/expect"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/store"
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
		Args: arguments(0, 0, ""),
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
	token, err := readToken(tokenFile)
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		why := err
		if op := (*net.OpError)(nil); errors.As(err, &op) {
			why = op.Err // without the address, which is there already
		}
		return usagef("--listen %s: %s; name another address, such as %s", listen, why, web.DefaultAddress)
	}
	defer func() { _ = l.Close() }() // the server closes it; this is for what fails before
	loopback := web.IsLoopback(l.Addr().String())
	made := !loopback && token == ""
	if made {
		token = web.NewToken()
	}
	store, err := a.session().OpenResults()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // only read from
	expected, err := a.session().Expectations()
	if err != nil {
		return err
	}
	server, err := web.New(ctx, web.Config{
		Store: store, Token: token, Loopback: loopback,
		Judge: judge{a.session(), store, expected}, Annotator: export.NewAnnotator(ctx, a.session().GuestSuites),
		Log: func(err error) { fmt.Fprintf(a.stderr, "splicelab: %s\n", sanitize.Line(err.Error())) },
	})
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }() // only read from
	fmt.Fprintf(a.stderr, "serving the runs in %s\n", a.session().ResultsFile())
	switch {
	case made:
		fmt.Fprintf(a.stderr, "open %s#token=%s\n", pageAddress(l.Addr()), token)
	case token != "":
		fmt.Fprintf(a.stderr, "open %s and give the token of %s\n", pageAddress(l.Addr()), tokenFile)
	default:
		fmt.Fprintf(a.stderr, "open %s\n", pageAddress(l.Addr()))
	}
	return server.Serve(ctx, l)
}

// judge is the web.Judge of a store and the user's expectations.
type judge struct {
	settings session.Settings
	store    *store.Store
	expected *expect.Expectations
}

// Judge implements web.Judge.
func (j judge) Judge(r results.Run, cells []results.Cell) []results.Cell {
	j.expected.Apply(cells, r.Policy)
	return cells
}

// Assess implements web.Judge.
func (j judge) Assess(ctx context.Context, before results.Run, p outcome.Policy, d *compare.Difference) error {
	return j.settings.Assess(ctx, j.store, before, p, history.Depth, d)
}

// pageAddress is where the page is. An address that stands for all of the
// machine's is given its name.
func pageAddress(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		host = addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	return (&url.URL{Scheme: "http", Host: net.JoinHostPort(host, port), Path: "/"}).String()
}

// readToken reads a token from a file; none when no file is named.
func readToken(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", usagef("--token-file: %s", err)
	}
	defer f.Close()
	const most = 1024
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return "", usagef("--token-file: %s", err)
	}
	if st, err := f.Stat(); err == nil && st.Mode().IsRegular() && st.Mode().Perm()&0o077 != 0 {
		return "", usagef("--token-file: others may read %s: chmod 600 it", path)
	}
	token := strings.TrimSpace(string(text))
	switch {
	case len(text) > most:
		return "", usagef("--token-file: %s holds more than a token of at most %d characters", path, most)
	case len(token) < web.MinToken:
		return "", usagef("--token-file: the token in %s is too short: it needs at least %d characters, as from openssl rand -hex 16", path, web.MinToken)
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", usagef("--token-file: the token in %s must be one word of printable ASCII", path)
	}
	return token, nil
}
