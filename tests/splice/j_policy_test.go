package splice

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/sink"
	"github.com/splicelab/splicelab/tests/kit/source"
)

var policyVector = kit.Test{
	Name: "TestPolicy", ID: "J1", Family: familyMeta, Kind: outcome.Characterisation, Priority: 0,
	Doc: "Eight probes that determine the policy in force between a kind of source and a kind of sink; their results are the attributes p1 to p8, a vector, since mixed kernels are normal.",
	Steps: []string{
		"For each probe, open a new source and a new sink, splice from one to the other, change the source and receive.",
		"p1: a buffered write. p2: a store through a mapping made before the splice; minor_faults says how many faults it took. p3: a hole inside a page.",
		"p4: whether the page is resident after the splice. p5: whether its page frame is the same after p1. p6: truncate, or F_SEAL_WRITE of a memfd, while spliced.",
		"p7: anonymous memory, vmspliced and stored to. p8: the control, a procfs file, whose splice copies.",
	},
	Oracle: "every byte that the reader received is in the history of its offset, which tells its version; the outcome is the worst of p1, p2, p3, p7 and p8",
	Known: []string{
		"file into a pipe, a unix stream or TCP on 5.10 and 6.12: p1, p2 and p7 live, p4 yes, p5 same, p6 ok, p8 snapshot; no minor fault",
		"p3 of a file of xfs: snapshot on 5.10, phantom-zero on 6.12",
		"memfd into a pipe, a unix stream or TCP on 5.10 and 6.12: p1 and p2 live, p3 zeroed, p6 seal EBUSY",
		"unix datagram and seqpacket sockets, vsock, AF_ALG and files as sinks copy: all snapshot on 5.10 and 6.12",
		"p3 of a loop device on 5.10: blocked, immediately and by EBUSY: fallocate(2) invalidates the page cache of the range when it punches the hole, and gives up at a page that the pipe references",
		"UDP on 5.10, and corked UDP on 5.10 and 6.12: p1, p2 and p7 dropped",
	},
	Modules: slices.Concat(source.Modules(source.All), sinkModules()),
	Cells:   pairShapes(),
}

// vectorSinks are a pipe, bare and by tee(2), and all others.
var vectorSinks = slices.Concat([]sink.Sink{sink.Pipe, sink.Tee}, sink.All)

// pair is one combination of source and sink.
type pair struct {
	from source.Source
	to   sink.Sink
}

// pairs are the informative combinations: a file into every sink, every source
// into a pipe, and a memfd into the sinks at the end of many zero-copy paths.
func pairs() []pair {
	var all []pair
	for _, s := range vectorSinks {
		all = append(all, pair{source.File, s})
	}
	for _, s := range source.All {
		if s.Name != source.File.Name {
			all = append(all, pair{s, sink.Pipe})
		}
	}
	for _, s := range vectorSinks {
		if s.Name == "unix-stream" || s.Name == "tcp" {
			all = append(all, pair{source.Memfd, s})
		}
	}
	return all
}

func (p pair) name() string { return p.from.Name + "-" + p.to.Name }

func pairShapes() []kit.Shape {
	var names []string
	for _, p := range pairs() {
		names = append(names, p.name())
	}
	shapes := kit.Named(names...)
	for i := range shapes {
		// Written by one call and never written back: waiting for the disk in
		// each probe would gain nothing. Four pages are one large folio if the
		// filesystem supports them.
		shapes[i].Dirty = true
		shapes[i].Size, shapes[i].Chunk, shapes[i].Span = kit.SpanLen, kit.SpanLen, min(2*kit.PageSize, sink.MaxMessage)
	}
	return shapes
}

