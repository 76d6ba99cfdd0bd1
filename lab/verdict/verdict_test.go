package verdict

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/console"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/outcome"
)

const (
	oopsLog = "[    1.500000] BUG: kernel NULL pointer dereference, address: 0000000000000010\n" +
		"[    1.500000] RIP: 0010:xfs_file_splice_read+0x10/0x80 [xfs]\n"
	hungLog = "[  268.875246] INFO: task splice.test:168 blocked for more than 10 seconds.\n" +
		"[  268.944965] Call Trace:\n[  268.977731]  __schedule+0x4ea/0xbe0\n[  269.023805]  file_write_and_wait_range+0x85/0xb0\n[  269.300000]  </TASK>\n"
	warningLog = "[  269.300001] ------------[ cut here ]------------\n[  269.300001] WARNING: CPU: 0 PID: 168 at fs/xfs/xfs_iomap.c:12 xfs_iomap_x+0x1/0x2\n"
)

// specimens are minimal evidence for each row of the table, in its order, so that
// combining two of them keeps both reasons.
var specimens = []struct {
	add  func(*Evidence)
	want outcome.Verdict
}{
	{func(e *Evidence) { e.Fault = "QEMU did not start" }, outcome.Infra},
	{func(e *Evidence) { e.SetUp = "no space" }, outcome.Infra},
	{func(e *Evidence) {
		e.Phase, e.Overdue = Booting, &Overdue{For: "boot", Limit: time.Minute, CPU: time.Minute}
	}, outcome.BootFail},
	{func(e *Evidence) { e.Log = oopsLog }, outcome.Crash},
	{func(e *Evidence) {
		if e.Overdue == nil {
			e.Overdue = &Overdue{Limit: time.Minute, Answers: true}
		}
	}, outcome.Hang},
	{func(e *Evidence) { e.Process = &protocol.Exit{Code: -1, Signal: "SIGSEGV"} }, outcome.Fail},
	{func(e *Evidence) {
		if e.Process == nil {
			e.Process = &protocol.Exit{}
		}
	}, outcome.Infra},
	{func(e *Evidence) {
		e.Result = outcome.Pass
		if e.Log == "" {
			e.Log = warningLog
		}
	}, outcome.Fail},
	{func(e *Evidence) { e.Unable = "no such module" }, outcome.Skip},
	{func(e *Evidence) {
		e.Result, e.Kind, e.Outcome = outcome.Pass, outcome.Characterisation, outcome.Snapshot
	}, outcome.Pass},
	{func(e *Evidence) {
		if e.Result == "" {
			e.Result = outcome.Skip
		}
	}, outcome.Skip},
}

// The rules match the documented table, row by row and in its order.
func TestRulesMatchTheDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n## Verdicts\n")
	if !found {
		t.Fatal("docs/architecture.md has no section Verdicts")
	}
	var documented []string
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "|") {
			if len(documented) > 0 {
				break
			}
			continue
		}
		documented = append(documented, strings.TrimSpace(strings.Split(line, "|")[1]))
	}
	documented = documented[min(2, len(documented)):] // the head and the line below it
	var have []string
	for _, r := range rules {
		have = append(have, r.row)
	}
	if !slices.Equal(documented, have) {
		t.Errorf("docs/architecture.md has the rows\n  %s\nthe rules are\n  %s", strings.Join(documented, "\n  "), strings.Join(have, "\n  "))
	}
}

func TestPrecedence(t *testing.T) {
	if len(specimens) != len(rules) {
		t.Fatalf("%d specimens of %d rules", len(specimens), len(rules))
	}
	decidedBy := func(e Evidence) int {
		return slices.IndexFunc(rules, func(r rule) bool { _, ok := r.apply(&e); return ok })
	}
	for i, s := range specimens {
		e := Evidence{Phase: Running, Policy: outcome.PolicySnapshot, When: "while it ran", Confirm: true}
		s.add(&e)
		if by := decidedBy(e); by != i {
			t.Errorf("row %d (%s) was decided by row %d", i, rules[i].row, by)
		}
		if got := Decide(e).Verdict; got != s.want {
			t.Errorf("row %d (%s): %s, want %s", i, rules[i].row, got, s.want)
		}
		for j, lower := range specimens[i+1:] {
			if i >= 5 && i <= 6 && j+i+1 >= 7 && j+i+1 != 8 {
				continue // a process that died without a result has none
			}
			both := e
			lower.add(&both)
			if by := decidedBy(both); by != i {
				t.Errorf("rows %d and %d together were decided by row %d: %s", i, i+1+j, by, Decide(both).Detail)
			}
		}
	}
}

