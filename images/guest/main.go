// Command guest is the agent: PID 1 of every VM of the lab. It prepares the
// guest, then answers the host's requests on the control port until the VM is
// killed. It knows the protocol and kernel interfaces, and must not depend on
// kernels, images, results or the meaning of a test.
//
// The host attributes any failure of the agent to the kernel under test, so the
// agent survives everything it can: a request that fails or panics is answered
// with an error.
package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
)

func main() {
	if os.Args[0] == sessionName {
		os.Exit(leadSession(os.Args[1:]))
	}
	if os.Args[0] == modprobeName {
		os.Exit(probe(os.Args[1:]))
	}
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "splicelab guest agent: runs only as PID 1 of a VM of the lab")
		os.Exit(2)
	}
	takeSignals()
	reaper := newReaper()
	prepare()
	if err := serveHost(reaper); err != nil {
		logf("%v: the host cannot reach this guest", err)
	}
	// Without a control port there is nothing left to do, but if PID 1
	// exited, the kernel would panic.
	for {
		_ = unix.Pause()
	}
}

// serveHost serves requests on the ports that the kernel's command line names.
func serveHost(reaper *reaper) error {
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	controlPort, err := findPort(string(line), protocol.ArgControl)
	if err != nil {
		return err
	}
	outputPort, err := findPort(string(line), protocol.ArgOutput)
	if err != nil {
		return err
	}
	port, err := openControl(controlPort)
	if err != nil {
		return err
	}
	serve(scripted(port), &child{reaper: reaper, port: outputPort})
	return nil
}
