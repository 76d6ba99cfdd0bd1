// Package splicelab_test checks the import directions of the module without
// needing a linter: cmd → lab → {images, kernels, results} → outcome, and
// internal/protocol for the lab and for what runs in the guest.
package splicelab_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/splicelab/splicelab"

// The packages that both sides of the serial port may know.
var leaves = []string{"outcome", "internal/protocol", "internal/protocol/reseed"}

// directions says, for each part of the house, which others it may import.
// Paths are relative to the module; "x/..." is x and everything below it. The
// most specific row counts, and a package without a row fails the test: where
// it belongs has to be decided, not discovered.
var directions = []struct {
	packages string
	may      []string
	why      string
}{
	{"outcome", nil, "it is shared by guest and host and must know neither"},
	{"internal/protocol", nil, "it is shared by guest and host and must know neither"},
	{"internal/protocol/reseed", nil, "it is shared by guest and host and must know neither"},
	{"internal/kernelversion", nil, "everything that orders kernels uses it"},
	{"internal/sanitize", nil, "it is a leaf: everything that shows guest text imports it"},
	{"internal/shell", nil, "it is a leaf"},
	{"internal/spell", nil, "it is a leaf"},
	{"internal/arch", nil, "it is a leaf: a table that everything asks"},
	{"internal/artifact", []string{"internal/osfile"}, "a cache does not know what it stores"},
	{"internal/confine", nil, "it is a leaf: it does not know which programs it starts"},
	{"internal/osfile", nil, "it is a leaf: files and locks know nothing of what is in them"},
	{"kernels/...", []string{"kernels/...", "outcome", "internal/kernelversion"}, "a kernel does not know what is done with it"},
	{"internal/guestbin/...", []string{"internal/arch", "internal/guestbin/..."}, "guest programs are bytes to it, and are built by the go command"},
	{"images/...", []string{"images", "kernels", "outcome", "internal/kernelversion"}, "an image does not know who boots it"},
	{"images/guest/...", leaves, "the agent runs in the guest and must stay small"},
	{"results", []string{"internal/kernelversion", "outcome"}, "the model does not know where it is stored nor how it is shown"},
	{"results/store", []string{"internal/kernelversion", "results", "outcome"}, "what is stored does not depend on what is made of it"},
	{"results/history", []string{"internal/kernelversion", "results", "outcome"}, "past runs are read through a small interface, not from SQLite"},
	{"results/compare", []string{"internal/kernelversion", "results", "results/history", "outcome"}, "a comparison needs cells, not where they are stored"},
	{"results/findings", []string{"internal/kernelversion", "results", "results/history", "outcome"}, "findings need cells, not where they are stored"},
	{"results/terminal", []string{"results", "results/history", "results/compare", "results/findings", "results/palette", "outcome"}, "what draws knows no SQL"},
	{"results/changes", []string{"internal/kernelversion", "results", "results/history", "results/compare", "results/findings", "outcome"}, "what changed does not depend on how runs are stored or reported"},
	{"results/resultstest", []string{"results", "outcome"}, "the tests of every package of results use it"},
	{"results/...", []string{"internal/kernelversion", "results/...", "outcome"}, "results outlive the way in which they were got"},
	{"internal/deadline", nil, "a clock does not know what it measures"},
	{"internal/headtail", nil, "a buffer does not know what is in it"},
	{"lab/vm", with("internal/deadline", "internal/headtail"), "a VM does not know what runs in it"},
	{"lab/console", leaves, "a kernel log is read the same, whoever wrote it"},
	{"lab/gotest", leaves, "test output is read the same, wherever it ran"},
	{"lab/suite", leaves, "a suite does not know who runs it"},
	{"lab/plan", []string{"images", "internal/kernelversion", "internal/protocol", "kernels", "outcome", "results"}, "a plan is data: it knows neither VMs nor stores"},
	{"lab/verdict", []string{"internal/protocol", "lab/console", "lab/vm", "outcome"}, "a verdict depends on evidence alone"},
	{"lab/job", []string{"images", "lab/plan", "lab/verdict", "outcome", "results"}, "a job is plain data, fit for a network"},
	{"lab/sched", []string{"images", "lab/job", "lab/plan", "lab/verdict", "outcome", "results", "results/estimate"}, "what runs next does not depend on how it is run and stored"},
	{"lab/machine", with("images", "internal/deadline", "kernels", "lab/suite", "lab/template", "lab/verdict", "lab/vm", "results"), "a VM is made without plans, jobs and stores"},
	{"lab/exec", with("images", "internal/deadline", "internal/headtail", "kernels", "lab/console", "lab/gotest", "lab/job", "lab/machine", "lab/plan", "lab/suite", "lab/template", "lab/verdict", "lab/vm", "results"), "executing knows neither retries nor stores"},
	{"lab/program", with("images", "kernels", "lab/machine", "lab/suite", "lab/verdict"), "one program in one VM needs no plan"},
	{"lab/catalogue", []string{"internal/input", "internal/protocol", "internal/text", "lab/plan", "lab/session"}, "the tests are described without a kernel to run them on"},
	{"lab/query", []string{"internal/input", "internal/text", "lab/export", "lab/progress", "lab/report", "lab/session", "outcome", "results", "results/..."}, "stored runs are read without a kernel to run them on"},
	{"lab/kernelset", []string{"internal/arch", "internal/input", "internal/text", "kernels", "kernels/source", "lab/export", "lab/progress", "lab/session"}, "kernels are listed without a plan to run on them"},
	{"lab/live", []string{"internal/input", "lab/bisect", "lab/export", "lab/session", "outcome", "results", "results/compare", "results/expect", "results/history", "results/page", "results/store", "results/web"}, "it connects the web server to stored runs and nothing else"},
	{"lab/doctor", []string{"images", "kernels", "lab", "lab/progress", "lab/session", "lab/suite", "lab/vm"}, "a check does not know which flag sets what it examines"},
	{"internal/buildinfo", nil, "it is a leaf"},
	{"internal/cli", []string{"internal/input", "internal/spell"}, "what parses a command line does not know what its commands do"},
	{"internal/ptytest", nil, "it is a leaf for tests"},
	{"internal/text", nil, "a table does not know what is in it"},
	{"internal/input", nil, "a fault of the user does not know where it was found"},
	{"lab/...", with("internal/...", "lab/...", "images", "kernels/...", "results/..."), "the command line is above the lab, suites run in the guest"},
	{"lab/config", with("images", "kernels/...", "results/...", "lab/job", "lab/plan"), "an option does not know which command reads it"},
	{"cmd/...", with("internal/...", "cmd/...", "lab/...", "images", "kernels/...", "results/..."), "suites run in the guest"},
	{"cmd/splicelab/output", []string{"internal/cli", "internal/input", "lab/export", "lab/progress", "results/terminal"}, "what is printed does not depend on which verb prints it"},
	{"cmd/splicelab/exit", []string{"internal/cli"}, "errors say themselves whether the user has to correct them"},
	{"cmd/splicelab/topics", []string{"internal/cli"}, "a page of help is text"},
	{"examples/...", []string{"outcome", "tests/kit"}, "they show what other modules may import"},
	{"tests/...", with("tests/..."), "suites run in the guest and know nothing of the host"},
}

