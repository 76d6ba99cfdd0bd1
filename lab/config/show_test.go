package config_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab/config"
)

// What is shown is a configuration file with the same options, without secrets.
func TestShown(t *testing.T) {
	home(t)
	c := config.Default()
	c.Cache, c.State = "/c", "/s"
	c.VM.CellTimeout = 90 * time.Second
	c.Run.Kernels, c.Run.Seed = "6.12", 18446744073709551615
	c.Nightly.Formats = []string{"html"}
	c.Kernels.Builds = []source.Build{{Name: "mine", Tree: "/linux"}}
	c.Filesystems = []images.Profile{{Name: "small", Type: "ext4", Doc: "a small one", Mkfs: []string{"mkfs.ext4"}, SizeMiB: 64}}
	b, err := json.Marshal(config.Shown{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.JSONToYAML(b)
	if err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	file := filepath.Join(t.TempDir(), "splicelab.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(pflag.NewFlagSet("", pflag.ContinueOnError), file)
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	again, err := json.Marshal(config.Shown{Config: got})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(b), string(again)); d != "" {
		t.Errorf("read again, it differs (-want +got):\n%s", d)
	}

	c.Nightly.Notify.Token, c.Nightly.Notify.Webhook = "s3cret", "https://chat.example.org/hook/s3cret"
	if b, err = json.Marshal(config.Shown{Config: c}); err != nil || strings.Contains(string(b), "s3cret") {
		t.Errorf("%v: a secret is shown: %s", err, b)
	}
}
