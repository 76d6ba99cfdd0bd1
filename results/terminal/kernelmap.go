package terminal

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/palette"
)

// kernelMap is a map's rows, folded, and those of them that are shown.
type kernelMap struct {
	history.KernelMap
	o           Options
	groups      []history.MapGroup
	first, last int // of the groups that are shown: [first, last)
	corner      string
	filesystems int // how many the map has
}

// WriteKernelMap writes the map as text, the rows that change first, and below it
// the changes of these rows. Rows that are alike are folded. With o.Rows it shows
// that many, the o.Page-th so many; again is the command that shows more of them.
func WriteKernelMap(w io.Writer, m history.KernelMap, again string, o Options) error {
	b := new(bytes.Buffer)
	if len(m.Rows) == 0 {
		b.WriteString("no cells to show\n")
		_, err := b.WriteTo(w)
		return err
	}
	o.Width = o.width()
	k := newKernelMap(m, o)
	k.writeRows(b)
	k.writeLegend(b)
	k.writeChanges(b)
	k.writeMore(b, again)
	_, err := b.WriteTo(w)
	return err
}

func newKernelMap(m history.KernelMap, o Options) *kernelMap {
	k := &kernelMap{KernelMap: m, o: o, groups: m.Groups()}
	k.last = len(k.groups)
	if o.Rows > 0 {
		page := max(o.Page, 1)
		k.first = min((page-1)*o.Rows, len(k.groups))
		k.last = min(k.first+o.Rows, len(k.groups))
	}
	suites, filesystems := map[string]bool{}, map[string]bool{}
	var tests []string
	for _, r := range m.Rows {
		suites[r.Test[:suiteEnd(r.Test)]] = true
		filesystems[r.FS] = true
		tests = append(tests, r.Test)
	}
	if len(suites) == 1 {
		k.corner = ellipsis(commonPrefix(tests))
	}
	k.filesystems = len(filesystems)
	return k
}

// name is a group without what the corner says, and without its filesystems.
func (k *kernelMap) name(g history.MapGroup) string {
	skip := len(strings.TrimSuffix(k.corner, "…"))
	if n := len(g.Tests); n > 1 {
		return fmt.Sprintf("%s (%d alike)", sanitize.Line(parent(g.Tests[0])[skip:]), n)
	}
	return sanitize.Line(g.Tests[0][skip:])
}

// on are the filesystems of a group: "all" if these are all of several.
func (k *kernelMap) on(g history.MapGroup) string {
	if n := len(g.Filesystems); n > 1 && n == k.filesystems {
		return "all"
	}
	return sanitize.Line(strings.Join(g.Filesystems, ","))
}

