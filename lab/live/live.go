// Package live serves stored runs: it connects the web server to a store, the
// user's expectations and the token that protects it.
package live

import (
	"context"
	"io"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/expect"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/store"
	"github.com/splicelab/splicelab/results/web"
)

// Judge is the web.Judge of a store and the user's expectations.
type Judge struct {
	Settings session.Settings
	Store    *store.Store
	Expected *expect.Expectations
}

// Judge implements web.Judge.
func (j Judge) Judge(r results.Run, cells []results.Cell) []results.Cell {
	j.Expected.Apply(cells, r.Policy)
	return cells
}

// Assess implements web.Judge.
func (j Judge) Assess(ctx context.Context, before results.Run, p outcome.Policy, d *compare.Difference) error {
	return j.Settings.Assess(ctx, j.Store, before, p, history.Depth, d)
}

// Fails implements web.Judge.
func (j Judge) Fails() history.Judgement { return j.Expected.Judgement() }

// PageAddress is the URL of the page. A wildcard address is replaced by the host
// name.
func PageAddress(addr net.Addr) string {
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

// ReadToken reads a token from a file; none if path is empty.
func ReadToken(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", input.Optionf("token-file", "%s", err)
	}
	defer f.Close()
	const most = 1024
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return "", input.Optionf("token-file", "%s", err)
	}
	if st, err := f.Stat(); err == nil && st.Mode().IsRegular() && st.Mode().Perm()&0o077 != 0 {
		return "", input.Optionf("token-file", "others may read %s: chmod 600 it", path)
	}
	token := strings.TrimSpace(string(text))
	switch {
	case len(text) > most:
		return "", input.Optionf("token-file", "%s contains more than a token of at most %d characters", path, most)
	case len(token) < web.MinToken:
		return "", input.Optionf("token-file", "the token in %s is too short: it needs at least %d characters, as from openssl rand -hex 16", path, web.MinToken)
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", input.Optionf("token-file", "the token in %s must be one word of printable ASCII", path)
	}
	return token, nil
}
