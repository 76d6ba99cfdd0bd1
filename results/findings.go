package results

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/outcome"
)

// TestInfo is what a suite says of one of its tests.
type TestInfo struct {
	ID     string // catalogue number, e.g. "B8"
	Family string // e.g. "B mutation after the splice"
	Doc    string // one sentence
}

// Broken is an invariant that fails: what no policy allows was seen, or the
// kernel crashed or hung, in one test, with the cell that shows it best.
type Broken struct {
	Test    string // suite.TestName
	Verdict outcome.Verdict
	Outcome outcome.Outcome
	// Example is the cell on the newest kernel, with the simplest subtest.
	Example Cell
	// Where are the filesystems on which it was seen, by kernel.
	Where map[string][]string
	// Name is fit for a file: "b8-phantom-zero".
	Name string
}

// BrokenInvariants groups what no policy allows by test and outcome, in the
// order of the catalogue. info tells of a test by its name, suite.TestName.
func BrokenInvariants(cells []Cell, info func(string) TestInfo) []Broken {
	type key struct {
		test    string
		verdict outcome.Verdict
		outcome outcome.Outcome
	}
	found := map[key]*Broken{}
	for _, c := range cells {
		if !c.Verdict.Bad() || c.Verdict == outcome.BootFail || c.Verdict == outcome.Fail && c.Kind != outcome.Invariant {
			continue
		}
		top, _, _ := strings.Cut(c.Test, "/")
		k := key{top, c.Verdict, c.Outcome}
		b := found[k]
		if b == nil {
			b = &Broken{Test: top, Verdict: c.Verdict, Outcome: c.Outcome, Example: c, Where: map[string][]string{}}
			found[k] = b
		}
		if !slices.Contains(b.Where[c.Kernel], c.FS) {
			b.Where[c.Kernel] = append(b.Where[c.Kernel], c.FS)
		}
		if cmp.Or(compareReleases(c.Kernel, b.Example.Kernel), cmp.Compare(len(b.Example.Test), len(c.Test))) > 0 {
			b.Example = c
		}
	}
	all := slices.Collect(maps.Values(found))
	slices.SortFunc(all, func(x, y *Broken) int {
		return cmp.Or(compareNatural(info(x.Test).ID, info(y.Test).ID), compareNatural(x.Test, y.Test),
			x.Outcome.Rank()-y.Outcome.Rank(), strings.Compare(string(x.Verdict), string(y.Verdict)))
	})
	out := make([]Broken, len(all))
	taken := map[string]bool{}
	for i, b := range all {
		what := string(b.Outcome)
		if b.Outcome == outcome.None {
			what = string(b.Verdict)
		}
		b.Name = fileName(cmp.Or(info(b.Test).ID, b.Test) + "-" + what)
		if taken[b.Name] {
			b.Name = fileName(b.Test + "-" + what)
		}
		taken[b.Name] = true
		out[i] = *b
	}
	return out
}

// fileName makes s fit for a file's name.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, s)
}

// Says is the outcome, or where there is none the verdict.
func (b Broken) Says() string { return string(cmp.Or(b.Outcome, outcome.Outcome(b.Verdict))) }

// WriteFindings writes what a run observed as a Markdown page: what each test
// came to on each kernel and filesystem, and every invariant that fails.
// report gives the link to the report file of a finding, or "". Only what is
// in cells is said.
func WriteFindings(w io.Writer, r Run, cells []Cell, info func(string) TestInfo, report func(Broken) string) error {
	b := new(bytes.Buffer)
	r = r.cleaned()
	kernels := distinct(cells, func(c *Cell) string { return c.Kernel }, compareReleases)
	filesystems := distinct(cells, func(c *Cell) string { return c.FS }, compareNatural)
	fmt.Fprintf(b, "# Findings\n\nWritten by `splicelab results findings` from run %s of %s (%s, %s); only what that run observed is said.\n",
		r.ID, r.Started.UTC().Format(time.DateOnly), r.Accel, plural(len(cells), "cell"))
	fmt.Fprintf(b, "Kernels: %s.\nThe run was made by `%s`.\n", strings.Join(cleanAll(kernels), ", "), strings.Join(withoutFiles(r.Command), " "))
	if r.Problem != "" {
		fmt.Fprintf(b, "\n**The run cannot be trusted: %s**\n", markdown(r.Problem))
	}
	writeBroken(b, cells, kernels, info, report)
	writeObserved(b, cells, kernels, filesystems, info)
	writeUnseen(b, cells, info)
	_, err := b.WriteTo(w)
	return err
}

func writeBroken(b *bytes.Buffer, cells []Cell, kernels []string, info func(string) TestInfo, report func(Broken) string) {
	b.WriteString("\n## What no policy allows, and was seen\n\n")
	all := BrokenInvariants(cells, info)
	if len(all) == 0 {
		b.WriteString("Nothing: every invariant held.\n")
		return
	}
	for _, f := range all {
		t := info(f.Test)
		fmt.Fprintf(b, "### %s %s: %s\n\n%s\n\n", t.ID, markdown(f.Test), markdown(f.Says()), markdown(t.Doc))
		for _, k := range kernels {
			if on := f.Where[k]; len(on) > 0 {
				slices.SortFunc(on, compareNatural)
				fmt.Fprintf(b, "- %s: %s\n", markdown(k), markdown(strings.Join(on, ", ")))
			}
		}
		fmt.Fprintf(b, "\nFor one, `%s` on %s, %s: %s", markdown(f.Example.Test), markdown(f.Example.Kernel), markdown(f.Example.FS), markdown(f.Example.Detail))
		if link := report(f); link != "" {
			fmt.Fprintf(b, " ([report file](%s))", link)
		}
		b.WriteString("\n\n")
	}
}

