package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/splicelab/splicelab/internal/spell"
)

// document is what a configuration file says, checked against Config: its
// values, the line of each key, and what is wrong with it. viper knows
// neither lines nor which keys exist.
type document struct {
	values map[string]any
	lines  map[string]int
	faults []fault
}

// check parses a file's content. A syntax error is returned as the only
// fault; its text has the line.
func check(content []byte) document {
	d := document{lines: map[string]int{}}
	var root yaml.Node
	if err := yaml.Unmarshal(content, &root); err != nil {
		d.faults = append(d.faults, fault{what: strings.TrimPrefix(err.Error(), "yaml: ")})
		return d
	}
	if len(root.Content) == 0 {
		return d // an empty file
	}
	d.node(root.Content[0], reflect.TypeFor[Config](), "")
	if len(d.faults) > 0 {
		return d
	}
	if err := root.Decode(&d.values); err != nil {
		d.faults = append(d.faults, fault{what: strings.TrimPrefix(err.Error(), "yaml: ")})
	}
	return d
}

// node checks n, the value of key, against the type t that it will fill.
func (d *document) node(n *yaml.Node, t reflect.Type, key string) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Tag == "!!null" {
		return // "key:" without a value leaves the default
	}
	switch {
	case t.Kind() == reflect.Pointer:
		d.node(n, t.Elem(), key)
	case t.Kind() == reflect.Struct:
		d.mapping(n, t, key)
	case t.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode:
		for i, item := range n.Content {
			path := fmt.Sprintf("%s[%d]", key, i)
			d.lines[path] = item.Line
			d.node(item, t.Elem(), path)
		}
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct,
		n.Kind != yaml.ScalarNode:
		d.mismatch(n, t, key)
	case t.Kind() == reflect.Slice: // one text stands for a list of one
		n.Tag = "!!str"
	case t.Kind() == reflect.String:
		// What YAML takes for a number or a date is meant as it is written:
		// the kernel 6.10 is not 6.1.
		n.Tag = "!!str"
	case !fits(n.Value, t):
		d.mismatch(n, t, key)
	}
}

func (d *document) mapping(n *yaml.Node, t reflect.Type, key string) {
	if n.Kind != yaml.MappingNode {
		d.mismatch(n, t, key)
		return
	}
	types := map[string]reflect.Type{}
	for _, f := range fields(t) {
		types[f.name] = f.typ
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		path := strings.TrimPrefix(key+"."+name.Value, ".")
		typ, known := types[name.Value]
		if !known {
			d.faults = append(d.faults, fault{line: name.Line, what: unknownKey(path, name.Value, key, names(t))})
			continue
		}
		if first, twice := d.lines[path]; twice {
			d.faults = append(d.faults, fault{line: name.Line, what: fmt.Sprintf("key %q is already in line %d", path, first)})
			continue
		}
		d.lines[path] = name.Line
		d.node(value, typ, path)
	}
}

func unknownKey(path, name, parent string, known []string) string {
	if near := spell.Nearest(name, known); near != "" {
		return fmt.Sprintf("unknown key %q: did you mean %q?", path, strings.TrimPrefix(parent+"."+near, "."))
	}
	where := "here"
	if parent != "" {
		where = "in " + parent
	}
	return fmt.Sprintf("unknown key %q: known %s are %s", path, where, strings.Join(known, ", "))
}

func (d *document) mismatch(n *yaml.Node, t reflect.Type, key string) {
	got := fmt.Sprintf("%q", n.Value)
	switch n.Kind {
	case yaml.MappingNode:
		got = "a mapping"
	case yaml.SequenceNode:
		got = "a list"
	}
	if key == "" {
		key = "the file"
	}
	d.faults = append(d.faults, fault{line: n.Line, what: fmt.Sprintf("%s is %s, and must be %s", key, got, describe(t))})
}

// fits reports whether the text value can become a t.
func fits(value string, t reflect.Type) bool {
	var err error
	switch {
	case t == reflect.TypeFor[time.Duration]():
		_, err = time.ParseDuration(value)
	case t.Kind() == reflect.Bool:
		_, err = strconv.ParseBool(value)
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Int64:
		_, err = strconv.ParseInt(value, 0, t.Bits())
	case t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64:
		_, err = strconv.ParseUint(value, 0, t.Bits())
	}
	return err == nil
}
