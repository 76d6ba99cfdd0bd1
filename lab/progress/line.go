package progress

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/term"

	"github.com/splicelab/splicelab/internal/sanitize"
)

// Line is a single status line: redrawn on a terminal, printed every few
// seconds elsewhere.
type Line struct {
	out      io.Writer
	mode     Mode
	objects  *objects // of JSON
	terminal bool
	last     time.Time
}

// NewLine returns a line on w.
func NewLine(w io.Writer) *Line {
	l := &Line{out: w}
	var objectsTo io.Writer
	l.mode, objectsTo = modeOf(w)
	l.terminal = l.mode == Auto && IsTerminal(w)
	if l.mode == JSON {
		l.objects = &objects{out: objectsTo}
	}
	return l
}

// Show replaces the line.
func (l *Line) Show(text string) {
	text = sanitize.Line(text)
	switch {
	case l.objects != nil:
		l.objects.write(Object{Kind: "progress", Time: time.Now(), Phase: text})
	case l.mode == None:
	case l.terminal:
		fmt.Fprintf(l.out, "\r\x1b[K%s", text)
	case time.Since(l.last) >= plainInterval:
		l.last = time.Now()
		fmt.Fprintln(l.out, text)
	}
}

// Clear removes the line.
func (l *Line) Clear() {
	if l.terminal {
		fmt.Fprint(l.out, "\r\x1b[K")
	}
}

// IsTerminal reports whether lines on w can be redrawn.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// Bytes formats a size for people: "1.2 MiB".
func Bytes(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }
