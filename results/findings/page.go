package findings

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Write writes the observations of runs as a Markdown page: every failing
// invariant, the results of each test by kernel and filesystem, and what differs
// between kernels of the same version. report returns the link to the report file
// of a finding, or "".
func Write(w io.Writer, r Runs, info func(string) TestInfo, report func(Broken) string) error {
	b := new(bytes.Buffer)
	cells := r.Cells
	kernels, filesystems, _ := results.Axes(cells)
	writeHead(b, r, kernels)
	writeBroken(b, cells, kernels, info, report)
	writeObserved(b, cells, kernels, filesystems, info)
	writePlatforms(b, ComparePlatforms(cells), info)
	writeUnseen(b, r, info)
	_, err := b.WriteTo(w)
	return err
}

// writeHead names the runs, and says what must be known of them.
func writeHead(b *bytes.Buffer, r Runs, kernels []string) {
	runs := make([]results.Run, len(r.Runs))
	for i, run := range r.Runs {
		runs[i] = results.SafeRun(run)
	}
	b.WriteString("# Findings\n\nWritten by `splicelab results findings` from ")
	if len(runs) == 1 {
		fmt.Fprintf(b, "%s; it contains only what that run observed.\n", source(runs[0], cellCount(len(r.Cells))))
	} else {
		fmt.Fprintf(b, "%d runs; it contains only what they observed. Of a cell that several runs have, the first of them is used.\n\n", len(runs))
		for i, run := range runs {
			fmt.Fprintf(b, "- %s: `%s`\n", source(run, cellCount(r.Used[i])+" used"), strings.Join(withoutFiles(run.Command), " "))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(b, "Kernels: %s.\n", strings.Join(cleanAll(kernels), ", "))
	if len(runs) == 1 {
		fmt.Fprintf(b, "Command: `%s`.\n", strings.Join(withoutFiles(runs[0].Command), " "))
	}
	for _, run := range runs {
		which := "The run"
		if len(runs) > 1 {
			which = "Run " + run.ID
		}
		if run.Problem != "" {
			fmt.Fprintf(b, "\n**%s cannot be trusted: %s**\n", which, inMarkdown(run.Problem))
		}
	}
}

func source(r results.Run, cells string) string {
	return fmt.Sprintf("run %s of %s (%s, %s)", r.ID, r.Started.UTC().Format(time.DateOnly), r.Accel, cells)
}

func writeBroken(b *bytes.Buffer, cells []results.Cell, kernels []string, info func(string) TestInfo, report func(Broken) string) {
	b.WriteString("\n## Violated invariants\n\n")
	all := BrokenInvariants(cells, info)
	if len(all) == 0 {
		b.WriteString("None: every invariant held.\n\n")
		return
	}
	for _, f := range all {
		t := info(f.Test)
		fmt.Fprintf(b, "### %s %s: %s\n\n%s\n\n", t.ID, inMarkdown(f.Test), inMarkdown(f.Says()), inMarkdown(t.Doc))
		for _, k := range kernels {
			if on := f.Where[k]; len(on) > 0 {
				slices.SortFunc(on, results.CompareNatural)
				fmt.Fprintf(b, "- %s: %s\n", inMarkdown(k), inMarkdown(strings.Join(on, ", ")))
			}
		}
		fmt.Fprintf(b, "\nExample: `%s` on %s, %s: %s", inMarkdown(f.Example.Test), inMarkdown(f.Example.Kernel), inMarkdown(f.Example.FS), inMarkdown(f.Example.Detail))
		if link := report(f); link != "" {
			fmt.Fprintf(b, " ([report file](%s))", link)
		}
		b.WriteString("\n\n")
	}
}

// writeObserved writes a table for each family, with a row for each test and a
// column for each kernel. A table cell has the letters of the outcomes by
// filesystem.
func writeObserved(b *bytes.Buffer, cells []results.Cell, kernels, filesystems []string, info func(string) TestInfo) {
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
	b.WriteString("## Results by kernel and filesystem\n\n")
	fmt.Fprintf(b, "Each field of the tables has one entry for each of %s, in this order. An entry has a letter for each outcome of the test's subtests.\n\n", strings.Join(cleanAll(filesystems), ", "))
	var legend []string
	for _, o := range results.SortedOutcomes(letters) {
		legend = append(legend, "`"+o.Letter()+"` "+string(o))
	}
	for _, v := range outcome.Verdicts {
		if marks[v] {
			legend = append(legend, "`"+results.VerdictMark(v)+"` "+string(v)+" without an outcome")
		}
	}
	b.WriteString(strings.Join(legend, ", ") + ".\n")
	names := results.NewLabels(results.Releases(cells))
	for _, family := range slices.SortedFunc(maps.Keys(families), results.CompareNatural) {
		fmt.Fprintf(b, "\n### %s\n\n| | test |", inMarkdown(cmp.Or(family, "other tests")))
		for _, k := range kernels {
			fmt.Fprintf(b, " %s |", inMarkdown(names.Full(k)))
		}
		b.WriteString("\n|---|---|" + strings.Repeat("---|", len(kernels)) + "\n")
		tests := families[family]
		slices.SortFunc(tests, func(x, y string) int {
			return cmp.Or(results.CompareNatural(info(x).ID, info(y).ID), results.CompareNatural(x, y))
		})
		for _, t := range tests {
			fmt.Fprintf(b, "| %s | %s |", inMarkdown(info(t).ID), inMarkdown(shortTest(t)))
			for _, k := range kernels {
				var entries []string
				for _, fs := range filesystems {
					f := field{t, k, fs}
					entry := ""
					for _, o := range results.SortedOutcomes(seen[f]) {
						entry += o.Letter()
					}
					for _, v := range outcome.Verdicts {
						// Skips are shown only where nothing ran.
						if verdicts[f][v] && (entry == "" || v != outcome.Skip) {
							entry += results.VerdictMark(v)
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

// writeUnseen lists the tests that were skipped everywhere, with the reasons.
func writeUnseen(b *bytes.Buffer, r Runs, info func(string) TestInfo) {
	ran := map[string]bool{}
	reasons := map[string][]string{}
	for i := range r.Cells {
		c := &r.Cells[i]
		top, _, _ := strings.Cut(c.Test, "/")
		if c.Verdict != outcome.Skip {
			ran[top] = true
		} else if !slices.Contains(reasons[top], c.Detail) {
			reasons[top] = append(reasons[top], c.Detail)
		}
	}
	var lines []string
	for _, t := range slices.SortedFunc(maps.Keys(reasons), results.CompareNatural) {
		if !ran[t] {
			lines = append(lines, fmt.Sprintf("- %s %s: %s\n", inMarkdown(info(t).ID), inMarkdown(t), inMarkdown(reasons[t][0])))
		}
	}
	if len(lines) > 0 {
		of := "this run"
		if len(r.Runs) > 1 {
			of = "these runs"
		}
		fmt.Fprintf(b, "\n## Not tested\n\nSkipped on every kernel and filesystem of %s:\n\n%s", of, strings.Join(lines, ""))
	}
}

// shortTest is the name of a test without its suite. Tests that were imported from
// other tools can be without one.
func shortTest(test string) string {
	if _, name, ok := strings.Cut(test, "."); ok {
		test = name
	}
	return strings.TrimPrefix(test, "Test")
}

// withoutFiles removes report files from a command line: they do not matter for
// reproducing the run.
func withoutFiles(command []string) []string {
	var out []string
	for i := 0; i < len(command); i++ {
		name, _, joined := strings.Cut(command[i], "=")
		if !slices.Contains([]string{"--json", "--junit", "--ktap", "--html"}, name) {
			out = append(out, command[i])
		} else if !joined {
			i++ // skip its file argument
		}
	}
	return out
}

func cleanAll(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = inMarkdown(n)
	}
	return out
}

var markdownEscapes = strings.NewReplacer("\\", "\\\\", "`", "\\`", "*", "\\*", "[", "\\[", "]", "\\]", "<", "&lt;", "|", "\\|")

// inMarkdown makes a guest's text safe in a Markdown page: one line, with markup and
// table delimiters escaped.
func inMarkdown(s string) string { return markdownEscapes.Replace(sanitize.Line(s)) }

func cellCount(n int) string {
	if n == 1 {
		return "1 cell"
	}
	return fmt.Sprintf("%d cells", n)
}
