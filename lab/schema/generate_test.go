package schema_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"

	"github.com/splicelab/splicelab/internal/buildinfo"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/kernels/debian"
	"github.com/splicelab/splicelab/lab/bench"
	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/lab/bisect/drive"
	"github.com/splicelab/splicelab/lab/catalogue"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/doctor"
	"github.com/splicelab/splicelab/lab/kernelset"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/lab/schema"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/changes"
	"github.com/splicelab/splicelab/results/findings"
	"github.com/splicelab/splicelab/results/format"
	"github.com/splicelab/splicelab/results/page"
)

var update = flag.Bool("update", false, "write the schemas anew")

// documents are the documents by their names: a value of each type.
var documents = map[string]any{
	"run": format.JSON(format.Document{}), "cells": query.ShownCells{}, "runs": []query.RunDocument{}, "diff": page.Diff{}, "history": query.CellHistory{},
	"flaky": page.FlakyCells{}, "findings": findings.Document{}, "policy-vectors": []findings.Vector{}, "timing": query.TimeUse{}, "rule-uses": []query.RuleUse{}, "baseline": query.Baseline{}, "trend": query.Trend{}, "map": page.Map{},
	"changes": changes.Document{}, "bisect-packages": drive.PackagesDocument{}, "bisect-commits": drive.CommitsDocument{}, "bisect-config": drive.ConfigDocument{},
	"kernels": []kernelset.Document{}, "kernel-details": []kernelset.Details{}, "kernels-diff": []kernelset.OptionChange{},
	"suites": []protocol.Suite{}, "tests": []catalogue.Test{}, "progress": progress.Object{}, "bench": bench.Document{}, "cache": session.CacheUse{}, "config": config.Config{},
	"doctor": doctor.Report{}, "version": buildinfo.Document{}, "schemas": []schema.Listed{},
}

// commented are the directories whose comments describe the documents.
var commented = []string{".", "../query", "../bench", "../bisect", "../bisect/drive", "../catalogue", "../config", "../doctor", "../kernelset", "../progress", "../session",
	"../../internal/buildinfo", "../../internal/protocol", "../../results", "../../results/changes", "../../results/compare", "../../results/findings", "../../results/format",
	"../../results/page", "../../images", "../../kernels/source", "../../kernels/debian", "../../kernels/apt"}

// TestSchemasMatchTypes: each schema is that of its document's type, and keeps
// all that the last one promised.
func TestSchemasMatchTypes(t *testing.T) {
	r := &jsonschema.Reflector{Anonymous: true, AllowAdditionalProperties: true, Mapper: known, Namer: title}
	for _, dir := range commented {
		if err := r.AddGoComments("github.com/splicelab/splicelab/lab/schema", dir); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	for _, d := range schema.Documents {
		if seen[d.Name] {
			t.Errorf("%s is listed twice", d.Name)
		}
		seen[d.Name] = true
		if d.Name == schema.API {
			continue // results/web has its test
		}
		v, ok := documents[d.Name]
		if !ok {
			t.Errorf("%s has no type here", d.Name)
			continue
		}
		r.FieldNameTag = ""
		if d.Name == "config" {
			r.FieldNameTag = "mapstructure"
		}
		s := r.Reflect(v)
		switch d.Name {
		case "bisect-commits":
			nullable(s.Definitions["CommitsDocument"], "commit")
		case "progress":
			nullable(s.Definitions["Object"], "left_seconds")
			nullable(s.Definitions["Object"], "bisect")
		}
		s.ID = jsonschema.ID(fmt.Sprintf("urn:splicelab:schema:v%d:%s", schema.Version, d.Name))
		s.Title, s.Description = d.Title, "Fields may be added, but are never renamed, removed or given another type."
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(s); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("v1", d.Name+".json")
		last, err := os.ReadFile(file)
		if err == nil {
			for _, broken := range breaks(t, last, b.Bytes()) {
				t.Errorf("%s: %s: who reads version %d relies on it", d.Name, broken, schema.Version)
			}
		}
		switch {
		case *update && !t.Failed():
			if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		case err != nil:
			t.Error(err)
		default:
			if diff := cmp.Diff(string(last), b.String()); diff != "" {
				t.Errorf("%s does not match its type; write it with -update (-have +want):\n%s", file, diff)
			}
		}
	}
}

// nullable allows null in a field that is a pointer in Go.
func nullable(s *jsonschema.Schema, field string) {
	of, _ := s.Properties.Get(field)
	about := of.Description
	of.Description = ""
	s.Properties.Set(field, &jsonschema.Schema{Description: about, AnyOf: []*jsonschema.Schema{of, {Type: "null"}}})
}

// title is the name of a type in a schema: without what is only Go's.
func title(t reflect.Type) string {
	name := t.Name()
	if name == "" {
		return ""
	}
	if t == reflect.TypeFor[debian.Config]() {
		name = "Debian" + name // there is another Config
	}
	if short := strings.TrimPrefix(name, "document"); short != "" && short != name {
		name = short
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// known are types whose documents differ from their Go types. Outcomes are an
// open set: those of a newer suite are kept.
func known(t reflect.Type) *jsonschema.Schema {
	text := func(values ...any) *jsonschema.Schema { return &jsonschema.Schema{Type: "string", Enum: values} }
	switch t {
	case reflect.TypeFor[outcome.Verdict]():
		values := []any{""}
		for _, v := range outcome.Verdicts {
			values = append(values, v)
		}
		return text(values...)
	case reflect.TypeFor[outcome.Class]():
		values := []any{""} // without a verdict
		for _, c := range outcome.Classes {
			values = append(values, c)
		}
		return text(values...)
	case reflect.TypeFor[results.Expected]():
		return text("", results.XFail, results.XPass)
	case reflect.TypeFor[bisect.Side](), reflect.TypeFor[outcome.Policy](), reflect.TypeFor[time.Duration]():
		return text()
	}
	if t.Name() == "documentTiming" { // by phase
		return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{Type: "number"}}
	}
	return nil
}