func (k *kernelMap) writeRows(b *bytes.Buffer) {
	name, on := runewidth.StringWidth(k.corner), 0
	for _, g := range k.groups[k.first:k.last] {
		name, on = max(name, runewidth.StringWidth(k.name(g))), max(on, runewidth.StringWidth(k.on(g)))
	}
	// Labels are shortened where the kernels need more than 2/5 of the width.
	wide := 0
	k.each([2]int{0, len(k.Kernels)}, func(_, _, width int) { wide += 1 + width })
	room := max(k.o.Width*3/5, k.o.Width-wide)
	on = min(on, room/3)
	name = min(name, room-1-on)
	for i, blk := range k.blocks(k.o.Width - name - on - 1) {
		if i > 0 {
			b.WriteByte('\n')
		}
		head := pad(shorten(sanitize.Line(k.corner), name), name+1+on)
		k.each(blk, func(from, to, width int) {
			head += " " + pad(cut(sanitize.Line(k.Heading(from)), width), width)
		})
		b.WriteString(strings.TrimRight(head, " ") + "\n")
		for _, g := range k.groups[k.first:k.last] {
			line := pad(shorten(k.name(g), name), name) + " " + pad(shorten(k.on(g), on), on)
			k.each(blk, func(from, to, width int) {
				line += " " + pad(k.letters(g.Cells[from:to]), width)
			})
			b.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
}

// letters are cells as one character each, in the colours of their outcomes.
func (k *kernelMap) letters(cells []*results.Cell) string {
	line, run, colour := "", "", ""
	for _, c := range cells {
		if next := letterColour(c); next != colour {
			line, run, colour = line+paint(k.o.Color, colour, run), "", next
		}
		run += history.Letter(c)
	}
	return line + paint(k.o.Color, colour, run)
}

// letterColour is the colour of a cell's outcome, or of its verdict.
func letterColour(c *results.Cell) string {
	if c == nil {
		return ""
	}
	colour, ok := palette.Outcome(c.Outcome)
	if !ok || c.Verdict != outcome.Pass && c.Verdict != outcome.Fail {
		colour = palette.Verdict(c.Verdict)
	}
	return colour.SGR
}

// maxSeries is how much is shown of the name of a series, which is a whole release
// where its version is unknown.
const maxSeries = 12

// maxFlavour is how much the flavour adds to that.
const maxFlavour = 8

// blocks splits the columns by series into blocks of at most width columns of
// text. A series with more kernels than fit continues in the next block.
func (k *kernelMap) blocks(width int) [][2]int {
	var blocks [][2]int
	width = max(width, 2)
	begin, used := 0, 0
	for i := 0; i < len(k.Kernels); {
		end := k.seriesEnd(i, min(len(k.Kernels), i+width-1))
		wide := 1 + max(end-i, k.seriesWidth(i, width-1))
		if used > 0 && used+wide > width {
			blocks, begin, used = append(blocks, [2]int{begin, i}), i, 0
		}
		used += wide
		i = end
	}
	return append(blocks, [2]int{begin, len(k.Kernels)})
}

// seriesEnd is behind the last column, before limit, of the series of column i.
func (k *kernelMap) seriesEnd(i, limit int) int {
	end := i
	for end < limit && k.Heading(end) == k.Heading(i) {
		end++
	}
	return end
}

func (k *kernelMap) seriesWidth(i, most int) int {
	limit := maxSeries
	if k.Flavours() {
		limit += maxFlavour
	}
	return min(runewidth.StringWidth(sanitize.Line(k.Heading(i))), limit, most)
}

// each visits the series of a block: its columns, and how wide it is.
func (k *kernelMap) each(blk [2]int, visit func(from, to, width int)) {
	for i := blk[0]; i < blk[1]; {
		end := k.seriesEnd(i, blk[1])
		visit(i, end, max(end-i, k.seriesWidth(i, k.o.Width)))
		i = end
	}
}

func (k *kernelMap) writeLegend(b *bytes.Buffer) {
	legend := map[string]string{} // word → letter with its word
	for _, g := range k.groups[k.first:k.last] {
		for _, c := range g.Cells {
			if c != nil {
				word := cut(sanitize.Line(history.Shown(c)), maxWord)
				legend[history.Letter(c)+word] = paint(k.o.Color, letterColour(c), history.Letter(c)) + " " + word
			}
		}
	}
	var keys, parts []string
	for key := range legend {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		parts = append(parts, legend[key])
	}
	b.WriteByte('\n')
	writeWrapped(b, "", append(parts, k.order()), "  ", k.o.Width)
}

// order says how the columns are ordered.
func (k *kernelMap) order() string {
	if k.Flavours() {
		return "one column per kernel, by flavour, oldest first"
	}
	if f := k.Flavour(); f != "" {
		return "one column per kernel, all of flavour " + sanitize.Line(f) + ", oldest first"
	}
	return "one column per kernel, oldest first"
}

// writeChanges lists the changes of the rows that are shown, by the kernels between
// which they are.
func (k *kernelMap) writeChanges(b *bytes.Buffer) {
	type change struct {
		from, to int
		old, now string
	}
	rows := map[change][]string{}
	for _, g := range k.groups[k.first:k.last] {
		for _, c := range g.Changes {
			at := change{c.From, c.To, c.Old, c.New}
			on := k.on(g)
			if on == "all" {
				on = "all filesystems"
			}
			rows[at] = append(rows[at], k.name(g)+" on "+strings.ReplaceAll(on, ",", ", "))
		}
	}
	if len(rows) == 0 {
		b.WriteString("\nno row changes\n")
		return
	}
	var order []change
	for c := range rows {
		order = append(order, c)
	}
	slices.SortFunc(order, func(x, y change) int {
		return cmp.Or(x.to-y.to, x.from-y.from, strings.Compare(x.old, y.old), strings.Compare(x.now, y.now))
	})
	for i, c := range order {
		if i == 0 || order[i-1].from != c.from || order[i-1].to != c.to {
			b.WriteByte('\n')
			writeWrapped(b, "", []string{k.Labels.Full(k.Kernels[c.from].Release), "-> " + k.Labels.Full(k.Kernels[c.to].Release)}, " ", k.o.Width)
		}
		head := fmt.Sprintf("  %s -> %s: ", k.word(c.old), k.word(c.now))
		if len(rows[c]) == 1 && visible(head+rows[c][0]) <= k.o.Width {
			b.WriteString(head + rows[c][0] + "\n")
			continue
		}
		b.WriteString(strings.TrimSuffix(head, " ") + "\n")
		writeWrapped(b, "      ", rows[c], "; ", k.o.Width)
	}
}

// word is an outcome or a verdict in its colour.
func (k *kernelMap) word(s string) string {
	colour, _ := palette.Outcome(outcome.Outcome(s))
	if v := outcome.Verdict(s); slices.Contains(outcome.Verdicts, v) {
		colour = palette.Verdict(v)
	}
	return paint(k.o.Color, colour.SGR, cut(sanitize.Line(s), maxWord))
}

// writeMore tells what is left.
func (k *kernelMap) writeMore(b *bytes.Buffer, again string) {
	if k.first == 0 && k.last == len(k.groups) {
		return
	}
	b.WriteByte('\n')
	writeWords(b, "", fmt.Sprintf("rows %d to %d of %d, which fold %s", min(k.first+1, k.last), k.last, len(k.groups), plural(len(k.Rows), "row")), k.o.Width)
	if again != "" && k.last < len(k.groups) {
		writeCommand(b, "the next: ", fmt.Sprintf("%s --page %d", again, max(k.o.Page, 1)+1), k.o.Width)
	}
}
