package kit

import (
	"fmt"
	"hash/fnv"
	"os"
	"strconv"
	"time"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/outcome"
)

// observe means no policy: the kernel's behaviour is recorded and fails only
// control cells. A plain go test on a developer's machine does not judge that
// machine's kernel.
const observe outcome.Policy = ""

// policyOf returns the policy set in the environment; in the guest the default
// is the snapshot policy.
func policyOf(getenv func(string) string) (outcome.Policy, error) {
	switch p := getenv(protocol.EnvPolicy); {
	case p != "":
		return outcome.ParsePolicy(p)
	case getenv(protocol.EnvGuest) == "1":
		return outcome.PolicySnapshot, nil
	}
	return observe, nil
}

// seedOf returns the run's seed; without one, each process gets a new one.
func seedOf(getenv func(string) string) (uint64, error) {
	s := getenv(protocol.EnvSeed)
	if s == "" {
		return uint64(time.Now().UnixNano()), nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("seed %q is not a decimal number: %w", s, err)
	}
	return n, nil
}

// nonceOf distinguishes the files of a cell from those of every other cell, and
// of earlier processes on the same filesystem.
func nonceOf(seed uint64, name string) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%s/%d", seed, name, os.Getpid())
	return h.Sum64()
}

// Verdict reports whether a test of kind k passes with finding f under p, and
// the kind under which the result must be stored. A finding that is wrong under
// every policy is stored as an invariant's, so that showing a finished run
// under another policy does not turn it into a pass.
func Verdict(k outcome.Kind, p outcome.Policy, f Finding) (pass bool, stored outcome.Kind) {
	switch {
	case p == observe:
		return true, k
	case f.Never || !f.Outcome.LegalSomewhere():
		return false, outcome.Invariant
	case k == outcome.Invariant:
		return f.Outcome == outcome.Snapshot, outcome.Invariant
	}
	return p.Accepts(f.Outcome), k
}
