package source

import (
	"embed"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

//go:generate sh testdata/generate.sh

//go:embed testdata/*.img
var images embed.FS

// What the file in every image holds: the pattern of this stamp. It is the
// file of no run, so that its bytes are foreign to all others.
const (
	ImageNonce = 0x1ab5eed
	ImageFile  = 1
	ImageLen   = kit.LargeLen
)

// Images are files on filesystems that are never written to, each in an image
// that the real tool made and that is mounted through a loop device over
// memory. What they hold is known; they cannot be changed, so they are not
// among All.
var Images = []Source{
	image("erofs", "erofs", "erofs, not compressed"),
	image("erofs-lz4", "erofs", "erofs, compressed by lz4"),
	image("squashfs", "squashfs", "squashfs, not compressed"),
	image("squashfs-lz4", "squashfs", "squashfs, compressed by lz4"),
	image("squashfs-zstd", "squashfs", "squashfs, compressed by zstd"),
}

func image(name, fsType, doc string) Source {
	return Source{
		Name: name, Doc: "a file on " + doc, Modules: []string{"loop", fsType},
		Open: func(c *kit.Cell) *kit.File { return openImage(c, name, fsType) },
	}
}

func openImage(c *kit.Cell, name, fsType string) *kit.File {
	c.T.Helper()
	onlyInGuest(c)
	b, err := images.ReadFile("testdata/" + name + ".img")
	if err != nil {
		c.Infra("%v", err)
	}
	backing := memfd(c, 0)
	c.T.Cleanup(func() { _ = unix.Close(backing) })
	if n, err := unix.Write(backing, b); err != nil || n != len(b) {
		c.Infra("write the image: %d, %v", n, err)
	}
	dir := mountPoint(c)
	mount(c, AttachLoop(c, backing, unix.LO_FLAGS_READ_ONLY), dir, fsType, unix.MS_RDONLY, "")
	path := filepath.Join(dir, "file")
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		c.Failed("open the file in the image", err)
	}
	f := c.Adopt(fd, path, ImageLen)
	f.History = kit.NewHistory(ImageNonce, ImageFile, ImageLen)
	return f
}
