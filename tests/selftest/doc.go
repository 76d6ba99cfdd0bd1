// Package selftest is a suite that behaves badly on purpose: it crashes the
// kernel, hangs it in several ways, floods every channel, dies without a
// word. The lab runs it to show that each kind of misbehaviour becomes the
// right verdict; Expected says which. Default runs leave it out, and no test
// of it does anything outside a throw-away VM.
package selftest
