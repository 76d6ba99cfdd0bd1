package web

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	reflector "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/findings"
	"github.com/splicelab/splicelab/results/page"
)

var update = flag.Bool("update", false, "write schema.json anew")

// answers are the documents of the API by their names in the schema.
var answers = map[string]any{
	"Runs": Runs{}, "Run": page.Run{}, "Cells": page.Cells{}, "Cell": page.Cell{}, "Event": page.Event{},
	"Diff": page.Diff{}, "History": History{}, "Map": page.Map{}, "Failure": Failure{}, "Vectors": page.Vectors{}, "Times": page.Times{},
	"Violations": page.Violations{}, "Trend": page.Trend{}, "Flaky": Flaky{}, "Searches": Searches{}, "Tests": Tests{},
}

// TestSchemaMatchesTypes: the schema matches the documents' types and their
// comments.
func TestSchemaMatchesTypes(t *testing.T) {
	r := &reflector.Reflector{Anonymous: true, Mapper: closedSets}
	for _, dir := range []string{".", "../page", ".."} {
		must(t, r.AddGoComments("github.com/splicelab/splicelab/results/web", dir))
	}
	all := &reflector.Schema{
		Version: reflector.Version, ID: "urn:splicelab:schema:v1:api", Title: "splicelab serve: every document that it sends",
		Description: "docs/api.md lists the paths. Fields may be added, but are never renamed or missing.",
		Definitions: reflector.Definitions{},
	}
	for name, v := range answers {
		for def, schema := range r.Reflect(v).Definitions {
			all.Definitions[def] = schema
		}
		if all.Definitions[name] == nil {
			t.Fatalf("no definition %s", name)
		}
	}
	// Pointers in Go are nullable.
	event := all.Definitions["Event"].Properties
	for _, field := range []string{"cell", "tally"} {
		schema, ok := event.Get(field)
		if !ok {
			t.Fatalf("an event has no %s", field)
		}
		description := schema.Description
		schema.Description = ""
		event.Set(field, &reflector.Schema{Description: description, AnyOf: []*reflector.Schema{schema, {Type: "null"}}})
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	must(t, e.Encode(all))
	if *update {
		must(t, os.WriteFile("schema.json", b.Bytes(), 0o644))
		return
	}
	if diff := cmp.Diff(string(schemaText), b.String()); diff != "" {
		t.Errorf("schema.json does not match the types; write it with -update (-have +want):\n%s", diff)
	}
}

// closedSets lists the values of types that have a fixed set of them. Outcomes
// have none: unknown ones from a newer suite are kept unchanged.
func closedSets(t reflect.Type) *reflector.Schema {
	var values []any
	switch t {
	case reflect.TypeFor[outcome.Verdict]():
		values = append(values, "") // a diff's cell that one run lacks
		for _, v := range outcome.Verdicts {
			values = append(values, v)
		}
	case reflect.TypeFor[outcome.Policy]():
		for _, p := range outcome.Policies {
			values = append(values, p)
		}
	case reflect.TypeFor[outcome.Class]():
		values = append(values, "") // a diff's cell that one run lacks
		for _, c := range outcome.Classes {
			values = append(values, c)
		}
	case reflect.TypeFor[findings.State]():
		values = []any{findings.Unseen, findings.Holds, findings.Other, findings.Violated}
	case reflect.TypeFor[results.Expected]():
		values = []any{"", results.XFail, results.XPass}
	default:
		return nil
	}
	return &reflector.Schema{Type: "string", Enum: values}
}

// compiled caches compiled definitions.
var compiled = map[string]*jsonschema.Schema{}

// validator compiles one of the schema's definitions.
func validator(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	if s := compiled[name]; s != nil {
		return s
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText))
	must(t, err)
	c := jsonschema.NewCompiler()
	must(t, c.AddResource("schema.json", doc))
	s, err := c.Compile("schema.json#/$defs/" + name)
	must(t, err)
	compiled[name] = s
	return s
}

func validate(t *testing.T, name string, body []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if err := validator(t, name).Validate(doc); err != nil {
		t.Errorf("%s: %v\n%.500s", name, err, body)
	}
}

