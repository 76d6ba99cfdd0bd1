package selftest

// What this architecture's kernels print; %s is the release.

const oopsText = `Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010
Mem abort info:
  ESR = 0x0000000096000044
  EC = 0x25: DABT (current EL), IL = 32 bits
  SET = 0, FnV = 0
  EA = 0, S1PTW = 0
  FSC = 0x04: level 0 translation fault
Data abort info:
  ISV = 0, ISS = 0x00000044, ISS2 = 0x00000000
  CM = 0, WnR = 1, TnD = 0, TagAccess = 0
  GCS = 0, Overlay = 0, DirtyBit = 0, Xs = 0
[0000000000000010] user address but active_mm is swapper
Internal error: Oops: 0000000096000044 [#1] SMP
Modules linked in:
CPU: 0 UID: 0 PID: 17 Comm: kworker/0:1 Not tainted %s #1
Hardware name: linux,dummy-virt (DT)
Workqueue: events selftest_work
pstate: 60400005 (nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)
pc : selftest_work+0x10/0x40
lr : process_one_work+0x1e4/0x3b0
sp : ffff80008008be00
Call trace:
 selftest_work+0x10/0x40
 worker_thread+0x50/0x3a0
 kthread+0xd8/0x110
 ret_from_fork+0x10/0x20
Code: d65f03c0 d503201f d503233f d2800000 (b9001001)
---[ end trace 0000000000000000 ]---`

const warnText = `------------[ cut here ]------------
WARNING: CPU: 0 PID: 1 at fs/splice.c:1 selftest_warn+0x10/0x40
Modules linked in:
CPU: 0 UID: 0 PID: 1 Comm: selftest.test Not tainted %s #1
Hardware name: linux,dummy-virt (DT)
pstate: 60400005 (nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)
pc : selftest_warn+0x10/0x40
lr : do_splice+0x1e4/0x3b0
Call trace:
 selftest_warn+0x10/0x40
 do_splice+0x1e4/0x3b0
---[ end trace 0000000000000000 ]---`

// trap is an instruction that raises an exception, byte by byte: udf #0.
const trap = 0x00
