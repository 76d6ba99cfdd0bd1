// Package protocol defines the protocol between the host and the guest agent on
// the control channel, and the attributes by which a test reports to the lab.
// Both sides import it; it imports neither, and does no I/O.
//
// The control channel is a serial port that carries one JSON document per line
// in each direction. The host sends a Request and the agent answers each with
// exactly one Reply of the same ID, in the order of the requests, except that
// an exec is answered when its child has exited while kill, winsize and ping
// are answered at once. On start the agent sends one Reply with ID 0 and Hello
// set.
package protocol

import "encoding/json"

// Version is the protocol's version; agent and host must agree exactly.
const Version = 1

// The names of the agent's serial ports are arguments on the kernel's command
// line, because they depend on the machine: the path of a device, or PCIPort and
// the address of a PCI device. The kernel ignores arguments with a dot in their
// names.
const (
	ArgControl = "splicelab.control" // Requests and Replies
	ArgOutput  = "splicelab.output"  // the child's standard output and error

	PCIPort = "pci:"
)

// ScriptFile, if the image has it, contains the requests that a host would
// send, one per line: the guest then executes them without a host.
const ScriptFile = "/splicelab.script"

// MaxLine bounds one control line, in bytes, newline included.
const MaxLine = 1 << 20

// ChunkSize is how many bytes of a file one Get or Put carries.
const ChunkSize = 256 << 10

// Request is a request of the host; exactly one of the pointers is set.
type Request struct {
	ID       uint64    `json:"id"`
	Modules  *Modules  `json:"modules,omitempty"`
	Mount    *Mount    `json:"mount,omitempty"`
	Exec     *Exec     `json:"exec,omitempty"`
	Kill     *Kill     `json:"kill,omitempty"`
	Winsize  *Winsize  `json:"winsize,omitempty"`
	Get      *Get      `json:"get,omitempty"`
	Put      *Put      `json:"put,omitempty"`
	List     *List     `json:"list,omitempty"`
	Clock    *Clock    `json:"clock,omitempty"`
	Ping     *Ping     `json:"ping,omitempty"`
	PowerOff *PowerOff `json:"poweroff,omitempty"`
}

// Reply answers one Request. Error is empty on success; otherwise Errno is the
// symbolic name of the failed call's errno, e.g. "EINVAL", if there was one.
type Reply struct {
	ID      uint64   `json:"id"`
	Error   string   `json:"error,omitempty"`
	Errno   string   `json:"errno,omitempty"`
	Log     []string `json:"log,omitempty"` // kernel log lines since the request began, for a failed mount or module
	Hello   *Hello   `json:"hello,omitempty"`
	Exit    *Exit    `json:"exit,omitempty"`
	Data    []byte   `json:"data,omitempty"`  // Get
	EOF     bool     `json:"eof,omitempty"`   // Get: nothing follows Data
	Files   []File   `json:"files,omitempty"` // List
	Started bool     `json:"started,omitempty"`
}

// Hello is the agent's first message.
type Hello struct {
	Version int    `json:"version"`
	Release string `json:"release"` // uname -r
	Memory  uint64 `json:"memory"`  // MemTotal in bytes
	UptimeM int64  `json:"uptime_ms"`
}

// Modules loads modules of the initramfs, in this order: by path, and by name
// after their dependencies. A built-in module counts as loaded.
type Modules struct {
	Paths []string `json:"paths,omitempty"`
	Names []string `json:"names,omitempty"`
}

// Mount mounts a filesystem. Device is a path, or a driver-independent name
// "disk0", "disk1", … which the agent resolves by waiting for the n-th block
// device (virtio, persistent memory or NVMe) to appear. An overlay takes
// several Mounts.
type Mount struct {
	Device  string   `json:"device,omitempty"`
	Type    string   `json:"type"`
	Target  string   `json:"target"` // created if missing
	Options string   `json:"options,omitempty"`
	Mkdirs  []string `json:"mkdirs,omitempty"` // created before mounting (overlay's upper and work)
}

// Exec starts a child with its output on the output port, and answers when it has
// exited and the port is drained. Only one child can run at a time.
type Exec struct {
	Path string   `json:"path"`
	Args []string `json:"args"` // without argv[0]
	Env  []string `json:"env,omitempty"`
	Dir  string   `json:"dir"` // created if missing
	// Token ends the output: after the child the agent writes the line
	// EndMark(Token) to the output port. The child cannot know it.
	Token string `json:"token"`
	// Terminal makes the output port the child's controlling terminal and
	// standard input, cooked; otherwise it is raw and standard input empty.
	Terminal bool `json:"terminal,omitempty"`
	Rows     int  `json:"rows,omitempty"`
	Cols     int  `json:"cols,omitempty"`
	// Input makes the output port, raw, the child's standard input.
	Input bool `json:"input,omitempty"`
}

// Exit is a child's exit status.
type Exit struct {
	Code   int    `json:"code"`             // exit status; -1 when killed by a signal
	Signal string `json:"signal,omitempty"` // e.g. "SIGKILL"
}

// Kill sends SIGKILL to the child's process group.
type Kill struct{}

// Winsize sets the size of the terminal on the output port, in cells.
type Winsize struct {
	Rows int `json:"rows"`
	Cols int `json:"cols"`
}

// Get reads up to ChunkSize bytes of a guest file from Offset.
type Get struct {
	Path   string `json:"path"`
	Offset int64  `json:"offset"`
}

// Put writes Data at Offset of a guest file, creating it and its directories;
// at Offset 0 it empties the file first.
type Put struct {
	Path   string `json:"path"`
	Offset int64  `json:"offset"`
	Mode   uint32 `json:"mode"`
	Data   []byte `json:"data"`
}

// List returns the regular files below Path, recursively.
type List struct {
	Path string `json:"path"`
}

// File is one entry of a List; Path is relative to the listed directory.
type File struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
	Mode uint32 `json:"mode"`
}

// Clock sets the guest's wall clock, in nanoseconds since the Unix epoch.
type Clock struct {
	UnixNano int64 `json:"unix_nano"`
	// Entropy, if given, reseeds the guest's random number generator.
	Entropy []byte `json:"entropy,omitempty"`
}

// Ping is answered at once, which shows that the agent is alive.
type Ping struct{}

// PowerOff syncs nothing and powers the VM off; it is not answered.
type PowerOff struct{}

// EndMark is the line, without newline, that ends a child's output. The
// leading newline-NUL pair keeps it apart from text without a final newline.
func EndMark(token string) string { return "\x00splicelab-end " + token }

// Encode returns v as one control line with its newline.
func Encode(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}
