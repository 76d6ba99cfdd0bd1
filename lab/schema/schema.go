// Package schema publishes the JSON Schemas of the documents that splicelab
// prints. They are generated from the documents' Go types; a test compares the
// two, and refuses to write a schema that breaks who reads the last one.
package schema

import (
	"embed"
	"strings"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/spell"
	"github.com/splicelab/splicelab/results/web"
)

// Version is the version of all schemas. Fields are added to a version, never
// renamed, removed or given another type; what cannot be done so is a new
// document with a new name.
const Version = 1

// API is the name of the schema that "splicelab serve" serves.
const API = "api"

//go:embed v1/*.json
var files embed.FS

// Document is a document that has a schema.
type Document struct{ Name, Title string }

// Listed is an entry of the list of schemas, for machines.
type Listed struct {
	Name    string   `json:"name"`
	Version int      `json:"version"`
	Title   string   `json:"title"`
	Verbs   []string `json:"verbs"` // that print the document
}

// Documents lists every document with a schema.
var Documents = []Document{
	{"run", "a run with its violations and cells"},
	{"cells", "some cells of a run, with their attempts"},
	{"runs", "the list of stored runs"},
	{"diff", "what changed between two runs or kernels"},
	{"history", "the results of one cell in several runs"},
	{"flaky", "cells whose results differ between runs"},
	{"findings", "the violations of runs, and what differs between flavours of kernels"},
	{"policy-vectors", "the answers of each source and sink to the probes of policies"},
	{"timing", "how a run's time was spent"},
	{"rule-uses", "the rules of the expectations file, and their effect on a run"},
	{"trend", "violations and deviations of several runs that tested the same"},
	{"map", "the outcome of each test on each kernel"},
	{"baseline", "the run that others are compared with"},
	{"changes", "what a nightly run reports, by webhook and as a file"},
	{"bisect-packages", "the answer of a search in packages"},
	{"bisect-commits", "the answer of a search in commits"},
	{"bisect-config", "the answer of a search in configuration options"},
	{"kernels", "the list of kernels"},
	{"kernel-details", "kernels with their files"},
	{"kernels-diff", "the options in which two kernels' configurations differ"},
	{"suites", "the suites and their tests"},
	{"tests", "tests with their steps, oracle and newest results"},
	{"bench", "what a cell costs on this machine"},
	{"cache", "the contents of the cache"},
	{"config", "every option and its value"},
	{"doctor", "what this machine can do"},
	{"version", "what this program was built from"},
	{"schemas", "the list of schemas"},
	{API, "every document that splicelab serve sends"},
}

// Text is the schema of the named document.
func Text(name string) ([]byte, error) {
	if name == API {
		return web.Schema(), nil
	}
	text, err := files.ReadFile("v1/" + name + ".json")
	if err == nil {
		return text, nil
	}
	var names []string
	for _, d := range Documents {
		names = append(names, d.Name)
	}
	if near := spell.Nearest(name, names); near != "" {
		return nil, input.Errorf("there is no schema %q: did you mean %s?", name, near)
	}
	return nil, input.Errorf("there is no schema %q: there are %s", name, strings.Join(names, ", "))
}
