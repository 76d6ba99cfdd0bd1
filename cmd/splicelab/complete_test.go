package main

import (
	"strings"
	"testing"
)

// A shell is offered what this machine has: runs, marks, tests, kernels.
func TestCompletion(t *testing.T) {
	documentsHome(t)
	if _, stderr := documentOf(t, 0, []string{"results", "baseline", "one"}); stderr != "" {
		t.Fatal(stderr)
	}
	for _, c := range []struct {
		line    string // what is completed follows the last space
		want    string // a line that is offered
		without string // one that is not
	}{
		{"results show ", "latest\tthe newest run", ""},
		{"results show @", "@baseline\tone", "latest"},
		{"results diff one t", "two\t2026-01-02 13:00, 1 pass, 1 fail, 1 skip", "one"},
		{"run --resume la", "latest\t", ""},
		{"results export two --policy ", "alias", "json"},
		{"results list -o ", "yaml", "csv"},
		{"results matrix --only fail,", "fail,crash", "fail,fail"},
		{"run -f tmpfs,x", "tmpfs,xfs\t", "tmpfs,btrfs"},
		{"run -k 6.12,new", "6.12,newest:5", "6.12,6.12"},
		{"run -t ", "demo.TestOne\tOne.", ""},
		{"tests show demo.", "demo.TestOne\tOne.", ""},
		{"kernels show 6", "6.12", "all"},
		{"results import --format j", "junit", "ktap"},
		{"schema run", "runs\t", "cells"},
		{"bisect packages --accel ", "kvm", ""},
	} {
		t.Run(c.line, func(t *testing.T) {
			words := strings.Split(c.line, " ")
			out, _ := documentOf(t, 0, append([]string{"__complete"}, words...))
			if !strings.Contains("\n"+string(out), "\n"+c.want) {
				t.Errorf("%q is not offered:\n%s", c.want, out)
			}
			if c.without != "" && strings.Contains("\n"+string(out), "\n"+c.without) {
				t.Errorf("%q is offered:\n%s", c.without, out)
			}
		})
	}
}

// Completing must not create anything, nor fail where there is nothing.
func TestCompletionOfNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("SPLICELAB_STATE", "nowhere")
	t.Setenv("SPLICELAB_CONFIG", "missing.yaml")
	for _, config := range []string{"missing.yaml", ""} {
		t.Setenv("SPLICELAB_CONFIG", config)
		out, _ := documentOf(t, 0, []string{"__complete", "results", "show", ""})
		if !strings.HasPrefix(string(out), ":") {
			t.Errorf("without results, %q is offered", out)
		}
	}
}
