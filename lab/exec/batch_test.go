package exec

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/machine"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/verdict"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// actor is a scripted VM: it sends what a real one would, when the test wants it.
// vm_test.go has tests with real VMs; this is for what they will not do on
// demand, such as an oops that arrives in two halves.
type actor struct {
	con     *vm.Console
	dead    chan struct{}
	once    sync.Once
	exit    vm.Exit
	out     *io.PipeWriter
	agent   net.Conn
	token   string
	id      uint64
	answers bool // pings
	mu      sync.Mutex
}

func (a *actor) Console() *vm.Console         { return a.con }
func (a *actor) Done() <-chan struct{}        { return a.dead }
func (a *actor) Exit() vm.Exit                { return a.exit }
func (a *actor) CPUTime() time.Duration       { return time.Second }
func (a *actor) Pid() int                     { return 0 }
func (a *actor) Resume(context.Context) error { return nil }
func (a *actor) Pause(context.Context) error  { return nil }
func (a *actor) Save(context.Context) error   { return nil }
func (a *actor) Kill()                        { a.die(vm.Exit{Code: -1, Signal: 9}) }

func (a *actor) die(e vm.Exit) {
	a.once.Do(func() {
		a.exit = e
		a.out.Close()
		close(a.dead)
		a.agent.Close()
	})
}

func (a *actor) reply(r protocol.Reply) {
	b, _ := protocol.Encode(r)
	_, _ = a.agent.Write(b)
}

// act is one step of a script.
type act func(a *actor)

func out(lines ...string) act {
	return func(a *actor) { _, _ = a.out.Write([]byte(strings.Join(lines, "\n") + "\n")) }
}

func log(lines ...string) act {
	return func(a *actor) { _, _ = a.con.Write([]byte(strings.Join(lines, "\n") + "\n")) }
}

// begin starts a cell on both channels, as the kit does.
func begin(name string) act {
	return func(a *actor) {
		log("[    1.000000] " + protocol.CellMark(name))(a)
		out("\x16=== RUN   " + name)(a)
	}
}

func result(verb, name string) act { return out("\x16--- " + verb + ": " + name + " (0.00s)") }

func exited(code int, signal string) act {
	return func(a *actor) {
		out("", protocol.EndMark(a.token))(a)
		log("[    2.000000] " + protocol.EndOfLog(a.token))(a)
		a.reply(protocol.Reply{ID: a.id, Exit: &protocol.Exit{Code: code, Signal: signal}})
	}
}

func died(e vm.Exit) act { return func(a *actor) { a.die(e) } }

func deaf(a *actor) { a.mu.Lock(); a.answers = false; a.mu.Unlock() }

var (
	panicked = vm.Exit{Reason: "guest-reset"}
	shot     = vm.Exit{Code: -1, Signal: 9}
)

// flood is more log than is kept of a cell, and less than a console keeps.
func flood(a *actor) {
	log(strings.TrimSuffix(strings.Repeat("[    1.400000] usb 1-1: device descriptor read/64, error -71\n", 2000), "\n"))(a)
}

const (
	oopsHead = "[    1.500000] BUG: kernel NULL pointer dereference, address: 0000000000000010"
	oopsRIP  = "[    1.500000] RIP: 0010:xfs_file_splice_read+0x10/0x80 [xfs]"
	panicEnd = "[    1.600000] Kernel panic - not syncing: Fatal exception"
	warning  = "[    1.500000] WARNING: CPU: 0 PID: 77 at fs/iomap/buffered-io.c:1234 iomap_write_end+0x10/0x20"
)

