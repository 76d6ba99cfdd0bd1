package expect

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
)

// FileName is the default file, in the working directory.
const FileName = "expectations.yaml"

// Error lists the errors in an expectations file, for the user to fix.
type Error struct {
	// Faults are sentences with the file and, if known, the line; at least one.
	Faults []string
}

func (e *Error) Error() string { return strings.Join(e.Faults, "\n") }

// BadInput marks an error that the user has to correct: the lab did not fail.
func (*Error) BadInput() {}

// Load reads an expectations file; now decides which of its rules have expired.
// The error is an *Error, or wraps fs.ErrNotExist if there is no file.
func Load(path string, now time.Time) (*Expectations, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("expectations: %w", err)
	}
	return Parse(path, content, now)
}

// Parse is Load for given content; file is used in errors.
func Parse(file string, content []byte, now time.Time) (*Expectations, error) {
	p := &reader{e: &Expectations{File: file, today: day(now)}}
	list, err := rulesNode(content)
	if err != nil {
		var syntax yaml.Error
		if errors.As(err, &syntax) {
			p.fault(syntax.GetToken().Position.Line, "%s", syntax.GetMessage())
		} else {
			p.fault(0, "%s", err)
		}
	} else if list != nil {
		for _, n := range list.Values {
			p.rule(n)
		}
	}
	if len(p.faults) > 0 {
		return nil, &Error{p.faults}
	}
	return p.e, nil
}

// rulesNode is the file's top-level list, nil if the file is empty.
func rulesNode(content []byte) (*ast.SequenceNode, error) {
	f, err := parser.ParseBytes(content, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var list *ast.SequenceNode
	for _, d := range f.Docs {
		switch body := d.Body.(type) {
		case nil, *ast.CommentGroupNode, *ast.NullNode:
		case *ast.SequenceNode:
			if list != nil {
				return nil, errors.New(`there are two documents: remove the "---" between them`)
			}
			list = body
		default:
			return nil, errors.New(`must be a list of rules, each beginning with "- test:"`)
		}
	}
	return list, nil
}

// reader collects the rules of a file and the errors in them.
type reader struct {
	e      *Expectations
	faults []string
}

func (p *reader) fault(line int, format string, args ...any) {
	where := p.e.File
	if line > 0 {
		where = fmt.Sprintf("%s:%d", where, line)
	}
	p.faults = append(p.faults, where+": "+fmt.Sprintf(format, args...))
}

// keys are the keys of a rule, in the order in which they are written.
var keys = []string{"test", "filesystem", "kernels", "arch", "flavour", "outcome", "verdict", "reason", "owner", "link", "until"}

func (p *reader) rule(n ast.Node) {
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		p.fault(lineOf(n), `is no rule: it must have keys, as in "test: splice.TestWrite/*"`)
		return
	}
	if len(pairs) == 0 {
		p.fault(lineOf(n), "a rule without keys: add for example \"test: splice.TestWrite/*\", or remove it")
		return
	}
	r := Rule{Line: lineOf(pairs[0].Key)}
	lines := map[string]int{}
	good := len(p.faults)
	for _, kv := range pairs {
		key, line := kv.Key.GetToken().Value, lineOf(kv.Key)
		lines[key] = line
		if !slices.Contains(keys, key) {
			p.fault(line, "unknown key %q: known are %s", sanitize.Line(key), strings.Join(keys, ", "))
			continue
		}
		if err := r.set(key, kv.Value); err != nil {
			p.fault(line, "%s: %s", key, err)
		}
	}
	if len(p.faults) > good {
		return
	}
	if key, err := r.validate(); err != nil {
		line := lines[key]
		if line == 0 {
			line = r.Line
		}
		p.fault(line, "%s", err)
		return
	}
	p.e.Rules = append(p.e.Rules, r)
}

func (r *Rule) set(key string, n ast.Node) error {
	lists := map[string]*[]string{"test": &r.Test, "filesystem": &r.Filesystem, "kernels": &r.Kernels, "arch": &r.Arch, "flavour": &r.Flavour}
	if list := lists[key]; list != nil {
		var err error
		*list, err = texts(n)
		return err
	}
	s, err := text(n)
	if err != nil {
		return err
	}
	switch key {
	case "outcome":
		r.Outcome = outcome.Outcome(s)
	case "verdict":
		r.Verdict = outcome.Verdict(s)
	case "reason":
		r.Reason = s
	case "owner":
		r.Owner = s
	case "link":
		r.Link = s
	case "until":
		r.Until = s
	}
	return nil
}

// validate checks the rule and prepares it; key is the invalid one.
func (r *Rule) validate() (key string, err error) {
	var verdicts []string
	for _, v := range outcome.Verdicts {
		if v.Bad() {
			verdicts = append(verdicts, string(v))
		}
	}
	switch {
	case len(r.Test) == 0:
		return "test", errors.New(`test is missing: add for example "test: splice.TestWrite/*", or "*" for all`)
	case r.Reason == "":
		return "reason", errors.New("reason is missing: it is shown with each cell that the rule speaks of")
	case r.Outcome == "" && r.Verdict == "":
		return "outcome", errors.New(`outcome and verdict are missing: say what is expected, as in "outcome: zeroed" or "verdict: crash"`)
	case r.Verdict != "" && !slices.Contains(verdicts, string(r.Verdict)):
		return "verdict", fmt.Errorf("verdict %q is not one of %s: nothing else needs an expectation", r.Verdict, strings.Join(verdicts, ", "))
	case r.Outcome != "" && !slices.Contains(outcome.All, r.Outcome):
		return "outcome", fmt.Errorf("outcome %q is none of %s", r.Outcome, strings.Trim(fmt.Sprint(outcome.All), "[]"))
	}
	if r.Until != "" {
		if _, err := time.Parse(time.DateOnly, r.Until); err != nil {
			return "until", fmt.Errorf("until %q must be a date like 2027-03-31", r.Until)
		}
	}
	for _, name := range r.Arch {
		if _, err := arch.Parse(name); err != nil {
			return "arch", err
		}
	}
	for _, name := range r.Flavour {
		if _, err := arch.OfFlavour(name); err != nil {
			return "flavour", err
		}
	}
	r.ranges = nil
	for _, k := range r.Kernels {
		x, err := kernelversion.ParseRange(k)
		if err != nil {
			return "kernels", err
		}
		r.ranges = append(r.ranges, x)
	}
	return "", nil
}

// texts returns the texts of a list; a scalar counts as a list of one.
func texts(n ast.Node) ([]string, error) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		s, err := text(n)
		if s == "" || err != nil {
			return nil, err
		}
		return []string{s}, nil
	}
	var all []string
	for _, v := range list.Values {
		s, err := text(v)
		if err != nil {
			return nil, err
		}
		if s == "" {
			return nil, errors.New("an entry of the list is empty")
		}
		all = append(all, s)
	}
	return all, nil
}

// text returns a value as written: the kernel 6.10 is not the number 6.1.
func text(n ast.Node) (string, error) {
	switch n := n.(type) {
	case *ast.NullNode:
		return "", nil
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value), nil
	case *ast.StringNode:
		return strings.TrimSpace(n.Value), nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, nil
	case *ast.AliasNode:
		return "", errors.New("put what begins with * into quotes")
	}
	return "", fmt.Errorf("is a %s, and must be a text", strings.ToLower(n.Type().YAMLName()))
}

func lineOf(n ast.Node) int { return n.GetToken().Position.Line }
