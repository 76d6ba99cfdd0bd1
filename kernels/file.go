package kernels

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/splicelab/splicelab/internal/kernelversion"
)

// maxImage bounds a kernel image given by file:, in bytes. A vmlinux with
// debug information can be several hundred megabytes.
const maxImage = 2 << 30

// Files is the source of kernels selected by path:
// file:PATH?modules=DIR&config=FILE. PATH is a boot image, of which architecture
// it says itself: a bzImage, an Image or an ELF vmlinux; DIR
// contains kernel/…, or is the target of modules_install; modules and config
// are optional. PATH is literal; DIR and FILE are URL-encoded, with %2C for a
// comma.
//
// With a Store the images are copied, so that the kernel cannot change during a
// run, and those that QEMU cannot boot as they are, are unpacked.
type Files struct {
	Store *Store // nil: boot the image in place
}

// List returns nothing: files exist only as selectors.
func (Files) List(context.Context) ([]Entry, error) { return nil, nil }

// filePaths are the paths of a selector.
type filePaths struct {
	image, modules, config string
}

// Prefix implements Namer.
func (Files) Prefix() string { return fileSelector }

// Named implements Namer.
func (f Files) Named(_ context.Context, selector string) (Entry, error) { return f.Entry(selector) }

// FilePaths returns the paths that a file: selector names, and none for another
// selector.
func FilePaths(selector string) ([]string, error) {
	if !strings.HasPrefix(selector, fileSelector) {
		return nil, nil
	}
	p, err := parseFile(selector)
	if err != nil {
		return nil, err
	}
	paths := []string{p.image}
	for _, more := range []string{p.modules, p.config} {
		if more != "" {
			paths = append(paths, more)
		}
	}
	return paths, nil
}

// parseFile parses a selector; it does not open the files.
func parseFile(selector string) (filePaths, error) {
	bad := func(format string, args ...any) error {
		return &SelectorError{Selector: selector, Reason: fmt.Sprintf(format, args...)}
	}
	rest, ok := strings.CutPrefix(selector, fileSelector)
	if !ok {
		return filePaths{}, bad("want file:PATH")
	}
	path, query, _ := strings.Cut(rest, "?")
	if path == "" {
		return filePaths{}, bad("want the path of a bzImage, Image or vmlinux after file:")
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return filePaths{}, bad("invalid query: %s", err)
	}
	for name := range values {
		if name != "modules" && name != "config" {
			return filePaths{}, bad("unknown setting %q: use modules=DIR and config=FILE", name)
		}
	}
	paths := filePaths{image: path, modules: values.Get("modules"), config: values.Get("config")}
	for _, p := range []*string{&paths.image, &paths.modules, &paths.config} {
		if *p == "" {
			continue
		}
		if *p, err = filepath.Abs(*p); err != nil {
			return filePaths{}, bad("%s", err)
		}
	}
	return paths, nil
}

// Entry inspects the selector's files. The error is a *SelectorError.
func (f Files) Entry(selector string) (Entry, error) {
	paths, err := parseFile(selector)
	if err != nil {
		return Entry{}, err
	}
	bad := func(err error) (Entry, error) {
		return Entry{}, &SelectorError{Selector: selector, Reason: err.Error()}
	}
	raw, err := readImage(paths.image)
	if err != nil {
		return bad(err)
	}
	image, err := readBootImage(raw)
	if err != nil {
		return bad(fmt.Errorf("%s: %w", paths.image, err))
	}
	if image.file == VmlinuxFile && !hasPVH(image.data) {
		return bad(fmt.Errorf("%s: this vmlinux was built without CONFIG_PVH and cannot be booted directly: give its bzImage", paths.image))
	}
	if paths.modules != "" {
		if paths.modules, err = modulesBelow(paths.modules, image.release); err != nil {
			return bad(err)
		}
	}
	config, err := readConfig(paths.config)
	if err != nil {
		return bad(err)
	}
	version, err := kernelversion.Parse(image.release)
	if err != nil {
		return bad(fmt.Errorf("%s: %w", paths.image, err))
	}
	return Entry{
		Release:  image.release,
		Version:  version,
		Arch:     image.arch,
		PageSize: image.pages(config),
		Origin:   selector,
		Cached:   true,
		Modules:  paths.modules != "",
		Source:   f,
	}, nil
}

