package console

import "testing"

// What filesystems say about lost writes, bad checksums and corruption.
var filesystemFormats = []format{
	{FSError, "EXT4: ext4_end_bio: I/O error", "EXT4-fs warning (device vda): ext4_end_bio:343: I/O error 10 writing to inode 12 starting block 33793)\n"},
	{FSError, "EXT4: dx_probe: Corrupt", "EXT4-fs warning (device vda): dx_probe:890: inode #2: comm ls: Corrupt directory, running e2fsck is recommended\n"},
	{FSError, "EXT4: I/O error while writing superblock", "EXT4-fs (vda): I/O error while writing superblock\n"},
	{FSError, "EXT4: Delayed block allocation failed", "EXT4-fs (vda): Delayed block allocation failed for inode 12 at logical offset 0 with max blocks 1 with error 117\n"},
	{FSError, "EXT4: ext4_put_super", "EXT4-fs error (device vda) in ext4_put_super\n"},
	{FSError, "JBD2: I/O error when updating journal superblock", "JBD2: I/O error when updating journal superblock for vda-8.\nAborting journal on device vda-8.\n"},
	{FSError, "JBD2: Detected IO errors while flushing file data", "JBD2: Detected IO errors while flushing file data on vda-8\n"},
	{FSError, "JBD2: Invalid checksum recovering", "JBD2: Invalid checksum recovering data block 1034 in log\n"},
	{FSError, "JBD2: Aborting journal", "Aborting journal on device vda-8.\n"},
	{FSError, "EXT4: ext4_journal_check_start: Detected aborted journal", "EXT4-fs error (device vda): ext4_journal_check_start:83: comm sh: Detected aborted journal\nAborting journal on device vda-8.\nEXT4-fs (vda): Remounting filesystem read-only\n"},
	{FSError, "Buffer I/O error: lost sync page write", "Buffer I/O error on dev vda, logical block 0, lost sync page write\n"},
	{FSError, "Buffer I/O error: lost async page write", "Buffer I/O error on dev dm-0, logical block 34817, lost async page write\n"},
	{FSError, "BTRFS: csum failed", "BTRFS warning (device vda): csum failed root 5 ino 257 off 0 csum 0x8941f998 expected csum 0x3c5d1d4f mirror 1\n"},
	{FSError, "BTRFS: checksum verify failed", "BTRFS warning (device vda): checksum verify failed on logical 30441472 mirror 1 wanted 0x5d1 found 0x1 level 0\n"},
	{FSError, "BTRFS: lost page write", "BTRFS warning (device vda): lost page write due to IO error on /dev/vda (-5)\n"},
	{FSError, "BTRFS: Skipping commit of aborted transaction", "BTRFS warning (device vda state EA): Skipping commit of aborted transaction.\n"},
	{FSError, "BTRFS: btrfs_commit_transaction: errno=-5",
		"BTRFS: error (device vda state A) in btrfs_commit_transaction:2503: errno=-5 IO failure\nBTRFS warning (device vda state EA): Skipping commit of aborted transaction.\n"},
	{FSError, "XFS: writeback error", "XFS (vda): writeback error on inode 133, offset 0, sector 120\n"},
	{FSError, "XFS: Assertion failed: !xfs_is_shutdown(mp)", "XFS (vda): Assertion failed: !xfs_is_shutdown(mp), file: fs/xfs/xfs_icache.c, line: 1882\n"},
	{FSError, "XFS: Internal error XFS_WANT_CORRUPTED_GOTO in xfs_free_ag_extent", "XFS (vda): Internal error XFS_WANT_CORRUPTED_GOTO at line 2060 of file fs/xfs/libxfs/xfs_alloc.c.  Caller xfs_free_ag_extent+0x1/0x2 [xfs]\n"},
	{FSError, "XFS: log I/O error", "XFS (vda): log I/O error -5\n"},
	{FSError, "iomap: writeback error", "vda: writeback error on inode 12, offset 0, sector 8\n"},
	{FSError, "F2FS: inconsistent node block, nid:N, node_footer[nid:N,ino:N,ofs:N,cpver:N,blkaddr]. Run fsck to fix",
		"F2FS-fs (vda): inconsistent node block, nid:4, node_footer[nid:5,ino:6,ofs:7,cpver:8,blkaddr:9]. Run fsck to fix.\n"},
	{FSError, "F2FS: Stopped filesystem due to reason: N", "F2FS-fs (vda): Stopped filesystem due to reason: 1\n"},
	{FSError, "EROFS: failed to decompress -N in[N, N] out[N]", "erofs: (device vda): z_erofs_lz4_decompress_mem: failed to decompress -12 in[46, 4050] out[9000]\n"},
	{FSError, "EROFS: bogus dirent @ nid N", "erofs (device vda): bogus dirent @ nid 36\n"},
	{FSError, "SQUASHFS: zlib decompression failed, data probably corrupt", "SQUASHFS error: zlib decompression failed, data probably corrupt\n"},
	{FSError, "FAT: fat_get_cluster: invalid cluster chain (i_pos N)", "FAT-fs (vda): error, fat_get_cluster: invalid cluster chain (i_pos 17)\n"},
	{FSError, "FAT: FAT read failed", "FAT-fs (vda): FAT read failed (blocknr 33)\n"},
	{FSError, "F2FS: Bitmap was wrongly set, blk:N", "F2FS-fs (vda): Bitmap was wrongly set, blk:123\n"},
	{FSError, "VFS: Busy inodes after unmount", "VFS: Busy inodes after unmount of vda. Self-destruct in 5 seconds.  Have a nice day...\n"},
	{FSError, "VFS: Busy inodes after unmount", "VFS: Busy inodes after unmount of vda (ext4)\n"},
}

// What filesystems say without anything being wrong.
func TestFilesystemAdvice(t *testing.T) {
	for _, log := range []string{
		"EXT4-fs warning (device vda): ext4_update_dynamic_rev:1085: updating to rev 1 because of new feature flag, running e2fsck is recommended\n",
		"EXT4-fs warning (device vda): ext4_multi_mount_protect:326: MMP interval 42 higher than expected, please wait.\n",
		"EXT4-fs (vda): mounted filesystem 7e5f with ordered data mode. Quota mode: none.\n",
		"EXT4-fs (vda): warning: mounting unchecked fs, running e2fsck is recommended\n",
		"FAT-fs (vda): Volume was not properly unmounted. Some data may be corrupt. Please run fsck.\n",
		"F2FS-fs (vda): Mounted with checkpoint version = 5e8c\n",
		"F2FS-fs (vda): Found nat_bits in checkpoint\n",
		"erofs: (device vda): mounted with root inode @ nid 36.\n",
		"erofs (device vda): mounted with root inode @ nid 36.\n",
		"erofs: (device vda): EXPERIMENTAL EROFS subpage compressed block support in use. Use at your own risk!\n",
		"BTRFS info (device vda): using crc32c (crc32c-intel) checksum algorithm\n",
		"BTRFS warning (device vda): space cache v1 is being deprecated and will be removed in a future release\n",
		"XFS (vda): Ending clean mount\n",
		"XFS (vda): Unmounting Filesystem 1b2c\n",
		"Buffer I/O error on dev sr0, logical block 0, async page read\n",
	} {
		if events := Parse([]byte(log)); len(events) > 0 {
			t.Errorf("%q gives %+v", log, events)
		}
	}
}