// testsMay lists what test files may import beyond their package's own row.
var testsMay = map[string][]string{
	"results":          {"results/resultstest"},
	"results/store":    {"results/resultstest", "results/terminal", "results/compare"},
	"results/history":  {"results/resultstest", "results/store"},
	"results/compare":  {"results/resultstest"},
	"results/findings": {"results/resultstest"},
	"results/terminal": {"results/resultstest"},
	"results/changes":  {"results/resultstest"},
	"internal/cli":     {"internal/ptytest"},
	// An agent can only be tried in an image that boots.
	"images/guest/...": {"images", "kernels"},
	// What selftest's cells must come to is written down beside them.
	"lab/...": {"tests/selftest"},
	"cmd/...": {"tests/selftest"},
	// The errors of every package below have the right code.
	"cmd/splicelab/exit":   {"internal/input", "kernels/...", "lab/...", "results/..."},
	"cmd/splicelab/output": {"internal/ptytest"},
}

func with(packages ...string) []string { return append(packages, leaves...) }

// foundations are leaves that every package of the host may import beyond its
// row; what runs in the guest must stay small.
var foundations = []string{"internal/arch", "internal/artifact", "internal/confine", "internal/headtail", "internal/kernelversion", "internal/osfile", "internal/sanitize", "internal/shell", "internal/spell"}

// onHost reports whether a package may import the foundations.
func onHost(name string) bool {
	for _, host := range []string{"kernels/...", "images/...", "results/...", "lab/...", "cmd/..."} {
		if match(host, name) {
			return !match("images/guest/...", name)
		}
	}
	return false
}