func play(t *testing.T, script []act, names ...string) (map[string]results.Attempt, error) {
	t.Helper()
	agent, host := net.Pipe()
	port, outw := io.Pipe()
	a := &actor{con: vm.NewConsole(1 << 20), dead: make(chan struct{}), out: outw, agent: agent, answers: true}
	defer a.Kill()
	go func() {
		s := bufio.NewScanner(agent)
		s.Buffer(nil, protocol.MaxLine)
		for s.Scan() {
			var r protocol.Request
			if json.Unmarshal(s.Bytes(), &r) != nil {
				return
			}
			switch {
			case r.Exec != nil:
				a.id, a.token = r.ID, r.Exec.Token
				go func() {
					for _, step := range script {
						step(a)
					}
				}()
			case r.Ping != nil:
				a.mu.Lock()
				if a.answers {
					a.reply(protocol.Reply{ID: r.ID})
				}
				a.mu.Unlock()
			}
		}
	}()
	got := map[string]results.Attempt{}
	b := &batch{
		run: job.Run{Policy: outcome.PolicySnapshot, Deadlines: job.Deadlines{Boot: time.Second, Silence: 500 * time.Millisecond, Cell: 2 * time.Second}},
		m:   &machine.Machine{VM: a, Agent: machine.NewAgent(host), Output: machine.ReadOutput(port, a.dead)}, spec: &machine.Spec{},
		onStart: func(*cell) {},
		report: func(c *cell, d verdict.Decision) {
			if _, twice := got[c.Test.GoName()]; twice {
				t.Errorf("%s was reported twice", c.Test.GoName())
			}
			got[c.Test.GoName()] = attempt(c, d)
		}}
	for _, n := range names {
		top, sub, _ := strings.Cut(n, "/")
		b.cells = append(b.cells, &cell{Cell: job.Cell{Test: plan.Test{Suite: "s", Top: top, Sub: sub}}})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return got, b.execute(ctx)
}

func TestBatch(t *testing.T) {
	tests := []struct {
		name   string
		script []act
		want   map[string]string // test → verdict and a piece of the detail
		end    string            // of the batch: "", "unusable", or a verdict
	}{{
		name: "all in order",
		script: []act{begin("A"), result("PASS", "A"), begin("B"), out("    b_test.go:3: no O_DIRECT"), result("SKIP", "B"),
			begin("C"), out("\x16=== ATTR  C outcome live", "\x16=== ATTR  C kind characterisation", "\x16=== ATTR  C folio_order 4"), result("FAIL", "C"), exited(1, "")},
		want: map[string]string{"A": "pass", "B": "skip no O_DIRECT", "C": "fail"},
	}, {
		name:   "a failure without an outcome taints the VM",
		script: []act{begin("A"), result("FAIL", "A"), begin("B"), result("PASS", "B"), exited(1, "")},
		want:   map[string]string{"A": "fail", "B": "pass"},
		end:    "unusable",
	}, {
		name: "a pass that the policy rejects is a fail",
		script: []act{begin("A"), out("\x16=== ATTR  A outcome live", "\x16=== ATTR  A kind characterisation"),
			result("PASS", "A"), exited(0, "")},
		want: map[string]string{"A": "fail"},
	}, {
		name:   "set-up that failed is infra",
		script: []act{begin("A"), out("\x16=== ATTR  A infra no space"), result("FAIL", "A"), exited(1, "")},
		want:   map[string]string{"A": "infra no space"},
		end:    "unusable",
	}, {
		name:   "a warning in the log of a passing cell",
		script: []act{begin("A"), result("PASS", "A"), begin("B"), log(warning), result("PASS", "B"), exited(0, "")},
		want:   map[string]string{"A": "pass", "B": "fail iomap_write_end"},
	}, {
		name:   "a warning in the middle of a log that does not fit",
		script: []act{begin("A"), flood, log(warning), flood, result("PASS", "A"), exited(0, "")},
		want:   map[string]string{"A": "fail iomap_write_end"},
	}, {
		name:   "the log of a cell may arrive after its result",
		script: []act{begin("A"), result("PASS", "A"), log(warning), begin("B"), result("PASS", "B"), exited(0, "")},
		want:   map[string]string{"A": "fail WARNING", "B": "pass"},
	}, {
		name:   "panic in the second cell",
		script: []act{begin("A"), result("PASS", "A"), begin("B"), log(oopsHead, oopsRIP, panicEnd), died(panicked)},
		want:   map[string]string{"A": "pass", "B": "crash xfs_file_splice_read"},
		end:    "unusable",
	}, {
		name: "an oops split over two reads, and the kernel survives",
		script: []act{begin("A"), func(a *actor) { _, _ = a.con.Write([]byte(oopsHead[:30])) },
			func(a *actor) { _, _ = a.con.Write([]byte(oopsHead[30:] + "\n" + oopsRIP + "\n")) }},
		want: map[string]string{"A": "crash xfs_file_splice_read"},
		end:  "unusable",
	}, {
		name:   "results after an oops do not count",
		script: []act{begin("A"), log(oopsHead, oopsRIP), result("FAIL", "A"), begin("B"), result("PASS", "B"), exited(1, "")},
		want:   map[string]string{"A": "crash"},
		end:    "unusable",
	}, {
		name:   "the kernel dies without a word",
		script: []act{begin("A"), result("PASS", "A"), begin("B"), died(panicked)},
		want:   map[string]string{"A": "pass", "B": "infra crash to be confirmed in another VM"},
		end:    "unusable",
	}, {
		name:   "QEMU is killed",
		script: []act{begin("A"), result("PASS", "A"), begin("B"), died(shot)},
		want:   map[string]string{"A": "pass", "B": "infra QEMU"},
		end:    "unusable",
	}, {
		name: "the agent is killed",
		script: []act{begin("A"), log("[    1.500000] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000006"),
			died(panicked)},
		want: map[string]string{"A": "infra agent died"},
		end:  "unusable",
	}, {
		name:   "hang with a living agent",
		script: []act{begin("A"), result("PASS", "A"), begin("B")},
		want:   map[string]string{"A": "pass", "B": "hang still answers"},
		end:    "unusable",
	}, {
		name:   "hang of the whole kernel",
		script: []act{begin("A"), deaf},
		want:   map[string]string{"A": "infra hang to be confirmed"},
		end:    "unusable",
	}, {
		name:   "exit 0 without a result is not a pass",
		script: []act{begin("A"), result("PASS", "A"), begin("B"), exited(0, "")},
		want:   map[string]string{"A": "pass", "B": "infra without a result"},
		end:    "unusable",
	}, {
		name: "killed by a signal",
		script: []act{begin("A"), log("[    1.500000] Out of memory: Killed process 88 (s.test) total-vm:500000kB, anon-rss:400000kB"),
			exited(-1, "SIGKILL")},
		want: map[string]string{"A": "fail SIGKILL"},
		end:  "unusable",
	}, {
		name:   "a Go panic is the reason",
		script: []act{begin("A"), out("panic: boom", "", "goroutine 1 [running]:"), exited(2, "")},
		want:   map[string]string{"A": "fail boom"},
		end:    "unusable",
	}, {
		name:   "a result of a cell that was not started does not count",
		script: []act{result("PASS", "A"), begin("B"), result("PASS", "B"), exited(0, "")},
		want:   map[string]string{"B": "pass"},
	}, {
		name:   "a failed cell cannot be passed afterwards",
		script: []act{begin("A"), result("FAIL", "A"), out("\x16=== RUN   A"), result("PASS", "A"), begin("B"), result("PASS", "B"), exited(1, "")},
		want:   map[string]string{"A": "fail", "B": "pass"},
		end:    "unusable",
	}, {
		name:   "a cell cannot report for the one that is running",
		script: []act{begin("A"), result("PASS", "B"), begin("B"), result("FAIL", "B"), result("PASS", "A"), exited(1, "")},
		want:   map[string]string{"A": "pass", "B": "fail"},
		end:    "unusable",
	}, {
		name: "the end of the output takes the token",
		script: []act{begin("A"), out("", protocol.EndMark(""), protocol.EndMark("guess"), protocol.EndMark("0")), log(protocol.EndOfLog("guess")),
			result("FAIL", "A"), begin("B"), result("PASS", "B"), exited(1, "")},
		want: map[string]string{"A": "fail", "B": "pass"},
		end:  "unusable",
	}, {
		name: "replies that nobody waits for are ignored",
		script: []act{begin("A"), func(a *actor) { a.reply(protocol.Reply{ID: 1 << 40, Exit: &protocol.Exit{}}) }, result("FAIL", "A"),
			begin("B"), result("PASS", "B"), exited(1, "")},
		want: map[string]string{"A": "fail", "B": "pass"},
		end:  "unusable",
	}, {
		name:   "a parent that skips skips its cells",
		script: []act{out("\x16=== RUN   T", "    t_test.go:1: no module"), result("SKIP", "T"), begin("B"), result("PASS", "B"), exited(0, "")},
		want:   map[string]string{"T/x": "skip no module", "B": "pass"},
	}, {
		name:   "nothing ran at all",
		script: []act{out("flag provided but not defined"), exited(2, "")},
		want:   map[string]string{},
		end:    "infra",
	}, {
		name:   "the control channel carries nonsense",
		script: []act{begin("A"), func(a *actor) { _, _ = a.agent.Write([]byte("{]\n")) }},
		want:   map[string]string{"A": "infra unreadable"},
		end:    "unusable",
	}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			names := []string{"A", "B", "C"}
			if _, ok := tt.want["T/x"]; ok {
				names = []string{"T/x", "B"}
			}
			got, err := play(t, tt.script, names...)
			verdicts := map[string]string{}
			for n, a := range got {
				verdicts[n] = string(a.Verdict)
				if v, piece, ok := strings.Cut(tt.want[n], " "); ok && v == string(a.Verdict) {
					if !strings.Contains(a.Detail, piece) {
						t.Errorf("%s: detail %q does not contain %q", n, a.Detail, piece)
					}
				}
			}
			want := map[string]string{}
			for n, w := range tt.want {
				want[n], _, _ = strings.Cut(w, " ")
			}
			if d := cmp.Diff(want, verdicts); d != "" {
				t.Errorf("verdicts (-want +got):\n%s\n%+v", d, got)
			}
			end := ""
			var e *verdict.Termination
			switch {
			case errors.Is(err, errUnusable):
				end = "unusable"
			case errors.As(err, &e):
				end = string(e.Verdict)
			case err != nil:
				end = err.Error()
			}
			if end != tt.end {
				t.Errorf("the batch ended with %q (%v), want %q", end, err, tt.end)
			}
		})
	}
}

