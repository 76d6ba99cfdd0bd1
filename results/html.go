package results

import (
	"bufio"
	"crypto/sha256"
	_ "embed" // the page, its style and its script
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"splicelab/outcome"
)

var (
	//go:embed page.html
	pageTemplate string
	//go:embed page.css
	pageStyle string
	//go:embed page.js
	pageScript string
)

// pageTexts bounds the guest's output in one page, in bytes: a page of many
// failures must still open in a browser. What is left out is said.
const pageTexts = 16 << 20

// pageAttempts bounds how many cells' attempts are read for their texts.
const pageAttempts = 5000

type (
	page struct {
		Run       Run
		Title     string
		Took      string
		Tally     Tally
		Verdicts  []count
		Outcomes  []count
		Missing   int
		Kernels   []pageKernel
		Columns   []column
		Rows      []pageRow
		Cells     []pageCell
		Vectors   []pageVectors
		Times     []pageTimes
		Phases    []Phase
		Probes    []Probe
		Style     template.CSS
		Script    template.JS
		ScriptSum string // for the Content-Security-Policy
		Names     []string
	}
	count struct {
		Name, Mark string
		N          int
	}
	pageKernel struct {
		Name    string
		Columns int
	}
	pageRow struct {
		Test, Label string
		Cells       []*pageCell // nil: no such cell
	}
	pageCell struct {
		*Cell
		key        CellKey // as the caller knows it
		ID         string
		Mark       string
		What       string
		Command    string
		Covariates []pageValue
		Tries      []pageTry
		LeftOut    bool
	}
	pageValue struct{ Name, Value string }
	// pageVectors is the table of one kernel's policy vectors.
	pageVectors struct {
		Kernel string
		Rows   []vectorRow
	}
	// pageTimes is where the time of one kernel and filesystem went.
	pageTimes struct {
		Where string
		Use   TimeUse
		Bars  []pageBar
	}
	// pageBar is one phase's piece of a bar, in hundredths of a percent of the
	// longest bar.
	pageBar struct {
		Phase PhaseTimes
		X, W  int
	}
	pageTry struct {
		Attempt
		Took string
	}
)

// WriteHTML writes the run as one HTML file that needs no network and, for
// reading, no script. The attempts at a cell, with their texts, come from
// attempts, which may be nil. Nothing that a guest wrote can become markup or
// script: the template escapes by context, and the page's own policy allows
// no script but the one it was written with.
func WriteHTML(w io.Writer, r Run, cells []Cell, attempts func(CellKey) ([]Attempt, error)) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"stamp": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	}).Parse(pageTemplate)
	if err != nil {
		return err
	}
	p := newPage(r, cells)
	if attempts != nil {
		if err := p.addTexts(attempts); err != nil {
			return err
		}
	}
	b := bufio.NewWriter(w)
	if err := t.Execute(b, p); err != nil {
		return fmt.Errorf("write the HTML report: %w", err)
	}
	return b.Flush()
}

func newPage(r Run, given []Cell) *page {
	r, cells := r.cleaned(), make([]Cell, len(given))
	for i, c := range given {
		c.Attempt = c.cleaned()
		cells[i] = c
	}
	sum := sha256.Sum256([]byte(pageScript))
	p := &page{
		Run: r, Title: "splicelab " + r.ID, Tally: Count(cells), Columns: columns(cells),
		Missing: max(0, r.Planned-len(cells)),
		Style:   template.CSS(pageStyle), Script: template.JS(pageScript), //nolint:gosec // our own files
		ScriptSum: "sha256-" + base64.StdEncoding.EncodeToString(sum[:]),
		Names:     slices.SortedFunc(maps.Keys(r.Conditions), compareNatural),
		Probes:    Probes,
		Times:     timesOf(cells),
		Phases:    Phases[1:],
	}
	if !r.Finished.IsZero() {
		p.Took = r.Took().Round(time.Second).String()
	}
	for _, v := range outcome.Verdicts {
		if n := p.Tally.Verdicts[v]; n > 0 {
			p.Verdicts = append(p.Verdicts, count{string(v), verdictMark(v), n})
		}
	}
	for _, o := range sortedOutcomes(p.Tally.Outcomes) {
		p.Outcomes = append(p.Outcomes, count{string(o), o.Letter(), p.Tally.Outcomes[o]})
	}
	vectors := Vectors(cells)
	index := make(map[column]int)
	for i, c := range p.Columns {
		index[c] = i
		if i == 0 || p.Columns[i-1].kernel != c.kernel {
			p.Kernels = append(p.Kernels, pageKernel{Name: c.kernel})
			if rows := vectorRows(vectors, c.kernel); len(rows) > 0 {
				p.Vectors = append(p.Vectors, pageVectors{c.kernel, rows})
			}
		}
		p.Kernels[len(p.Kernels)-1].Columns++
	}
	tests := distinct(cells, func(c *Cell) string { return c.Test }, compareNatural)
	rows := make(map[string]int, len(tests))
	for i, t := range tests {
		rows[t] = i
		p.Rows = append(p.Rows, pageRow{Test: t, Label: t, Cells: make([]*pageCell, len(p.Columns))})
	}
	p.Cells = make([]pageCell, len(cells))
	for i := range cells {
		c := &cells[i]
		pc := pageCell{Cell: c, key: given[i].CellKey, ID: cellID(c.CellKey), Mark: mark(c), What: c.what(), Command: RepeatCommand(r, c.CellKey)}
		for _, k := range slices.SortedFunc(maps.Keys(c.Covariates), compareNatural) {
			pc.Covariates = append(pc.Covariates, pageValue{k, c.Covariates[k]})
		}
		p.Cells[i] = pc
		p.Rows[rows[c.Test]].Cells[index[column{c.Kernel, c.FS}]] = &p.Cells[i]
	}
	return p
}

