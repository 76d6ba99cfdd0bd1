package selftest

import "github.com/splicelab/splicelab/outcome"

// Expected is the verdict that each test of the suite must get, unless it skips
// because it cannot misbehave as intended on this kernel or filesystem.
var Expected = map[string]outcome.Verdict{
	"TestPass":                outcome.Pass,
	"TestFail":                outcome.Fail,
	"TestSkip":                outcome.Skip,
	"TestSetupFails":          outcome.Infra,
	"TestExitNoResult":        outcome.Infra,
	"TestExitNonZero":         outcome.Fail,
	"TestGoPanic":             outcome.Fail,
	"TestSegfault":            outcome.Fail,
	"TestPanicKernel":         outcome.Crash,
	"TestOopsKernelThread":    outcome.Crash,
	"TestReset":               outcome.Crash,
	"TestWarn":                outcome.Fail,
	"TestHangInterruptible":   outcome.Hang,
	"TestHangSpin":            outcome.Hang,
	"TestHangUninterruptible": outcome.Hang,
	"TestHangNoInterrupts":    outcome.Hang,
	"TestExhaustMemory":       outcome.Fail,
	"TestFloodStdout":         outcome.Pass,
	"TestFloodConsole":        outcome.Pass,
	"TestTerminalEscapes":     outcome.Pass,
	"TestKillAgent":           outcome.Infra,
	"TestLeave":               outcome.Pass, // each of its cells, if the previous one left nothing behind
	"TestFlags":               outcome.Pass,
}
