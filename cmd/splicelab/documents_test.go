package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/kernels/kerneltest"
	"github.com/splicelab/splicelab/lab/schema/schematest"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
	"github.com/splicelab/splicelab/results/store"
)

// boots are the verbs that need a VM for their document. Values of its type are
// validated in lab/schema.
var boots = []string{"bench", "bisect packages", "bisect commits", "bisect config"}

// TestDocuments runs every verb that has a document, and validates it: as JSON
// and as YAML, with hostile text in the store.
func TestDocuments(t *testing.T) {
	home := documentsHome(t)
	cell := home.cell.Kernel + "/" + home.cell.FS + "/" + home.cell.Test
	ran := map[string]bool{}
	for _, c := range []struct {
		line   []string
		schema string
		exit   int
	}{
		{[]string{"results", "list"}, "runs", 0},
		{[]string{"results", "show", "two"}, "run", 0},
		{[]string{"results", "show", "hostile"}, "run", 0},
		{[]string{"results", "show", "hostile", "--verdict", "fail"}, "cells", 0},
		{[]string{"results", "matrix", "two", "--only", "fail"}, "run", 0},
		{[]string{"results", "diff", "one", "two"}, "diff", 1},
		{[]string{"results", "history", cell}, "history", 0},
		{[]string{"results", "flaky", "one", "two"}, "flaky", 1},
		{[]string{"results", "findings", "hostile", "two", "one"}, "findings", 0},
		{[]string{"results", "policy", "vectors"}, "policy-vectors", 0},
		{[]string{"results", "policy", "one"}, "policy-vectors", 0},
		{[]string{"results", "trend", "two"}, "trend", 0},
		{[]string{"results", "map", "two", "one"}, "map", 0},
		{[]string{"results", "timing", "two"}, "timing", 0},
		{[]string{"results", "expectations", "two", "--expectations", "rules.yaml"}, "rule-uses", 1},
		{[]string{"results", "baseline", "one"}, "baseline", 0},
		{[]string{"results", "baseline"}, "baseline", 0},
		{[]string{"kernels", "list"}, "kernels", 0},
		{[]string{"kernels", "show", "6.12"}, "kernel-details", 0},
		{[]string{"kernels", "show", "file:bzImage?config=old"}, "kernel-details", 0},
		{[]string{"kernels", "diff", "file:bzImage?config=old", "file:bzImage?config=new"}, "kernels-diff", 0},
		{[]string{"tests", "list"}, "suites", 0},
		{[]string{"tests", "show", "TestOne"}, "tests", 0},
		{[]string{"cache", "list"}, "cache", 0},
		{[]string{"config", "show"}, "config", 0},
		{[]string{"doctor"}, "doctor", 3},
		{[]string{"version"}, "version", 0},
		{[]string{"schema"}, "schemas", 0},
	} {
		t.Run(strings.Join(c.line, " "), func(t *testing.T) {
			flag := "-o"
			if c.schema == "findings" {
				flag = "--output-format" // -o names its file
			}
			asJSON, text := documentOf(t, c.exit, append(c.line, flag, "json"))
			var want, got any
			if err := json.Unmarshal(asJSON, &want); err != nil {
				t.Fatalf("%v: %.300s\n%s", err, asJSON, text)
			}
			schematest.Validate(t, c.schema, asJSON)
			asYAML, _ := documentOf(t, c.exit, append(c.line, "--output-format", "yaml"))
			if err := yaml.Unmarshal(asYAML, &got); err != nil {
				t.Fatalf("%v: %.300s", err, asYAML)
			}
			again, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(again, &got); err != nil {
				t.Fatal(err)
			}
			// The free space of a disk may change in between.
			if d := cmp.Diff(want, got); d != "" && c.schema != "doctor" {
				t.Errorf("JSON and YAML differ (-json +yaml):\n%.2000s", d)
			}
			for _, doc := range [][]byte{asJSON, asYAML} {
				if i := bytes.IndexFunc(doc, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsGraphic(r) }); i >= 0 {
					t.Errorf("%q reaches the terminal", doc[max(0, i-20):min(len(doc), i+20)])
				}
			}
		})
		cmd, _, err := (&app{Output: output.Output{Stderr: io.Discard}}).command().Find(c.line)
		if err != nil {
			t.Fatal(err)
		}
		ran[strings.TrimPrefix(cmd.CommandPath(), "splicelab ")] = true
	}
	for _, name := range boots {
		ran[name] = true
	}
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		name := strings.TrimPrefix(c.CommandPath(), "splicelab ")
		_, last, _ := strings.Cut(name, " ")
		if (last == "list" || last == "show" || c.Flags().Lookup("output-format") != nil) && !ran[name] {
			t.Errorf("the document of %s is not tested, or there is none", name)
		}
		for _, child := range c.Commands() {
			visit(child)
		}
	}
	visit((&app{Output: output.Output{Stderr: io.Discard}}).command())
}

