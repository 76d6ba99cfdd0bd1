package console

// filesystems are the messages by which a filesystem says that it has found
// corruption, lost a write or given up. What a filesystem says when it merely
// refuses a mount is not among them.
var filesystems = []rule{
	{kind: FSError, pattern: re(`(EXT[234])-fs (?:error|panic) \(device [^)]*\): (\w+):\d+: (?:inode #\d+: )?(?:block \d+: )?(?:comm .{1,64}?: )?([^:(\d]*)`), title: "$1: $2: $3"},
	{kind: FSError, pattern: re(`(EXT[234])-fs (?:error|panic) \(device [^)]*\)(?: in )?:? ?(\w+)`), title: "$1: $2"},
	{kind: FSError, pattern: re(`(EXT[234])-fs \([^)]*\): (Delayed block allocation failed|failed to convert unwritten extents|shut down requested|I/O error while writing superblock|previous I/O error to superblock detected)`), title: "$1: $2"},
	// Most of ext4's warnings are advice.
	{kind: FSError, pattern: re(`(EXT[234])-fs warning \(device [^)]*\): (\w+):\d+: .*?(I/O error|[Cc]orrupt|failed checksum|[Cc]hecksum)`), title: "$1: $2: $3"},
	{kind: FSError, pattern: re(`JBD2: (Detected IO errors while flushing file data|Error -\d+ detected when updating journal|I/O error when updating journal superblock|Invalid checksum recovering|IO error -?\d+ recovering block)`), title: "JBD2: $1"},
	{kind: FSError, pattern: re(`(Aborting journal) on device`), title: "JBD2: $1", follows: true},
	{kind: FSError, pattern: re(`XFS \([^)]*\): ([A-Z][\w -]*?)(?: \(0x[0-9a-f]+\))? detected (?:at|in) (?:\S+ \d+ of file \S+\s+Caller )?(` + fn + `)`), title: "XFS: $1 detected in $2"},
	{kind: FSError, pattern: re(`XFS \([^)]*\): (Internal error \S+) at line \d+ of file \S+?\.\s+Caller (` + fn + `)`), title: "XFS: $1 in $2"},
	{kind: FSError, pattern: re(`XFS \([^)]*\): (Internal error \S+|Corruption of \S+ data|Corruption detected|Metadata corruption|Metadata CRC error|Filesystem has been shut down due to [a-z /-]+|User initiated shutdown|[Ll]og I/O error|metadata I/O error|log mount/recovery failed|writeback error|page discard)`), title: "XFS: $1"},
	{kind: FSError, pattern: re(`XFS(?: \([^)]*\))?: (Assertion failed): (.*?), file:`), title: "XFS: $1: $2"},
	{kind: FSError, pattern: re(`BTRFS:? (?:error|critical|panic|emergency) \(device [^)]*\):? in (\w+):\d+: (errno=-\d+)`), title: "BTRFS: $1: $2", raw: true},
	{kind: FSError, pattern: re(`BTRFS:? (?:error|critical|panic|emergency) \(device [^)]*\):? (.*)`), title: "BTRFS: $1"},
	// A bad checksum that another copy repairs is a warning like one that none
	// does.
	{kind: FSError, pattern: re(`BTRFS:? warning \(device [^)]*\):? (csum failed|checksum verify failed|checksum error|direct IO failed|lost (?:page|super block) write)`), title: "BTRFS: $1"},
	{kind: FSError, pattern: re(`BTRFS:? warning \(device [^)]*\):? (Skipping commit of aborted transaction)`), title: "BTRFS: $1", follows: true},
	{kind: FSError, pattern: re(`F2FS-fs \([^)]*\): (.*(?:[Rr]un fsck|Stopped filesystem|[Cc]orrupted|wrongly (?:set|cleared)).*)`), title: "F2FS: $1"},
	// "erofs: (device …): FUNC: …" up to 6.11. Errors have no mark that
	// messages about a mount have not.
	{kind: FSError, pattern: re(`erofs:? \(device [^)]*\): (?:\w+: )?((?:failed to|corrupted|bogus|damaged|invalid|.* mismatch).*)`), title: "EROFS: $1"},
	{kind: FSError, pattern: re(`FAT-fs \([^)]*\): (FAT read failed|Directory bread\(block \d+\) failed|unable to read inode block)`), title: "FAT: $1"},
	{kind: FSError, pattern: re(`(F2FS|FAT|exFAT|EROFS|SQUASHFS)(?:-fs)?(?: \([^)]*\))?:? error[,:]? ?(.*)`), title: "$1: $2"},

	// For any filesystem: the page cache lost what was written, an inode
	// outlived its superblock.
	{kind: FSError, pattern: re(`Buffer I/O error on dev \S+, logical block \d+, (lost \w+ page write)`), title: "Buffer I/O error: $1"},
	{kind: FSError, pattern: re(`\S+: (writeback error) on inode \d+`), title: "iomap: $1"},
	{kind: FSError, pattern: re(`VFS: (Busy inodes after unmount)`), title: "VFS: $1"},
}