func sinkModules() []string {
	var out []string
	for _, s := range vectorSinks {
		for _, m := range s.Modules {
			if !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	return out
}

func TestPolicy(t *testing.T) {
	kit.Run(t, policyVector, func(c *kit.Cell) {
		i := slices.IndexFunc(pairs(), func(p pair) bool { return p.name() == c.Shape.Name })
		v := &vector{c: c, pair: pairs()[i], worst: kit.Finding{Outcome: outcome.None}}
		c.Attr("source", v.from.Name)
		c.Attr("sink", v.to.Name)
		v.write()
		switch {
		case v.refusesSplice:
			c.Record(kit.Finding{Outcome: outcome.Error, Detail: v.refused})
			return
		case v.worst.Outcome == outcome.None && v.refused == "":
			c.Skip("%s", v.why) // there is no such source or sink here
		}
		v.store()
		v.hole()
		v.shrink()
		v.memory()
		v.control()
		switch {
		case v.worst.Outcome != outcome.None:
			c.Record(v.worst)
		case v.refused != "":
			c.Record(kit.Finding{Outcome: outcome.Error, Detail: v.refused})
		default:
			c.Skip("%s", v.why)
		}
	})
}

// vector is the report of one pair while it is being built.
type vector struct {
	pair
	c     *kit.Cell
	worst kit.Finding // of the content probes
	why   string      // the reason of the first skipped probe

	refused       string // the first call that failed
	refusesSplice bool   // the source cannot be spliced from at all
}

const notApplicable = "-"

// say records the result of a probe.
func (v *vector) say(probe, text string) { v.c.Attr(probe, text) }

// content runs a content probe: its result is a word, and counts towards the
// cell's outcome.
func (v *vector) content(probe string, body func()) {
	f, missing := v.c.Probe(body)
	switch {
	case missing != "":
		v.say(probe, refusal(missing))
		v.why = cmp.Or(v.why, missing)
		return
	case f.Outcome == outcome.Error:
		// A refusal is not about content: it counts only if there is nothing
		// else to report.
		v.say(probe, refusal(f.Detail))
		v.refused = cmp.Or(v.refused, f.Detail)
		v.refusesSplice = strings.HasPrefix(v.refused, "splice: ")
		return
	}
	v.say(probe, string(f.Outcome))
	if v.worst.Outcome == outcome.None || f.Outcome.Rank() > v.worst.Outcome.Rank() || f.Never && !v.worst.Never && f.Outcome == v.worst.Outcome {
		f.Detail = probe + ": " + f.Detail
		v.worst = f
	}
}

var errnoName = regexp.MustCompile(`\bE[A-Z0-9]{3,}\b`)

// refusal is the word for a probe that could not run: the errno, or "" if there
// was none.
func refusal(detail string) string {
	if e := errnoName.FindString(detail); e != "" {
		return "error " + e
	}
	return notApplicable
}

// way is an open source whose beginning was spliced into an open sink.
type way struct {
	c    *kit.Cell
	p    *kit.Pipe
	conn sink.Conn
	n    int
}

// spliced splices the beginning of a file into a new sink of the pair.
func (v *vector) spliced(f *kit.File) way {
	w := way{c: v.c, conn: v.to.Open(v.c), n: min(v.c.Shape.Span, f.History.Size())}
	w.p = v.c.Pipe()
	w.p.Splice(f, 0, w.n)
	w.conn.Send(w.p, w.n)
	return w
}

// judge receives what the sink delivers and classifies it. It does not check the
// source, which would take several times as long: other tests do.
func (w way) judge(h *kit.History) {
	got := w.c.Sample(w.conn.Receive(w.n))
	if len(got) == 0 {
		w.c.Record(kit.Finding{Outcome: outcome.Dropped, Detail: "nothing arrived", Never: !h.Changed()})
		return
	}
	w.c.Record(w.p.FindingOf(h, got))
}

// write is P1 with P4 and P5, which inspect the page that P1 changes.
func (v *vector) write() {
	resident, frame := notApplicable, notApplicable
	v.content("p1", func() {
		f := v.from.Open(v.c)
		before, ok := f.Frame(0)
		w := v.spliced(f)
		if r := f.Resident(0); r != "" {
			resident = r
		}
		f.Write(0, w.n)
		if after, ok2 := f.Frame(0); ok && ok2 {
			frame = "same"
			if after != before {
				frame = "changed"
			}
		}
		w.judge(f.History)
	})
	v.say("p4", resident)
	v.say("p5", frame)
}

// store is P2. The mapping was stored to before the splice, so a store after it
// only faults if the kernel has write-protected it.
func (v *vector) store() {
	faults := int64(-1)
	v.content("p2", func() {
		f := v.from.Open(v.c)
		m := f.Map(v.c.Shape.Span)
		m.Store(0, v.c.Shape.Span)
		w := v.spliced(f)
		faults = m.StoreCounting(0, w.n)
		w.judge(f.History)
	})
	if faults >= 0 {
		v.c.Attr("minor_faults", fmt.Sprint(faults))
	}
}

// hole is P3.
func (v *vector) hole() {
	v.content("p3", func() {
		f := v.from.Open(v.c)
		w := v.spliced(f)
		f.Punch(1024, 1024)
		w.judge(f.History)
	})
}

// shrink is P6, which is about the operation, not the content: truncating a
// file, or sealing a memfd that allows seals.
func (v *vector) shrink() {
	said := notApplicable
	f, _ := v.c.Probe(func() {
		f := v.from.Open(v.c)
		w := v.spliced(f)
		if seals, err := unix.FcntlInt(uintptr(f.FD), unix.F_GET_SEALS, 0); err == nil && seals&unix.F_SEAL_SEAL == 0 {
			said = "seal " + v.c.Attempt("F_ADD_SEALS(F_SEAL_WRITE)", func() error { return seal(f, unix.F_SEAL_WRITE) })
		} else {
			said = v.c.Attempt("ftruncate", func() error { return unix.Ftruncate(f.FD, 0) })
			if said != "ok" && said != string(outcome.Blocked) {
				said = refusal(said)
			}
		}
		w.conn.Receive(w.n)
	})
	if said == notApplicable && f.Outcome == outcome.Error {
		said = refusal(f.Detail)
	}
	v.say("p6", said)
}

// memory is P7. It does not depend on the source, so it runs for only one.
func (v *vector) memory() {
	if v.from.Name != source.File.Name {
		v.say("p7", notApplicable)
		return
	}
	v.content("p7", func() {
		m := v.c.Memory(v.c.Shape.Span, false)
		w := way{c: v.c, conn: v.to.Open(v.c), p: m.Vmsplice(0), n: v.c.Shape.Span}
		w.conn.Send(w.p, w.n)
		m.Store(0, w.n)
		w.judge(m.History)
	})
}

// control is P8: the hostname, in the cell's own UTS namespace, is spliced from
// procfs and then changed.
func (v *vector) control() {
	if v.from.Name != source.File.Name {
		v.say("p8", notApplicable)
		return
	}
	v.content("p8", func() {
		f := source.Hostname(v.c)
		w := v.spliced(f)
		source.Rename(v.c, f)
		w.judge(f.History)
	})
}