// documentOf runs a command line and returns what it prints.
func documentOf(t *testing.T, exit int, line []string) (stdout []byte, stderr string) {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), "stdout")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var log bytes.Buffer
	if got := execute(line, os.Stdin, out, &log); got != exit {
		t.Fatalf("exit code %d, want %d: %s", got, exit, &log)
	}
	content, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return content, log.String()
}

// documentsHome is a user's machine: runs in the store, kernels in an archive
// and in files, and a suite. Its QEMU is missing, so that nothing boots.
func documentsHome(t *testing.T) (home struct{ cell results.CellKey }) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	archive := newArchive(t)
	for name, value := range map[string]string{
		"HOME": dir, "SPLICELAB_STATE": filepath.Join(dir, "state"), "SPLICELAB_CACHE": filepath.Join(dir, "cache"), "SPLICELAB_GUEST_DIR": filepath.Join(dir, "guest"),
		"SPLICELAB_KERNELS_DEBIAN_MIRROR": archive.url, "SPLICELAB_KERNELS_DEBIAN_SUITES": "test", "SPLICELAB_KERNELS_DEBIAN_KEYRING": archive.keyring,
		"SPLICELAB_VM_QEMU": filepath.Join(dir, "no-qemu"), "XDG_CONFIG_HOME": "", "XDG_STATE_HOME": "", "XDG_CACHE_HOME": "",
	} {
		t.Setenv(name, value)
	}
	for name, content := range map[string]string{
		"bzImage": string(kerneltest.BzImage("6.12.7-mine", kerneltest.Gzip(kerneltest.Vmlinux("6.12.7-mine", true)))),
		"old":     "CONFIG_A=y\n# CONFIG_B is not set\n", "new": "CONFIG_A=m\nCONFIG_B=y\n",
		"guest/agent": "", "guest/demo.test": "#!/bin/sh\necho '{\"name\": \"demo\", \"tests\": [{\"name\": \"TestOne\", \"id\": \"A1\", \"kind\": \"invariant\", \"doc\": \"One.\"}]}'\n",
		"rules.yaml": "- test: demo.TestChange\n  outcome: zeroed\n  reason: known\n- test: demo.TestGone\n  verdict: fail\n  reason: gone\n",
	} {
		resultstest.Must(t, os.MkdirAll(filepath.Dir(name), 0o755))
		resultstest.Must(t, os.WriteFile(name, []byte(content), 0o755))
	}
	s, err := store.Open(filepath.Join(dir, "state", "results.db"))
	resultstest.Must(t, err)
	defer func() { resultstest.Must(t, s.Close()) }()
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	add := func(r results.Run, attempts []results.Attempt) {
		t.Helper()
		resultstest.Must(t, s.BeginRun(t.Context(), r))
		for _, a := range attempts {
			a.N, a.Finished, a.Duration = max(a.N, 1), r.Started.Add(time.Minute), 20*time.Millisecond
			a.Timing = results.Timing{Restore: time.Millisecond, Test: 10 * time.Millisecond}
			resultstest.Must(t, s.AddAttempt(t.Context(), r.ID, &a))
		}
		resultstest.Must(t, s.FinishRun(t.Context(), r.ID, r.Started.Add(time.Minute), ""))
	}
	for i, id := range []string{"one", "two"} {
		add(results.Run{ID: id, Started: noon.Add(time.Duration(i) * time.Hour), Policy: outcome.PolicySnapshot, Seed: 18446744073709551615, Planned: 3,
			Conditions: map[string]string{"qemu": id}}, sampleAttempts(i))
	}
	var vectors []results.Attempt
	for _, c := range resultstest.VectorCells() {
		vectors = append(vectors, c.Attempt)
	}
	add(results.Run{ID: "vectors", Started: noon.Add(2 * time.Hour), Policy: outcome.PolicyAlias}, vectors)
	run, cells, attempts := resultstest.HostileRun()
	run.ID, run.Started = "hostile", noon.Add(3*time.Hour)
	var hostile []results.Attempt
	for _, c := range cells {
		all, err := attempts(c.CellKey)
		resultstest.Must(t, err)
		hostile = append(hostile, all...)
	}
	add(run, hostile)
	home.cell = sampleAttempts(0)[1].CellKey
	return home
}
