// Package selftest is a suite that misbehaves on purpose: it crashes the
// kernel, hangs it in several ways, floods every channel, exits without a
// result. The lab runs it to show that each kind of misbehaviour becomes the
// right verdict; Expected has the verdicts. Default runs omit it, and none of
// its tests does anything outside a throw-away VM.
package selftest