func TestCellsInheritAttributes(t *testing.T) {
	got, err := play(t, []act{out("\x16=== RUN   T", "\x16=== ATTR  T fs_type xfs"),
		begin("T/x"), out("\x16=== ATTR  T/x dirty yes"), result("PASS", "T/x"),
		begin("B"), result("PASS", "B"), exited(0, "")}, "T/x", "B")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"fs_type": "xfs", "dirty": "yes"}, got["T/x"].Covariates); d != "" {
		t.Errorf("covariates (-want +got):\n%s", d)
	}
	if len(got["B"].Covariates) != 0 {
		t.Errorf("another test inherited %v", got["B"].Covariates)
	}
}

func TestFittingIsOneSuiteInOneArgument(t *testing.T) {
	of := func(suite, top string) job.Cell { return job.Cell{Test: plan.Test{Suite: suite, Top: top}} }
	if n := fitting([]job.Cell{of("a", "T"), of("a", "U"), of("b", "T")}); n != 2 {
		t.Errorf("got %d tests of two suites in one batch, want 2", n)
	}
	many := make([]job.Cell, 5000)
	var tests []plan.Test
	for i := range many {
		many[i] = of("a", strings.Repeat("T", 60))
		tests = append(tests, many[i].Test)
	}
	n := fitting(many)
	if got := len(plan.RunPattern(tests[:n]...)); n == len(many) || got > maxRunPattern {
		t.Errorf("%d tests make a pattern of %d bytes, more than %d", n, got, maxRunPattern)
	}
}
