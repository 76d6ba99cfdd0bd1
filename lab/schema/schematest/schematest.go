// Package schematest validates documents in tests: see Validate.
package schematest

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/splicelab/splicelab/lab/schema"
)

// Validate checks a document against the published schema of that name. Unlike
// its readers it accepts no field that the schema does not have.
func Validate(t *testing.T, name string, document []byte) {
	t.Helper()
	text, err := schema.Text(name)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("the schema %s: %v", name, err)
	}
	closed(parsed)
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", parsed); err != nil {
		t.Fatalf("the schema %s: %v", name, err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatalf("the schema %s: %v", name, err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatalf("%s: %v\n%.500s", name, err, document)
	}
	if err := compiled.Validate(doc); err != nil {
		t.Errorf("%s: %v\n%.500s", name, err, document)
	}
}

// closed makes every object of a schema reject unknown fields.
func closed(schema any) {
	switch s := schema.(type) {
	case map[string]any:
		delete(s, "$id") // it would be the base of its references
		if _, ok := s["properties"]; ok && s["additionalProperties"] == nil {
			s["additionalProperties"] = false
		}
		for _, part := range s {
			closed(part)
		}
	case []any:
		for _, part := range s {
			closed(part)
		}
	}
}
