package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/splicelab/splicelab/internal/sanitize"
)

// Encoding is how a verb that lists or shows prints its document; empty: as
// text for people.
type Encoding string

// The encodings.
const (
	EncodingJSON Encoding = "json"
	EncodingYAML Encoding = "yaml"
)

// Encodings are the values of an Encoding that is not empty.
var Encodings = []string{string(EncodingJSON), string(EncodingYAML)}

// Write writes v as a document whose fields have the order of JSON's. It has no
// characters that a terminal would obey, whatever a guest printed.
func (e Encoding) Write(w io.Writer, v any) error {
	if e == EncodingYAML {
		return YAML(w, v)
	}
	return JSON(w, v)
}

// JSON writes v as an indented document.
func JSON(w io.Writer, v any) error {
	b := new(bytes.Buffer)
	e := json.NewEncoder(b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(sanitize.JSON(b.Bytes()))
	return err
}

// YAML writes v as the YAML document with the same value as its JSON.
//
// Its library is not the one that reads configurations: that one writes control
// characters as they are, leaves "1e3" unquoted, which others read as a number,
// and takes minutes for a large run.
func YAML(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	node, err := yamlNode(d)
	if err != nil {
		return fmt.Errorf("as YAML: %w", err)
	}
	b := new(bytes.Buffer)
	e := yaml.NewEncoder(b)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(node), e.Close()); err != nil {
		return fmt.Errorf("as YAML: %w", err)
	}
	_, err = w.Write(sanitize.YAML(b.Bytes()))
	return err
}

// yamlNode reads one JSON value, keeping the order of its fields.
func yamlNode(d *json.Decoder) (*yaml.Node, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		node := &yaml.Node{Kind: yaml.SequenceNode}
		if t == '{' {
			node.Kind = yaml.MappingNode
		}
		for d.More() {
			child, err := yamlNode(d) // a field's name, too
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, child)
		}
		if len(node.Content) == 0 {
			node.Style = yaml.FlowStyle // else an empty list is no value at all
		}
		_, err := d.Token() // its end
		return node, err
	case string:
		return yamlString(t), nil
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: t.String()}, nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: fmt.Sprint(t)}, nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: "null"}, nil
}

// plain is text that no version of YAML reads as anything else than this
// string, apart from the words below.
var plain = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./+-]*( [A-Za-z0-9_./+(][A-Za-z0-9_./+()-]*)*$`)

// block is text of several lines that needs no indentation indicator, with which
// readers disagree.
var block = regexp.MustCompile(`^[^\s][^\n]*\n(?s:.*[^\n])?\n?$`)

// yamlWords are read as other values by some version of YAML.
var yamlWords = map[string]bool{"null": true, "true": true, "false": true, "yes": true, "no": true, "on": true, "off": true, "y": true, "n": true, "nan": true, "inf": true}

// yamlString leaves text plain only if every reader takes it for the string. A
// text of several lines is a literal block.
func yamlString(s string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: yaml.DoubleQuotedStyle}
	switch {
	case plain.MatchString(s) && !yamlWords[strings.ToLower(s)]:
		node.Style = 0
	case block.MatchString(s) && !sanitize.Invisible(s):
		node.Style = yaml.LiteralStyle
	}
	return node
}
