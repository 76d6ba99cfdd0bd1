package schema_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
)

// object is a part of a schema.
type object map[string]any

// breaks lists what last promises and next does not: a field, its presence, its
// type.
func breaks(t *testing.T, last, next []byte) []string {
	t.Helper()
	var a, b struct {
		Defs map[string]object `json:"$defs"`
	}
	for _, one := range []struct {
		text []byte
		to   any
	}{{last, &a}, {next, &b}} {
		if err := json.Unmarshal(one.text, one.to); err != nil {
			t.Fatal(err)
		}
	}
	var all []string
	for _, def := range slices.Sorted(maps.Keys(a.Defs)) {
		old, now := a.Defs[def], b.Defs[def]
		if now == nil {
			all = append(all, fmt.Sprintf("%s is missing", def))
			continue
		}
		oldFields, _ := old["properties"].(map[string]any)
		nowFields, _ := now["properties"].(map[string]any)
		for _, field := range slices.Sorted(maps.Keys(oldFields)) {
			was, _ := oldFields[field].(map[string]any)
			is, ok := nowFields[field].(map[string]any)
			switch {
			case !ok:
				all = append(all, fmt.Sprintf("%s.%s is missing", def, field))
			case shape(was) != shape(is):
				all = append(all, fmt.Sprintf("%s.%s was %s and is %s", def, field, shape(was), shape(is)))
			}
		}
		required, _ := now["required"].([]any)
		for _, field := range asList(old["required"]) {
			if !slices.Contains(required, field) {
				all = append(all, fmt.Sprintf("%s.%s may be absent", def, field))
			}
		}
	}
	return all
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}

// shape is the type of a field, without what does not change how it is read: a
// description, or the values that there are so far.
func shape(field map[string]any) string {
	kept := map[string]any{}
	for _, key := range []string{"type", "$ref", "format", "items", "additionalProperties", "anyOf"} {
		if v, ok := field[key]; ok {
			kept[key] = v
		}
	}
	text, _ := json.Marshal(kept) // maps of decoded JSON
	return string(text)
}

// A schema that accepts every change would protect nobody.
func TestBreaks(t *testing.T) {
	const old = `{"$defs": {"Run": {"properties": {"id": {"type": "string"}, "cells": {"type": "integer"}}, "required": ["id"]}}}`
	for next, want := range map[string][]string{
		old: nil,
		`{"$defs": {"Run": {"properties": {"id": {"type": "string", "description": "x"}, "cells": {"type": "integer"}, "more": {}}, "required": ["id", "more"]}, "New": {}}}`: nil,
		`{"$defs": {"Run": {"properties": {"id": {"type": "integer"}}}}}`: {"Run.cells is missing", `Run.id was {"type":"string"} and is {"type":"integer"}`, "Run.id may be absent"},
		`{"$defs": {}}`: {"Run is missing"},
	} {
		if got := breaks(t, []byte(old), []byte(next)); !slices.Equal(got, want) {
			t.Errorf("%s breaks %q, want %q", next, got, want)
		}
	}
}