func TestImportDirections(t *testing.T) {
	gocmd, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go command is not on PATH: it lists the imports")
	}
	// -e: imports are read from the source; whether it builds is not asked here.
	cmd := exec.Command(gocmd, "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var pkg struct {
			ImportPath                         string
			Imports, TestImports, XTestImports []string
		}
		if err := dec.Decode(&pkg); err != nil {
			t.Fatal(err)
		}
		if pkg.ImportPath == module {
			continue // this test's own package
		}
		seen++
		name := strings.TrimPrefix(pkg.ImportPath, module+"/")
		for _, complaint := range complaints(name, pkg.Imports, append(pkg.TestImports, pkg.XTestImports...)) {
			t.Error(complaint)
		}
	}
	if seen == 0 {
		t.Fatal("go list named no package")
	}
}

// The rules are only worth something if they refuse what they should.
func TestImportDirectionsRefuse(t *testing.T) {
	for _, c := range []struct {
		pkg, imports string
		inTest       bool
		refused      bool
	}{
		{"kernels", "lab", false, true},
		{"kernels/debian", "kernels", false, false},
		{"images", "kernels", false, false},
		{"images", "internal/protocol", false, true},
		{"images", "lab/vm", false, true},
		{"images/guest", "internal/protocol", false, false},
		{"images/guest", "images", false, true},
		{"results", "kernels", false, true},
		{"results", "outcome", false, false},
		{"results", "results/store", false, true},
		{"results/terminal", "results/store", false, true},
		{"results/page", "results/compare", false, false},
		{"lab/vm", "lab/console", false, true},
		{"internal/protocol", "outcome", false, true},
		{"internal/protocol/reseed", "internal/protocol", false, true},
		{"images/guest", "internal/protocol/reseed", false, false},
		{"lab", "tests/selftest", false, true},
		{"lab", "tests/selftest", true, false},
		{"lab/queue", "lab", false, false},
		{"lab", "cmd/splicelab", false, true},
		{"tests/splice", "tests/kit", false, false},
		{"tests/kit", "kernels", true, true},
		{"stray", "outcome", false, true},
		{"results/store", "internal/sanitize", false, false},
		{"internal/sanitize", "outcome", false, true},
		{"images/guest", "internal/osfile", false, true},
		{"cmd/splicelab", "images", false, false},
		{"cmd/splicelab/exit", "lab/bisect", false, true},
		{"cmd/splicelab/exit", "lab/bisect", true, false},
		{"cmd/splicelab/output", "lab/query", false, true},
	} {
		var imports, testImports []string
		if c.inTest {
			testImports = []string{module + "/" + c.imports}
		} else {
			imports = []string{module + "/" + c.imports}
		}
		got := complaints(c.pkg, imports, testImports)
		if (len(got) > 0) != c.refused {
			t.Errorf("%s importing %s (in a test: %v): complaints %q, want refused = %v", c.pkg, c.imports, c.inTest, got, c.refused)
		}
	}
}

// complaints says what is wrong with the imports of the package called name.
func complaints(name string, imports, testImports []string) []string {
	row := -1
	for i, d := range directions {
		if match(d.packages, name) && (row < 0 || depth(d.packages) > depth(directions[row].packages)) {
			row = i
		}
	}
	if row < 0 {
		return []string{name + ": no row in imports_test.go says what it may import: add one"}
	}
	d := directions[row]
	if onHost(name) {
		d.may = slices.Concat(d.may, foundations)
	}
	var out []string
	check := func(imports, may []string) {
		for _, path := range imports {
			imported, ours := strings.CutPrefix(path, module+"/")
			if ours && imported != name && !slices.ContainsFunc(may, func(p string) bool { return match(p, imported) }) {
				out = append(out, name+" imports "+imported+": "+d.why)
			}
		}
	}
	check(imports, d.may)
	testsToo := slices.Clone(d.may)
	for pattern, more := range testsMay {
		if match(pattern, name) {
			testsToo = append(testsToo, more...)
		}
	}
	check(testImports, testsToo)
	return out
}

// depth orders the patterns that cover one package: the deepest counts.
func depth(pattern string) int { return len(strings.TrimSuffix(pattern, "/...")) }

// match reports whether a pattern of directions covers the package called name.
func match(pattern, name string) bool {
	dir, below := strings.CutSuffix(pattern, "/...")
	return name == dir || below && strings.HasPrefix(name, dir+"/")
}
