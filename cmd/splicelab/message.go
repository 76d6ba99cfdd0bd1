package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/cmd/splicelab/remedy"
	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/sanitize"
)

// message is the text printed on stderr for err: each line once, prefixed with
// the program's name, with a remedy if there is one. It is empty for errors
// that were already reported.
func (a *app) message(ctx context.Context, err error) string {
	if err == nil || exit.Reported(ctx, err) {
		return ""
	}
	var b strings.Builder
	for line := range strings.Lines(remedy.Explain(err, a.cfg)) {
		fmt.Fprintf(&b, "splicelab: %s\n", sanitize.Line(strings.TrimSuffix(line, "\n")))
	}
	return b.String()
}

// usagef reports a command line that cannot be executed as it is written.
func usagef(format string, args ...any) error { return input.Errorf(format, args...) }
