package config

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/splicelab/splicelab/internal/spell"
)

// document is the content of a configuration file, checked against Config: its
// values, the line of each key, and its faults. viper knows neither lines nor
// which keys exist.
type document struct {
	values  map[string]any
	lines   map[string]int
	faults  []fault
	anchors map[string]ast.Node
}

// check parses a file's content. A syntax error is the only fault, with its
// line in the text.
func check(content []byte) document {
	d := document{lines: map[string]int{}, anchors: map[string]ast.Node{}}
	// The mapping reports duplicate keys itself: it knows their full path.
	file, err := parser.ParseBytes(content, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.faults = append(d.faults, syntaxFault(err))
		return d
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return d // an empty file
	}
	if values, ok := d.node(file.Docs[0].Body, reflect.TypeFor[Config](), ""); ok && len(d.faults) == 0 {
		d.values, _ = values.(map[string]any)
	}
	return d
}

// err is an *Error with the faults of a file, or nil.
func (d document) err(file string) error {
	if len(d.faults) == 0 {
		return nil
	}
	e := &Error{}
	for _, f := range d.faults {
		e.Faults = append(e.Faults, f.in(file))
	}
	return e
}

func syntaxFault(err error) fault {
	var syntax yaml.Error
	if !errors.As(err, &syntax) {
		return fault{what: err.Error()}
	}
	return fault{what: fmt.Sprintf("line %d: %s", syntax.GetToken().Position.Line, syntax.GetMessage())}
}

// node is the value of n, which belongs to key, for a field of type t. It
// reports false if there is none: n is null, which leaves the default, or does
// not fit.
func (d *document) node(n ast.Node, t reflect.Type, key string) (any, bool) {
	n, ok := d.resolve(n)
	switch {
	case !ok:
		return nil, false
	case n.Type() == ast.NullType:
		return nil, false // "key:" without a value
	case t.Kind() == reflect.Pointer:
		return d.node(n, t.Elem(), key)
	case t.Kind() == reflect.Struct:
		return d.mapping(n, t, key)
	}
	if list, ok := n.(*ast.SequenceNode); ok && t.Kind() == reflect.Slice {
		values := []any{}
		for i, item := range list.Values {
			path := fmt.Sprintf("%s[%d]", key, i)
			d.lines[path] = line(item)
			value, _ := d.node(item, t.Elem(), path)
			values = append(values, value)
		}
		return values, true
	}
	text, ok := scalar(n)
	// A scalar is accepted as a list of one, except for a list of mappings.
	if !ok || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct || !fits(text, t) {
		d.mismatch(n, t, key)
		return nil, false
	}
	// The text is kept, and viper converts it to the field's type: the kernel
	// 6.10 is not the number 6.1.
	return text, true
}

// resolve follows aliases, and unwraps anchors and tags. It reports false after
// a fault.
func (d *document) resolve(n ast.Node) (ast.Node, bool) {
	switch w := n.(type) {
	case *ast.AnchorNode:
		// Known only from here on, so that an alias cannot refer to itself.
		value, ok := d.resolve(w.Value)
		d.anchors[w.Name.GetToken().Value] = value
		return value, ok
	case *ast.TagNode:
		return d.resolve(w.Value)
	case *ast.AliasNode:
		name := w.Value.GetToken().Value
		target := d.anchors[name]
		if target == nil {
			d.faults = append(d.faults, fault{line: line(w), what: fmt.Sprintf("unknown anchor %q", name)})
		}
		return target, target != nil
	}
	return n, true
}

// scalar is a scalar as written in the file, without its quotes.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// line is where n begins; for a mapping, that is its first key.
func line(n ast.Node) int {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	return n.GetToken().Position.Line
}

func (d *document) mapping(n ast.Node, t reflect.Type, key string) (any, bool) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		d.mismatch(n, t, key)
		return nil, false
	}
	types := map[string]reflect.Type{}
	for _, f := range fields(t) {
		types[f.name] = f.typ
	}
	values, seen := map[string]any{}, map[string]int{}
	for _, pair := range m.Values {
		name, at := pair.Key.GetToken().Value, line(pair.Key)
		path := strings.TrimPrefix(key+"."+name, ".")
		typ, known := types[name]
		if !known {
			d.faults = append(d.faults, fault{line: at, what: unknownKey(path, name, key, names(t))})
			continue
		}
		if first, twice := seen[name]; twice {
			d.faults = append(d.faults, fault{line: at, what: fmt.Sprintf("key %q is already in line %d", path, first)})
			continue
		}
		seen[name], d.lines[path] = at, at
		if value, ok := d.node(pair.Value, typ, path); ok {
			values[name] = value
		}
	}
	return values, true
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

func (d *document) mismatch(n ast.Node, t reflect.Type, key string) {
	text, _ := scalar(n)
	got := fmt.Sprintf("%q", text)
	switch n.(type) {
	case *ast.MappingNode:
		got = "a mapping"
	case *ast.SequenceNode:
		got = "a list"
	}
	if key == "" {
		key = "the file"
	}
	d.faults = append(d.faults, fault{line: line(n), what: fmt.Sprintf("%s is %s, and must be %s", key, got, describe(t))})
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
