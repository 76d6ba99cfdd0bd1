package terminal

import (
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results"
)

// group is the columns [from, to) of one kernel.
type group struct{ from, to, width int }

// block is the groups that are side by side.
type block []group

// layOut chooses the layout with the fewest blocks: horizontal filesystem names if
// that needs no additional block, else vertical ones.
func (m *matrix) layOut() {
	longest := runewidth.StringWidth(m.corner)
	for _, r := range m.rows {
		longest = max(longest, runewidth.StringWidth(r.label))
	}
	if len(m.rows) == 0 {
		return
	}
	// Labels are shortened before columns are split, down to 2/5 of the width.
	label := min(longest, max(20, m.o.Width*2/5))
	room := m.o.Width - gutter
	m.wide = true
	m.nameKernels()
	flat := m.pack(room - longest)
	m.wide = false
	m.nameKernels()
	m.blocks = m.pack(room - label)
	if len(flat) <= len(m.blocks) {
		m.wide = true
		m.nameKernels()
		m.blocks = flat
	}
	widest := 0
	for _, b := range m.blocks {
		widest = max(widest, b.width())
	}
	m.label = max(min(longest, room-widest), 8)
}

// pack distributes the groups evenly over blocks of at most room columns, in
// order.
func (m *matrix) pack(room int) []block {
	var groups []group
	for from := 0; from < len(m.columns); {
		to := from
		width := 0
		for to < len(m.columns) && m.columns[to].Kernel == m.columns[from].Kernel {
			// A kernel with too many filesystems continues in the next block.
			if to > from && width+m.columnWidth(to)+1+2 > room {
				break
			}
			width += m.columnWidth(to) + 1
			to++
		}
		head := runewidth.StringWidth(m.labelled[m.columns[from].Kernel])
		groups = append(groups, group{from, to, max(width, head)})
		from = to
	}
	count := len(fill(groups, room))
	// The narrowest room with the same number of blocks balances them.
	for room > 1 && len(fill(groups, room-1)) == count {
		room--
	}
	return fill(groups, room)
}

// fill puts groups into blocks, each as full as room allows.
func fill(groups []group, room int) []block {
	var blocks []block
	for _, g := range groups {
		last := len(blocks) - 1
		if last < 0 || blocks[last].width()+2+g.width > room {
			blocks = append(blocks, block{g})
			continue
		}
		blocks[last] = append(blocks[last], g)
	}
	return blocks
}

func (b block) width() int {
	w := 0
	for _, g := range b {
		w += 2 + g.width
	}
	return w
}

// columnWidth is the width of column i without the space after it.
func (m *matrix) columnWidth(i int) int {
	if m.wide {
		return max(2, runewidth.StringWidth(sanitize.Line(m.columns[i].FS)))
	}
	return 2
}

// nameKernels chooses the headings of kernels: full releases if they fit over
// their columns, else without the shared flavour, else without the
// distribution's suffix. They stay distinct.
func (m *matrix) nameKernels() {
	room := make(map[string]int)
	for i, c := range m.columns {
		room[c.Kernel] += m.columnWidth(i) + 1
	}
	suffix := results.SharedFlavour(m.kernels)
	for _, name := range []func(string) string{
		sanitize.Line,
		func(k string) string { return sanitize.Line(strings.TrimSuffix(k, suffix)) },
		func(k string) string {
			k, _, _ = strings.Cut(strings.TrimSuffix(k, suffix), "+")
			return sanitize.Line(k)
		},
	} {
		heads, seen, fits := make(map[string]string), make(map[string]bool), true
		for _, k := range m.kernels {
			h := name(k)
			heads[k], seen[h] = h, true
			fits = fits && runewidth.StringWidth(h) <= room[k]
		}
		if len(seen) != len(m.kernels) {
			return
		}
		if m.labelled = heads; fits {
			return
		}
	}
}

// shorten removes the middle of s so that it is at most width columns wide:
// test names differ at their ends.
func shorten(s string, width int) string {
	if runewidth.StringWidth(s) <= width {
		return s
	}
	head := runewidth.Truncate(s, (width-1)/2, "")
	tail := runewidth.TruncateLeft(s, runewidth.StringWidth(s)-(width-1-runewidth.StringWidth(head)), "")
	return head + "…" + tail
}

// pad pads s with spaces to width columns.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-runewidth.StringWidth(s)))
}

// cut shortens s at its end to width columns.
func cut(s string, width int) string { return runewidth.Truncate(s, width, "…") }
