package report

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/splicelab/splicelab/internal/sanitize"
)

// AskTrust shows what a report would do on this host, and asks whether it may, if
// there is somebody to read the question. Without a terminal the answer is no:
// refused, an *UntrustedError, is returned.
func AskTrust(ctx context.Context, stdin *os.File, stderr io.Writer, reader bool, refused error) error {
	var claims *UntrustedError
	if !errors.As(refused, &claims) || !term.IsTerminal(int(stdin.Fd())) || !reader {
		return refused
	}
	fmt.Fprintf(stderr, "%s, on this host:\n", sanitize.Line(claims.File))
	for _, need := range claims.Needs {
		fmt.Fprintf(stderr, "  - %s\n", sanitize.Line(need))
	}
	fmt.Fprint(stderr, "Do you trust it? [y/N] ")
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(stdin).ReadString('\n') // no line is no
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
