package format

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/splicelab/splicelab/outcome"
)

// readJUnit reads JUnit XML in its common dialects: nested suites or not, with
// or without a root, with Surefire's reruns. Custom entities are refused,
// because they could expand without bound.
func readJUnit(b *bufio.Reader, n *names) (Imported, error) {
	budget := &budgetReader{b: b}
	r := &junitReader{names: n, budget: budget, xml: xml.NewDecoder(budget)}
	r.xml.CharsetReader = plainCharset
	for {
		tok, err := r.next()
		if errors.Is(err, io.EOF) {
			return r.in, nil
		}
		if err != nil {
			return Imported{}, err
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "testsuites", "testsuite":
			err = r.suite(start, junitPlace{})
		default:
			err = r.wrong("<%s> is not the root of a JUnit report: <testsuites> or <testsuite> is", start.Name.Local)
		}
		if err != nil {
			return Imported{}, err
		}
	}
}

type junitReader struct {
	*names
	budget *budgetReader
	xml    *xml.Decoder
	depth  int
	in     Imported
}

// junitPlace is what the enclosing suites specify for their tests.
type junitPlace struct {
	suite      string // for tests without a class
	kernel, fs string
	ours       bool
	depth      int
}

// next returns the next token. Size and nesting depth of tokens are bounded.
func (r *junitReader) next() (xml.Token, error) {
	r.budget.left = maxElement
	tok, err := r.xml.Token()
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		return nil, err
	case errors.Is(err, errElementTooLarge):
		return nil, r.wrong("is within an element of more than %d MiB; shorten what the test printed", maxElement>>20)
	case errors.Is(err, errTooLarge):
		return nil, readError(r.o.File, 0, err)
	default:
		var bad *xml.SyntaxError
		if errors.As(err, &bad) {
			return nil, &SyntaxError{File: r.o.File, Line: bad.Line, What: "is not well-formed XML: " + bad.Msg}
		}
		if strings.HasPrefix(err.Error(), "xml: ") { // from the decoder, such as an unsupported encoding
			return nil, r.wrong("%s", strings.TrimPrefix(err.Error(), "xml: "))
		}
		return nil, readError(r.o.File, r.line(), err)
	}
	switch tok := tok.(type) {
	case xml.StartElement:
		if r.depth++; r.depth > 2*MaxDepth {
			return nil, r.wrong("is within more than %d elements", 2*MaxDepth)
		}
	case xml.EndElement:
		r.depth--
	case xml.Directive:
		if strings.Contains(string(tok), "<!ENTITY") {
			return nil, r.wrong("declares an entity, which no JUnit report needs; remove the DOCTYPE")
		}
	}
	return tok, nil
}

func (r *junitReader) line() int {
	line, _ := r.xml.InputPos()
	return line
}

func (r *junitReader) wrong(format string, args ...any) error {
	return &SyntaxError{File: r.o.File, Line: r.line(), What: fmt.Sprintf(format, args...)}
}

// cutOff returns the error for a truncated document, else err.
func (r *junitReader) cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return r.wrong("ends within an element: the document is truncated")
	}
	return err
}

