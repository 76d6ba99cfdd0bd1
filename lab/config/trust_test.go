package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/lab/config"
)

// A file in the current directory chooses what is tested, and nothing that runs
// code, fetches or writes.
func TestProjectFile(t *testing.T) {
	for content, want := range map[string][]string{
		"run: {kernels: 6.12, filesystems: xfs, tests: Write, policy: alias, jobs: 2, isolation: vm}": nil,
		"vm: {memory: 1024, cpus: 2, boot-timeout: 3m, kernel-args: nokaslr}":                         nil,
		"filesystems:\n- {name: mine, type: ext4, mkfs: [mkfs.ext4, -q]}":                             nil,
		"nightly: {tests: Write, formats: [json, html]}":                                              nil,
		"kernels: {debian: {suites: [bookworm], flavour: rt}}":                                        nil,
		"run: {expectations: none}":                                                                   nil,
		"run: {expectations: a/b.yaml}":                                                               nil,
		"":                                                                                            nil,

		"vm:\n  qemu: ./evil":    {"splicelab.yaml:2: vm.qemu"},
		"vm: {unconfined: true}": {"splicelab.yaml:1: vm.unconfined"},
		"mkfs-path: [bin]":       {"splicelab.yaml:1: mkfs-path"},
		"guest-dir: guest":       {"splicelab.yaml:1: guest-dir"},
		"cache: c\nstate: s":     {"splicelab.yaml:1: cache", "splicelab.yaml:2: state"},
		"run: {json: ../x}":      {"splicelab.yaml:1: run.json"},
		"run: {html: x}":         {"splicelab.yaml:1: run.html"},
		"nightly: {notify: {mail: [sh, -c, x], to: [a@example.org]}}": {"splicelab.yaml:1: nightly.notify.mail", "splicelab.yaml:1: nightly.notify.to"},
		"nightly: {notify: {webhook: 'https://example.org'}}":         {"splicelab.yaml:1: nightly.notify.webhook"},
		"nightly: {reports: /srv}":                                    {"splicelab.yaml:1: nightly.reports"},
		"kernels: {debian: {mirror: 'http://example.org'}}":           {"splicelab.yaml:1: kernels.debian.mirror"},
		"kernels: {debian: {keyring: [x.gpg]}}":                       {"splicelab.yaml:1: kernels.debian.keyring"},
		"kernels: {debian: {allow-unindexed-modules: true}}":          {"splicelab.yaml:1: kernels.debian.allow-unindexed-modules"},
		"kernels:\n  builds:\n  - name: x\n    tree: ../linux":        {"splicelab.yaml:3: kernels.builds"},
		"run: {expectations: /etc/passwd}":                            {"splicelab.yaml:1: run.expectations: a file that is not below the directory"},
		"run: {expectations: ../x}":                                   {"splicelab.yaml:1: run.expectations: a file that is not below the directory"},
		"run: {expectations: link}":                                   {"splicelab.yaml:1: run.expectations: a file that is not below the directory"},
	} {
		home(t)
		if err := os.Symlink("/etc/passwd", "link"); err != nil {
			t.Fatal(err)
		}
		writeUntrusted(t, content)
		_, err := config.Load(flags(t), "")
		var refused *config.UntrustedError
		if err != nil && !errors.As(err, &refused) {
			t.Errorf("%q: %v", content, err)
			continue
		}
		var got []string
		if refused != nil {
			got = refused.Keys
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q (-want +got):\n%s", content, d)
		}
		// The user may name the file, or trust it as it is.
		if _, err := config.Load(flags(t), config.FileName); errors.As(err, &refused) {
			t.Errorf("%q, named: %v", content, err)
		}
		write(t, content)
		if _, err := config.Load(flags(t), ""); errors.As(err, &refused) {
			t.Errorf("%q, trusted: %v", content, err)
		}
		if want != nil {
			writeUntrusted(t, content+"\n# changed\n")
			if _, err := config.Load(flags(t), ""); !errors.As(err, &refused) {
				t.Errorf("%q, changed since it was trusted: %v", content, err)
			}
		}
	}
}

// The user's own file is read, too, and the directory's prevails.
func TestBothFiles(t *testing.T) {
	dir := home(t)
	own := filepath.Join(dir, ".config", "splicelab")
	if err := os.MkdirAll(own, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(own, config.FileName), []byte("vm: {qemu: /opt/qemu, memory: 256}\nrun: {jobs: -1}"), 0o644); err != nil {
		t.Fatal(err)
	}
	writeUntrusted(t, "vm: {memory: 1024}")
	_, err := config.Load(flags(t), "")
	if want := filepath.Join(own, config.FileName) + ":2: run.jobs: -1 is not between"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	writeUntrusted(t, "vm: {memory: 1024}\nrun: {jobs: 1}")
	got, err := config.Load(flags(t), "")
	if err != nil || got.VM.QEMU != "/opt/qemu" || got.VM.Memory != 1024 {
		t.Errorf("%+v, %v", got.VM, err)
	}
	// In the directory of the user's own file it is that file.
	t.Chdir(own)
	if _, err := config.Load(flags(t), ""); err == nil || strings.Contains(err.Error(), "current directory") {
		t.Error(err)
	}
}
