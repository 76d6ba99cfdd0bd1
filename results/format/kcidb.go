package format

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/format/doc"
)

// DefaultOrigin is the default name of the submitter in KCIDB.
const DefaultOrigin = "splicelab"

// OriginPattern is KCIDB's syntax of an origin.
var OriginPattern = regexp.MustCompile(`^[a-z0-9_]+$`)

// KCIDB's syntax of a commit hash, and of the URL of a public repository.
var (
	commitHash    = regexp.MustCompile(`^[0-9a-f]{40}$`)
	repositoryURL = regexp.MustCompile(`^(https|git)://`)
)

// kcidbExcerpt is KCIDB's limit for a log excerpt, in characters.
const kcidbExcerpt = 16384

// A report in KCIDB's schema 5.3. Unknown fields are omitted, never null or
// empty.
type (
	kcidbReport struct {
		Version   kcidbVersion    `json:"version"`
		Checkouts []kcidbCheckout `json:"checkouts"`
		Builds    []kcidbBuild    `json:"builds"`
		Tests     []kcidbTest     `json:"tests"`
		Issues    []kcidbIssue    `json:"issues"`
		Incidents []kcidbIncident `json:"incidents"`
	}
	kcidbVersion struct {
		Major int `json:"major"`
		Minor int `json:"minor"`
	}
	kcidbCheckout struct {
		ID         string            `json:"id"`
		Origin     string            `json:"origin"`
		Repository string            `json:"git_repository_url,omitempty"`
		Commit     string            `json:"git_commit_hash,omitempty"`
		Patches    *string           `json:"patchset_hash,omitempty"` // empty: unpatched
		Comment    string            `json:"comment"`
		Valid      bool              `json:"valid,omitempty"` // never false: omitted if unknown
		Misc       map[string]string `json:"misc"`
	}
	kcidbBuild struct {
		ID         string            `json:"id"`
		Origin     string            `json:"origin"`
		CheckoutID string            `json:"checkout_id"`
		Comment    string            `json:"comment"`
		Arch       string            `json:"architecture,omitempty"` // as in the kernel's source
		Status     string            `json:"status,omitempty"`
		Misc       map[string]string `json:"misc"`
	}
	kcidbTest struct {
		ID          string            `json:"id"`
		Origin      string            `json:"origin"`
		BuildID     string            `json:"build_id"`
		Path        string            `json:"path"`
		Comment     string            `json:"comment"`
		Status      string            `json:"status"`
		StartTime   string            `json:"start_time,omitempty"`
		Duration    float64           `json:"duration"` // seconds
		LogExcerpt  string            `json:"log_excerpt,omitempty"`
		Environment *kcidbEnvironment `json:"environment,omitempty"`
		Misc        kcidbTestMisc     `json:"misc"`
	}
	kcidbEnvironment struct {
		Comment string            `json:"comment,omitempty"`
		Misc    map[string]string `json:"misc"`
	}
	kcidbTestMisc struct {
		Run        string            `json:"run"`
		Test       string            `json:"test"`
		Policy     outcome.Policy    `json:"policy"`
		Class      outcome.Class     `json:"class"`
		Verdict    outcome.Verdict   `json:"verdict"`
		Outcome    outcome.Outcome   `json:"outcome"`
		Kind       outcome.Kind      `json:"kind"`
		Expected   results.Expected  `json:"standing"`
		Detail     string            `json:"detail"`
		Attempts   int               `json:"attempts"`
		Flaky      string            `json:"flaky"`
		Covariates map[string]string `json:"covariates"`
	}
	kcidbIssue struct {
		ID      string       `json:"id"`
		Version int          `json:"version"`
		Origin  string       `json:"origin"`
		Comment string       `json:"comment"`
		Culprit kcidbCulprit `json:"culprit"`
	}
	kcidbCulprit struct {
		Code    bool `json:"code"`
		Tool    bool `json:"tool"`
		Harness bool `json:"harness"`
	}
	kcidbIncident struct {
		ID           string `json:"id"`
		Origin       string `json:"origin"`
		IssueID      string `json:"issue_id"`
		IssueVersion int    `json:"issue_version"`
		TestID       string `json:"test_id"`
		Present      bool   `json:"present"`
		Comment      string `json:"comment"`
	}
)

