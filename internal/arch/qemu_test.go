package arch

import (
	"strings"
	"testing"
)

// Each architecture says everything that a VM needs.
func TestMachinesAreComplete(t *testing.T) {
	for _, a := range All() {
		q := a.QEMU
		for what, value := range map[string]string{
			"binary": q.Binary, "package": q.Package, "machine": q.Machine, "CPU model under TCG": q.TCG, "under KVM": q.KVM,
			"console": q.Console, "control port": q.Control.Guest, "output port": q.Output.Guest, "virtio transport": q.Virtio,
		} {
			if value == "" {
				t.Errorf("%s: no %s", a.Name, what)
			}
		}
		if q.Control == q.Output || q.Control.Guest == q.Output.Guest {
			t.Errorf("%s: control and output are one port", a.Name)
		}
		if (q.RestoredFrom == "") != (q.Unsaved == "") {
			t.Errorf("%s: restored from %q, unsaved %q", a.Name, q.RestoredFrom, q.Unsaved)
		}
		// They are words of one kernel command line, which the agent splits.
		for _, word := range append(append([]string{}, q.KernelArgs...), q.EmulatedArgs...) {
			if word == "" || strings.ContainsAny(word, " \t\"") {
				t.Errorf("%s: kernel argument %q", a.Name, word)
			}
		}
	}
}
