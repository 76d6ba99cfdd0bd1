// Package selftest is a suite that misbehaves on purpose: it crashes the kernel,
// hangs it in several ways, floods every channel, exits without a result. The lab
// runs it to show that each kind of misbehaviour gets the right verdict, as listed
// in Expected. Default runs omit it, and its tests do nothing outside a throw-away
// VM.
package selftest
