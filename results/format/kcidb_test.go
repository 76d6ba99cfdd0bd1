package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// kcidbObjects are the objects of a report as its receiver sees them.
type kcidbObjects struct {
	Version   map[string]int
	Checkouts []map[string]any
	Builds    []map[string]any
	Tests     []map[string]any
	Issues    []map[string]any
	Incidents []map[string]any
}

// check checks a report against the rules of KCIDB's schema 5.3: required
// properties, syntax and targets of ids, and valid statuses.
func (k kcidbObjects) check(t *testing.T, origin string) {
	t.Helper()
	if k.Version["major"] != 5 || k.Version["minor"] != 3 {
		t.Errorf("version %v", k.Version)
	}
	ids := map[string]map[string]bool{}
	for _, list := range []struct {
		name, may string
		refers    []string // a property, and the list that it refers to
		objects   []map[string]any
	}{
		{"checkouts", "id origin comment valid misc start_time git_commit_hash git_repository_url patchset_hash", nil, k.Checkouts},
		{"builds", "id origin checkout_id comment architecture status misc", []string{"checkout_id", "checkouts"}, k.Builds},
		{"tests", "id origin build_id path comment status start_time duration log_excerpt environment misc", []string{"build_id", "builds"}, k.Tests},
		{"issues", "id version origin comment culprit", nil, k.Issues},
		{"incidents", "id origin issue_id issue_version test_id present comment", []string{"issue_id", "issues", "test_id", "tests"}, k.Incidents},
	} {
		ids[list.name] = map[string]bool{}
		for _, o := range list.objects {
			id, _ := o["id"].(string)
			if o["origin"] != origin || !strings.HasPrefix(id, origin+":") || len(id) == len(origin)+1 || ids[list.name][id] {
				t.Errorf("%s: id %q of origin %v, or twice", list.name, id, o["origin"])
			}
			ids[list.name][id] = true
			for name, v := range o {
				if !slices.Contains(strings.Fields(list.may), name) {
					t.Errorf("%s %s: %s is not in the schema", list.name, id, name)
				}
				if v == nil || fmt.Sprint(v) == "" && name != "path" && name != "patchset_hash" {
					t.Errorf("%s %s: %s is null or empty", list.name, id, name)
				}
				if s, ok := v.(string); ok && strings.ContainsRune(s, 0) {
					t.Errorf("%s %s: %s has a NUL", list.name, id, name)
				}
				if strings.HasSuffix(name, "_time") {
					when, err := time.Parse(time.RFC3339Nano, v.(string))
					if err != nil || when.IsZero() {
						t.Errorf("%s %s: %s is %v, not a time with a zone", list.name, id, name, v)
					}
				}
			}
			for i := 0; i < len(list.refers); i += 2 {
				if to, _ := o[list.refers[i]].(string); !ids[list.refers[i+1]][to] {
					t.Errorf("%s %s: %s %q is not in %s", list.name, id, list.refers[i], to, list.refers[i+1])
				}
			}
		}
	}
	commit := regexp.MustCompile(`^[0-9a-f]{40}$`)
	for _, c := range k.Checkouts {
		if hash, has := c["git_commit_hash"]; has && !commit.MatchString(fmt.Sprint(hash)) {
			t.Errorf("git_commit_hash %v", hash)
		}
		if hash, has := c["patchset_hash"]; has && c["git_commit_hash"] == nil {
			t.Errorf("patchset_hash %q without a commit", hash)
		}
	}
	path := regexp.MustCompile(`^([a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*)?$`)
	for _, x := range k.Tests {
		if !path.MatchString(x["path"].(string)) {
			t.Errorf("path %q", x["path"])
		}
		if s, ok := x["status"].(string); !ok || !slices.Contains([]string{"FAIL", "ERROR", "MISS", "PASS", "DONE", "SKIP"}, s) {
			t.Errorf("status %v", x["status"])
		}
		if log, ok := x["log_excerpt"].(string); ok && utf8.RuneCountInString(log) > 16384 {
			t.Errorf("log_excerpt of %d characters", utf8.RuneCountInString(log))
		}
	}
}

func kcidbOf(t *testing.T, d Document) (kcidbObjects, []byte) {
	t.Helper()
	b := new(bytes.Buffer)
	must(t, WriteKCIDB(b, d))
	var k kcidbObjects
	must(t, json.Unmarshal(b.Bytes(), &k))
	return k, b.Bytes()
}

