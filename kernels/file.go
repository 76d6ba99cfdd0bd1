package kernels

import (
	"bytes"
	"context"
	"debug/elf"
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
// file:PATH?modules=DIR&config=FILE. PATH is a bzImage or an ELF vmlinux; DIR
// contains kernel/…, or is the target of modules_install; modules and config
// are optional. PATH is literal; DIR and FILE are URL-encoded, with %2C for a
// comma.
//
// With a Store the images are copied, so that the kernel cannot change during a
// run, and the vmlinux is extracted from the bzImage.
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
		return filePaths{}, bad("want the path of a bzImage or vmlinux after file:")
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
	image, err := readImage(paths.image)
	if err != nil {
		return bad(err)
	}
	release, err := imageRelease(image)
	if err != nil {
		return bad(fmt.Errorf("%s: %w", paths.image, err))
	}
	arch, err := imageArch(image)
	if err != nil {
		return bad(fmt.Errorf("%s: %w", paths.image, err))
	}
	if bytes.HasPrefix(image, []byte(elf.ELFMAG)) && !hasPVH(image) {
		return bad(fmt.Errorf("%s: this vmlinux was built without CONFIG_PVH and cannot be booted directly: give its bzImage", paths.image))
	}
	if paths.modules != "" {
		if paths.modules, err = modulesBelow(paths.modules, release); err != nil {
			return bad(err)
		}
	}
	if paths.config != "" {
		if info, err := os.Stat(paths.config); err != nil || !info.Mode().IsRegular() {
			return bad(fmt.Errorf("configuration %s: not a readable file", paths.config))
		}
	}
	version, err := kernelversion.Parse(release)
	if err != nil {
		return bad(fmt.Errorf("%s: %w", paths.image, err))
	}
	return Entry{
		Release: release,
		Version: version,
		Arch:    arch,
		Origin:  selector,
		Cached:  true,
		Modules: paths.modules != "",
		Source:  f,
	}, nil
}

func readImage(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file: give a bzImage or vmlinux", path)
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
	var config []byte
	if paths.config != "" {
		if config, err = os.ReadFile(paths.config); err != nil {
			return Kernel{}, err
		}
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
func (f Files) boot(ctx context.Context, e Entry, paths filePaths, image, config []byte) (Kernel, error) {
	name := BzImageFile
	if bytes.HasPrefix(image, []byte(elf.ELFMAG)) {
		name = VmlinuxFile
	}
	digest := hexSum([]byte(hexSum(image) + "\n" + hexSum(config)))
	if f.Store == nil {
		k := Kernel{Release: e.Release, Version: e.Version, Arch: e.Arch, Origin: e.Origin, Config: paths.config, Digest: digest}
		if name == VmlinuxFile {
			k.Vmlinux, k.PVH = paths.image, hasPVH(image)
		} else {
			k.BzImage = paths.image
		}
		return k, nil
	}
	k, err := f.Store.Put(ctx, digest, func(_ context.Context, dir string) (Facts, error) {
		err := os.WriteFile(filepath.Join(dir, name), image, 0o644)
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
