package expect

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/splicelab/splicelab/internal/sanitize"
)

// header is the head of a new file.
const header = `# Expected results of cells. The first rule that matches a cell applies.
# docs/expectations.md describes the rules.
`

// insert adds rules to the text of a file before the existing rule with that index,
// or at the end. Existing text does not change.
func insert(content []byte, there []Rule, before int, rules []Rule) ([]byte, error) {
	if len(rules) == 0 {
		return content, nil
	}
	if len(bytes.TrimSpace(content)) == 0 {
		content = []byte(header)
	}
	lines := strings.SplitAfter(string(content), "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	} else {
		lines[last] += "\n"
	}
	list, err := rulesNode(content)
	if err != nil {
		return nil, err
	}
	if list != nil && list.IsFlowStyle && len(there) > 0 {
		return nil, errors.New(`its rules are a list in [brackets]: write each on lines of its own, beginning with "- test:"`)
	}
	indent := ""
	at := len(lines)
	if list != nil && !list.IsFlowStyle {
		indent = strings.Repeat(" ", list.Start.Position.Column-1)
		if before < len(there) {
			at = list.Values[before].GetToken().Position.Line - 1
			// The line of a rule's dash, and the comment above it, belong to the rule.
			for at > 0 && !strings.HasPrefix(strings.TrimSpace(lines[at]), "-") {
				at--
			}
			for at > 0 && strings.HasPrefix(strings.TrimSpace(lines[at-1]), "#") {
				at--
			}
		}
	}
	var b strings.Builder
	for _, l := range lines[:at] {
		b.WriteString(l)
	}
	if at > 0 && strings.TrimSpace(lines[at-1]) != "" {
		b.WriteByte('\n')
	}
	for i, r := range rules {
		if i > 0 {
			b.WriteByte('\n')
		}
		text, err := r.write(indent)
		if err != nil {
			return nil, err
		}
		b.WriteString(text)
	}
	if at < len(lines) {
		b.WriteByte('\n')
	}
	for _, l := range lines[at:] {
		b.WriteString(l)
	}
	return []byte(b.String()), nil
}

// write formats the rule as an indented list entry.
func (r *Rule) write(indent string) (string, error) {
	var b strings.Builder
	for _, f := range []struct {
		key    string
		values []string
	}{
		{"test", r.Test}, {"filesystem", r.Filesystem}, {"kernels", r.Kernels}, {"arch", r.Arch}, {"flavour", r.Flavour}, {"outcome", one(string(r.Outcome))}, {"verdict", one(string(r.Verdict))},
		{"reason", one(r.Reason)}, {"owner", one(r.Owner)}, {"link", one(r.Link)}, {"until", one(r.Until)},
	} {
		if len(f.values) == 0 {
			continue
		}
		lead := indent + "  "
		if b.Len() == 0 {
			lead = indent + "- "
		}
		value, err := scalars(f.values, indent+"  ")
		if err != nil {
			return "", err
		}
		b.WriteString(lead + f.key + ":" + value + "\n")
	}
	return b.String(), nil
}

// one returns a list of the text, empty if the text is.
func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{sanitize.Line(s)}
}

// widest is how long a list may get before each entry has a line of its own.
const widest = 90

// scalars writes a text, or a list of texts.
func scalars(values []string, indent string) (string, error) {
	texts := make([]string, len(values))
	length := 0
	for i, v := range values {
		b, err := yaml.MarshalWithOptions(v, yaml.Flow(true))
		if err != nil {
			return "", fmt.Errorf("%q: %w", v, err)
		}
		texts[i] = strings.TrimSpace(string(b))
		// Unquoted, these would end an entry of a list in brackets.
		if len(values) > 1 && strings.ContainsAny(v, ",[]{}") && texts[i] == v {
			texts[i] = "'" + strings.ReplaceAll(v, "'", "''") + "'"
		}
		length += len(texts[i]) + 2
	}
	switch {
	case len(texts) == 1:
		return " " + texts[0], nil
	case length < widest:
		return " [" + strings.Join(texts, ", ") + "]", nil
	}
	lead := "\n" + indent + "  - "
	return lead + strings.Join(texts, lead), nil
}
