package kit

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/outcome"
)

func TestVerdict(t *testing.T) {
	char, inv := outcome.Characterisation, outcome.Invariant
	for _, tt := range []struct {
		kind   outcome.Kind
		policy outcome.Policy
		f      Finding
		pass   bool
		stored outcome.Kind
	}{
		{char, outcome.PolicySnapshot, Finding{Outcome: outcome.Snapshot}, true, char},
		{char, outcome.PolicySnapshot, Finding{Outcome: outcome.Live}, false, char},
		{char, outcome.PolicyAlias, Finding{Outcome: outcome.Live}, true, char},
		{char, outcome.PolicyAlias, Finding{Outcome: outcome.Zeroed}, true, char},
		{char, outcome.PolicyAlias, Finding{Outcome: outcome.PhantomZero}, false, inv},
		{char, outcome.PolicyAlias, Finding{Outcome: outcome.Torn, Unit: "page"}, true, char},
		{char, outcome.PolicyAlias, Finding{Outcome: outcome.Torn, Unit: "byte", Never: true}, false, inv},
		{char, outcome.PolicyAlias, Finding{Outcome: outcome.Dropped, Never: true}, false, inv},
		{inv, outcome.PolicyAlias, Finding{Outcome: outcome.Snapshot}, true, inv},
		{inv, outcome.PolicyAlias, Finding{Outcome: outcome.Zeroed}, false, inv},
		{inv, outcome.PolicySnapshot, Finding{Outcome: outcome.Foreign}, false, inv},
		{char, observe, Finding{Outcome: outcome.Foreign}, true, char},
	} {
		pass, stored := Verdict(tt.kind, tt.policy, tt.f)
		if pass != tt.pass || stored != tt.stored {
			t.Errorf("Verdict(%s, %q, %+v) = %v, %s; want %v, %s", tt.kind, tt.policy, tt.f, pass, stored, tt.pass, tt.stored)
		}
	}
}

func TestPolicyOf(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want outcome.Policy
		ok   bool
	}{
		{nil, observe, true},
		{map[string]string{protocol.EnvGuest: "1"}, outcome.PolicySnapshot, true},
		{map[string]string{protocol.EnvGuest: "1", protocol.EnvPolicy: "alias"}, outcome.PolicyAlias, true},
		{map[string]string{protocol.EnvPolicy: "snapshot"}, outcome.PolicySnapshot, true},
		{map[string]string{protocol.EnvPolicy: "lenient"}, "", false},
	} {
		got, err := policyOf(func(k string) string { return tt.env[k] })
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("policy of %v = %q, %v; want %q", tt.env, got, err, tt.want)
		}
	}
}

func TestSeedOf(t *testing.T) {
	if n, err := seedOf(func(string) string { return "18446744073709551615" }); n != 1<<64-1 || err != nil {
		t.Errorf("the largest seed: %d, %v", n, err)
	}
	if _, err := seedOf(func(string) string { return "0x10" }); err == nil {
		t.Error("a seed that is not decimal is accepted")
	}
}

func TestRequiredFeatures(t *testing.T) {
	for _, tt := range []struct {
		f           Feature
		fs, release string
		want        bool
	}{
		{DirectIO, "tmpfs", "6.5.13", false},
		{DirectIO, "tmpfs", "6.6.0-rc1", true},
		{DirectIO, "tmpfs", "6.12.117+deb12-cloud-amd64", true},
		{DirectIO, "tmpfs", "5.10.0-46-cloud-amd64", false},
		{DirectIO, "overlay", "7.3.4+deb13-cloud-amd64", false},
		{PunchHole, "btrfs", "5.10.0", true},
		{ZeroRange, "tmpfs", "7.3", false},
		{CollapseRange, "btrfs", "7.3.4", false},
		{InsertRange, "xfs", "10.0.1", true},
		{PunchHole, "xfs", "unknown", false},
	} {
		if _, got := mustHave(tt.f, tt.fs, tt.release); got != tt.want {
			t.Errorf("%s must have %s on %s: %v", tt.release, tt.f, tt.fs, got)
		}
	}
}

const mountinfo = `22 1 0:21 / / rw,relatime - rootfs rootfs rw
30 22 8:1 / /mnt rw,noatime shared:1 master:2 - xfs /dev/vda rw,inode64,noquota
31 30 0:40 /sub /mnt/with\040space ro,nosuid - btrfs /dev/vdb ro,subvol=/sub
32 22 8:2 / /mnt2 rw - ext4 /dev/vdc rw
malformed
33 30 0:41 / /mnt/over rw - tmpfs tmpfs rw,size=1024k
34 30 0:42 / /mnt/over rw - overlay overlay rw,lowerdir=/l
`

func TestMountOf(t *testing.T) {
	for path, want := range map[string]Mount{
		"/etc":              {Point: "/", Root: "/", Type: "rootfs", Source: "rootfs", Flags: "rw,relatime", Super: "rw", Options: "rw,relatime"},
		"/mnt/dir":          {Point: "/mnt", Root: "/", Type: "xfs", Source: "/dev/vda", Flags: "rw,noatime", Super: "rw,inode64,noquota", Options: "rw,noatime,inode64,noquota"},
		"/mnt/with space/x": {Point: "/mnt/with space", Root: "/sub", Type: "btrfs", Source: "/dev/vdb", Flags: "ro,nosuid", Super: "ro,subvol=/sub", Options: "ro,nosuid,subvol=/sub"},
		"/mnt2":             {Point: "/mnt2", Root: "/", Type: "ext4", Source: "/dev/vdc", Flags: "rw", Super: "rw", Options: "rw"},
		"/mnt/over/file":    {Point: "/mnt/over", Root: "/", Type: "overlay", Source: "overlay", Flags: "rw", Super: "rw,lowerdir=/l", Options: "rw,lowerdir=/l"},
	} {
		got, err := mountOf(strings.NewReader(mountinfo), path)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", path, err, diff)
		}
	}
	if _, err := mountOf(strings.NewReader("\n"), "/x"); err == nil {
		t.Error("a mount was found where there is none")
	}
}

func TestMountArguments(t *testing.T) {
	m := Mount{Options: "ro,nosuid,noatime,subvol=/sub,discard=async"}
	flags, data := m.arguments()
	if want := uintptr(unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NOATIME); flags != want || data != "subvol=/sub,discard=async" {
		t.Errorf("flags %#x, data %q", flags, data)
	}
}

func TestOneLine(t *testing.T) {
	got := oneLine("a\nb\x1b[2J\xff\u2028\x00" + strings.Repeat("é", 3000))
	if strings.ContainsAny(got, "\n\x1b\x00\u2028") || !utf8.ValidString(got) || len(got) > 2100 {
		t.Errorf("not valid as an attribute: %q", got[:40])
	}
}

func TestSweepNames(t *testing.T) {
	var got []string
	for _, s := range slices.Concat(SweepHuge(), Varied([]string{"", "page"}, Small(), Huge()), Sizes("b")) {
		got = append(got, s.Name)
	}
	want := []string{"small-clean", "small-dirty", "large-clean", "large-dirty", "large-readahead", "2m-clean", "2m-readahead",
		"small-clean", "small-dirty", "2m-clean", "page-small-clean", "page-small-dirty", "page-2m-clean", "b-small", "b-large"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestErrnoName(t *testing.T) {
	for err, want := range map[error]string{unix.EOPNOTSUPP: "EOPNOTSUPP", unix.EINVAL: "EINVAL", errShortWrite: "short write"} {
		if got := ErrnoName(err); got != want {
			t.Errorf("%v is called %s", err, got)
		}
	}
}
