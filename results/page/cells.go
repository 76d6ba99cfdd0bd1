package page

import (
	"slices"
	"strconv"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// NewCells arranges cells, which must be in the order of reports, by column.
// planned are the columns that a run in progress is going to fill: cells of which
// only kernel, version and filesystem are set.
func NewCells(cells []results.Cell, planned ...results.Cell) Cells {
	n := len(cells)
	column := func() []int { return make([]int, n) }
	out := Cells{
		Kernels: []string{}, Filesystems: []string{}, Tests: []string{},
		Details: []string{""}, Reasons: []string{""}, Families: []string{""},
		Kernel: column(), Filesystem: column(), Test: column(), Verdict: column(), Outcome: column(), Detail: column(),
		Attempts: column(), Duration: column(), Class: column(),
		Flaky: map[int]string{}, Expected: map[int]results.Expected{}, Why: map[int]int{},
	}
	verdicts, outcomes := map[outcome.Verdict]int{}, map[outcome.Outcome]int{}
	for i, v := range outcome.Verdicts {
		verdicts[v] = i
		out.Verdicts = append(out.Verdicts, string(v))
	}
	for i, o := range append([]outcome.Outcome{outcome.None}, outcome.All...) {
		outcomes[o] = i
		out.Outcomes = append(out.Outcomes, string(o))
		out.Letters = append(out.Letters, o.Letter())
	}
	classes := map[outcome.Class]int{}
	for i, class := range outcome.Classes {
		classes[class] = i
		out.Classes = append(out.Classes, string(class))
	}
	kernels, filesystems, _ := results.Axes(append(slices.Clip(cells), planned...))
	_, _, tests := results.Axes(cells)
	out.Kernels, out.Filesystems, out.Tests = append(out.Kernels, kernels...), append(out.Filesystems, filesystems...), append(out.Tests, tests...)
	out.Family, out.Controls = make([]int, len(out.Tests)), []int{}
	for i, test := range out.Tests {
		if results.IsControl(test) {
			out.Controls = append(out.Controls, i)
		}
	}
	releases := results.Releases(append(slices.Clip(cells), planned...))
	out.Labels, out.Packages = labels(out.Kernels, results.NewLabels(releases))
	out.Platforms = make([]results.Platform, len(releases))
	for i, k := range releases { // in the order of Kernels
		out.Platforms[i] = results.Platform{Arch: sanitize.Line(k.Arch), Flavour: sanitize.Line(k.Flavour), PageSize: k.PageSize}
	}
	kernelAt, filesystemAt, testAt := places(out.Kernels), places(out.Filesystems), places(out.Tests)
	out.Versions = make([]string, len(out.Kernels))
	version := func(c *results.Cell) {
		if !c.Version.IsZero() {
			out.Versions[kernelAt[c.Kernel]] = c.Version.String()
		}
	}
	for i := range planned {
		version(&planned[i])
	}
	out.PlannedKernel, out.PlannedFilesystem = []int{}, []int{}
	for i := range planned {
		out.PlannedKernel = append(out.PlannedKernel, kernelAt[planned[i].Kernel])
		out.PlannedFilesystem = append(out.PlannedFilesystem, filesystemAt[planned[i].FS])
	}
	details, reasons := map[string]int{"": 0}, map[string]int{"": 0}
	outcomeOf := func(o outcome.Outcome) int {
		i, known := outcomes[o]
		if !known { // from a newer suite
			i = len(out.Outcomes)
			outcomes[o] = i
			out.Outcomes, out.Letters = append(out.Outcomes, string(o)), append(out.Letters, o.Letter())
		}
		return i
	}
	for _, p := range outcome.Policies {
		out.Policies = append(out.Policies, PolicyRule{Name: p, Accepts: []bool{}, Judged: map[int]Judged{}, Expected: map[int]results.Expected{}, Why: map[int]int{}})
	}
	for i := range cells {
		c := &cells[i]
		version(c)
		o := outcomeOf(c.Outcome)
		out.Kernel[i], out.Filesystem[i], out.Test[i] = kernelAt[c.Kernel], filesystemAt[c.FS], testAt[c.Test]
		out.Verdict[i], out.Outcome[i], out.Detail[i] = verdicts[c.Verdict], o, place(details, &out.Details, c.Detail)
		out.Attempts[i], out.Duration[i], out.Class[i] = c.Attempts, int(c.Duration.Milliseconds()), classes[c.Class()]
		if c.Flaky != "" {
			out.Flaky[i] = c.Flaky
		}
		if c.Expected != "" {
			out.Expected[i] = c.Expected
		}
		if c.Why != "" {
			out.Why[i] = place(reasons, &out.Reasons, c.Why)
		}
		for _, rule := range out.Policies {
			if len(c.Others) == 0 {
				break
			}
			shown := results.Show(cells[i:i+1], rule.Name)[0]
			rule.Judged[i] = Judged{verdicts[shown.Verdict], outcomeOf(shown.Outcome), place(details, &out.Details, sanitize.Line(shown.Detail)), classes[shown.Class()], shown.Flaky}
		}
	}
	for _, o := range out.Outcomes {
		out.Meanings = append(out.Meanings, outcome.Outcome(o).Meaning())
		for i := range out.Policies {
			p := &out.Policies[i]
			p.Accepts = append(p.Accepts, p.Name.Accepts(outcome.Outcome(o)))
		}
	}
	return out
}

// SetFamilies sets the family of each test; "" if unknown.
func (c *Cells) SetFamilies(a Annotator) {
	known := map[string]int{"": 0}
	c.Families = []string{""}
	for i, test := range c.Tests {
		c.Family[i] = place(known, &c.Families, sanitize.Line(a.Family(test)))
	}
}

// SetExpected sets what the user expects of the cells under each policy: a cell
// that fails as expected under one may pass under another. expect sets Expected
// and Why of cells judged by a policy.
func (c *Cells) SetExpected(cells []results.Cell, expect func([]results.Cell, outcome.Policy)) {
	reasons := places(c.Reasons)
	for i := range c.Policies {
		rule := &c.Policies[i]
		shown := results.Show(cells, rule.Name)
		expect(shown, rule.Name)
		for j := range shown {
			if shown[j].Expected != "" {
				rule.Expected[j] = shown[j].Expected
			}
			if shown[j].Why != "" {
				rule.Why[j] = place(reasons, &c.Reasons, sanitize.Line(shown[j].Why))
			}
		}
	}
}

// labels are the labels of kernels, and what these leave out.
func labels(kernels []string, l results.Labels) (short, packages []string) {
	short, packages = l.All(kernels), make([]string, len(kernels))
	for i, k := range kernels {
		packages[i] = l.Package(k)
	}
	return short, packages
}

// places are the indexes of names.
func places(names []string) map[string]int {
	at := make(map[string]int, len(names))
	for i, n := range names {
		at[n] = i
	}
	return at
}

// place returns the index of a text in a list, and adds it if it is new.
func place(at map[string]int, list *[]string, text string) int {
	i, known := at[text]
	if !known {
		i = len(*list)
		at[text] = i
		*list = append(*list, text)
	}
	return i
}

func seed(n uint64) string { return strconv.FormatUint(n, 10) }

// orEmpty keeps null out of documents.
func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
