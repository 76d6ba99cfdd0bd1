package exec

import (
	"github.com/splicelab/splicelab/internal/headtail"
	"github.com/splicelab/splicelab/lab/console"
)

// kernelLog is a cell's part of the kernel log. It keeps head and tail, for
// people, but reads everything: a warning in the middle of a long log counts.
type kernelLog struct {
	kept    headtail.Buffer
	scanner console.Scanner
}

// WriteString appends s.
func (l *kernelLog) WriteString(s string) {
	l.kept.WriteString(s)
	_, _ = l.scanner.Write([]byte(s)) // never fails
}

func (l *kernelLog) String() string { return l.kept.String() }

func (l *kernelLog) Total() int64 { return l.kept.Total() }

// events are those of the whole log, also of what is not kept.
func (l *kernelLog) events() []console.Event { return l.scanner.Events() }
