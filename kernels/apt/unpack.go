package apt

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"pault.ag/go/debian/deb"
)

// maxUnpacked bounds the files unpacked from one package, in bytes. A generic
// 5.10 kernel has 300 MB of modules.
const maxUnpacked = 2 << 30

// Unpack writes files of a package to dir, under the names that place gives
// them; it omits those that have none.
func Unpack(ctx context.Context, f *os.File, p Package, place func(name string) string, dir string) (err error) {
	archive, err := deb.Load(f, f.Name())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, archive.Close()) }()
	if archive.Control.Package != p.Name || archive.Control.Version.String() != p.Version {
		return fmt.Errorf("it contains %s %s instead of %s %s", archive.Control.Package, archive.Control.Version, p.Name, p.Version)
	}
	left := int64(maxUnpacked)
	for {
		header, err := archive.Data.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		name := place(header.Name)
		if name == "" || header.Typeflag != tar.TypeReg {
			continue
		}
		if left -= header.Size; left < 0 {
			return fmt.Errorf("it unpacks to more than %d bytes", int64(maxUnpacked))
		}
		if err := writeOut(filepath.Join(dir, name), archive.Data); err != nil {
			return err
		}
	}
}

func writeOut(path string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<16)
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Flush(), f.Close())
}