// kcidbStatus maps verdicts to KCIDB's statuses. MISS is a harness failure
// without information about test or code; ERROR would blame the test.
var kcidbStatus = map[outcome.Verdict]string{
	outcome.Pass: "PASS", outcome.Fail: "FAIL", outcome.Skip: "SKIP", outcome.Crash: "FAIL",
	outcome.Hang: "FAIL", outcome.BootFail: "FAIL", outcome.Infra: "MISS",
}

// WriteKCIDB writes the run as a report for KCIDB: a checkout and a build for
// each kernel, a test for each cell, an issue for each expectation and each
// crash, and an incident for each cell in which the issue is present or, if
// expected, no longer present.
func WriteKCIDB(w io.Writer, d Document) error {
	k := kcidbReporter{d: d, origin: d.Origin, issues: map[string]bool{}, ran: map[string]bool{}, report: kcidbReport{
		Version: kcidbVersion{5, 3}, Checkouts: []kcidbCheckout{}, Builds: []kcidbBuild{}, Tests: []kcidbTest{},
		Issues: []kcidbIssue{}, Incidents: []kcidbIncident{}}}
	if k.origin == "" {
		k.origin = DefaultOrigin
	}
	if !OriginPattern.MatchString(k.origin) {
		return fmt.Errorf("origin %q: use lower-case letters, digits and _ only", sanitize.Line(k.origin))
	}
	var err error
	if k.printed, err = d.ReadTexts(doc.MaxTexts, doc.Trouble); err != nil {
		return err
	}
	builds := map[string]string{}
	for i := range d.Cells {
		if d.Cells[i].Verdict != outcome.Infra {
			k.ran[d.Cells[i].Kernel] = true
		}
	}
	for i := range d.Cells {
		c := &d.Cells[i]
		build, known := builds[c.Kernel]
		if !known {
			build = k.build(c.Kernel, c.Release().Platform)
			builds[c.Kernel] = build
		}
		k.test(c, build)
	}
	return writeJSON(w, k.report)
}

type kcidbReporter struct {
	d       Document
	origin  string
	printed doc.Texts
	issues  map[string]bool
	ran     map[string]bool // kernels with a verdict
	report  kcidbReport
}

// id builds an object's id from parts that are unique among objects of its
// type.
func (k *kcidbReporter) id(parts ...string) string {
	return k.origin + ":" + strings.Join(parts, ":")
}

// build adds a kernel as a checkout and its build. A distribution's kernel has
// no commit in a public repository. Its checkout has neither git_commit_hash
// nor patchset_hash, since an empty one would mean unpatched; release and image
// digest identify it. A kernel that the lab built from a commit has both
// hashes.
func (k *kcidbReporter) build(kernel string, of results.Platform) string {
	release, misc := sanitize.Line(kernel), map[string]string{}
	digest := sanitize.Line(k.d.Run.Conditions["kernel "+kernel])
	id := k.id("kernel", release)
	misc["release"] = release
	for _, n := range platformNotes(of) {
		misc[n.name] = sanitize.Line(n.value)
	}
	if digest != "" {
		id = k.id("kernel", release, digest)
		misc["digest"] = digest
	}
	checkout := kcidbCheckout{ID: id, Origin: k.origin, Comment: "the source of kernel " + release, Valid: k.ran[kernel], Misc: misc}
	if commit := k.d.Run.Conditions["commit "+kernel]; commitHash.MatchString(commit) {
		patches := sanitize.Line(k.d.Run.Conditions["patches "+kernel])
		checkout.Commit, checkout.Patches = commit, &patches
		if url := k.d.Run.Conditions["repository "+kernel]; repositoryURL.MatchString(url) {
			checkout.Repository = sanitize.Line(url)
		}
	}
	k.report.Checkouts = append(k.report.Checkouts, checkout)
	b := kcidbBuild{ID: id, Origin: k.origin, CheckoutID: id, Comment: "kernel " + release, Misc: misc}
	if a, err := arch.Parse(of.Arch); err == nil {
		b.Arch = a.Kernel.Arch
	}
	if k.ran[kernel] { // there was an image to boot
		b.Status = "PASS"
	}
	k.report.Builds = append(k.report.Builds, b)
	return id
}