// TestAnswersMatchSchema validates a response of every kind against the
// served schema.
func TestAnswersMatchSchema(t *testing.T) {
	h := testServer(t, Config{Store: sampleStore(t, storePath(t)), Searches: func() ([]page.Search, error) { return []page.Search{sampleSearch(0, 1)}, nil }}, quick).Handler()
	cell := "kernel=" + url.QueryEscape(kernels[2]) + "&fs=xfs&test=" + url.QueryEscape(tests[0])
	seen := []string{"Event"} // sent in a stream: see TestEvents
	for target, name := range map[string]string{
		"/api/runs": "Runs", "/api/runs?limit=1&skip=1": "Runs", "/api/runs?skip=99": "Runs",
		"/api/runs/latest": "Run", "/api/runs/@baseline": "Run", "/api/runs/20261123-191": "Run", "/api/runs/2026-11-24": "Run",
		"/api/runs/latest/cells": "Cells", "/api/runs/latest~1/cells": "Cells", "/api/runs/latest~1/cells?policy=alias": "Cells",
		"/api/runs/latest~1/cell?" + cell: "Cell", "/api/runs/latest~1/cell?policy=alias&" + cell: "Cell",
		"/api/runs/latest~1/vectors": "Vectors", "/api/runs/latest~1/violations": "Violations", "/api/runs/latest/violations": "Violations", "/api/runs/latest/vectors": "Vectors", "/api/runs/latest~1/times": "Times", "/api/runs/latest/times": "Times",
		"/api/diff": "Diff", "/api/diff?before=@baseline&after=latest~1": "Diff", "/api/diff?before=latest~1&after=latest&policy=alias": "Diff",
		"/api/history?" + cell: "History", "/api/history?kernel=no&fs=such&test=cell": "History",
		"/api/flaky": "Flaky", "/api/flaky?limit=1&policy=alias": "Flaky", "/api/bisections": "Searches",
		"/api/map": "Map", "/api/trend": "Trend", "/api/runs/latest~1/tests": "Tests", "/api/runs/latest~1/cells?test=splice.TestWrite": "Cells", "/api/runs/latest~1/cells?test=a/b": "Failure", "/api/trend?limit=1": "Trend", "/api/map?tests=Punch&fs=xfs&runs=latest~1,@baseline": "Map", "/api/map?tests=nothing": "Map",
		"/api/runs/nobody": "Failure", "/api/nothing": "Failure", "/api/runs/latest/cell": "Failure",
	} {
		w := ask(h, "GET", target)
		if (w.Code == 200) == (name == "Failure") {
			t.Errorf("GET %s: %d %s", target, w.Code, w.Body)
		}
		validate(t, name, w.Body.Bytes())
		seen = append(seen, name)
	}
	for name := range answers {
		if !slices.Contains(seen, name) {
			t.Errorf("no response of %s was tested", name)
		}
	}
	if served := ask(h, "GET", "/api/schema.json"); served.Body.String() != string(schemaText) || served.Header().Get("Content-Type") != "application/schema+json" {
		t.Errorf("a different schema is served: %s %.100s", served.Header(), served.Body)
	}
}

// TestSchemaRefuses: a schema that accepts everything would prove nothing.
func TestSchemaRefuses(t *testing.T) {
	good := ask(testServer(t, Config{Store: sampleStore(t, storePath(t))}, quick).Handler(), "GET", "/api/runs/latest~1").Body.String()
	validate(t, "Run", []byte(good))
	for _, change := range [][2]string{
		{`"policy":"snapshot"`, `"policy":"other"`}, {`"planned":24`, `"planned":"24"`}, {`"accel":"tcg",`, ``}, {`"accel"`, `"accelerator"`}, {`"verdicts":{`, `"verdicts":null,"x":{`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%s is not in %s", change[0], good)
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		must(t, err)
		if validator(t, "Run").Validate(doc) == nil {
			t.Errorf("%s in place of %s is accepted", change[1], change[0])
		}
	}
}
