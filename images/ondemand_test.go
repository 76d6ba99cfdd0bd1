package images

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// onDemandTree is a kernel with a module for each case that the indexes of the
// guest's modprobe must handle.
var onDemandTree = map[string]string{
	"modules.builtin":          "kernel/drivers/block/loop.ko\n",
	"kernel/fs/a.ko":           "depends=b,c\nalias=fs-a\nalias=net-pf-16-proto-*",
	"kernel/fs/b.ko.xz":        "depends=c",
	"kernel/fs/c.ko":           "depends=",
	"kernel/fs/my-fs.ko":       "depends=",
	"kernel/net/soft.ko":       "depends=\nsoftdep=pre: c",
	"kernel/crypto/cipher.ko":  "depends=\nalias=crypto-cipher",
	"kernel/crypto/unasked.ko": "depends=",
}

// TestOnDemand: on-demand modules are in the image after their dependencies;
// modules loaded at boot are listed too, and missing ones are left out without
// an error.
func TestOnDemand(t *testing.T) {
	for name, c := range map[string]struct {
		loaded, wanted []string
		modules        []string
		lists          map[string]string
	}{
		"nothing": {lists: map[string]string{"modules.dep": "", "modules.alias": "", "modules.builtin": ""}},
		"dependencies in depmod's order: the first to load comes last": {
			wanted:  []string{"a"},
			modules: []string{"c", "b", "a"},
			lists: map[string]string{
				"modules.dep":     "c.ko:\nb.ko: c.ko\na.ko: b.ko c.ko\n",
				"modules.alias":   "alias fs-a a\nalias net-pf-16-proto-* a\n",
				"modules.builtin": "",
			},
		},
		"missing, built in, and with dashes for underscores": {
			wanted:  []string{"none", "loop", "my_fs"},
			modules: []string{"my_fs"},
			lists:   map[string]string{"modules.dep": "my_fs.ko:\n", "modules.alias": "", "modules.builtin": "loop.ko\n"},
		},
		"modules loaded at boot are not duplicated": {
			loaded:  []string{"b"},
			wanted:  []string{"a", "b"},
			modules: []string{"c", "b", "a"},
			lists: map[string]string{
				"modules.dep":     "c.ko:\nb.ko: c.ko\na.ko: b.ko c.ko\n",
				"modules.alias":   "alias fs-a a\nalias net-pf-16-proto-* a\n",
				"modules.builtin": "",
			},
		},
		"a soft dependency counts like any other": {
			wanted:  []string{"soft", "cipher"},
			modules: []string{"c", "soft", "cipher"},
			lists: map[string]string{
				"modules.dep":     "c.ko:\nsoft.ko: c.ko\ncipher.ko:\n",
				"modules.alias":   "alias crypto-cipher cipher\n",
				"modules.builtin": "",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := synthetic(t, onDemandTree)
			loaded, err := closure(context.Background(), k, c.loaded)
			if err != nil {
				t.Fatal(err)
			}
			set, err := onDemand(context.Background(), k, c.wanted, loaded)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range set.all {
				got = append(got, m.name)
			}
			if diff := cmp.Diff(c.modules, got); diff != "" {
				t.Errorf("modules (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.lists, set.lists()); diff != "" {
				t.Errorf("lists (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOnDemandCycle: modules that depend on each other give a finite list.
func TestOnDemandCycle(t *testing.T) {
	k := synthetic(t, map[string]string{"kernel/fs/a.ko": "depends=b", "kernel/fs/b.ko": "depends=a"})
	set, err := onDemand(context.Background(), k, []string{"a"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if dep := set.lists()["modules.dep"]; !strings.Contains(dep, "a.ko: b.ko\n") || strings.Contains(dep, "a.ko: a.ko") {
		t.Errorf("modules.dep %q", dep)
	}
}

// TestOnDemandBroken: a module that cannot be read is an error, unlike a missing
// one.
func TestOnDemandBroken(t *testing.T) {
	k := synthetic(t, map[string]string{"fs/a.ko": "no ELF"})
	if _, err := onDemand(context.Background(), k, []string{"a"}, nil); err == nil {
		t.Error("no error for a module that is not an ELF file")
	}
}
