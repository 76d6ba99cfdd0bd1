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
)

// maxImage bounds a kernel image given by file:, in bytes. A vmlinux with
// debug information can have several hundred megabytes.
const maxImage = 2 << 30

// Files is the source of kernels that are named by path:
// file:PATH?modules=DIR&config=FILE. PATH is a bzImage or an ELF vmlinux; DIR
// holds kernel/…, or is what modules_install wrote to; modules and config may
// be left out. The names stand as they are, except that %2C stands for a comma
// and so on in DIR and FILE.
//
// With a Store the images are copied, so that the kernel stays what it was when
// the run began, and a vmlinux is taken out of the bzImage.
type Files struct {
	Store *Store // nil: boot the image where it is
}

// ParseFile reads a file: selector for use without a store.
func ParseFile(selector string) (Entry, Source, error) {
	entry, err := Files{}.Entry(selector)
	return entry, entry.Source, err
}

// List returns nothing: files are only there when they are named.
func (Files) List(context.Context) ([]Entry, error) { return nil, nil }

// filePaths are the files that a selector names.
type filePaths struct {
	image, modules, config string
}

// Prefix implements Namer.
func (Files) Prefix() string { return fileSelector }

// Named implements Namer.
func (f Files) Named(_ context.Context, selector string) (Entry, error) { return f.Entry(selector) }

// parseFile takes a selector apart; it does not look at the files.
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
		return filePaths{}, bad("after its question mark: %s", err)
	}
	for name := range values {
		if name != "modules" && name != "config" {
			return filePaths{}, bad("unknown setting %q: there are modules=DIR and config=FILE", name)
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

// Entry looks at the files that the selector names. The error is a
// *SelectorError.
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
	if bytes.HasPrefix(image, []byte(elf.ELFMAG)) && !hasPVH(image) {
		return bad(fmt.Errorf("%s: this vmlinux cannot be booted by itself, for it was built without CONFIG_PVH: give its bzImage", paths.image))
	}
	if paths.modules != "" {
		if paths.modules, err = modulesBelow(paths.modules, release); err != nil {
			return bad(err)
		}
	}
	if paths.config != "" {
		if info, err := os.Stat(paths.config); err != nil || !info.Mode().IsRegular() {
			return bad(fmt.Errorf("configuration %s: not a file that can be read", paths.config))
		}
	}
	version, err := ParseVersion(release)
	if err != nil {
		return bad(fmt.Errorf("%s: %w", paths.image, err))
	}
	return Entry{
		Release: release,
		Version: version,
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
		return nil, fmt.Errorf("%s has %d bytes: strip its debug information first", path, info.Size())
	}
	return os.ReadFile(path)
}

// modulesBelow finds the directory that holds kernel/… for the release.
func modulesBelow(dir, release string) (string, error) {
	for _, below := range []string{"", release, "lib/modules/" + release, "usr/lib/modules/" + release} {
		candidate := filepath.Join(dir, below)
		if info, err := os.Stat(filepath.Join(candidate, "kernel")); err == nil && info.IsDir() {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("modules %s: neither it nor lib/modules/%s in it holds a directory kernel", dir, release)
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

// boot is the kernel without its modules.
func (f Files) boot(ctx context.Context, e Entry, paths filePaths, image, config []byte) (Kernel, error) {
	name := BzImageFile
	if bytes.HasPrefix(image, []byte(elf.ELFMAG)) {
		name = VmlinuxFile
	}
	digest := hexSum([]byte(hexSum(image) + "\n" + hexSum(config)))
	if f.Store == nil {
		k := Kernel{Release: e.Release, Version: e.Version, Origin: e.Origin, Config: paths.config, Digest: digest}
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
		return Facts{Release: e.Release, Version: e.Version, Origin: e.Origin}, err
	})
	if err != nil {
		return Kernel{}, err
	}
	// The same image may have been put there under another path.
	k.Origin = e.Origin
	return k, nil
}
