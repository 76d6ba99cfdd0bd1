package images

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/kernels"
)

func TestClosure(t *testing.T) {
	for name, c := range map[string]struct {
		files  map[string]string
		wanted []string
		want   []string
	}{
		"dependencies first, each once, whatever the compression": {
			files: map[string]string{
				"kernel/fs/a.ko":     "depends=b,c",
				"kernel/fs/b.ko.xz":  "depends=d",
				"kernel/fs/c.ko.gz":  "depends=d",
				"kernel/fs/d.ko.zst": "depends=",
				"kernel/fs/e.ko":     "depends=",
			},
			wanted: []string{"a", "b"},
			want:   []string{"d", "b", "c", "a"},
		},
		"dash and underscore": {
			files:  map[string]string{"kernel/fs/my-fs.ko": "depends=my_lib", "kernel/lib/my-lib.ko": "depends="},
			wanted: []string{"my_fs", "my-fs"},
			want:   []string{"my_lib", "my_fs"},
		},
		"built in": {
			files:  map[string]string{"modules.builtin": "kernel/lib/lib.ko\nkernel/fs/b-b.ko\n", "kernel/fs/a.ko": "depends=lib"},
			wanted: []string{"a", "b_b"},
			want:   []string{"a"},
		},
		"modules.dep wins over modinfo": {
			files: map[string]string{
				"modules.dep":    "kernel/fs/a.ko: kernel/fs/b.ko kernel/fs/c.ko\nkernel/fs/b.ko: kernel/fs/c.ko\nkernel/fs/c.ko:\n",
				"kernel/fs/a.ko": "depends=", "kernel/fs/b.ko": "depends=", "kernel/fs/c.ko": "depends=",
			},
			wanted: []string{"a"},
			want:   []string{"c", "b", "a"},
		},
		"soft dependencies by name, by alias, built in, absent": {
			files: map[string]string{
				"modules.builtin":                 "kernel/crypto/sha256_generic.ko\n",
				"modules.builtin.modinfo":         "sha256_generic.alias=sha256\x00",
				"kernel/fs/a.ko":                  "depends=\nsoftdep=pre: named xxhash64 sha256 absent post: later",
				"kernel/fs/named.ko":              "depends=",
				"kernel/fs/later.ko":              "depends=",
				"kernel/crypto/xxhash_fast.ko":    "depends=\nalias=xxhash64",
				"kernel/crypto/xxhash_generic.ko": "depends=\nalias=xxhash64",
				"kernel/crypto/sha256_fast.ko":    "depends=\nalias=sha256",
			},
			wanted: []string{"a"},
			want:   []string{"named", "xxhash_generic", "a"},
		},
		"dependencies missing from modinfo": {
			files: map[string]string{
				"modules.builtin":                     "kernel/fs/ext4/ext4.ko\n",
				"kernel/drivers/block/virtio_blk.ko":  "depends=virtio",
				"kernel/drivers/virtio/virtio.ko":     "depends=",
				"kernel/drivers/virtio/virtio_pci.ko": "depends=virtio",
				"kernel/fs/fat/vfat.ko":               "depends=",
				"kernel/fs/nls/nls_iso8859-1.ko":      "depends=",
				"kernel/crypto/crc32c_generic.ko":     "depends=\nalias=crc32c",
			},
			wanted: []string{"ext4", "virtio_blk", "vfat"},
			want:   []string{"crc32c_generic", "virtio", "virtio_pci", "virtio_blk", "nls_iso8859_1", "vfat"},
		},
		"a cycle terminates": {
			files:  map[string]string{"kernel/fs/a.ko": "depends=b", "kernel/fs/b.ko": "depends=a"},
			wanted: []string{"a"},
			want:   []string{"b", "a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			modules, err := closure(context.Background(), synthetic(t, c.files), c.wanted)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range modules {
				got = append(got, m.name)
				if string(m.image[:4]) != "\x7fELF" {
					t.Errorf("%s is not decompressed", m.name)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("load order (-want +got):\n%s", diff)
			}
		})
	}
}

func TestClosureErrors(t *testing.T) {
	k := synthetic(t, map[string]string{"modules.builtin": "", "kernel/fs/a.ko": "depends=gone"})
	for wanted, missing := range map[string]string{"xfs": "xfs", "a": "gone"} {
		_, err := closure(context.Background(), k, []string{wanted})
		var e *MissingModuleError
		if !errors.As(err, &e) || e.Module != missing || e.Kernel != k.Release {
			t.Errorf("%s: error %v, want that %s is missing", wanted, err, missing)
		}
	}
	for name, content := range map[string]string{"fs/b.ko": "no ELF", "fs/b.ko.xz": "no xz", "fs/b.ko.zst": "", "fs/b.ko.gz": "x"} {
		k := synthetic(t, map[string]string{name: content})
		if _, err := closure(context.Background(), k, []string{"b"}); err == nil {
			t.Errorf("no error for %s of %q", name, content)
		}
	}
	// A bare vmlinux: nothing to load, and nothing known to be missing.
	if m, err := closure(context.Background(), kernels.Kernel{Release: "file"}, []string{"xfs", "virtio_blk"}); err != nil || len(m) != 0 {
		t.Errorf("bare kernel: %v, %v", m, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := closure(ctx, synthetic(t, map[string]string{"kernel/fs/a.ko": "depends="}), []string{"a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v with a cancelled context", err)
	}
}

func TestHasModule(t *testing.T) {
	tree := synthetic(t, map[string]string{"modules.builtin": "kernel/fs/ext4/ext4.ko\n", "kernel/fs/xfs.ko.xz": "depends="})
	bare := kernels.Kernel{Release: "bare"}
	config := "CONFIG_EXT4_FS=y\nCONFIG_XFS_FS=m\n# CONFIG_BTRFS_FS is not set\nCONFIG_BLK_DEV_NVME=y\nCONFIG_VIRTIO_BLK=y\n"
	for _, c := range []struct {
		kernel kernels.Kernel
		module string
		want   Availability
	}{
		{tree, "ext4", BuiltIn},
		{tree, "xfs", Loadable},
		{tree, "btrfs", Missing},
		{withConfig(t, tree, "CONFIG_F2FS_FS=y\n"), "f2fs", BuiltIn},
		{bare, "ext4", Unknown},
		{withConfig(t, bare, config), "ext4", BuiltIn},
		{withConfig(t, bare, config), "xfs", Missing},
		{withConfig(t, bare, config), "btrfs", Missing},
		{withConfig(t, bare, config), "nvme", BuiltIn},
		{withConfig(t, bare, config), "virtio-blk", BuiltIn},
	} {
		if got := HasModule(c.kernel, c.module); got != c.want {
			t.Errorf("%s on %+v: %v, want %v", c.module, c.kernel, got, c.want)
		}
	}
}

func TestUnmetOn(t *testing.T) {
	p := Profile{Name: "p", Requires: []string{"CONFIG_TRANSPARENT_HUGEPAGE"}}
	k := kernels.Kernel{Release: "r"}
	for config, want := range map[string]bool{"CONFIG_TRANSPARENT_HUGEPAGE=y\n": false, "# CONFIG_TRANSPARENT_HUGEPAGE is not set\n": true} {
		reason, unmet, err := p.UnmetOn(withConfig(t, k, config))
		if err != nil || unmet != want || (reason != "") != want {
			t.Errorf("%q: %q %v %v, want %v", config, reason, unmet, err, want)
		}
	}
	if _, unmet, err := p.UnmetOn(k); err != nil || unmet {
		t.Errorf("without a configuration: %v %v", unmet, err)
	}
}
