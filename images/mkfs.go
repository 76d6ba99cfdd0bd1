package images

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// A profile may come from a stranger, in a report or a configuration. So the
// programs that make filesystems are a closed list, and so are their options:
// none of them names a file of the host.

// mkfsTool is a program that makes a filesystem on the image that is its last
// argument.
type mkfsTool struct {
	pkg      string   // the Debian package that contains it
	switches []string // options without a value; none that makes no filesystem
	values   []string // options with a value, attached or in the next argument
	// files are keys of the value of an option that would name a file, where an
	// option has such keys beside harmless ones.
	files map[string][]string
	// reads are files that it does not work without, beside the system's.
	reads []string
}

var (
	mke2fs = mkfsTool{
		pkg:      "e2fsprogs",
		switches: []string{"-D", "-F", "-j", "-q", "-v"},
		values: []string{"-b", "-C", "-e", "-E", "-g", "-G", "-i", "-I", "-J", "-L", "-m", "-M", "-N", "-o", "-O",
			"-r", "-t", "-T", "-U"},
		files: map[string][]string{"-J": {"device"}},
	}
	mkfsFAT = mkfsTool{
		pkg:      "dosfstools",
		switches: []string{"-a", "-I", "-v", "--invariant"},
		values:   []string{"-b", "-D", "-f", "-F", "-g", "-h", "-i", "-M", "-n", "-r", "-R", "-s", "-S", "--mbr", "--offset"},
	}
	mkfsNTFS = mkfsTool{
		pkg:      "ntfs-3g",
		switches: []string{"-f", "-F", "-q", "-Q", "-I", "-U", "-C"},
		values:   []string{"-c", "-H", "-L", "-p", "-s", "-S", "-z"},
	}
)

var mkfsTools = map[string]mkfsTool{
	"mke2fs":    mke2fs,
	"mkfs.ext2": mke2fs,
	"mkfs.ext3": mke2fs,
	"mkfs.ext4": mke2fs,
	"mkfs.xfs": {
		pkg:      "xfsprogs",
		switches: []string{"-f", "-K", "-q"},
		values:   []string{"-b", "-d", "-i", "-l", "-L", "-m", "-n", "-s"},
		files:    map[string][]string{"-d": {"file", "name"}, "-l": {"file", "name", "logdev"}},
	},
	"mkfs.btrfs": {
		pkg:      "btrfs-progs",
		reads:    []string{"/proc"}, // its own mounts
		switches: []string{"-f", "-q", "-v", "-K", "-M", "--force", "--quiet", "--nodiscard", "--mixed"},
		values: []string{"-A", "-b", "-d", "-l", "-L", "-m", "-n", "-O", "-R", "-s", "-U",
			"--alloc-start", "--byte-count", "--checksum", "--csum", "--data", "--features", "--label", "--leafsize",
			"--metadata", "--nodesize", "--runtime-features", "--sectorsize", "--uuid"},
	},
	"mkfs.f2fs": {
		pkg:      "f2fs-tools",
		switches: []string{"-f", "-i", "-k", "-m", "-q", "-r", "-S"},
		values:   []string{"-a", "-C", "-d", "-e", "-E", "-g", "-l", "-o", "-O", "-R", "-s", "-t", "-T", "-U", "-w", "-z", "-Z"},
	},
	"mkfs.vfat": mkfsFAT,
	"mkfs.fat":  mkfsFAT,
	"mkfs.exfat": {
		pkg:      "exfatprogs",
		switches: []string{"-f", "-q", "-v", "--full-format", "--quiet", "--verbose"},
		values: []string{"-b", "-c", "-L", "-s", "-U",
			"--boundary-align", "--cluster-size", "--pack-bitmap", "--sector-size", "--volume-guid", "--volume-label"},
	},
	"mkfs.bcachefs": {
		pkg:      "bcachefs-tools",
		switches: []string{"-f", "-q", "-v", "--force", "--quiet", "--verbose", "--no_passphrase"},
		values: []string{"-L", "-U", "--background_compression", "--block_size", "--btree_node_size", "--bucket_size", "--compression",
			"--data_checksum", "--data_replicas", "--fs_label", "--metadata_checksum", "--metadata_replicas", "--str_hash", "--uuid", "--version"},
	},
	"mkfs.minix": {
		pkg:      "util-linux",
		switches: []string{"-1", "-2", "-3"},
		values:   []string{"-i", "-n"},
	},
	"mkfs.nilfs2": {
		pkg:      "nilfs-tools",
		switches: []string{"-f", "-K", "-q", "-v"},
		values:   []string{"-b", "-B", "-L", "-m", "-O", "-P"},
	},
	"mkfs.ntfs": mkfsNTFS,
	"mkntfs":    mkfsNTFS,
}

// mkfsValue is what the value of an option may consist of: no path has only
// these characters, but for a name in the working directory, which is empty.
var mkfsValue = regexp.MustCompile(`^[A-Za-z0-9_@^!~.,:=+%-]*$`)

// checkMkfs reports why a profile's command is not one of the allowed ones.
func checkMkfs(command []string) error {
	name, args := command[0], command[1:]
	tool, known := mkfsTools[name]
	if !known {
		return fmt.Errorf("mkfs: %q is not among the programs that make filesystems: use %s",
			name, strings.Join(slices.Sorted(maps.Keys(mkfsTools)), ", "))
	}
	for len(args) > 0 {
		option, value, rest, ok := tool.option(args)
		if !ok {
			return fmt.Errorf("mkfs: %s %q: only these options are allowed: %s", name, args[0],
				strings.Join(append(slices.Clone(tool.switches), tool.values...), " "))
		}
		if !mkfsValue.MatchString(value) {
			return fmt.Errorf("mkfs: %s %s %q: the value may consist of letters, digits and _@^!~.,:=+%%- only", name, option, value)
		}
		for part := range strings.SplitSeq(value, ",") {
			key, _, _ := strings.Cut(part, "=")
			if slices.Contains(tool.files[option], key) {
				return fmt.Errorf("mkfs: %s %s %q: %s would name a file of the host", name, option, value, key)
			}
		}
		args = rest
	}
	return nil
}

// option splits the first option off args, with its value if it has one.
func (t mkfsTool) option(args []string) (option, value string, rest []string, ok bool) {
	first, rest := args[0], args[1:]
	option, value, attached := first, "", false
	if strings.HasPrefix(first, "--") {
		option, value, attached = strings.Cut(first, "=")
	} else if len(first) > 2 {
		option, value, attached = first[:2], first[2:], true
	}
	switch {
	case slices.Contains(t.switches, option):
		// Several in one word, as in -qF, are not split: they would need a
		// grammar for each tool.
		return option, "", rest, !attached
	case !slices.Contains(t.values, option):
		return "", "", nil, false
	case attached:
		return option, value, rest, true
	case len(rest) == 0:
		return "", "", nil, false
	}
	return option, rest[0], rest[1:], true
}
