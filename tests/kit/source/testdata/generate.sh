#!/bin/sh
# Creates the filesystem images in this directory: one file of 64 KiB each, with
# the pattern that the tests expect. It needs mkfs.erofs (erofs-utils) with lz4
# and mksquashfs (squashfs-tools) with lz4 and zstd. The committed images were
# built by erofs-utils 1.5 and squashfs-tools 4.5.1. Times, owners and UUIDs are
# fixed, so the images are reproducible. Run it by go generate.
set -eu
cd "$(dirname "$0")"
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
# The images are embedded in the package that the generator imports, so the
# old ones are replaced only at the end.
go run ./pattern >"$tree/pattern"
mkdir "$tree/root"
mv "$tree/pattern" "$tree/root/file"
chmod 0755 "$tree/root"
chmod 0644 "$tree/root/file"
erofs() {
	mkfs.erofs --quiet -T1 --ignore-mtime -x-1 --all-root -U 73706c69-6365-4c61-8000-0000000000e0 "$@" "$tree/root"
}
squashfs() {
	image=$1
	shift
	mksquashfs "$tree/root" "$image" -quiet -no-progress -noappend -all-root -no-xattrs -no-exports \
		-no-fragments -b 65536 -mkfs-time 1 -all-time 1 "$@"
}
erofs "$tree/erofs.img"
erofs -zlz4hc "$tree/erofs-lz4.img"
squashfs "$tree/squashfs.img" -noI -noD -noF -noId
squashfs "$tree/squashfs-lz4.img" -comp lz4 -Xhc
squashfs "$tree/squashfs-zstd.img" -comp zstd
mv "$tree"/*.img .
