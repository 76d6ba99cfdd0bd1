package format

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/splicelab/splicelab/results"
)

func TestDocumentsGolden(t *testing.T) {
	ends := map[string]string{"json": "json", "junit": "junit.xml", "ktap": "ktap", "kcidb": "kcidb.json", "test2json": "test2json", "markdown": "md", "csv": "csv", "openmetrics": "prom"}
	for name, content := range documents(t, sample()) {
		t.Run(name, func(t *testing.T) { golden(t, "run."+ends[name], content) })
	}
}

// No control character that a guest printed reaches a reader's terminal.
func TestHostileTextInEveryFormat(t *testing.T) {
	d := hostileRun()
	d.Cells = stored(t, d)
	for name, content := range documents(t, d) {
		for _, c := range string(content) {
			if c != '\n' && c != '\t' && c != '\r' && !unicode.IsGraphic(c) {
				t.Errorf("%s: %U reaches the reader", name, c)
				break
			}
		}
	}
}

func TestEmptyDocuments(t *testing.T) {
	for name, content := range documents(t, Document{Run: results.Run{ID: "r"}}) {
		if len(content) == 0 && name != "test2json" {
			t.Errorf("%s is empty", name)
		}
	}
}

func TestJSONHasEveryKey(t *testing.T) {
	var doc struct {
		Run   map[string]any
		Cells []map[string]any
	}
	b := new(bytes.Buffer)
	must(t, WriteJSON(b, Document{Cells: []results.Cell{{}}}))
	must(t, json.Unmarshal(b.Bytes(), &doc))
	for _, k := range []string{"id", "started", "finished", "policy", "accel", "seed", "command"} {
		if v, ok := doc.Run[k]; !ok || v == nil {
			t.Errorf("run.%s is missing or null", k)
		}
	}
	for _, k := range []string{"kernel", "fs", "test", "verdict", "outcome", "detail", "duration_ms", "attempts", "flaky", "covariates", "standing", "why"} {
		if v, ok := doc.Cells[0][k]; !ok || v == nil {
			t.Errorf("cell.%s is missing or null", k)
		}
	}
	b.Reset()
	must(t, WriteJSON(b, Document{}))
	if !strings.Contains(b.String(), `"cells": []`) {
		t.Error("no cells must be an empty array")
	}
}

func TestEscape(t *testing.T) {
	for _, s := range []string{"", "a", "100%", "%41", "%", "%%41%", "a#01", "%2#", "50% #1 %zz%2", "[[=%5B"} {
		if got := unescape(escape(s, "#[=")); got != s {
			t.Errorf("%q becomes %q, and %q", s, escape(s, "#[="), got)
		}
	}
}
