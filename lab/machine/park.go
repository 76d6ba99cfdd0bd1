package machine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/splicelab/splicelab/internal/deadline"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/lab/verdict"
)

// TestArgs are the arguments of every test process.
var TestArgs = []string{"-test.v=test2json", "-test.timeout=0", "-test.count=1"}

// Env is the part of a test process's environment that kernel and filesystem
// determine.
func (spec *Spec) Env() []string {
	env := []string{
		"GOTRACEBACK=all",
		// Garbage collection takes a tenth of a cell's time under TCG. The limit
		// makes the process fit into the smallest VM.
		"GOGC=off", "GOMEMLIMIT=64MiB",
		protocol.EnvGuest + "=1",
		protocol.EnvSpare + "=" + spareDir,
	}
	if spec.profile != nil {
		env = append(env, protocol.EnvDir+"="+CellDir, protocol.EnvFS+"="+spec.profile.Name)
	}
	if len(spec.disks) > 0 && spec.disks[0].Path != "" { // not the kernel layer's empty one
		env = append(env, protocol.EnvDevice+"="+guestDisk(spec.disks[0].Driver))
	}
	return env
}

// HasFilesystem reports whether a filesystem under test is mounted.
func (spec *Spec) HasFilesystem() bool { return spec.profile != nil }

// NewToken returns a marker that no guest can guess.
func NewToken() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}

// Parked is a test process in a restored VM, waiting for Resume.
type Parked struct {
	Exec  uint64 // the request that started it
	Token string
}

// park starts the suite's test process and waits until it is parked.
func (h *Host) park(ctx context.Context, m *Machine, spec *Spec, name string) (notes, error) {
	pctx, cancel := deadline.With(ctx, h.ParkTimeout, errTimeout)
	defer cancel()
	n := notes{Token: NewToken()}
	reply, err := m.Agent.Send(protocol.Request{Exec: &protocol.Exec{
		Path:  suite.GuestPath(name),
		Args:  TestArgs,
		Env:   append(spec.Env(), protocol.EnvPark+"=1", "GODEBUG=asyncpreemptoff=1"),
		Dir:   CellDir,
		Token: n.Token,
		Input: true,
	}})
	const starting = "while the test process started"
	if err != nil {
		return n, m.Died(ctx, verdict.SettingUp, starting)
	}
	n.Exec = m.Agent.Sent()
	var output strings.Builder
	for !strings.Contains(output.String(), protocol.Parked+"\n") {
		select {
		case chunk, ok := <-m.Output:
			if !ok {
				return n, m.Died(ctx, verdict.SettingUp, starting)
			}
			output.Write(chunk)
		case r := <-reply:
			return n, verdict.Faultf("the test process ended before it was ready: %s %v; %s", r.Error, r.Exit, verdict.LastLine(output.String()))
		case <-m.Agent.Done():
			return n, m.Died(ctx, verdict.SettingUp, starting)
		case <-pctx.Done():
			if ctx.Err() != nil {
				return n, ctx.Err()
			}
			return n, verdict.Faultf("the test process did not report that it is ready: %s", verdict.LastLine(output.String()))
		}
	}
	return n, nil
}
