package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/lab/config"
)

// home isolates a test from the user's configuration.
func home(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	for _, name := range []string{"XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"} {
		t.Setenv(name, "")
	}
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "SPLICELAB_") {
			t.Setenv(name, "")
		}
	}
	t.Chdir(dir)
	return dir
}

// write writes the file splicelab.yaml of the working directory, which the user
// trusts.
func write(t *testing.T, content string) {
	t.Helper()
	trust, err := config.OpenTrust()
	if err != nil {
		t.Fatal(err)
	}
	if err := trust.Add(config.FileName, []byte(content)); err != nil {
		t.Fatal(err)
	}
	writeUntrusted(t, content)
}

func writeUntrusted(t *testing.T, content string) {
	t.Helper()
	if err := os.WriteFile(config.FileName, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func flags(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	f := pflag.NewFlagSet("test", pflag.ContinueOnError)
	f.String("policy", "snapshot", "")
	f.Duration("boot-timeout", time.Second, "")
	f.Uint64("seed", 0, "")
	for name, key := range map[string]string{"policy": "run.policy", "boot-timeout": "vm.boot-timeout", "seed": "run.seed"} {
		if err := config.BindFlag(f, name, key); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestDefaults(t *testing.T) {
	dir := home(t)
	got, err := config.Load(flags(t), "")
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.Cache = filepath.Join(dir, ".cache/splicelab")
	want.State = filepath.Join(dir, ".local/state/splicelab")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("nothing configured (-want +got):\n%s", diff)
	}
}

func TestPrecedence(t *testing.T) {
	home(t)
	write(t, `
run:
  policy: alias
  jobs: 3
  seed: 18446744073709551615
vm:
  boot-timeout: 2m
  memory: 1024
`)
	t.Setenv("SPLICELAB_RUN_JOBS", "5")
	t.Setenv("SPLICELAB_VM_BOOT_TIMEOUT", "3m")
	got, err := config.Load(flags(t, "--boot-timeout=4m"), "")
	if err != nil {
		t.Fatal(err)
	}
	if got.Run.Policy != "alias" || got.VM.Memory != 1024 || got.Run.Seed != 1<<64-1 {
		t.Errorf("the file is ignored: policy %q, memory %d, seed %d", got.Run.Policy, got.VM.Memory, got.Run.Seed)
	}
	if got.Run.Jobs != 5 {
		t.Errorf("jobs = %d, want the environment's 5 before the file's 3", got.Run.Jobs)
	}
	if got.VM.BootTimeout != 4*time.Minute {
		t.Errorf("boot timeout = %s, want the flag's 4m before the environment's 3m and the file's 2m", got.VM.BootTimeout)
	}
}

func TestListsAndProfiles(t *testing.T) {
	home(t)
	write(t, `
kernels:
  debian:
    suites: [bookworm, sid]
    keyring: /one.gpg
    max-age: 30m
filesystems:
  - name: ext4-nojournal
    type: ext4
    mkfs: [mkfs.ext4, -O, ^has_journal]
    exclude:
      - kernels: ..6.1
        reason: because
`)
	t.Setenv("SPLICELAB_KERNELS_DEBIAN_ALLOW_EXPIRED", "sid,experimental")
	got, err := config.Load(flags(t), "")
	if err != nil {
		t.Fatal(err)
	}
	d := got.Kernels.Debian
	if diff := cmp.Diff([][]string{{"bookworm", "sid"}, {"/one.gpg"}, {"sid", "experimental"}}, [][]string{d.Suites, d.Keyring, d.AllowExpired}); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
	if d.MaxAge != 30*time.Minute {
		t.Errorf("max-age = %s", d.MaxAge)
	}
	if len(got.Filesystems) != 1 || got.Filesystems[0].Mkfs[2] != "^has_journal" || got.Filesystems[0].Exclude[0].Reason != "because" {
		t.Errorf("filesystems = %+v", got.Filesystems)
	}
}

// YAML would turn these into numbers and dates.
func TestStringsAreKeptAsWritten(t *testing.T) {
	home(t)
	write(t, `
run: {kernels: 6.10, tests: 0x10}
kernels: {debian: {suites: [1.10, yes], keyring: 2.50}}
filesystems: [{name: a, type: tmpfs, exclude: [{kernels: 5.10, reason: no, until: 2030-01-01}]}]
`)
	got, err := config.Load(flags(t), "")
	if err != nil {
		t.Fatal(err)
	}
	x := got.Filesystems[0].Exclude[0]
	if diff := cmp.Diff([]string{"6.10", "0x10", "1.10", "yes", "2.50", "5.10", "no", "2030-01-01"}, []string{
		got.Run.Kernels, got.Run.Tests, got.Kernels.Debian.Suites[0], got.Kernels.Debian.Suites[1],
		got.Kernels.Debian.Keyring[0], x.Kernels, x.Reason, x.Until,
	}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDirectories(t *testing.T) {
	dir := home(t)
	t.Setenv("XDG_CACHE_HOME", "/xdg/cache")
	t.Setenv("XDG_STATE_HOME", "relative/is/ignored")
	t.Setenv("SPLICELAB_GUEST_DIR", "programs")
	got, err := config.Load(flags(t), "")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"/xdg/cache/splicelab", filepath.Join(dir, ".local/state/splicelab"), filepath.Join(dir, "programs")}
	if diff := cmp.Diff(want, []string{got.Cache, got.State, got.GuestDir}); diff != "" {
		t.Errorf("directories (-want +got):\n%s", diff)
	}
}

func TestUserConfigurationDirectory(t *testing.T) {
	dir := home(t)
	place := filepath.Join(dir, ".config/splicelab")
	if err := os.MkdirAll(place, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(place, config.FileName), []byte("run: {jobs: 7}"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(flags(t), "")
	if err != nil {
		t.Fatal(err)
	}
	if got.Run.Jobs != 7 {
		t.Errorf("jobs = %d, want 7 of the user's file", got.Run.Jobs)
	}
	write(t, "run: {jobs: 8}")
	if got, err = config.Load(flags(t), ""); err != nil || got.Run.Jobs != 8 {
		t.Errorf("jobs = %d, %v, want 8 of the working directory's file", got.Run.Jobs, err)
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name, file string
		env        [2]string
		args       []string
		want       string // regular expression
	}{
		{name: "unknown key", file: "run:\n  polcy: alias", want: `^splicelab.yaml:2: unknown key "run.polcy": did you mean "run.policy"\?$`},
		{name: "unknown key, nothing near", file: "frobnicate: 1", want: `^splicelab.yaml:1: unknown key "frobnicate": known here are cache, state, guest-dir, `},
		{name: "unknown nested key", file: "kernels:\n  debian:\n    miror: x", want: `^splicelab.yaml:3: .*did you mean "kernels.debian.mirror"`},
		{name: "unknown key of a profile", file: "filesystems:\n- name: a\n  type: ext4\n  mount: x", want: `^splicelab.yaml:4: unknown key "filesystems\[0\].mount"`},
		{name: "wrong case", file: "Cache: /x", want: `^splicelab.yaml:1: unknown key "Cache": did you mean "cache"`},
		{name: "text for a number", file: "\n\nrun: {jobs: many}", want: `^splicelab.yaml:3: run.jobs is "many", and must be a whole number$`},
		{name: "negative seed", file: "run: {seed: -1}", want: `^splicelab.yaml:1: run.seed is "-1", and must be a whole number that is not negative$`},
		{name: "number for a duration", file: "vm:\n  cell-timeout: 30", want: `^splicelab.yaml:2: vm.cell-timeout is "30", and must be a duration such as 90s or 2m$`},
		{name: "list for a text", file: "cache: [a]", want: `^splicelab.yaml:1: cache is a list, and must be a string$`},
		{name: "text for a mapping", file: "vm: fast", want: `^splicelab.yaml:1: vm is "fast", and must be a mapping with the keys qemu, `},
		{name: "mapping for a list", file: "filesystems: {name: x}", want: `^splicelab.yaml:1: filesystems is a mapping, and must be a list of mappings$`},
		{name: "list for the file", file: "- a", want: `^splicelab.yaml:1: the file is a list, and must be a mapping`},
		{name: "twice", file: "cache: /a\nstate: /b\ncache: /c", want: `^splicelab.yaml:3: key "cache" is already in line 1$`},
		{name: "no YAML", file: "run: [", want: `^splicelab.yaml: line 1: `},
		{name: "no closing quote", file: "run:\n  tests: 'a", want: `^splicelab.yaml: line 2: `},
		{name: "unknown anchor", file: "run:\n  tests: *a", want: `^splicelab.yaml:2: unknown anchor "a"$`},
		{name: "alias of itself", file: "run: {tests: &a [*a]}", want: `^splicelab.yaml:1: `},
		{name: "twice, by an alias", file: "run: &a {jobs: 1}\nvm: *a", want: `^splicelab.yaml:1: unknown key "vm.jobs"`},
		{name: "several", file: "a: 1\nb: 2", want: `^splicelab.yaml:1: unknown key "a".*\nsplicelab.yaml:2: unknown key "b"`},
		{name: "bad value in the file", file: "vm:\n  accel: warp", want: `^splicelab.yaml:2: vm.accel: "warp" is not one of auto, kvm, tcg$`},
		{name: "bad profile", file: "filesystems:\n- name: good\n  type: tmpfs\n- name: bad/name\n  type: tmpfs", want: `^splicelab.yaml:4: filesystems\[1\]: `},
		{name: "profile twice", file: "filesystems:\n- {name: a, type: tmpfs}\n- {name: a, type: tmpfs}", want: `^splicelab.yaml:3: filesystems\[1\]: "a" is declared twice$`},
		{name: "bad value in the environment", env: [2]string{"SPLICELAB_RUN_ISOLATION", "none"}, want: `^SPLICELAB_RUN_ISOLATION: "none" is not one of vm, cell$`},
		{name: "wrong type in the environment", env: [2]string{"SPLICELAB_VM_MEMORY", "lots"}, want: `^SPLICELAB_VM_MEMORY is "lots", and must be a whole number$`},
		{name: "bad value of a flag", file: "run: {policy: alias}", args: []string{"--policy=maybe"}, want: `^--policy: unknown policy "maybe": use alias or snapshot$`},
		{name: "bad regular expression", file: "run: {tests: 'a('}", want: `^splicelab.yaml:1: run.tests: "a\(" is not a regular expression: missing closing \)`},
		{name: "timeout of nothing", file: "vm: {boot-timeout: 0s}", want: `vm.boot-timeout: 0s is not a positive duration`},
		{name: "no jobs", file: "run: {jobs: 0}", want: `^splicelab.yaml:1: run.jobs: 0 VMs run nothing: name 1 to 1024, or leave it out`},
		{name: "fewer jobs than none", file: "run: {jobs: -1}", want: `^splicelab.yaml:1: run.jobs: -1 is not between 1 and 1024$`},
		{name: "too little memory", file: "vm: {memory: 1}", want: `vm.memory: 1 is not between 128 and 65536 MiB$`},
	} {
		t.Run(c.name, func(t *testing.T) {
			home(t)
			write(t, c.file)
			if c.env[0] != "" {
				t.Setenv(c.env[0], c.env[1])
			}
			_, err := config.Load(flags(t, c.args...), "")
			var settings *config.Error
			if !errors.As(err, &settings) {
				t.Fatalf("error is %v (%T), want a *config.Error", err, err)
			}
			if !regexp.MustCompile(c.want).MatchString(err.Error()) {
				t.Errorf("error is\n%s\nwant\n%s", err, c.want)
			}
		})
	}
}

func TestYAMLForms(t *testing.T) {
	home(t)
	for _, c := range []struct{ name, file string }{
		{"block", "run:\n  tests: '6.10'\n  seed: 16\nvm:\n  boot-timeout: 90s\n"},
		{"flow", "{run: {tests: 6.10, seed: 0x10}, vm: {boot-timeout: 1m30s}}"},
		{"JSON", `{"run": {"tests": "6.10", "seed": 16}, "vm": {"boot-timeout": "90s"}}`},
		{"comments and a document marker", "# first\n---\nrun: # here\n  tests: 6.10 # as text\n  seed: 0b10000\nvm: {boot-timeout: 90s}\n"},
		{"anchors", "run:\n  tests: &a 6.10\n  seed: &b !!int 16\n  kernels: *a\nvm:\n  boot-timeout: 90s\n"},
		{"nulls", "cache:\nfilesystems: ~\nrun: {tests: 6.10, seed: 16, jobs: null}\nvm: {boot-timeout: 90s, qemu: }\n"},
		{"block scalars", "run:\n  tests: |-\n    6.10\n  seed: 1_6\nvm:\n  boot-timeout: >-\n    90s\n"},
		{"DOS line endings", "run:\r\n  tests: 6.10\r\n  seed: 16\r\nvm:\r\n  boot-timeout: 90s\r\n"},
	} {
		write(t, c.file)
		got, err := config.Load(flags(t), "")
		if err != nil || got.Run.Tests != "6.10" || got.Run.Seed != 16 || got.VM.BootTimeout != 90*time.Second {
			t.Errorf("%s: tests %q, seed %d, boot timeout %s, %v", c.name, got.Run.Tests, got.Run.Seed, got.VM.BootTimeout, err)
		}
	}
	write(t, "")
	want, err := config.Load(flags(t), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, empty := range []string{"# nothing\n", "---\n", "~\n", "{}\n"} {
		write(t, empty)
		if got, err := config.Load(flags(t), ""); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%q: %v, %s", empty, err, cmp.Diff(want, got))
		}
	}
}

func TestNamedFileMustExist(t *testing.T) {
	home(t)
	_, err := config.Load(flags(t), "nowhere.yaml")
	if err == nil || !strings.Contains(err.Error(), "nowhere.yaml") || !strings.Contains(err.Error(), "--config") {
		t.Errorf("error is %v, want one that names the file and --config", err)
	}
}

func TestFlagOverridesInvalidEnvironment(t *testing.T) {
	home(t)
	t.Setenv("SPLICELAB_RUN_SEED", "random")
	got, err := config.Load(flags(t, "--seed=9"), "")
	if err != nil || got.Run.Seed != 9 {
		t.Errorf("seed = %d, %v, want the flag's 9", got.Run.Seed, err)
	}
}

// FuzzFile parses broken files: the result is a configuration or a *config.Error,
// never a panic or another error.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{"run: {jobs: 1}", "a: &x [*x]", "? [a]\n: b", "run: !!binary x", "filesystems: [{}]", "run: ~", "\xff", "vm: {memory: 1e3}", "<<: {cache: x}"} {
		f.Add([]byte(seed))
	}
	dir := f.TempDir()
	f.Setenv("HOME", dir)
	name := filepath.Join(dir, "f.yaml")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(name, content, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := config.Load(pflag.NewFlagSet("fuzz", pflag.ContinueOnError), name)
		var settings *config.Error
		if err != nil && !errors.As(err, &settings) {
			t.Errorf("error is %v (%T), want a *config.Error", err, err)
		}
	})
}
