package source

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// Overlay is a file in the upper layer of an overlayfs, on the filesystem under
// test.
var Overlay = Source{
	Name: "overlay", Doc: "a file in the upper layer of an overlayfs over the filesystem under test",
	Modules: []string{"overlay"},
	Open: func(c *kit.Cell) *kit.File {
		l := newLayers(c)
		l.mount(c)
		f := l.open(c, unix.O_RDWR|unix.O_CREAT)
		f.Fill(c.Shape.Chunk, c.Shape.Dirty)
		return f
	},
}

// OverlayLower is a file of the cell's shape in the lower layer of an overlayfs
// over the filesystem under test. merged is the file seen through the overlay,
// opened for reading: the first open for writing copies it up. lower is the file
// in the layer. They share a history, since they are one file until the copy-up.
func OverlayLower(c *kit.Cell) (merged, lower *kit.File) {
	c.T.Helper()
	l := newLayers(c)
	lower = c.File()
	path := filepath.Join(l.lower, layerFile)
	if err := os.Rename(lower.Path, path); err != nil {
		c.Infra("move a file into the lower layer: %v", err)
	}
	lower.Path = path
	l.mount(c)
	merged = l.open(c, unix.O_RDONLY)
	merged.History = lower.History
	return merged, lower
}

// layerFile is the name of the only file in the layers.
const layerFile = "file"

// layers are the directories of an overlayfs.
type layers struct {
	lower, upper, work, merged string
}

// newLayers creates the layers in a new directory of the filesystem under test.
func newLayers(c *kit.Cell) layers {
	c.T.Helper()
	onlyInGuest(c)
	c.Module("overlay")
	dir, err := os.MkdirTemp(c.Dir(), "layers-*")
	if err != nil {
		c.Infra("make directories for an overlay: %v", err)
	}
	c.T.Cleanup(func() { _ = os.RemoveAll(dir) })
	l := layers{filepath.Join(dir, "lower"), filepath.Join(dir, "upper"), filepath.Join(dir, "work"), mountPoint(c)}
	for _, d := range []string{l.lower, l.upper, l.work} {
		if err := os.Mkdir(d, 0o755); err != nil {
			c.Infra("make directories for an overlay: %v", err)
		}
	}
	return l
}

// mount mounts the overlay; it is unmounted when the cell ends.
func (l layers) mount(c *kit.Cell) {
	c.T.Helper()
	if c.FS.Type == "overlay" {
		c.Skip("the filesystem under test is an overlay itself, which cannot be an upper layer")
	}
	mount(c, "overlay", l.merged, "overlay", 0, fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", l.lower, l.upper, l.work))
}

// open opens the file through the overlay and adopts it.
func (l layers) open(c *kit.Cell, flags int) *kit.File {
	c.T.Helper()
	path := filepath.Join(l.merged, layerFile)
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0o644)
	if err != nil {
		c.Infra("open a file of the overlay: %s", kit.ErrnoName(err))
	}
	return c.Adopt(fd, path, c.Shape.Size)
}