// timesOf adds up the time by kernel and filesystem, for a bar each; none when
// it was not stored.
func timesOf(cells []Cell) []pageTimes {
	var all []pageTimes
	longest := time.Duration(1)
	for len(cells) > 0 {
		n := 1
		for n < len(cells) && cells[n].Kernel == cells[0].Kernel && cells[n].FS == cells[0].FS {
			n++
		}
		if u := UseOfTime(cells[:n]); u.Attempts > 0 {
			all = append(all, pageTimes{Where: cells[0].Kernel + " " + cells[0].FS, Use: u})
			longest = max(longest, u.Sum)
		}
		cells = cells[n:]
	}
	for i := range all {
		x := 0
		for _, p := range all[i].Use.Phases[1:] { // waiting in the queue costs nothing
			w := int(10000 * p.Sum.Seconds() / longest.Seconds())
			all[i].Bars = append(all[i].Bars, pageBar{p, x, w})
			x += w
		}
	}
	return all
}

// Total is the sum of a bar, in seconds.
func (t pageTimes) Total() string { return fmt.Sprintf("%.1f s", t.Use.Sum.Seconds()) }

// Text is the phase in figures.
func (b pageBar) Text() string {
	return fmt.Sprintf("%s: %.1f s, median %s of %d", b.Phase.Name, b.Phase.Sum.Seconds(), ms(b.Phase.Median), b.Phase.N)
}

// Share is a bar's piece in seconds, for the table.
func (b pageBar) Share() string { return fmt.Sprintf("%.1f", b.Phase.Sum.Seconds()) }

// Median is the phase's in one attempt.
func (b pageBar) Median() string { return ms(b.Phase.Median) }

// Reading and Where are for the template.
func (r vectorRow) Reading() string { return r.reading() }

// Where is the filesystems of the row.
func (r vectorRow) Where() string { return strings.Join(r.Filesystems, ", ") }

// cleaned returns r with texts that are safe to show.
func (r Run) cleaned() Run {
	r.ID, r.Policy, r.Accel = CleanLine(r.ID), outcome.Policy(CleanLine(string(r.Policy))), CleanLine(r.Accel)
	r.Problem = CleanLine(r.Problem)
	command := make([]string, len(r.Command))
	for i, word := range r.Command {
		command[i] = quote(CleanLine(word))
	}
	conditions := make(map[string]string, len(r.Conditions))
	for k, v := range r.Conditions {
		conditions[CleanLine(k)] = CleanLine(v)
	}
	r.Command, r.Conditions = command, conditions
	return r
}

// Kernel and FS are for the template.
func (c column) Kernel() string { return c.kernel }

// FS is the name of the filesystem profile.
func (c column) FS() string { return c.fs }

// First tells whether a kernel's columns begin in column i.
func (p *page) First(i int) bool { return i == 0 || p.Columns[i-1].kernel != p.Columns[i].kernel }

// cellID is the anchor of a cell: readable, and stable between reports.
func cellID(k CellKey) string {
	return strings.ReplaceAll(k.Kernel+"/"+k.FS+"/"+k.Test, " ", "_")
}

// addTexts reads what the guest printed, first for what did not pass.
func (p *page) addTexts(attempts func(CellKey) ([]Attempt, error)) error {
	left, reads := pageTexts, pageAttempts
	for _, wanted := range []bool{true, false} {
		for i := range p.Cells {
			c := &p.Cells[i]
			if (c.Verdict.Bad() || c.Flaky != "" || c.Infra > 0) != wanted {
				continue
			}
			if reads == 0 || left <= 0 {
				c.LeftOut = true
				continue
			}
			reads--
			tries, err := attempts(c.key)
			if err != nil {
				return fmt.Errorf("attempts at %s: %w", c.CellKey, err)
			}
			for _, a := range tries {
				// A caller's attempts need not come from the store.
				a = a.cleaned()
				if size := len(a.Output) + len(a.Console); size > left {
					a.Output, a.Console, c.LeftOut = "", "", true
				} else {
					left -= size
				}
				c.Tries = append(c.Tries, pageTry{a, strconv.FormatInt(a.Duration.Milliseconds(), 10) + " ms"})
			}
		}
	}
	return nil
}
