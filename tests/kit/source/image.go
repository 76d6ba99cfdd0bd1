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

// The content of the file in every image: the pattern of this stamp. It belongs
// to no run, so its bytes are foreign in all other files.
const (
	ImageNonce = 0x1ab5eed
	ImageFile  = 1
	ImageLen   = 64 << 10
)

// Images are files on read-only filesystems, each in an image created by the
// real mkfs and mounted through a loop device over memory. Their content is
// known and immutable, so they are not in All.
var Images = []Source{
	image("erofs", "erofs", "erofs, uncompressed"),
	image("erofs-lz4", "erofs", "erofs, lz4-compressed"),
	image("squashfs", "squashfs", "squashfs, uncompressed"),
	image("squashfs-lz4", "squashfs", "squashfs, lz4-compressed"),
	image("squashfs-zstd", "squashfs", "squashfs, zstd-compressed"),
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