// writeObserved is a table for each family: tests down, kernels across, in
// each field the letters of all filesystems' outcomes.
func writeObserved(b *bytes.Buffer, cells []Cell, kernels, filesystems []string, info func(string) TestInfo) {
	type field struct{ test, kernel, fs string }
	seen := map[field]map[outcome.Outcome]bool{}
	verdicts := map[field]map[outcome.Verdict]bool{}
	families := map[string][]string{}
	letters := map[outcome.Outcome]bool{}
	marks := map[outcome.Verdict]bool{}
	for i := range cells {
		c := &cells[i]
		top, _, _ := strings.Cut(c.Test, "/")
		f := field{top, c.Kernel, c.FS}
		if seen[f] == nil {
			seen[f], verdicts[f] = map[outcome.Outcome]bool{}, map[outcome.Verdict]bool{}
		}
		if c.Outcome != outcome.None && (c.Verdict == outcome.Pass || c.Verdict == outcome.Fail) {
			seen[f][c.Outcome], letters[c.Outcome] = true, true
		} else {
			verdicts[f][c.Verdict], marks[c.Verdict] = true, true
		}
		if family := info(top).Family; !slices.Contains(families[family], top) {
			families[family] = append(families[family], top)
		}
	}
	b.WriteString("## What was seen where\n\n")
	fmt.Fprintf(b, "A field has one entry for each of %s, in this order; an entry has a letter for each outcome that some subtest of the test came to.\n\n", strings.Join(cleanAll(filesystems), ", "))
	var legend []string
	for _, o := range sortedOutcomes(letters) {
		legend = append(legend, "`"+o.Letter()+"` "+string(o))
	}
	for _, v := range outcome.Verdicts {
		if marks[v] {
			legend = append(legend, "`"+verdictMark(v)+"` "+string(v)+" without an outcome")
		}
	}
	b.WriteString(strings.Join(legend, ", ") + ".\n")
	short := shortReleases(kernels)
	for _, family := range slices.SortedFunc(maps.Keys(families), compareNatural) {
		fmt.Fprintf(b, "\n### %s\n\n| | test |", markdown(cmp.Or(family, "other tests")))
		for _, k := range short {
			fmt.Fprintf(b, " %s |", markdown(k))
		}
		b.WriteString("\n|---|---|" + strings.Repeat("---|", len(kernels)) + "\n")
		tests := families[family]
		slices.SortFunc(tests, func(x, y string) int { return cmp.Or(compareNatural(info(x).ID, info(y).ID), compareNatural(x, y)) })
		for _, t := range tests {
			_, name, _ := strings.Cut(t, ".")
			fmt.Fprintf(b, "| %s | %s |", markdown(info(t).ID), markdown(strings.TrimPrefix(name, "Test")))
			for _, k := range kernels {
				var entries []string
				for _, fs := range filesystems {
					f := field{t, k, fs}
					entry := ""
					for _, o := range sortedOutcomes(seen[f]) {
						entry += o.Letter()
					}
					for _, v := range outcome.Verdicts {
						// A skipped subtest beside one that ran says little.
						if verdicts[f][v] && (entry == "" || v != outcome.Skip) {
							entry += verdictMark(v)
						}
					}
					entries = append(entries, cmp.Or(entry, "·"))
				}
				fmt.Fprintf(b, " `%s` |", strings.Join(entries, " "))
			}
			b.WriteByte('\n')
		}
	}
}

// writeUnseen says what nothing is known of: tests that were skipped
// everywhere, with the reasons.
func writeUnseen(b *bytes.Buffer, cells []Cell, info func(string) TestInfo) {
	ran := map[string]bool{}
	reasons := map[string][]string{}
	for i := range cells {
		c := &cells[i]
		top, _, _ := strings.Cut(c.Test, "/")
		if c.Verdict != outcome.Skip {
			ran[top] = true
		} else if !slices.Contains(reasons[top], c.Detail) {
			reasons[top] = append(reasons[top], c.Detail)
		}
	}
	var lines []string
	for _, t := range slices.SortedFunc(maps.Keys(reasons), compareNatural) {
		if !ran[t] {
			lines = append(lines, fmt.Sprintf("- %s %s: %s\n", markdown(info(t).ID), markdown(t), markdown(reasons[t][0])))
		}
	}
	if len(lines) > 0 {
		b.WriteString("\n## What could not be asked\n\nSkipped on every kernel and filesystem of this run:\n\n" + strings.Join(lines, ""))
	}
}

// shortReleases drops the flavour that all releases share.
func shortReleases(kernels []string) []string {
	suffix := sharedFlavour(kernels)
	out := make([]string, len(kernels))
	for i, k := range kernels {
		out[i] = strings.TrimSuffix(k, suffix)
	}
	return out
}

// withoutFiles drops from a command line where its reports went: of no interest
// to who makes the run again.
func withoutFiles(command []string) []string {
	var out []string
	for i := 0; i < len(command); i++ {
		name, _, joined := strings.Cut(command[i], "=")
		if !slices.Contains([]string{"--json", "--junit", "--ktap", "--html"}, name) {
			out = append(out, command[i])
		} else if !joined {
			i++ // its file
		}
	}
	return out
}

func cleanAll(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = markdown(n)
	}
	return out
}

// markdown makes a guest's text safe in a Markdown page: one line, and nothing
// in it that a renderer would take for markup or a table's edge.
var markdownEscapes = strings.NewReplacer("\\", "\\\\", "`", "\\`", "*", "\\*", "[", "\\[", "]", "\\]", "<", "&lt;", "|", "\\|")

func markdown(s string) string { return markdownEscapes.Replace(CleanLine(s)) }
