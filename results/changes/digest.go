package changes

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"slices"

	"github.com/splicelab/splicelab/results"
)

// Digest identifies a Summary, so that nobody is notified twice. An empty part
// means nothing to report.
type Digest struct {
	// Changes is a hash of what differs from the previous run.
	Changes string `json:"changes"`
	// Lab is a hash of lab failures: missing kernels, problems, cells that were
	// not run.
	Lab string `json:"lab"`
}

// Digest returns the digest of n. It does not depend on times, sizes, details
// or the run's id: a failure is the same if only a number in its message
// differs.
func (n Summary) Digest() Digest {
	var changes, lab []string
	for _, s := range n.sections() {
		if s.quiet {
			continue // flakes differ between runs
		}
		for _, c := range s.changes {
			changes = append(changes, fmt.Sprintf("%s|%s|%s|%s", s.name, c.CellKey, brief(c.Before), brief(c.After)))
		}
	}
	for _, k := range n.NewKernels {
		changes = append(changes, "new kernel|"+k)
	}
	for _, r := range n.Replaced {
		changes = append(changes, "replaced|"+r.Kernel+"|"+r.Before)
	}
	for _, p := range n.GoneKernels {
		changes = append(changes, "gone|"+p.Kernel)
	}
	for _, m := range n.Missing {
		lab = append(lab, "missing|"+m.Kernel)
	}
	for _, p := range n.Problems {
		lab = append(lab, "problem|"+digits.ReplaceAllString(p, "#"))
	}
	for _, p := range n.NotRun {
		lab = append(lab, "not run|"+p.Kernel+"|"+p.FS)
	}
	if n.Infra > 0 {
		lab = append(lab, "infra")
	}
	return Digest{sum(changes), sum(lab)}
}

var digits = regexp.MustCompile(`[0-9]+`)

func sum(all []string) string {
	if len(all) == 0 {
		return ""
	}
	slices.Sort(all)
	h := sha256.New()
	for _, s := range all {
		_, _ = io.WriteString(h, s+"\n") // a hash never fails
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// brief is the result of a cell without what differs each time.
func brief(c *results.Cell) string {
	if c == nil {
		return ""
	}
	return string(c.Verdict) + " " + string(c.Outcome) + " " + string(c.Expected)
}

// Worth reports whether to notify, given the digest of the last notification.
// fixed means that both were compared with the same run: then a difference that
// persists is known, and one that vanished is new.
func (d Digest) Worth(last Digest, fixed bool) bool {
	if fixed {
		return d != last
	}
	return d.Changes != "" || d.Lab != last.Lab
}
