package selftest

// What this architecture's kernels print; %s is the release.

const oopsText = `BUG: kernel NULL pointer dereference, address: 0000000000000010
#PF: supervisor write access in kernel mode
#PF: error_code(0x0002) - not-present page
PGD 0 P4D 0
Oops: 0002 [#1] PREEMPT SMP NOPTI
CPU: 0 PID: 17 Comm: kworker/0:1 Not tainted %s #1
Workqueue: events selftest_work
RIP: 0010:selftest_work+0x10/0x40
RSP: 0018:ffffc9000008be48 EFLAGS: 00010246
Call Trace:
 <TASK>
 process_one_work+0x1e5/0x3b0
 worker_thread+0x50/0x3a0
 kthread+0xd8/0x110
 ret_from_fork+0x1f/0x30
 </TASK>
---[ end trace 0000000000000000 ]---`

const warnText = `------------[ cut here ]------------
WARNING: CPU: 0 PID: 1 at fs/splice.c:1 selftest_warn+0x10/0x40
Modules linked in:
CPU: 0 PID: 1 Comm: selftest.test Not tainted %s #1
RIP: 0010:selftest_warn+0x10/0x40
Call Trace:
 <TASK>
 do_splice+0x1e5/0x3b0
 </TASK>
---[ end trace 0000000000000000 ]---`

// trap is an instruction that raises an exception, byte by byte: int3.
const trap = 0xcc
