package images

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/internal/kernelversion"
)

func TestBuiltin(t *testing.T) {
	profiles, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"ext4", "ext4-1k", "xfs", "xfs-1k", "btrfs", "tmpfs", "tmpfs-huge", "f2fs", "vfat", "exfat", "overlay", "ext4-dax", "xfs-dax"}
	if diff := cmp.Diff(want, profileNames(profiles)); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
	for _, p := range profiles {
		if p.Doc == "" {
			t.Errorf("%s has no doc", p.Name)
		}
	}
}

func TestParseProfilesErrors(t *testing.T) {
	for name, c := range map[string]struct{ yaml, want string }{
		"unknown key":    {"- name: a\n  type: ext4\n  optoins: x\n", "[3:3]"},
		"not a list":     {"name: a\n", "[1:"},
		"bad syntax":     {"- name: [a\n", "[1:"},
		"no name":        {"- type: ext4\n", "filesystem 1: name is missing"},
		"bad name":       {"- name: A b\n  type: ext4\n", "lower-case"},
		"reserved name":  {"- name: all\n  type: ext4\n", "lower-case"},
		"no type":        {"- name: a\n", `filesystem "a": type ""`},
		"size":           {"- name: a\n  type: ext4\n  mkfs: [mkfs.ext4]\n  size-mib: -1\n", "size-mib -1"},
		"size, no disk":  {"- name: a\n  type: tmpfs\n  size-mib: 10\n", "no meaning without mkfs"},
		"pmem, no disk":  {"- name: a\n  type: tmpfs\n  pmem: true\n", "no meaning without mkfs"},
		"options":        {"- name: a\n  type: tmpfs\n  options: a, b\n", "without blanks"},
		"page size":      {"- name: a\n  type: tmpfs\n  page-size: 1000\n", "page-size 1000"},
		"requires":       {"- name: a\n  type: tmpfs\n  requires: [XFS_FS]\n", "CONFIG_XFS_FS"},
		"exclude":        {"- name: a\n  type: tmpfs\n  exclude: [{kernels: six, reason: r}]\n", "six"},
		"exclude reason": {"- name: a\n  type: tmpfs\n  exclude: [{kernels: \"6.1\"}]\n", "reason is missing"},
		"exclude until":  {"- name: a\n  type: tmpfs\n  exclude: [{kernels: \"6.1\", reason: r, until: soon}]\n", "date like"},
		"twice":          {"- name: a\n  type: tmpfs\n- name: a\n  type: tmpfs\n", "declared twice"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseProfiles("file.yaml", []byte(c.yaml))
			if err == nil || !strings.HasPrefix(err.Error(), "file.yaml: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestSelect(t *testing.T) {
	user := []Profile{{Name: "xfs", Type: "xfs", Options: "noatime"}, {Name: "mine", Type: "tmpfs"}}
	got, err := Select(" xfs,mine, ext4,xfs", user)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"xfs", "mine", "ext4"}, profileNames(got)); diff != "" {
		t.Errorf("selected (-want +got):\n%s", diff)
	}
	if got[0].Options != "noatime" {
		t.Error("the user's profile does not replace the built-in one")
	}
	if got, err := Select("all", user); err != nil || len(got) != 14 {
		t.Errorf("all: %d profiles, %v", len(got), err)
	}
	for names, near := range map[string]string{"ext5": "ext4", "btfs": "btrfs", "overlayfs": "overlay", "zzzzzzzz": ""} {
		_, err := Select(names, nil)
		var unknown *UnknownProfileError
		if !errors.As(err, &unknown) {
			t.Fatalf("%s: error %v", names, err)
		}
		if near == "" && len(unknown.Near) > 0 || near != "" && (len(unknown.Near) == 0 || unknown.Near[0] != near) {
			t.Errorf("%s: near %q, want %q first", names, unknown.Near, near)
		}
	}
	if _, err := Select(",", nil); err == nil {
		t.Error("no error for no names")
	}
	if _, err := Select("all", []Profile{{Name: "x"}}); err == nil {
		t.Error("no error for a bad profile of the user")
	}
}

func TestExcludedOn(t *testing.T) {
	p := Profile{Exclude: []Exclusion{
		{Kernels: "6.1..6.6", Reason: "range"},
		{Kernels: "..4.19", Reason: "old"},
		{Kernels: "7.0..", Reason: "new"},
		{Kernels: "6.12.9", Reason: "one"},
		{Kernels: "5.10", Reason: "series", Until: "2026-06-30"},
	}}
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct{ version, day, want string }{
		{"6.0.19", "2026-01-01", ""},
		{"6.1", "2026-01-01", "range"},
		{"6.6.99", "2026-01-01", "range"},
		{"6.7-rc1", "2026-01-01", ""},
		{"4.19.300", "2026-01-01", "old"},
		{"4.20", "2026-01-01", ""},
		{"7.0-rc3", "2026-01-01", "new"},
		{"7.3.4", "2026-01-01", "new"},
		{"6.12.9", "2026-01-01", "one"},
		{"6.12.10", "2026-01-01", ""},
		{"5.10.200", "2026-06-30", "series"},
		{"5.10.200", "2026-07-01", ""},
	} {
		v, err := kernelversion.Parse(c.version)
		if err != nil {
			t.Fatal(err)
		}
		reason, ok := p.ExcludedOn(kernelversion.Release{Version: v}, day(c.day))
		if reason != c.want || ok != (c.want != "") {
			t.Errorf("%s on %s: %q, want %q", c.version, c.day, reason, c.want)
		}
	}
}

func TestSteps(t *testing.T) {
	disk := []string{"mkfs.ext4"}
	for name, c := range map[string]struct {
		profile Profile
		want    []MountStep
	}{
		"disk":  {Profile{Type: "xfs", Mkfs: disk, Options: "noatime"}, []MountStep{{Device: Disk0, Type: "xfs", Target: "/t", Options: "noatime"}}},
		"tmpfs": {Profile{Type: "tmpfs"}, []MountStep{{Type: "tmpfs", Target: "/t"}}},
		"overlay": {Profile{Type: "ext4", Mkfs: disk, Overlay: true}, []MountStep{
			{Device: Disk0, Type: "ext4", Target: "/t.layers"},
			{
				Device: "overlay", Type: "overlay", Target: "/t",
				Options: "lowerdir=/t.layers/lower,upperdir=/t.layers/upper,workdir=/t.layers/work",
				Mkdirs:  []string{"/t.layers/lower", "/t.layers/upper", "/t.layers/work"},
			},
		}},
	} {
		if diff := cmp.Diff(c.want, c.profile.Steps("/t")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
