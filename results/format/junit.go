package format

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/format/doc"
)

// The dialect is that of Jenkins' xUnit plugin (junit-10.xsd), which Jenkins'
// JUnit plugin, Maven Surefire and GitLab read too. It has no properties for a
// testcase: they precede its output, one per line, in Testmo's notation.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr,omitempty"`
		Properties []junitNamed    `xml:"properties>property"`
		Cases      []junitTestcase `xml:"testcase"`
	}
	junitTestcase struct {
		Name      string        `xml:"name,attr"`
		Classname string        `xml:"classname,attr"`
		Time      string        `xml:"time,attr"`
		Failure   *junitProblem `xml:"failure"`
		Error     *junitProblem `xml:"error"`
		Skipped   *junitProblem `xml:"skipped"`
		// The other attempts: flaky if the deciding one passed, else
		// rerun.
		FlakyErrors   []junitRerun `xml:"flakyError"`
		RerunFailures []junitRerun `xml:"rerunFailure"`
		RerunErrors   []junitRerun `xml:"rerunError"`
		Out           *junitText   `xml:"system-out"`
		Err           *junitText   `xml:"system-err"`
	}
	junitNamed struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitProblem struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",cdata"`
	}
	junitRerun struct {
		Message string     `xml:"message,attr"`
		Type    string     `xml:"type,attr"`
		Stack   *junitText `xml:"stackTrace"`
		Out     *junitText `xml:"system-out"`
		Err     *junitText `xml:"system-err"`
	}
	junitText struct {
		Text string `xml:",cdata"`
	}
)

// Properties that identify a suite written by splicelab.
const (
	propertyKernel = "splicelab.kernel"
	propertyFS     = "splicelab.filesystem"
	propertyRun    = "splicelab.run"
	propertyLab    = "splicelab." // and the name of a fact about the kernel
	propertyCond   = "condition "
)

// Delimiters of the notes that precede a testcase's output, one per line.
const (
	propertyHead = "[[PROPERTY|"
	propertyTail = "]]"
)

// WriteJUnit writes the run as JUnit XML with a suite for each kernel ×
// filesystem. Failures of the kernel (fail, crash, hang, boot-fail) are
// failures of that type. Infra is an error, since it is no verdict on the
// kernel. An expected failure is skipped, with the expectation's reason.
func WriteJUnit(w io.Writer, d Document) error {
	printed, err := d.ReadTexts(doc.MaxTexts, doc.Everything)
	if err != nil {
		return err
	}
	all := junitSuites{Name: "splicelab " + sanitize.Line(d.Run.ID)}
	var total float64
	for _, g := range results.Groups(d.Cells) {
		s := junitSuite{Name: junitLine(g.Kernel + " " + g.FS), Properties: junitProperties(d.Run, g)}
		if !d.Run.Started.IsZero() {
			// GitLab and Jenkins do not expect a time zone.
			s.Timestamp = d.Run.Started.UTC().Format("2006-01-02T15:04:05")
		}
		var seconds float64
		for _, c := range g.Cells {
			tc := junitCase(c, printed)
			seconds += c.Duration.Seconds()
			s.Tests++
			switch {
			case tc.Failure != nil:
				s.Failures++
			case tc.Error != nil:
				s.Errors++
			case tc.Skipped != nil:
				s.Skipped++
			}
			s.Cases = append(s.Cases, tc)
		}
		s.Time = fmt.Sprintf("%.3f", seconds)
		total += seconds
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Suites = append(all.Suites, s)
	}
	all.Time = fmt.Sprintf("%.3f", total)
	b := bufio.NewWriter(w)
	if _, err := io.WriteString(b, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(b)
	e.Indent("", " ")
	if err := e.Encode(all); err != nil {
		return err
	}
	if _, err := io.WriteString(b, "\n"); err != nil {
		return err
	}
	return b.Flush()
}

// junitProperties describe the run and its conditions.
func junitProperties(r results.Run, g results.Group) []junitNamed {
	all := []junitNamed{
		{propertyRun, junitLine(r.ID)}, {propertyKernel, junitLine(g.Kernel)}, {propertyFS, junitLine(g.FS)},
		{"policy", junitLine(string(r.Policy))}, {"accel", junitLine(r.Accel)}, {"seed", strconv.FormatUint(r.Seed, 10)},
	}
	for _, n := range platformNotes(g.Cells[0].Release().Platform) {
		all = append(all, junitNamed{propertyLab + n.name, junitLine(n.value)})
	}
	if r.Problem != "" {
		all = append(all, junitNamed{"problem", junitLine(r.Problem)})
	}
	for _, k := range slices.Sorted(maps.Keys(r.Conditions)) {
		all = append(all, junitNamed{junitLine(propertyCond + k), junitLine(r.Conditions[k])})
	}
	return all
}

func junitCase(c *results.Cell, printed doc.Texts) junitTestcase {
	tc := junitTestcase{
		Name:      junitLine(c.Test),
		Classname: junitLine(c.Kernel + "." + c.FS),
		Time:      fmt.Sprintf("%.3f", c.Duration.Seconds()),
	}
	message := junitLine(doc.Reason(c))
	// GitLab shows the content instead of the message, so both contain it.
	problem := &junitProblem{Type: string(c.Verdict), Message: message, Text: message}
	switch {
	case c.Expected == results.XFail:
		problem.Type = string(results.XFail)
		tc.Skipped = problem
	case c.Verdict == outcome.Skip:
		tc.Skipped = problem
	case c.Verdict == outcome.Infra:
		tc.Error = problem
	case c.Verdict.Bad():
		problem.Text = junitLine(c.What()) + "\n" + message
		tc.Failure = problem
	}
	tc.reruns(c, printed)
	output, console := printed.Of(c.CellKey, c.N)
	var head strings.Builder
	for _, n := range notes(c) {
		head.WriteString(propertyHead + escape(n.name, "[=") + "=" + escape(n.value, "[") + propertyTail + "\n")
	}
	if printed.LeftOut(c.CellKey) {
		output += "\n[output omitted: the report's size limit is reached]\n"
	}
	tc.Out = &junitText{head.String()}
	if output != "" {
		tc.Out.Text += "\n" + junitClean(output)
	}
	if console != "" {
		tc.Err = &junitText{junitClean(console)}
	}
	return tc
}

// reruns writes the other attempts as Surefire does: flaky if the deciding
// attempt passed, else rerun. Surefire uses both for failures only. A cell with
// a failed attempt has not passed, so only errors are flaky here.
func (tc *junitTestcase) reruns(c *results.Cell, printed doc.Texts) {
	if c.Expected == results.XFail || c.Verdict == outcome.Skip {
		return
	}
	for _, a := range c.Others {
		if a.Verdict != outcome.Infra && !a.Verdict.Bad() {
			continue
		}
		one := results.Cell{Attempt: a, Attempts: 1}
		output, console := printed.Of(c.CellKey, a.N)
		r := junitRerun{Type: string(a.Verdict), Message: junitLine(doc.Reason(&one)), Stack: &junitText{junitLine(one.What())}}
		if output != "" {
			r.Out = &junitText{junitClean(output)}
		}
		if console != "" {
			r.Err = &junitText{junitClean(console)}
		}
		list := &tc.RerunFailures
		switch infra := a.Verdict == outcome.Infra; {
		case c.Verdict == outcome.Pass && infra:
			list = &tc.FlakyErrors
		case infra:
			list = &tc.RerunErrors
		}
		*list = append(*list, r)
	}
}

// junitLine sanitises a name or an attribute.
func junitLine(s string) string { return disarm(sanitize.Line(s)) }

// junitClean sanitises a text that a CI system displays.
func junitClean(s string) string { return disarm(sanitize.Text(s)) }

// disarm breaks GitLab's attachment syntax ("[[ATTACHMENT|path]]") and anything
// that would be read as a property.
func disarm(s string) string {
	return strings.NewReplacer("[[ATTACHMENT|", "[ [ATTACHMENT|", propertyHead, "[ [PROPERTY|").Replace(s)
}
