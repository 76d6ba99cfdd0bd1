package terminal

import (
	"github.com/mattn/go-runewidth"

	"github.com/splicelab/splicelab/internal/sanitize"
)

// gap is the distance of two kernels.
const gap = 2

// group is the columns [from, to) of one kernel.
type group struct{ from, to, width int }

// block is the groups that are side by side.
type block []group

// layOut distributes the columns over blocks. The names of filesystems are
// never shortened for it and a kernel's version is never broken: there are more
// blocks instead.
func (m *matrix) layOut() {
	m.blocks, m.label, m.heads = nil, 0, m.labels.Short
	if len(m.rows) == 0 {
		return
	}
	longest := runewidth.StringWidth(m.corner)
	for _, r := range m.rows {
		longest = max(longest, runewidth.StringWidth(r.label))
	}
	// Labels are shortened before columns are split, down to 2/5 of the width.
	label := min(longest, max(20, m.o.Width*2/5))
	room := m.o.Width - gutter
	m.blocks = m.pack(room - label)
	widest, fits := 0, true
	for _, b := range m.blocks {
		widest = max(widest, b.width())
		for _, g := range b {
			fits = fits && runewidth.StringWidth(m.labels.Long[m.columns[g.from].Kernel]) <= g.width
		}
	}
	if fits {
		m.heads = m.labels.Long
	}
	m.label = min(longest, max(room-widest, 8))
}

// pack distributes the groups evenly over blocks of at most room columns, in
// order.
func (m *matrix) pack(room int) []block {
	var groups []group
	for from := 0; from < len(m.columns); {
		to, width := from, 0
		for to < len(m.columns) && m.columns[to].Kernel == m.columns[from].Kernel {
			// A kernel with too many filesystems continues in the next block.
			if to > from && width+1+m.columnWidth(to)+gap > room {
				break
			}
			if to > from {
				width++
			}
			width += m.columnWidth(to)
			to++
		}
		// The mark of a flaky cell needs a third character.
		if m.columnWidth(to-1) == 2 {
			width++
		}
		head := runewidth.StringWidth(m.labels.Short[m.columns[from].Kernel])
		groups = append(groups, group{from, to, max(width, min(head, max(room-gap, 2)))})
		from = to
	}
	count := len(fill(groups, room))
	// The narrowest room with the same number of blocks balances them.
	low, high := 1, room
	for low < high {
		if mid := (low + high) / 2; len(fill(groups, mid)) > count {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return fill(groups, high)
}

// fill puts groups into blocks, each as full as room allows.
func fill(groups []group, room int) []block {
	var blocks []block
	for _, g := range groups {
		last := len(blocks) - 1
		if last < 0 || blocks[last].width()+gap+g.width > room {
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
		w += gap + g.width
	}
	return w
}

// name is the heading of column i: its filesystem. Only a name that could not
// have a column of its own is cut.
func (m *matrix) name(i int) string {
	return cut(sanitize.Line(m.columns[i].FS), max(8, m.o.Width-gutter-20-gap))
}

// columnWidth is the width of column i without the space after it.
func (m *matrix) columnWidth(i int) int {
	return max(2, runewidth.StringWidth(m.name(i)))
}