// TestKCIDBCommit: a kernel built from a commit names that commit.
func TestKCIDBCommit(t *testing.T) {
	commit, patches := strings.Repeat("0a", 20), strings.Repeat("1b", 32)
	for _, c := range []struct {
		commit, repository, patches string
		want                        map[string]any
	}{
		{commit, "https://example.org/linux.git", "", map[string]any{"git_commit_hash": commit, "git_repository_url": "https://example.org/linux.git", "patchset_hash": ""}},
		{commit, "ssh://example.org/linux.git", patches, map[string]any{"git_commit_hash": commit, "patchset_hash": patches}},
		{commit, "", "", map[string]any{"git_commit_hash": commit, "patchset_hash": ""}},
		{"v6.12", "https://example.org/linux.git", patches, map[string]any{}},
		{"", "", "", map[string]any{}},
	} {
		built := newRunBuilder("built")
		built.cell(results.CellKey{Kernel: "6.12.1-mine", FS: "xfs", Test: "s.TestA"}, results.Attempt{Verdict: outcome.Pass})
		built.d.Run.Conditions = map[string]string{"commit 6.12.1-mine": c.commit, "repository 6.12.1-mine": c.repository, "patches 6.12.1-mine": c.patches}
		k, _ := kcidbOf(t, built.d)
		k.check(t, "splicelab")
		got := map[string]any{}
		for name, v := range k.Checkouts[0] {
			if strings.HasPrefix(name, "git_") || name == "patchset_hash" {
				got[name] = v
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%+v: %s", c, diff)
		}
	}
}

func TestKCIDB(t *testing.T) {
	long := newRunBuilder("long")
	long.cell(results.CellKey{Kernel: "6.1", FS: "xfs", Test: "s.TestA"}, results.Attempt{Verdict: outcome.Fail, Output: strings.Repeat("\x1b", 1<<16)})
	for name, d := range map[string]Document{"sample": sample(), "hostile": hostileRun(), "long": long.d, "none": {}} {
		t.Run(name, func(t *testing.T) {
			k, _ := kcidbOf(t, d)
			k.check(t, "splicelab")
			if len(k.Tests) != len(d.Cells) {
				t.Errorf("%d tests of %d cells", len(k.Tests), len(d.Cells))
			}
			d.Origin = "my_lab2"
			k, _ = kcidbOf(t, d)
			k.check(t, "my_lab2")
			d.Origin = "My Lab"
			if err := WriteKCIDB(new(bytes.Buffer), d); err == nil {
				t.Error("an invalid KCIDB origin was written")
			}
		})
	}
}

// Infra is never a statement about the kernel, and every verdict has a status.
func TestKCIDBStatus(t *testing.T) {
	want := map[outcome.Verdict]string{outcome.Pass: "PASS", outcome.Fail: "FAIL", outcome.Skip: "SKIP", outcome.Crash: "FAIL",
		outcome.Hang: "FAIL", outcome.BootFail: "FAIL", outcome.Infra: "MISS"}
	d := hostileRun()
	k, _ := kcidbOf(t, d)
	for i, v := range outcome.Verdicts {
		if got := k.Tests[i]["status"]; got != want[v] {
			t.Errorf("%s is %v", v, got)
		}
	}
	// Exporting a run again sends the same objects.
	_, first := kcidbOf(t, d)
	if _, again := kcidbOf(t, d); !bytes.Equal(first, again) {
		t.Error("two reports of one run differ")
	}
}

// TestKCIDBAgainstTheSchema validates with python3-jsonschema and KCIDB's
// schema (Version.json of kcidb_io.schema.v05_03), which we may not
// redistribute.
func TestKCIDBAgainstTheSchema(t *testing.T) {
	schema := os.Getenv("SPLICELAB_KCIDB_SCHEMA")
	if schema == "" {
		t.Skip("SPLICELAB_KCIDB_SCHEMA does not name the JSON schema of kcidb_io.schema.v05_03")
	}
	const check = `import json, sys, jsonschema
v = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])), format_checker=jsonschema.FormatChecker())
errors = ["%s: %s" % (list(e.path), e.message[:300]) for e in v.iter_errors(json.load(open(sys.argv[2])))]
print("\n".join(errors)); sys.exit(1 if errors else 0)`
	if err := exec.CommandContext(t.Context(), "python3", "-c", "import jsonschema").Run(); err != nil {
		t.Skip("python3 with jsonschema is not available to check the schema")
	}
	for name, d := range map[string]Document{"sample": sample(), "hostile": hostileRun(), "none": {}} {
		_, content := kcidbOf(t, d)
		file := filepath.Join(t.TempDir(), name+".json")
		must(t, os.WriteFile(file, content, 0o644))
		if out, err := exec.CommandContext(t.Context(), "python3", "-c", check, schema, file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
