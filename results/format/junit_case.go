package format

import (
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// junitRead is a testcase while it is parsed.
type junitRead struct {
	test, class string
	line        int
	seconds     string
	// The first element that reports something other than a pass, and its
	// content.
	element, kind, message, body string
	output, console              string
	before                       []junitBefore
	properties                   []note
}

// junitBefore is a rerun: an attempt other than the deciding one.
type junitBefore struct {
	element, kind, message, stack, output, console string
}

// testcase reads a test and its result.
func (r *junitReader) testcase(start xml.StartElement, p junitPlace) error {
	c := junitRead{test: attribute(start, "name"), class: attribute(start, "classname"), line: r.line(), seconds: attribute(start, "time")}
	if err := r.count(c.line); err != nil {
		return err
	}
	err := r.within(func(e xml.StartElement) (err error) {
		switch name := e.Name.Local; name {
		case "failure", "error", "skipped":
			body, err := r.text()
			if c.element == "" || c.element == "skipped" { // the worst counts
				c.element, c.kind, c.message, c.body = name, attribute(e, "type"), attribute(e, "message"), body
			}
			return err
		case "rerunFailure", "rerunError", "flakyFailure", "flakyError":
			return r.before(e, &c)
		case "system-out":
			var text string
			text, err = r.text()
			c.output += text
		case "system-err", "kernel-log": // the second is xfstests'
			var text string
			text, err = r.text()
			c.console += text
		case "properties":
			return r.within(func(property xml.StartElement) error {
				name, value, err := r.property(property)
				if len(c.properties) < results.MaxCovariates {
					c.properties = append(c.properties, note{name, value})
				}
				return err
			})
		default:
			return r.skip(e)
		}
		return err
	})
	if err != nil {
		return err
	}
	if strings.TrimSpace(c.test+c.class) == "" {
		return &SyntaxError{File: r.o.File, Line: c.line, What: "is a testcase without a name"}
	}
	if p.ours {
		return r.own(c, p)
	}
	return r.other(c, p)
}

// before reads a rerun. Its text is in a child element or is the content.
func (r *junitReader) before(e xml.StartElement, c *junitRead) error {
	if len(c.before) == maxAttempts {
		return r.wrong("is the %dth rerun of a test, and no more than %d are read", maxAttempts+1, maxAttempts)
	}
	b := junitBefore{element: e.Name.Local, kind: attribute(e, "type"), message: attribute(e, "message")}
	var direct clipped
	for {
		tok, err := r.next()
		if err != nil {
			return r.cutOff(err)
		}
		switch tok := tok.(type) {
		case xml.CharData:
			direct.add(tok)
		case xml.StartElement:
			text, err := r.text()
			if err != nil {
				return err
			}
			switch tok.Name.Local {
			case "stackTrace":
				b.stack = text
			case "system-out":
				b.output = text
			case "system-err":
				b.console = text
			}
		case xml.EndElement:
			if b.stack == "" {
				b.stack = string(direct)
			}
			c.before = append(c.before, b)
			return nil
		}
	}
}

// other accepts a test of another tool. Its errors are failures: only
// splicelab's own errors are known not to be the kernel's fault.
func (r *junitReader) other(c junitRead, p junitPlace) error {
	kernel, fs, err := r.where(p.kernel, p.fs)
	if err != nil {
		return err
	}
	class := c.class
	if class == "" {
		class = p.suite
	}
	test := c.test
	if class != "" && test != class && !strings.HasPrefix(test, class+".") {
		test = strings.TrimSuffix(class+"."+test, ".")
	}
	if err := r.grow(len(test)); err != nil {
		return err
	}
	key := r.key(kernel, fs, test)
	for i, b := range c.before {
		a := foreign(key, i+1, outcome.Fail, firstOf(b.message, b.kind, b.stack))
		a.Output, a.Console = joined(b.stack, b.output), sanitize.Bounded(b.console, results.MaxText)
		r.in.Attempts = append(r.in.Attempts, a)
	}
	v, detail := outcome.Pass, ""
	switch c.element {
	case "failure", "error":
		v, detail = outcome.Fail, firstOf(c.message, c.body, c.kind)
	case "skipped":
		v, detail = outcome.Skip, firstOf(c.message, c.body, "no reason given")
	}
	a := foreign(key, len(c.before)+1, v, detail)
	a.Duration = junitSeconds(c.seconds)
	body := c.body
	if sanitize.Line(body) == a.Detail {
		body = ""
	}
	a.Output, a.Console = joined(body, c.output), sanitize.Bounded(c.console, results.MaxText)
	for _, n := range c.properties {
		if a.Covariates == nil {
			a.Covariates = map[string]string{}
		}
		a.Covariates[n.name] = n.value
	}
	r.in.Attempts = append(r.in.Attempts, a)
	return nil
}

// own accepts a test that splicelab wrote. The notes at the start of its output
// are complete; they must agree with the elements that other readers use.
func (r *junitReader) own(c junitRead, p junitPlace) error {
	wrong := func(format string, args ...any) error {
		return &SyntaxError{File: r.o.File, Line: c.line, What: fmt.Sprintf(format, args...)}
	}
	kernel, fs, err := r.where(p.kernel, p.fs)
	if err != nil {
		return err
	}
	var n noted
	rest := c.output
	for {
		line, after, _ := strings.Cut(rest, "\n")
		body, isHead := strings.CutPrefix(line, propertyHead)
		body, closed := strings.CutSuffix(body, propertyTail)
		name, value, isPair := strings.Cut(body, "=")
		if !isHead || !closed || !isPair {
			break
		}
		if err := n.set(unescape(name), unescape(value)); err != nil {
			return wrong("%s", err)
		}
		rest = after
	}
	says := map[outcome.Verdict]string{outcome.Pass: "", outcome.Skip: "skipped", outcome.Infra: "error"}
	want, special := says[n.attempt.Verdict]
	if !special {
		want = "failure"
	}
	expected := c.element == "skipped" && c.kind == string(results.XFail) && n.attempt.Verdict.Bad()
	if n.attempt.Verdict == "" || c.element != want && !expected {
		return wrong("%q has the verdict %q but is written as %q: the document was modified; export it again", c.test, n.attempt.Verdict, c.element)
	}
	key := r.key(kernel, fs, c.test)
	attempts, err := n.attempts(key)
	if err != nil {
		return wrong("%q: %s", c.test, err)
	}
	last := &attempts[n.attempt.N-1]
	last.Output, last.Console = sanitize.Bounded(strings.TrimPrefix(rest, "\n"), results.MaxText), sanitize.Bounded(c.console, results.MaxText)
	r.in.Attempts = append(r.in.Attempts, attempts...)
	return nil
}

// firstOf returns the first non-blank line of the texts.
func firstOf(texts ...string) string {
	for _, t := range texts {
		for line := range strings.Lines(t) {
			if line = sanitize.Line(line); line != "" {
				return line
			}
		}
	}
	return ""
}

// joined puts the failure before the output.
func joined(body, output string) string {
	if strings.TrimSpace(body) == "" {
		return sanitize.Bounded(output, results.MaxText)
	}
	return sanitize.Bounded(strings.TrimRight(body, "\n")+"\n"+output, results.MaxText)
}