// within calls child for each child of the current element. child must consume
// the element.
func (r *junitReader) within(child func(xml.StartElement) error) error {
	for {
		tok, err := r.next()
		if err != nil {
			return r.cutOff(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if err := child(tok); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

// skip skips an element.
func (r *junitReader) skip(xml.StartElement) error {
	return r.within(r.skip)
}

func (r *junitReader) suite(start xml.StartElement, p junitPlace) error {
	if p.depth++; p.depth > MaxDepth {
		return r.wrong("is nested in %d suites; the limit is %d", p.depth, MaxDepth)
	}
	if start.Name.Local == "testsuite" && attribute(start, "name") != "" {
		p.suite = attribute(start, "name")
	}
	if t := parseTimestamp(attribute(start, "timestamp")); !t.IsZero() && (r.in.Run.Started.IsZero() || t.Before(r.in.Run.Started)) {
		r.in.Run.Started = t
	}
	return r.within(func(child xml.StartElement) error {
		switch child.Name.Local {
		case "testsuite":
			return r.suite(child, p)
		case "properties":
			return r.within(func(property xml.StartElement) error {
				if property.Name.Local != "property" {
					return r.skip(property)
				}
				name, value, err := r.property(property)
				if err != nil {
					return err
				}
				return r.suiteProperty(&p, name, value)
			})
		case "testcase":
			return r.testcase(child, p)
		}
		return r.skip(child)
	})
}

// property reads a property. Its value is an attribute or the content.
func (r *junitReader) property(start xml.StartElement) (name, value string, err error) {
	value, err = r.text()
	if v := attribute(start, "value"); v != "" {
		value = v
	}
	return attribute(start, "name"), strings.TrimSpace(value), err
}

// suiteProperty evaluates the properties of suites that splicelab or xfstests
// wrote.
func (r *junitReader) suiteProperty(p *junitPlace, name, value string) error {
	run := &r.in.Run
	switch {
	case name == propertyKernel:
		p.kernel, p.ours = value, true
	case name == propertyFS:
		p.fs, p.ours = value, true
	case name == propertyRun:
		run.ID = value
	case p.ours && r.platform(p.kernel, strings.TrimPrefix(name, propertyLab), value):
	case p.ours && name == "policy":
		run.Policy = outcome.Policy(value)
	case p.ours && name == "accel":
		run.Accel = value
	case p.ours && name == "seed":
		seed, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return r.wrong("the seed %q is not an integer", value)
		}
		run.Seed = seed
	case p.ours && name == "problem":
		run.Problem = value
	case p.ours && strings.HasPrefix(name, propertyCond):
		if run.Conditions == nil {
			run.Conditions = map[string]string{}
		}
		if len(run.Conditions) < maxConditions {
			run.Conditions[strings.TrimPrefix(name, propertyCond)] = value
		}
	case name == "FSTYP" && p.fs == "":
		p.fs = value
	case name == "PLATFORM" && p.kernel == "":
		// xfstests writes "Linux/x86_64 host release #build …".
		if words := strings.Fields(value); len(words) > 2 && strings.HasPrefix(words[0], "Linux/") {
			p.kernel = words[2]
		}
	}
	return nil
}

// maxConditions bounds the conditions that a document may contain.
const maxConditions = 1000

// text reads the content of the current element without that of its children.
func (r *junitReader) text() (string, error) {
	var b clipped
	for {
		tok, err := r.next()
		if err != nil {
			return "", r.cutOff(err)
		}
		switch tok := tok.(type) {
		case xml.CharData:
			b.add(tok)
		case xml.StartElement:
			if err := r.skip(tok); err != nil {
				return "", err
			}
		case xml.EndElement:
			return string(b), nil
		}
	}
}

// clipped is a text whose middle is dropped when it grows large. The store
// keeps far less.
type clipped []byte

func (c *clipped) add(b []byte) {
	const keep = 1 << 20
	*c = append(*c, b...)
	if t := *c; len(t) > 4*keep {
		*c = append(append(append(clipped(nil), t[:keep]...), "\n[…]\n"...), t[len(t)-keep:]...)
	}
}

// attribute is the value of an attribute, or "".
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// junitSeconds parses a time in seconds. Some tools write a comma as the
// thousands separator.
func junitSeconds(s string) time.Duration {
	f, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", ""), 64)
	if err != nil || !(f >= 0 && f < 1e9) {
		return 0
	}
	return time.Duration(f*1e6+0.5) * time.Microsecond
}

// errElementTooLarge reports a token of more than maxElement bytes.
var errElementTooLarge = errors.New("an element is too large")

// budgetReader bounds the bytes read for one token. It is a ByteReader so that
// the decoder does not read ahead.
type budgetReader struct {
	b    *bufio.Reader
	left int
}

func (r *budgetReader) ReadByte() (byte, error) {
	if r.left--; r.left < 0 {
		return 0, errElementTooLarge
	}
	return r.b.ReadByte()
}

func (r *budgetReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := r.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = c
	return 1, nil
}

// plainCharset supports the other names of UTF-8's subsets, and Latin-1.
func plainCharset(label string, input io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "us-ascii", "ascii":
		return input, nil
	case "iso-8859-1", "latin1":
		return &latin1{r: input}, nil
	}
	return nil, fmt.Errorf("encoding %q is not supported; convert the document to UTF-8", label)
}

// latin1 converts ISO 8859-1 to UTF-8.
type latin1 struct {
	r       io.Reader
	pending byte // second byte of a character; 0: none
}

func (l *latin1) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if l.pending != 0 {
		p[0], l.pending = l.pending, 0
		return 1, nil
	}
	n, err := l.r.Read(p[:1])
	if n == 1 && p[0] >= 0x80 {
		l.pending = 0x80 | p[0]&0x3f
		p[0] = 0xc0 | p[0]>>6
	}
	return n, err
}
