package doctor

import (
	"context"

	"github.com/splicelab/splicelab/internal/confine"
)

// checkConfinement reports what keeps programs of the host, QEMU among them,
// from files that are not theirs.
func (d doctor) checkConfinement(context.Context) []Finding {
	text, complete := confine.Describe()
	f := Finding{Health: OK, Subject: "confinement", Text: text}
	switch {
	case !complete:
		f.Health, f.Remedy = Warn, "boot a kernel of 5.13 or later with landlock in CONFIG_LSM or lsm="
	case d.VM.Unconfined:
		f.Health, f.Text, f.Remedy, f.Option = Warn, "QEMU has all of your rights", "set it to false", "vm.unconfined"
	}
	return []Finding{f}
}
