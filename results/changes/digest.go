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

// Digest says two things of a piece of news in a form that can be kept and
// compared, so that nobody is told the same twice. An empty one is no news.
type Digest struct {
	// Changes stands for what differs from the run before.
	Changes string `json:"changes"`
	// Lab stands for what was wrong with the night itself: missing kernels,
	// problems, cells that were not run.
	Lab string `json:"lab"`
}

// Digest returns the digest of n. Times, sizes, details and the run's name do not
// count: the same failure with another number in its message is the same.
func (n Summary) Digest() Digest {
	var changes, lab []string
	for _, s := range n.sections() {
		if s.quiet {
			continue // a flake comes and goes each night
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
		_, _ = io.WriteString(h, s+"\n") // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// brief is what a cell came to, without what differs each time.
func brief(c *results.Cell) string {
	if c == nil {
		return ""
	}
	return string(c.Verdict) + " " + string(c.Outcome) + " " + string(c.Expected)
}

// Worth reports whether this is to be told, when last is what was told the
// last time. fixed says that both were compared with the same run: then what
// still differs is known already, and that nothing differs any more is news.
func (d Digest) Worth(last Digest, fixed bool) bool {
	if fixed {
		return d != last
	}
	return d.Changes != "" || d.Lab != last.Lab
}
