package results

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"splicelab/outcome"
)

// The dialect of JUnit XML that GitLab and Jenkins both read.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
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
		Properties *[]junitNamed   `xml:"properties>property"`
		Cases      []junitTestcase `xml:"testcase"`
	}
	junitTestcase struct {
		Name       string        `xml:"name,attr"`
		Classname  string        `xml:"classname,attr"`
		Time       string        `xml:"time,attr"`
		Properties *[]junitNamed `xml:"properties>property"`
		Failure    *junitProblem `xml:"failure"`
		Error      *junitProblem `xml:"error"`
		Skipped    *junitProblem `xml:"skipped"`
	}
	junitNamed struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitProblem struct {
		Type    string `xml:"type,attr,omitempty"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the run as JUnit XML: a suite for each kernel ×
// filesystem. What the kernel did wrong (fail, crash, hang, boot-fail) is a
// failure of that type; infra, which says nothing of the kernel, is an error.
func WriteJUnit(w io.Writer, r Run, cells []Cell) error {
	all := junitSuites{Name: "splicelab " + Clean(r.ID)}
	var total float64
	byColumn := grouped(cells)
	for _, col := range columns(cells) {
		s := junitSuite{Name: CleanLine(col.kernel + " " + col.fs)}
		if !r.Started.IsZero() {
			// GitLab and Jenkins want no zone.
			s.Timestamp = r.Started.UTC().Format("2006-01-02T15:04:05")
		}
		properties := []junitNamed{{"policy", string(r.Policy)}, {"accel", r.Accel}, {"seed", strconv.FormatUint(r.Seed, 10)}}
		if r.Problem != "" {
			properties = append(properties, junitNamed{"problem", CleanLine(r.Problem)})
		}
		s.Properties = &properties
		var seconds float64
		for _, c := range byColumn[col] {
			tc := junitCase(c)
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
		all.Skipped += s.Skipped
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

func junitCase(c *Cell) junitTestcase {
	tc := junitTestcase{
		Name:      CleanLine(c.Test),
		Classname: CleanLine(c.Kernel + "." + c.FS),
		Time:      fmt.Sprintf("%.3f", c.Duration.Seconds()),
	}
	var properties []junitNamed
	add := func(name, value string) {
		if value != "" {
			properties = append(properties, junitNamed{CleanLine(name), CleanLine(value)})
		}
	}
	add("outcome", string(c.Outcome))
	add("kind", string(c.Kind))
	if c.Attempts > 1 {
		add("attempts", strconv.Itoa(c.Attempts))
	}
	add("flaky", c.Flaky)
	for _, k := range slices.Sorted(maps.Keys(c.Covariates)) {
		add("covariate."+k, c.Covariates[k])
	}
	if properties != nil {
		tc.Properties = &properties
	}
	message := CleanLine(c.Detail)
	if message == "" {
		message = c.what()
	}
	problem := &junitProblem{Type: string(c.Verdict), Message: message}
	switch {
	case c.Verdict == outcome.Skip:
		tc.Skipped = &junitProblem{Message: message}
	case c.Verdict == outcome.Infra:
		tc.Error = problem
	case c.Verdict != outcome.Pass:
		problem.Text = Clean(c.what() + "\n" + c.Detail)
		tc.Failure = problem
	}
	return tc
}
