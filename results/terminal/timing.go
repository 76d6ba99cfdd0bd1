package terminal

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// slowest is how many cells WriteTiming lists.
const slowest = 10

// WriteTiming writes how the time of a run was spent.
func WriteTiming(w io.Writer, r results.Run, cells []results.Cell, o Options) error {
	o.Width = o.width()
	b := new(bytes.Buffer)
	u := results.UseOfTime(cells)
	head := fmt.Sprintf("run %s: %s", sanitize.Line(r.ID), plural(len(cells), "cell"))
	if took := r.Took(); took > 0 {
		head += fmt.Sprintf(" in %s, %.0f a minute", took.Round(time.Second), float64(len(cells))/took.Minutes())
	}
	writeWords(b, "", head, o.Width)
	if u.Attempts == 0 {
		writeWords(b, "", "its timing was not stored: the version was older, or no cell ran", o.Width)
		_, err := b.WriteTo(w)
		return err
	}
	parts := []string{
		fmt.Sprintf("%d in restored VMs", u.Came["restored"]), fmt.Sprintf("%d in booted ones", u.Came["booted"]), fmt.Sprintf("%d in a shared VM", u.Came["shared"]),
	}
	if u.Infra > 0 {
		parts[2] += "; " + paint(o.Color, classColour(outcome.Undecided), fmt.Sprintf("%d infra", u.Infra))
	}
	if u.Unknown > 0 {
		parts[2] += fmt.Sprintf("; unknown for %d more", u.Unknown)
	}
	writeWrapped(b, plural(u.Attempts, "attempt")+": ", parts, ", ", o.Width)
	b.WriteByte('\n')
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "PHASE\tTIMES\tMEDIAN\t90 %\tMOST\tTOTAL\tSHARE\t")
	var shares []float64
	for _, p := range u.Phases {
		share, part := "-", 0.0 // waiting costs nothing
		if p.Name != "queue" {
			part = p.Sum.Seconds() / max(u.Sum.Seconds(), 1e-9)
			share = fmt.Sprintf("%.0f %%", 100*part)
		}
		shares = append(shares, part)
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t\n", p.Name, p.N, ms(p.Median), ms(p.P90), ms(p.Max), p.Sum.Round(10*time.Millisecond), share)
	}
	before := b.Len()
	if err := t.Flush(); err != nil {
		return err
	}
	table := strings.Split(strings.TrimSuffix(b.String()[before:], "\n"), "\n")
	b.Truncate(before)
	writeShares(b, table, shares, o.Width)
	b.WriteString("\nslowest:\n")
	order := slices.Clone(cells)
	slices.SortStableFunc(order, func(x, y results.Cell) int { return cmp.Compare(y.Timing.Sum(), x.Timing.Sum()) })
	for _, c := range order[:min(slowest, len(order))] {
		parts := []string{sanitize.Line(c.Kernel), sanitize.Line(c.FS), sanitize.Line(c.Test) + ":"}
		for _, p := range results.Phases {
			if d := p.In(c.Timing); d >= time.Millisecond {
				parts = append(parts, p.Name+" "+ms(d))
			}
		}
		writeWrapped(b, "  "+ms(c.Timing.Sum())+"  ", parts, " ", o.Width)
	}
	_, err := b.WriteTo(w)
	return err
}

// mostShare is how wide the bar of all of the time is.
const mostShare = 20

// writeShares writes a table with a bar at the end of each line but the first, if
// there is room.
func writeShares(b *bytes.Buffer, table []string, shares []float64, width int) {
	for i, line := range table {
		line = strings.TrimRight(line, " ")
		if room := min(mostShare, width-visible(line)-2); i > 0 && room > 4 {
			line += "  " + strings.Repeat("█", int(shares[i-1]*float64(room)+0.5))
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

func ms(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.0f ms", d.Seconds()*1e3)
}
