package vm

import (
	"bytes"
	"testing"
)

// A kernel without a root panics and resets: the shortest complete run.
func TestBootEndsByGuest(t *testing.T) {
	needVM(t)
	for _, series := range []string{"5.10", "6.12", newest} {
		t.Run("series "+series, func(t *testing.T) {
			v := start(t, t.Context(), Config{Kernel: testKernel(t, series)})
			exit := await(t, v)
			if !exit.ByGuest() || exit.Reason != "guest-reset" || exit.Code != 0 {
				t.Errorf("exit %+v, want a guest-reset", exit)
			}
			log := v.Console().Bytes()
			if !bytes.Contains(log, []byte("Linux version "+series)) || !bytes.Contains(log, []byte("Kernel panic - not syncing: VFS")) {
				t.Errorf("console lacks the kernel's first or last message:\n%s", log)
			}
			if v.CPUTime() <= 0 {
				t.Error("no CPU time used")
			}
		})
	}
}
