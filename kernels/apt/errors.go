package apt

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
	Settings string // the prefix of the settings that help
	Package  string // of the distribution, with its keys
	URL      string
	Keys     []string // ids of the keys that signed it, in hex
}

func (e *UnknownKeyError) Error() string {
	return fmt.Sprintf("%s is signed by unknown keys (%s): install the archive's current keyring (the package %s) or add its file to %s.keyring", e.URL, strings.Join(e.Keys, ", "), e.Package, e.Settings)
}

// ExpiredError reports a Release file that is no longer valid: the mirror may
// withhold security updates.
type ExpiredError struct {
	Settings string // the prefix of the settings that help
	Suite    string
	Until    time.Time // Valid-Until
}

func (e *ExpiredError) Error() string {
	return fmt.Sprintf("its Release file expired on %s, so the mirror may be out of date; to use it anyway add %s to %s.allow-expired", e.Until.Format(time.DateOnly), e.Suite, e.Settings)
}

// DigestError reports a file that does not match the index.
type DigestError struct {
	Settings  string // the prefix of the settings that help
	URL       string
	Want, Got string // SHA-256 in hex, or sizes
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("%s does not match the index: it has %s instead of %s; the mirror is being updated or is broken: try again later, or set %s.mirror to another", e.URL, e.Got, e.Want, e.Settings)
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
	Settings string // the prefix of the settings that help
	URL      string
	Err      error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("cannot get %s: %s; check the network, or set %s.mirror to another mirror", e.URL, e.Err, e.Settings)
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
