package images

import "github.com/u-root/u-root/pkg/cpio"

// ShellCommands are u-root's commands in the shell image: images/shellcmds
// builds them into one binary, and an initramfs links each name to it.
var ShellCommands = []string{
	"basename", "cat", "chmod", "chroot", "cmp", "comm", "cp", "date", "dd",
	"df", "dirname", "dmesg", "du", "echo", "false", "find", "free", "gosh",
	"grep", "gzip", "head", "hexdump", "hostname", "id", "insmod", "kill",
	"ln", "losetup", "ls", "lsmod", "mkdir", "mkfifo", "mknod", "mktemp",
	"more", "mount", "mv", "poweroff", "printenv", "ps", "pwd", "readlink",
	"realpath", "rm", "rmmod", "seq", "shasum", "sleep", "sort", "strace",
	"strings", "stty", "sync", "tail", "tar", "tee", "time", "timeout",
	"touch", "tr", "true", "truncate", "umount", "uname", "uniq", "unshare",
	"uptime", "wc", "which", "xargs", "yes",
}

// Shell is the guest path of the interactive shell in an image with Commands.
const Shell = "/bbin/gosh"

const commandDir = "/bbin"

// commandLinks are the links to the multi-call binary. /bin/sh is one of them
// because scripts and programs expect a shell there.
func commandLinks() []cpio.Record {
	records := []cpio.Record{cpio.Symlink("/bin/sh", Shell)}
	for _, name := range ShellCommands {
		records = append(records, cpio.Symlink(commandDir+"/"+name, "bb"))
	}
	return records
}
