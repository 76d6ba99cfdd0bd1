package page

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results"
)

// Bounds of one report: a page with many failures must still open in a browser
// and fit into a mail. The page states what was omitted.
const (
	// maxTexts bounds the guest's output, in bytes.
	maxTexts = 16 << 20
	// maxLookups bounds the number of cells whose details are looked up,
	// maxHistories that of cells whose history is.
	maxLookups   = 5000
	maxHistories = 500
	// partCells and partTexts bound one part of the cells' documents: a browser
	// decompresses a whole part to show one cell.
	partCells = 500
	partTexts = 2 << 20
)

// WriteReport writes a run, whose cells are in the order of reports, as one
// self-contained HTML file. src supplies the details of cells; where they
// exceed the file's limits, failed and flaky cells take precedence.
func WriteReport(ctx context.Context, w io.Writer, r results.Run, marks []string, cells []results.Cell, src Source) error {
	given, cells := cells, safe(cells)
	run := NewRun(results.RunSummary{Run: results.SafeRun(r), Tally: results.Count(cells)}, marks)
	columns := NewCells(cells)
	columns.SetFamilies(src)
	columns.SetExpected(cells, src.Expect)
	details, err := newDetails(ctx, r, given, src)
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, 1<<20)
	script := Script(false)
	if err := writeHead(b, run, cells, script); err != nil {
		return fmt.Errorf("write the HTML report: %w", err)
	}
	parts := details.parts()
	starts := make([]int, len(parts))
	for i, p := range parts {
		starts[i] = p.from
	}
	// The first view needs these, so they precede the script. What follows the
	// script loads while the matrix is already shown.
	for _, d := range []struct {
		name  string
		value any
	}{{"run", run}, {"cells", columns}, {"parts", starts}, {"violations", NewViolations(r, cells)}, {"vectors", NewVectors(cells)}, {"times", NewTimes(cells)}} {
		packed, err := pack(d.value)
		if err != nil {
			return err
		}
		writeDocument(b, d.name, packed)
	}
	fmt.Fprintf(b, "<script>%s</script>\n", script)
	tests, err := pack(newTests(columns.Tests, src))
	if err != nil {
		return err
	}
	writeDocument(b, "tests", tests)
	if err := details.write(b, parts); err != nil {
		return err
	}
	_, _ = b.WriteString("</body>\n</html>\n") // Flush has the error
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write the HTML report: %w", err)
	}
	return nil
}

// safe returns cells with sanitized texts. Cells from a store already are.
func safe(cells []results.Cell) []results.Cell {
	out := slices.Clone(cells)
	for i := range out {
		c := &out[i]
		c.CellKey = results.CellKey{Kernel: sanitize.Line(c.Kernel), FS: sanitize.Line(c.FS), Test: sanitize.Line(c.Test)}
		c.Outcome, c.Detail, c.Why = cleanName(c.Outcome), sanitize.Line(c.Detail), sanitize.Line(c.Why)
	}
	return out
}

// cleanName sanitizes a name that has its own type.
func cleanName[S ~string](s S) S { return S(sanitize.Line(string(s))) }

// details are the documents of the single cells.
type details struct {
	run   results.Run
	cells []results.Cell
	full  map[int]*Cell // those that were looked up
	left  map[int]string
}

func newDetails(ctx context.Context, r results.Run, cells []results.Cell, src Source) (*details, error) {
	d := &details{run: r, cells: cells, full: map[int]*Cell{}, left: map[int]string{}}
	texts, lookups := maxTexts, 0
	for _, wanted := range []bool{true, false} {
		for i := range cells {
			if remarkable(&cells[i]) != wanted {
				continue
			}
			if lookups == maxLookups || texts <= 0 {
				d.left[i] = leftOut("output, console, history, report file")
				continue
			}
			missing := []string{}
			read := NewCell
			if lookups++; lookups > maxHistories {
				read, missing = withoutHistory, append(missing, "history")
			}
			doc, err := read(ctx, r, cells[i], src)
			if err != nil {
				return nil, err
			}
			doc.About = About{}.safe() // the document "tests" has it once
			for j := range doc.Attempts {
				a := &doc.Attempts[j]
				if size := len(a.Output) + len(a.Console); size > texts {
					a.Output, a.Console, a.CrashLines = "", "", []int{}
					missing = append(missing, "output and console")
				} else {
					texts -= size
				}
			}
			if len(missing) > 0 {
				doc.LeftOut = leftOut(strings.Join(slices.Compact(missing), ", "))
			}
			d.full[i] = &doc
		}
	}
	return d, nil
}

// leftOut is the note about what was omitted, and where to find it.
func leftOut(what string) string {
	return "Omitted to limit the size of this file: " + what + ". Use splicelab results show."
}

// part is the cells [from, to).
type part struct{ from, to int }

// parts splits the cells so that each part is small.
func (d *details) parts() []part {
	var parts []part
	at, size := part{}, 0
	for i := range d.cells {
		if doc := d.full[i]; doc != nil {
			for _, a := range doc.Attempts {
				size += len(a.Output) + len(a.Console)
			}
		}
		if at.to = i + 1; at.to-at.from == partCells || size >= partTexts {
			parts = append(parts, at)
			at, size = part{from: at.to, to: at.to}, 0
		}
	}
	if at.to > at.from {
		parts = append(parts, at)
	}
	return parts
}

// write writes the parts in order. Compressing them is most of the work of a
// large report, so all processors share it.
func (d *details) write(w *bufio.Writer, parts []part) error {
	batch := 2 * runtime.GOMAXPROCS(0)
	for from := 0; from < len(parts); from += batch {
		now := parts[from:min(from+batch, len(parts))]
		packed := make([][]byte, len(now))
		var work errgroup.Group
		work.SetLimit(runtime.GOMAXPROCS(0))
		for i, p := range now {
			work.Go(func() (err error) {
				packed[i], err = pack(d.documents(p))
				return err
			})
		}
		if err := work.Wait(); err != nil {
			return err
		}
		for i := range now {
			writeDocument(w, fmt.Sprintf("part-%d", from+i), packed[i])
		}
	}
	return nil
}

func (d *details) documents(p part) []Cell {
	docs := make([]Cell, 0, p.to-p.from)
	for i := p.from; i < p.to; i++ {
		doc := d.full[i]
		if doc == nil {
			short := brief(d.run, d.cells[i])
			short.LeftOut = d.left[i]
			doc = &short
		}
		docs = append(docs, *doc)
	}
	return docs
}
