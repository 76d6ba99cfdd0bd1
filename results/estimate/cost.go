package estimate

import (
	"time"

	"github.com/splicelab/splicelab/results"
)

// costs are what pieces of work are expected to take, in seconds.
type costs struct {
	cfg    Config
	byTest map[string]float64 // mean of earlier runs, else the first in this one

	ratio   mean // of cells: what they took, to what they took earlier
	unknown mean // cells of which nothing was known
	each    mean // all cells
	others  [kinds]mean
}

// Expectations before anything was measured: under TCG on two cores. A faster
// machine corrects them with its first boot.
var expectations = [kinds]float64{Cell: 1, Boot: 5, Base: 6, Template: 3}

// sharedCell is Cell in a VM that is running already.
const sharedCell = 0.05

func newCosts(cfg Config) costs {
	c := costs{cfg: cfg, byTest: map[string]float64{}}
	times := map[string]int{}
	var sum float64
	for k, d := range cfg.Known {
		c.byTest[k.Test] += d.Seconds()
		times[k.Test]++
		sum += d.Seconds()
	}
	for test, n := range times {
		c.byTest[test] /= float64(n)
	}
	c.ratio.value = 1
	c.unknown.value = expectations[Cell]
	if cfg.Shared {
		c.unknown.value = sharedCell
	}
	if len(cfg.Known) > 0 {
		c.unknown.value = sum / float64(len(cfg.Known))
		c.ratio.weight = c.unknown.value / 10 // little: the first few cells decide
	}
	c.each.value = c.unknown.value
	for k := range c.others {
		c.others[k].value = expectations[k]
	}
	return c
}

// least bounds the expectation of a cell: one that took no time says nothing
// about a busier machine.
const least = 0.001

// known is what a cell took in earlier runs, or its test on other kernels and
// filesystems.
func (c *costs) known(key results.CellKey) (float64, bool) {
	if d, ok := c.cfg.Known[key]; ok {
		return max(d.Seconds(), least), true
	}
	d, ok := c.byTest[key.Test]
	return max(d, least), ok
}

// of is what a piece of work is expected to take.
func (c *costs) of(kind Kind, key results.CellKey) float64 {
	if kind != Cell {
		return c.others[kind].value
	}
	if d, ok := c.known(key); ok {
		return d * c.ratio.value
	}
	return c.unknown.value
}

// observe learns what a piece of work took. It reports whether nothing was known
// of the cell's test before.
func (c *costs) observe(kind Kind, key results.CellKey, took float64) (first bool) {
	if kind != Cell {
		c.others[kind].add(took, 1, rare)
		return false
	}
	c.each.add(took, 1, frequent)
	if d, ok := c.known(key); ok {
		c.ratio.add(took/d, d, frequent) // long cells say more
		return false
	}
	c.unknown.add(took, 1, frequent)
	c.byTest[key.Test] = max(took, least)
	return true
}

// mean is a weighted mean of which old values count less and less: the machine
// may become busier.
type mean struct{ value, weight float64 }

// How much of a mean's weight is left after one more value: of cells about the
// last 20 count, of templates and boots the last 5.
const (
	frequent = 0.95
	rare     = 0.8
)

func (m *mean) add(value, weight, memory float64) {
	m.weight = m.weight*memory + weight
	m.value += (value - m.value) * weight / m.weight
}

// rate counts what finished in the last minute.
type rate struct {
	from  time.Time
	count [60]int   // by second
	at    [60]int64 // the second of each count
}

func (r *rate) add(now time.Time) {
	if r.from.IsZero() {
		r.from = now
	}
	i := now.Unix() % int64(len(r.count))
	if r.at[i] != now.Unix() {
		r.at[i], r.count[i] = now.Unix(), 0
	}
	r.count[i]++
}

// per is how much finished in each second.
func (r *rate) per(first, now time.Time) float64 {
	n := 0
	for i, at := range r.at {
		if now.Unix()-at < int64(len(r.count)) {
			n += r.count[i]
		}
	}
	span := min(time.Duration(len(r.count))*time.Second, now.Sub(first))
	if span < time.Second {
		return 0
	}
	return float64(n) / span.Seconds()
}