func TestDecide(t *testing.T) {
	byGuest, killed := &vm.Exit{Reason: "guest-reset"}, &vm.Exit{Code: -1, Signal: 9}
	for name, c := range map[string]struct {
		e      Evidence
		want   outcome.Verdict
		detail string
	}{
		"killed, although the kernel had oopsed": {Evidence{Phase: Running, Exit: killed, Log: oopsLog}, outcome.Infra, "QEMU ended"},
		"ended without a word":                   {Evidence{Phase: Running, Exit: byGuest, When: "while A ran"}, outcome.Infra, "crash to be confirmed in another VM: the VM ended while A ran without a word"},
		"ended without a word again":             {Evidence{Phase: Running, Exit: byGuest, When: "while A ran", Confirm: true}, outcome.Crash, "the VM ended while A ran without a word"},
		"ended after other messages":             {Evidence{Phase: Running, Exit: byGuest, Log: warningLog}, outcome.Infra, "confirmed in another VM"},
		"ended after an oops":                    {Evidence{Phase: Running, Exit: byGuest, Log: oopsLog}, outcome.Crash, "NULL pointer"},
		"the agent died": {Evidence{Phase: Running, Exit: byGuest,
			Log: "[    1.500000] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000006\n"}, outcome.Infra, "agent died"},
		"the kernel found no init": {Evidence{Phase: Booting, Exit: byGuest,
			Log: "[    1.500000] Kernel panic - not syncing: No working init found.  Try passing init= option to kernel.\n"}, outcome.Infra, "initramfs"},
		"dead before the hello":        {Evidence{Phase: Booting, Exit: byGuest, When: "before the hello"}, outcome.Infra, "boot-fail to be confirmed"},
		"dead before the hello, again": {Evidence{Phase: Booting, Exit: byGuest, When: "before the hello", Confirm: true}, outcome.BootFail, "before the hello"},
		"oops before the hello":        {Evidence{Phase: Booting, Exit: byGuest, Log: oopsLog}, outcome.BootFail, "NULL pointer"},
		"dead while mounting":          {Evidence{Phase: SettingUp, Exit: byGuest, When: "while mounting xfs"}, outcome.Infra, "crash to be confirmed"},
		"dead while mounting, again":   {Evidence{Phase: SettingUp, Exit: byGuest, When: "while mounting xfs", Confirm: true}, outcome.Crash, "mounting xfs"},
		"slow boot":                    {Evidence{Phase: Booting, Log: "one\ntwo\n", Overdue: &Overdue{For: "boot", Limit: time.Minute}}, outcome.BootFail, "two"},
		"never scheduled":              {Evidence{Phase: Booting, Overdue: &Overdue{For: "boot", Limit: time.Minute}}, outcome.Infra, "processor time"},
		"hang with a hung task":        {Evidence{Phase: Running, Log: hungLog, Overdue: &Overdue{Limit: time.Minute, Answers: true}}, outcome.Hang, "still answers; "},
		"stopped without a word":       {Evidence{Phase: Running, Overdue: &Overdue{Limit: time.Minute}}, outcome.Infra, "hang to be confirmed in another VM"},
		"stopped without a word again": {Evidence{Phase: Running, Overdue: &Overdue{Limit: time.Minute}, Confirm: true}, outcome.Hang, "does not answer either"},
		"stopped, with a hung task":    {Evidence{Phase: Running, Log: hungLog, Overdue: &Overdue{Limit: time.Minute}}, outcome.Hang, "not answer either; "},
		"slow, but alive":              {Evidence{Phase: Running, Overdue: &Overdue{Limit: time.Minute, Answers: true}}, outcome.Hang, "still answers"},
		"pass":                         {Evidence{Phase: Running, Result: outcome.Pass}, outcome.Pass, ""},
		"fail with a log":              {Evidence{Phase: Running, Result: outcome.Fail, Output: "    x_test.go:3: first\n    x_test.go:4: last\n"}, outcome.Fail, "last"},
		"an outcome that is accepted":  {Evidence{Phase: Running, Result: outcome.Fail, Kind: outcome.Characterisation, Outcome: outcome.Live, Policy: outcome.PolicyAlias}, outcome.Fail, ""},
		"nothing at all is not a pass": {Evidence{Phase: Running}, outcome.Infra, "nothing was observed"},
		"killed by the OOM killer":     {Evidence{Phase: Running, Process: &protocol.Exit{Signal: "SIGKILL"}, Log: "[    1.500000] Out of memory: Killed process 88 (s.test) total-vm:500000kB, anon-rss:400000kB\n"}, outcome.Fail, "SIGKILL: "},
		"a Go panic":                   {Evidence{Phase: Running, Process: &protocol.Exit{Code: 2}, Output: "panic: boom\n"}, outcome.Fail, "panic: boom"},
		"restored, and crashed":        {Evidence{Phase: Running, Restored: true, Log: oopsLog}, outcome.Infra, "crash in a restored VM"},
		"restored, and its process died": {Evidence{Phase: Running, Restored: true, Process: &protocol.Exit{Code: 2}}, outcome.Infra,
			"fail in a restored VM"},
		"restored, and the test failed": {Evidence{Phase: Running, Restored: true, Result: outcome.Fail}, outcome.Fail, ""},
		"restored, and ended without a word twice": {Evidence{Phase: Running, Restored: true, Exit: byGuest, Confirm: true}, outcome.Infra,
			"crash in a restored VM"},
	} {
		d := Decide(c.e)
		if d.Verdict != c.want || !strings.Contains(d.Detail, c.detail) {
			t.Errorf("%s: %s (%s), want %s (%s)", name, d.Verdict, d.Detail, c.want, c.detail)
		}
		if doubted := strings.Contains(d.Detail, "confirmed"); doubted != (d.Doubted != "") {
			t.Errorf("%s: %q is doubted, but the detail is %q", name, d.Doubted, d.Detail)
		}
	}
}

