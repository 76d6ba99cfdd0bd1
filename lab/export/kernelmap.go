package export

import (
	"bytes"
	"fmt"

	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/page"
)

// KernelMap writes a map as one page.
func KernelMap(to File, m history.KernelMap) error {
	var b bytes.Buffer
	first, last := m.Kernels[0].Release, m.Kernels[len(m.Kernels)-1].Release
	if err := page.WriteKernelMap(&b, m, fmt.Sprintf("Kernel map, %s to %s", first, last)); err != nil {
		return err
	}
	return to.Replace(b.Bytes())
}