// maxConfig bounds a configuration given by file:, in bytes. Debian's have up to
// 340 KB.
const maxConfig = 16 << 20

// readConfig reads a build configuration; without a path there is none.
func readConfig(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > maxConfig {
		return nil, fmt.Errorf("configuration %s: not a readable file", path)
	}
	return os.ReadFile(path)
}

func readImage(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file: give a bzImage, Image or vmlinux", path)
	}
	if info.Size() > maxImage {
		return nil, fmt.Errorf("%s is too large (%d bytes): strip its debug information first", path, info.Size())
	}
	return os.ReadFile(path)
}

// modulesBelow finds the directory that contains kernel/… for the release.
func modulesBelow(dir, release string) (string, error) {
	for _, below := range []string{"", release, "lib/modules/" + release, "usr/lib/modules/" + release} {
		candidate := filepath.Join(dir, below)
		if info, err := os.Stat(filepath.Join(candidate, "kernel")); err == nil && info.IsDir() {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("modules %s: neither it nor lib/modules/%s in it contains a directory named kernel", dir, release)
}

// Fetch implements Source.
func (f Files) Fetch(ctx context.Context, e Entry, _ Progress) (Kernel, error) {
	paths, err := parseFile(e.Origin)
	if err != nil {
		return Kernel{}, err
	}
	if paths.modules != "" {
		if paths.modules, err = modulesBelow(paths.modules, e.Release); err != nil {
			return Kernel{}, err
		}
	}
	image, err := readImage(paths.image)
	if err != nil {
		return Kernel{}, err
	}
	config, err := readConfig(paths.config)
	if err != nil {
		return Kernel{}, err
	}
	k, err := f.boot(ctx, e, paths, image, config)
	if err != nil {
		return Kernel{}, err
	}
	if k.Modules = paths.modules; k.Modules == "" {
		return k, nil
	}
	list, err := sumTree(ctx, k.Modules)
	if err != nil {
		return Kernel{}, fmt.Errorf("modules %s: %w", k.Modules, err)
	}
	k.Digest = hexSum([]byte(k.Digest + "\n" + list.digest()))
	return k, nil
}

// boot returns the kernel without its modules.
func (f Files) boot(ctx context.Context, e Entry, paths filePaths, raw, config []byte) (Kernel, error) {
	digest := hexSum([]byte(hexSum(raw) + "\n" + hexSum(config)))
	if f.Store == nil {
		return inPlace(e, paths, raw, digest)
	}
	k, err := f.Store.Put(ctx, digest, func(_ context.Context, dir string) (Facts, error) {
		err := os.WriteFile(filepath.Join(dir, BootFile), raw, 0o644)
		if config != nil && err == nil {
			err = os.WriteFile(filepath.Join(dir, ConfigFile), config, 0o644)
		}
		return Facts{Release: e.Release, Version: e.Version, Arch: e.Arch, Origin: e.Origin}, err
	})
	if err != nil {
		return Kernel{}, err
	}
	// The same image may have been stored under another path.
	k.Origin = e.Origin
	return k, nil
}

// inPlace returns a kernel that is booted from the user's own file.
func inPlace(e Entry, paths filePaths, raw []byte, digest string) (Kernel, error) {
	image, err := readBootImage(raw)
	if err != nil {
		return Kernel{}, fmt.Errorf("%s: %w", paths.image, err)
	}
	k := Kernel{Release: e.Release, Version: e.Version, Arch: e.Arch, PageSize: e.PageSize, Origin: e.Origin, Config: paths.config, Digest: digest}
	switch {
	case !bytes.Equal(image.data, raw):
		return Kernel{}, fmt.Errorf("%s: only its unpacked image can be booted, and there is no store to unpack it to", paths.image)
	case image.file == VmlinuxFile:
		k.Vmlinux, k.PVH = paths.image, hasPVH(raw)
	case image.file == ImageFile:
		k.Image = paths.image
	default:
		k.BzImage = paths.image
	}
	return k, nil
}
