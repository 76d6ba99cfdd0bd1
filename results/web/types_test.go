package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	reflector "github.com/invopop/jsonschema"
)

// pageTypes declares the documents for the type checker of the page's scripts.
const pageTypes = "../page/assets/documents.d.ts"

// lineWidth is where its lines are wrapped. What the fields mean is in
// schema.json.
const lineWidth = 120

// TestPageTypesMatchSchema: a script of the page that uses a field which no
// document has is an error of its type checker.
func TestPageTypesMatchSchema(t *testing.T) {
	var all reflector.Schema
	must(t, json.Unmarshal(schemaText, &all))
	var b strings.Builder
	b.WriteString("// The documents that the page reads, as schema.json of the server describes\n" +
		"// them. Written by: go test ./results/web -run PageTypes -update\n\ndeclare namespace doc {\n")
	for _, name := range slices.Sorted(maps.Keys(all.Definitions)) {
		def := all.Definitions[name]
		fmt.Fprintf(&b, "  /** %s */\n  interface %s {", strings.Join(strings.Fields(def.Description), " "), name)
		width := lineWidth
		for p := def.Properties.Oldest(); p != nil; p = p.Next() {
			field := fmt.Sprintf("%s: %s;", p.Key, scriptType(t, p.Value))
			if width += len(field) + 1; width > lineWidth {
				b.WriteString("\n   ")
				width = len(field) + 4
			}
			b.WriteString(" " + field)
		}
		b.WriteString("\n  }\n")
	}
	b.WriteString("}\n")
	if *update {
		must(t, os.WriteFile(pageTypes, []byte(b.String()), 0o644))
		return
	}
	have, err := os.ReadFile(pageTypes)
	must(t, err)
	if diff := cmp.Diff(string(have), b.String()); diff != "" {
		t.Errorf("%s does not match schema.json; write it with -update (-have +want):\n%s", pageTypes, diff)
	}
}

// scriptType is a schema as a type of TypeScript. Closed sets of strings are
// strings: the page may get values of a newer program.
func scriptType(t *testing.T, s *reflector.Schema) string {
	t.Helper()
	switch {
	case s.Ref != "":
		return strings.TrimPrefix(s.Ref, "#/$defs/")
	case len(s.AnyOf) > 0:
		var types []string
		for _, one := range s.AnyOf {
			types = append(types, scriptType(t, one))
		}
		return strings.Join(types, " | ")
	case s.Type == "array":
		return scriptType(t, s.Items) + "[]"
	case s.Type == "integer":
		return "number"
	case s.Type == "number" || s.Type == "string" || s.Type == "boolean" || s.Type == "null":
		return s.Type
	case len(s.PatternProperties) == 1:
		for _, values := range s.PatternProperties {
			return "Record<number, " + scriptType(t, values) + ">"
		}
	case s.AdditionalProperties != nil && s.AdditionalProperties.Type != "":
		return "Record<string, " + scriptType(t, s.AdditionalProperties) + ">"
	}
	t.Fatalf("no script type for %+v", s)
	return ""
}
