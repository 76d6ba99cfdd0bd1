package images

import (
	"strings"
	"testing"
)

func TestMkfsIsAClosedList(t *testing.T) {
	for command, want := range map[string]string{
		"mkfs.ext4": "",
		"mkfs.ext4 -q -F -b 4096 -b1024 -O ^has_journal -E hash_seed=73706c69-6365-4c61-8000-0000000000f4": "",
		"mkfs.xfs -q -f -m reflink=1,uuid=73706c69-6365-4c61-8000-000000000024":                            "",
		"mkfs.btrfs --checksum=xxhash -f --nodesize 16384":                                                 "",

		"touch x":                            "not among the programs",
		"/usr/sbin/mkfs.ext4":                "not among the programs",
		"./mkfs.ext4":                        "not among the programs",
		"mkfs.ext4 -d /etc":                  "only these options",
		"mkfs.ext4 -d":                       "only these options",
		"mkfs.ext4 x":                        "only these options",
		"mkfs.ext4 --":                       "only these options",
		"mkfs.ext4 -":                        "only these options",
		"mkfs.ext4 -b":                       "only these options",
		"mkfs.ext4 -qF":                      "only these options",
		"mkfs.ext4 -z undo":                  "only these options",
		"mkfs.ext4 -l badblock":              "only these options",
		"mkfs.ext4 -c":                       "only these options",
		"mkfs.ext4 -L /etc/passwd":           "letters, digits",
		"mkfs.ext4 -J size=4,device=loop0":   "would name a file",
		"mkfs.ext4 -L a\nb":                  "letters, digits",
		"mkfs.xfs -f -c options=/etc/passwd": "only these options",
		"mkfs.xfs -p protofile":              "only these options",
		"mkfs.xfs -d size=1g,name=x":         "would name a file",
		"mkfs.xfs -dfile,name=x":             "would name a file",
		"mkfs.xfs -l logdev=x":               "would name a file",
		"mkfs.xfs -r rtdev=x":                "only these options",
		"mkfs.btrfs --rootdir=x":             "only these options",
		"mkfs.btrfs -r x":                    "only these options",
		"mkfs.btrfs --rootdir x":             "only these options",
		"mkfs.btrfs --root x":                "only these options",
		"mkfs.btrfs sda":                     "only these options",
		"mkfs.f2fs -c sda":                   "only these options",
		"mkfs.vfat -m message":               "only these options",
		"mkfs.vfat -C x":                     "only these options",
	} {
		err := checkMkfs(strings.Split(command, " "))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", command, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", command, err, want)
		}
	}
}