// test adds a cell as a test.
func (k *kcidbReporter) test(c *results.Cell, build string) {
	r := k.d.Run
	t := kcidbTest{
		ID: k.id("test", sanitize.Line(r.ID), digestOf(c.Kernel, c.FS, c.Test)), Origin: k.origin, BuildID: build,
		Path: kcidbPath(c), Comment: sanitize.Line(c.Test + " on " + c.FS), Status: kcidbStatus[c.Verdict],
		Duration: c.Duration.Seconds(),
		Environment: &kcidbEnvironment{Comment: sanitize.Line(c.FS + " in a virtual machine"), Misc: map[string]string{
			"filesystem": sanitize.Line(c.FS), "accel": sanitize.Line(r.Accel)}},
		Misc: kcidbTestMisc{
			Run: sanitize.Line(r.ID), Test: sanitize.Line(c.Test), Policy: r.Policy, Class: c.Class(), Verdict: c.Verdict, Outcome: c.Outcome,
			Kind: c.Kind, Expected: c.Expected, Detail: sanitize.Line(c.Detail), Attempts: c.Attempts, Flaky: c.Flaky,
			Covariates: map[string]string{}},
	}
	if r.Accel == "" { // an imported run: its host is unknown
		t.Environment.Comment = ""
		delete(t.Environment.Misc, "accel")
	}
	if !c.Finished.IsZero() {
		t.StartTime = rfc3339(c.Finished.Add(-c.Duration))
	}
	for name, value := range c.Covariates {
		t.Misc.Covariates[sanitize.Line(name)] = sanitize.Line(value)
	}
	output, console := k.printed.Of(c.CellKey, c.N)
	switch {
	case console != "" && c.Verdict != outcome.Fail:
		t.LogExcerpt = excerpt(console)
	case output+console != "":
		t.LogExcerpt = excerpt(output + console)
	}
	k.report.Tests = append(k.report.Tests, t)

	switch {
	case c.Expected == results.XFail, c.Expected == results.XPass:
		why := sanitize.Line(c.Why)
		if why == "" {
			why = "an expectation without a reason"
		}
		k.incident(t, "expectation", why, c.Expected == results.XFail)
	case c.Verdict == outcome.Crash && c.Detail != "":
		k.incident(t, "crash", sanitize.Line(c.Detail), true)
	}
}

// incident adds the incident of a test, and its issue once. Issues are
// identified by their text, so an issue's version never changes.
func (k *kcidbReporter) incident(t kcidbTest, kind, text string, present bool) {
	const version = 1
	issue := k.id("issue", kind, digestOf(text))
	if !k.issues[issue] {
		k.issues[issue] = true
		k.report.Issues = append(k.report.Issues, kcidbIssue{ID: issue, Version: version, Origin: k.origin, Comment: text, Culprit: kcidbCulprit{Code: true}})
	}
	comment := "observed"
	if !present {
		comment = doc.UnexpectedPass
	}
	k.report.Incidents = append(k.report.Incidents, kcidbIncident{
		ID: k.id("incident", kind, digestOf(t.ID, issue)), Origin: k.origin, IssueID: issue, IssueVersion: version,
		TestID: t.ID, Present: present, Comment: comment})
}

// kcidbPath returns the cell's path in KCIDB's tree of tests: splicelab, the
// filesystem, and the test's name, in words of letters, digits, "_" and "-".
func kcidbPath(c *results.Cell) string {
	words := []string{DefaultOrigin, c.FS}
	words = append(words, strings.FieldsFunc(c.Test, func(r rune) bool { return r == '.' || r == '/' })...)
	for i, word := range words {
		words[i] = strings.Map(func(r rune) rune {
			switch {
			case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == '-':
				return r
			}
			return '_'
		}, word)
	}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), ".")
}

// excerpt sanitises a log and limits it to KCIDB's size. KCIDB counts
// characters; bytes are never fewer.
func excerpt(log string) string { return sanitize.Bounded(log, kcidbExcerpt) }

// digestOf hashes names to one short word.
func digestOf(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}
