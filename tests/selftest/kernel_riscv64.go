package selftest

// What this architecture's kernels print; %s is the release.

const oopsText = `Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010
Oops [#1]
Modules linked in:
CPU: 0 UID: 0 PID: 17 Comm: kworker/0:1 Not tainted %s #1
Hardware name: riscv-virtio,qemu (DT)
Workqueue: events selftest_work
epc : selftest_work+0x10/0x40
 ra : process_one_work+0x1e4/0x3b0
status: 0000000200000120 badaddr: 0000000000000010 cause: 000000000000000f
[<ffffffff80001010>] selftest_work+0x10/0x40
[<ffffffff80002050>] worker_thread+0x50/0x3a0
[<ffffffff800030d8>] kthread+0xd8/0x110
[<ffffffff80004010>] ret_from_fork+0xe/0x1c
---[ end trace 0000000000000000 ]---`

const warnText = `------------[ cut here ]------------
WARNING: CPU: 0 PID: 1 at fs/splice.c:1 selftest_warn+0x10/0x40
Modules linked in:
CPU: 0 UID: 0 PID: 1 Comm: selftest.test Not tainted %s #1
Hardware name: riscv-virtio,qemu (DT)
epc : selftest_warn+0x10/0x40
 ra : do_splice+0x1e4/0x3b0
[<ffffffff80001010>] selftest_warn+0x10/0x40
[<ffffffff800021e4>] do_splice+0x1e4/0x3b0
---[ end trace 0000000000000000 ]---`

// trap is an instruction that raises an exception, byte by byte: c.unimp.
const trap = 0x00
