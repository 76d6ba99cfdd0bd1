package debian

import (
	"fmt"
	"strings"
	"time"
)

// SignatureError reports a Release file with an invalid signature.
type SignatureError struct {
	URL string
	Err error
}

func (e *SignatureError) Error() string {
	return fmt.Sprintf("invalid signature on %s: %s; the file was modified by the mirror or on the way", e.URL, e.Err)
}

func (e *SignatureError) Unwrap() error { return e.Err }

// UnknownKeyError reports a Release file signed by no key of the keyring.
type UnknownKeyError struct {
	URL  string
	Keys []string // ids of the keys that signed it, in hex
}

func (e *UnknownKeyError) Error() string {
	return fmt.Sprintf("%s is signed by unknown keys (%s): install the archive's current keyring (on Debian the package debian-archive-keyring) or add its file to kernels.debian.keyring", e.URL, strings.Join(e.Keys, ", "))
}

// ExpiredError reports a Release file that is no longer valid: the mirror may
// withhold security updates.
type ExpiredError struct {
	Suite string
	Until time.Time // Valid-Until
}

func (e *ExpiredError) Error() string {
	return fmt.Sprintf("its Release file expired on %s, so the mirror may be out of date; to use it anyway add %s to kernels.debian.allow-expired", e.Until.Format(time.DateOnly), e.Suite)
}

// DigestError reports a file that does not match the index.
type DigestError struct {
	URL       string
	Want, Got string // SHA-256 in hex, or sizes
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("%s does not match the index: it has %s instead of %s; the mirror is being updated or is broken: try again later, or set kernels.debian.mirror to another", e.URL, e.Got, e.Want)
}

// TruncatedError reports a download that ended early. The partial file is kept,
// and the next attempt resumes from there.
type TruncatedError struct {
	URL       string
	Want, Got int64 // bytes
}

func (e *TruncatedError) Error() string {
	return fmt.Sprintf("%s ended after %d of %d bytes: try again, the download resumes from there", e.URL, e.Got, e.Want)
}

// MissingError reports a file that the mirror does not have.
type MissingError struct {
	URL string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("the mirror does not have %s", e.URL)
}

// UnreachableError reports that the mirror gave no usable answer.
type UnreachableError struct {
	URL string
	Err error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("cannot get %s: %s; check the network, or set kernels.debian.mirror to another mirror", e.URL, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// PinError reports that a file that is not in the index changed since its first
// use.
type PinError struct {
	URL       string
	Want, Got string // SHA-256 in hex
	Pin       string // path of the file that stores Want
}

func (e *PinError) Error() string {
	return fmt.Sprintf("%s changed since its first use: its SHA-256 is %s and was %s; if that is expected, remove %s", e.URL, e.Got, e.Want, e.Pin)
}
