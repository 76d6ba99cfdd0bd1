package lab

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
)

// Only what passed but for a task that was held up is doubted: not what the
// test itself found, nor what else the kernel has to say.
func TestDelayed(t *testing.T) {
	const hung = "[  268.875246] INFO: task splice.test:168 blocked for more than 10 seconds.\n" +
		"[  268.944965] Call Trace:\n[  268.977731]  __schedule+0x4ea/0xbe0\n[  269.023805]  file_write_and_wait_range+0x85/0xb0\n[  269.300000]  </TASK>\n"
	const warning = "[  269.300001] ------------[ cut here ]------------\n[  269.300001] WARNING: CPU: 0 PID: 168 at fs/xfs/xfs_iomap.c:12 xfs_iomap_x+0x1/0x2\n"
	for name, c := range map[string]struct {
		raw     outcome.Verdict
		kind    outcome.Kind
		outcome outcome.Outcome
		log     string
		want    bool
	}{
		"passed, held up":                {outcome.Pass, outcome.Invariant, outcome.None, hung, true},
		"a characterisation, held up":    {outcome.Pass, outcome.Characterisation, outcome.Snapshot, hung, true},
		"failed by its outcome":          {outcome.Pass, outcome.Characterisation, outcome.Live, hung, false},
		"failed by itself":               {outcome.Fail, outcome.Invariant, outcome.None, hung, false},
		"held up, and something wrong":   {outcome.Pass, outcome.Invariant, outcome.None, hung + warning, false},
		"passed, and something wrong":    {outcome.Pass, outcome.Invariant, outcome.None, warning, false},
		"passed with nothing in its log": {outcome.Pass, outcome.Invariant, outcome.None, "", false},
	} {
		one := &cell{raw: c.raw, test: PlannedTest{Kind: c.kind}, attrs: map[string]string{"outcome": string(c.outcome)}}
		one.log.add(c.log)
		a := judge(one, outcome.PolicySnapshot)
		if got := delayed(one, a); got != c.want {
			t.Errorf("%s: %t (%s, %s, %s)", name, got, a.Verdict, a.Kind, a.Detail)
		}
	}
}