// A pass with nothing but a hung task in the log is doubted once. The test's own
// failures and other kernel messages are not doubted.
func TestHungTaskIsDoubtedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		result  outcome.Verdict
		kind    outcome.Kind
		outcome outcome.Outcome
		log     string
		want    bool
	}{
		"passed, hung task":              {outcome.Pass, outcome.Invariant, outcome.None, hungLog, true},
		"a characterisation, hung task":  {outcome.Pass, outcome.Characterisation, outcome.Snapshot, hungLog, true},
		"failed by its outcome":          {outcome.Pass, outcome.Characterisation, outcome.Live, hungLog, false},
		"failed":                         {outcome.Fail, outcome.Invariant, outcome.None, hungLog, false},
		"hung task and a warning":        {outcome.Pass, outcome.Invariant, outcome.None, hungLog + warningLog, false},
		"passed, a warning":              {outcome.Pass, outcome.Invariant, outcome.None, warningLog, false},
		"passed with nothing in its log": {outcome.Pass, outcome.Invariant, outcome.None, "", false},
	} {
		e := Evidence{Phase: Running, Result: c.result, Kind: c.kind, Outcome: c.outcome, Log: c.log, Policy: outcome.PolicySnapshot}
		d := Decide(e)
		if got := d.Verdict == outcome.Infra; got != c.want {
			t.Errorf("%s: %s (%s)", name, d.Verdict, d.Detail)
		}
		e.Confirm = true
		if d := Decide(e); d.Verdict == outcome.Infra {
			t.Errorf("%s: still doubted when it is observed again: %s", name, d.Detail)
		}
	}
}

// A log that has lost its middle is judged by the events that were found while
// it was read, and the one that is not in it is shown.
func TestEventsOfALogWithoutItsMiddle(t *testing.T) {
	events := console.Parse([]byte(warningLog))
	if len(events) == 0 {
		t.Fatal("no events")
	}
	d := Decide(Evidence{Phase: Running, Result: outcome.Pass, Kind: outcome.Invariant, Log: "head\ntail\n", Events: events})
	if d.Verdict != outcome.Fail || !strings.Contains(d.Detail, events[0].Title) || !strings.Contains(d.Console, "WARNING") {
		t.Errorf("%+v", d)
	}
	d = Decide(Evidence{Phase: Running, Result: outcome.Pass, Kind: outcome.Invariant, Log: warningLog, Events: events})
	if d.Verdict != outcome.Fail || d.Console != "" {
		t.Errorf("the log has it: %+v", d)
	}
}
