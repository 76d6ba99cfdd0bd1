package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDocumentedHouse compares the tree of docs/architecture.md with the
// packages of the module: each directory that it shows exists, and each
// package of the module is shown.
func TestDocumentedHouse(t *testing.T) {
	text, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := documentedTree(string(text))
	if len(shown) < 30 {
		t.Fatalf("the tree shows only %d directories: is the extraction broken?", len(shown))
	}
	packages := map[string]bool{}
	err = fs.WalkDir(os.DirFS("../.."), ".", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == "testdata" || e.Name() == "bin" || len(e.Name()) > 1 && strings.HasPrefix(e.Name(), ".")):
			return fs.SkipDir
		case strings.HasSuffix(path, ".go"):
			packages[filepath.Dir(path)] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir := range shown {
		if _, err := os.Stat(filepath.Join("../..", dir)); err != nil {
			t.Errorf("docs/architecture.md shows %s: %v", dir, err)
		}
	}
	for dir := range packages {
		if dir != "." && !shown[dir] {
			t.Errorf("package %s is not in the tree of docs/architecture.md", dir)
		}
	}
}

// documentedTree are the directories of the first code block below "The
// house": a line names one or more of them, indented by two for each level.
func documentedTree(page string) map[string]bool {
	_, page, _ = strings.Cut(page, "\n## The house\n")
	_, page, _ = strings.Cut(page, "```\n")
	tree, _, _ := strings.Cut(page, "```\n")
	dirs := map[string]bool{}
	var above []string
	for line := range strings.Lines(tree) {
		level := (len(line) - len(strings.TrimLeft(line, " "))) / 2
		if level > len(above) {
			continue // a description goes on
		}
		above = above[:level]
		for _, word := range strings.Fields(line) {
			name, ok := strings.CutSuffix(word, "/")
			if !ok {
				break
			}
			dirs[filepath.Join(append(slices.Clone(above[:level]), name)...)] = true
			above = append(above[:level], name)
		}
	}
	return dirs
}
