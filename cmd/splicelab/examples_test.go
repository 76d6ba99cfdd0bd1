package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/report"
	"github.com/splicelab/splicelab/results/expect"
)

// The examples are read by what reads the user's files.
func TestExamples(t *testing.T) {
	const dir = "../../examples"
	if _, err := config.Load(pflag.NewFlagSet("", pflag.ContinueOnError), filepath.Join(dir, "splicelab.yaml")); err != nil {
		t.Error(err)
	}
	if rules, err := expect.Load(filepath.Join(dir, "expectations.yaml"), time.Now()); err != nil || rules == nil {
		t.Errorf("expectations: %v, %v", rules, err)
	}
	if _, err := report.Load(filepath.Join(dir, "report.yaml")); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"github-actions.yml", "gitlab-ci.yml"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := yaml.Unmarshal(b, &doc); err != nil || len(doc) == 0 {
			t.Errorf("%s: %d keys, %v", name, len(doc), err)
		}
	}
}
