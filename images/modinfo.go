package images

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// maxModule bounds a decompressed module, in bytes. The largest distribution
// module (amdgpu with debug information) is below this.
const maxModule = 256 << 20

// moduleSuffixes are the file name suffixes of modules, by compression.
var moduleSuffixes = []string{".ko", ".ko.xz", ".ko.gz", ".ko.zst"}

// moduleName is the canonical name of a module: the file's base name without
// suffix, and with _ for -, as in the kernel.
func moduleName(file string) string {
	name := path.Base(file)
	for _, suffix := range moduleSuffixes {
		if s, ok := strings.CutSuffix(name, suffix); ok {
			name = s
			break
		}
	}
	return strings.ReplaceAll(name, "-", "_")
}

// isModule reports whether the file name is that of a module.
func isModule(file string) bool {
	for _, suffix := range moduleSuffixes {
		if strings.HasSuffix(file, suffix) {
			return true
		}
	}
	return false
}

// decompress returns the module's ELF image; name determines the compression.
func decompress(name string, content []byte) ([]byte, error) {
	var r io.Reader
	var err error
	switch in := bytes.NewReader(content); path.Ext(name) {
	case ".ko":
		return content, nil
	case ".xz":
		r, err = xz.NewReader(in)
	case ".gz":
		r, err = gzip.NewReader(in)
	case ".zst":
		var d *zstd.Decoder
		if d, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1)); err == nil {
			defer d.Close()
		}
		r = d
	default:
		return nil, fmt.Errorf("module %s: unknown compression %q", name, path.Ext(name))
	}
	if err != nil {
		return nil, fmt.Errorf("module %s: %w", name, err)
	}
	image, err := io.ReadAll(io.LimitReader(r, maxModule+1))
	if err != nil {
		return nil, fmt.Errorf("module %s: %w", name, err)
	}
	if len(image) > maxModule {
		return nil, fmt.Errorf("module %s is larger than %d bytes", name, maxModule)
	}
	return image, nil
}

// modinfo is the part of a module's .modinfo section that matters here.
type modinfo struct {
	depends []string // modules that must be loaded before
	softPre []string // modules, or aliases of modules, that should be loaded before
	aliases []string
}

// readModinfo reads the section from a module's ELF image. Errors of a
// corrupt image are returned, never a panic.
func readModinfo(name string, image []byte) (modinfo, error) {
	f, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return modinfo{}, fmt.Errorf("module %s: %w", name, err)
	}
	section := f.Section(".modinfo")
	if section == nil {
		return modinfo{}, fmt.Errorf("module %s has no .modinfo section", name)
	}
	data, err := section.Data()
	if err != nil {
		return modinfo{}, fmt.Errorf("module %s: %w", name, err)
	}
	var info modinfo
	for field := range strings.SplitSeq(string(data), "\x00") {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "depends":
			for dep := range strings.SplitSeq(value, ",") {
				if dep != "" {
					info.depends = append(info.depends, dep)
				}
			}
		case "softdep":
			info.softPre = append(info.softPre, preDeps(value)...)
		case "alias":
			info.aliases = append(info.aliases, value)
		}
	}
	return info, nil
}

// preDeps returns the names between "pre:" and "post:" of a softdep.
func preDeps(softdep string) []string {
	var names []string
	pre := false
	for word := range strings.FieldsSeq(softdep) {
		switch word {
		case "pre:":
			pre = true
		case "post:":
			pre = false
		default:
			if pre {
				names = append(names, word)
			}
		}
	}
	return names
}
