package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/splicelab/splicelab/lab/exec"
)

// pssOf reads the proportional set size from the text of a smaps_rollup, in
// MiB: a shared page is divided among the processes that map it.
func pssOf(rollup string) (float64, error) {
	for line := range strings.Lines(rollup) {
		var kib float64
		if n, _ := fmt.Sscanf(line, "Pss: %f kB", &kib); n == 1 {
			return kib / 1024, nil
		}
	}
	return 0, errors.New("no Pss in smaps_rollup")
}

// pss is the total PSS of these VMs, in MiB.
func pss(machines []*exec.Sample) (float64, error) {
	var sum float64
	for _, x := range machines {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", x.VM.Pid()))
		if err != nil {
			return 0, err
		}
		one, err := pssOf(string(b))
		if err != nil {
			return 0, err
		}
		sum += one
	}
	return sum, nil
}

// onDisk is the space that the files of a directory take, without holes, in MiB.
func onDisk(dir string) (float64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	var blocks int64
	for _, e := range entries {
		var st syscall.Stat_t
		if err := syscall.Stat(filepath.Join(dir, e.Name()), &st); err != nil {
			return 0, fmt.Errorf("%s: %w", filepath.Join(dir, e.Name()), err)
		}
		blocks += st.Blocks
	}
	return float64(blocks) * 512 / (1 << 20), nil
}

// held is the memory of some VMs that existed at once, in MiB.
type held struct {
	n             int
	before, after float64 // their cells; before is 0 for booted ones
}

// hold starts n VMs one after the other and measures their memory, then has each
// run its cell and pauses it, and measures again.
func hold(ctx context.Context, n int, start func(context.Context) (*exec.Sample, error), restored bool) (held, error) {
	h := held{n: n}
	var all []*exec.Sample
	defer func() {
		for _, x := range all {
			x.VM.Kill()
		}
	}()
	for range n {
		x, err := start(ctx)
		if err != nil {
			return h, fmt.Errorf("VM %d of %d: %w", len(all)+1, n, err)
		}
		all = append(all, x)
		if restored {
			continue
		}
		// A booted VM uses CPU time, so it must not wait for the others.
		if err := runAndStop(ctx, x); err != nil {
			return h, err
		}
	}
	var err error
	if restored {
		if h.before, err = pss(all); err != nil {
			return h, err
		}
		for _, x := range all {
			if err := runAndStop(ctx, x); err != nil {
				return h, err
			}
		}
	}
	h.after, err = pss(all)
	return h, err
}

func runAndStop(ctx context.Context, x *exec.Sample) error {
	if _, err := x.Run(ctx); err != nil {
		return err
	}
	return x.VM.Pause(ctx)
}

// cold is how many booted VMs exist at once, for comparison: they share next to
// nothing, so more would only take longer.
const cold = 4

// memoryRows measures the memory of restored and booted VMs, and the template on
// disk.
func memoryRows(ctx context.Context, s *exec.Samples, n int, say func(string)) ([]Row, error) {
	const goalMiB, goalHeld, templateGoal = 4096, 50, 100
	goal := 0.0
	if n >= goalHeld { // the goal is for that many
		goal = goalMiB
	}
	var rows []Row
	add := func(what string, v, goal float64, err error) {
		r := Row{What: what, Unit: MiB, Goal: goal}
		if err != nil {
			r.Note = err.Error()
		} else {
			r.Samples = []float64{v}
		}
		rows = append(rows, r)
	}
	for _, k := range []struct {
		n    int
		goal float64
	}{{1, 0}, {n, goal}} {
		say(fmt.Sprintf("memory of %d restored VMs", k.n))
		h, err := hold(ctx, k.n, s.Restore, true)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		add(fmt.Sprintf("%s, restored, paused before the cell", vms(k.n)), h.before, k.goal, err)
		add(fmt.Sprintf("%s, restored, paused after the cell", vms(k.n)), h.after, k.goal, err)
	}
	say(fmt.Sprintf("memory of %d booted VMs", cold))
	h, err := hold(ctx, cold, s.Boot, false)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	add(fmt.Sprintf("%s, booted, paused after the cell", vms(cold)), h.after, 0, err)

	whole, err := onDisk(s.Template())
	add("the template on disk", whole, 0, err)
	layer, err := s.KernelLayer(ctx)
	var kernel float64
	if err == nil {
		if layer == "" {
			err = errors.New("this kernel has no separate template, so its working set is not known")
		} else {
			kernel, err = onDisk(layer)
		}
	}
	add("the kernel's own working set: the template of the kernel alone", kernel, 0, err)
	add("the template beyond the kernel's own working set", max(0, whole-kernel), templateGoal, err)
	return rows, nil
}

func vms(n int) string {
	if n == 1 {
		return "1 VM"
	}
	return fmt.Sprintf("%d VMs together", n)
}
