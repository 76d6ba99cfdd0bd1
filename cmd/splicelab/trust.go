package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/term"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/report"
)

// askTrust shows what a report would do on this host, and asks whether it may.
// Without a terminal the answer is no: refused is returned.
func (a *app) askTrust(ctx context.Context, refused error) error {
	var claims *report.UntrustedError
	if !errors.As(refused, &claims) || !term.IsTerminal(int(a.stdin.Fd())) || !progress.IsTerminal(a.stderr) {
		return refused
	}
	fmt.Fprintf(a.stderr, "%s, on this host:\n", sanitize.Line(claims.File))
	for _, need := range claims.Needs {
		fmt.Fprintf(a.stderr, "  - %s\n", sanitize.Line(need))
	}
	fmt.Fprint(a.stderr, "Do you trust it? [y/N] ")
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.stdin).ReadString('\n') // no line is no
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case text := <-answer:
		if text == "y" || text == "yes" {
			return nil
		}
		return refused
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
