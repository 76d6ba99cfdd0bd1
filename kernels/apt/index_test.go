package apt

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
)

// Which packages are wanted is up to the distribution.
func TestScanIndex(t *testing.T) {
	digest := strings.Repeat("0a", 32)
	entry := func(name, more string) string {
		return "Package: " + name + "\nVersion: 6.8.0-31.31\n" + more + "Filename: pool/main/l/linux/" + name + ".deb\nSize: 12\nSHA256: " + digest + "\n\n"
	}
	index := entry("bash", "") + entry("linux-image-6.8.0-31-generic", "Depends: linux-modules-6.8.0-31-generic\nDescription: a kernel\n Package: linux-image-no\n") +
		entry("linux-modules-6.8.0-31-generic", "") + entry("linux-image-extra", "")
	wants := func(name string) bool { return strings.HasSuffix(name, "-generic") }
	found, err := ScanIndex(strings.NewReader(index), "https://archive.example.org/ubuntu", wants)
	if err != nil {
		t.Fatal(err)
	}
	want := []Package{
		{Name: "linux-image-6.8.0-31-generic", Version: "6.8.0-31.31", Depends: "linux-modules-6.8.0-31-generic",
			URL: "https://archive.example.org/ubuntu/pool/main/l/linux/linux-image-6.8.0-31-generic.deb", Size: 12, SHA256: digest},
		{Name: "linux-modules-6.8.0-31-generic", Version: "6.8.0-31.31",
			URL: "https://archive.example.org/ubuntu/pool/main/l/linux/linux-modules-6.8.0-31-generic.deb", Size: 12, SHA256: digest},
	}
	if !slices.Equal(found, want) {
		t.Errorf("found %+v, want %+v", found, want)
	}
	for name, change := range map[string][2]string{
		"size": {"Size: 12", "Size: -1"}, "digest": {digest, "xyz"}, "path": {"pool/main", "../../etc"},
	} {
		bad := strings.ReplaceAll(index, change[0], change[1])
		if found, err := ScanIndex(strings.NewReader(bad), "https://x", wants); err == nil {
			t.Errorf("%s: found %+v", name, found)
		}
	}
}

func TestVerifyRelease(t *testing.T) {
	key, other := newKey(t), newKey(t)
	now := time.Now()
	const layout = "Mon, 02 Jan 2006 15:04:05 UTC"
	digest := strings.Repeat("0a", 32)
	text := "Origin: Ubuntu\nSuite: noble\nCodename: noble\nDate: " + now.UTC().Format(layout) + "\nValid-Until: " + now.UTC().Add(time.Hour).Format(layout) +
		"\nAcquire-By-Hash: yes\nSHA256:\n " + digest + " 5 main/binary-arm64/Packages.gz\n " + digest + " 6 main/binary-arm64/Packages.xz\n " +
		digest + " 7 main/binary-all/Packages.xz\n " + digest + " 8 universe/binary-s390x/Packages.xz\n"
	var signed strings.Builder
	w, err := clearsign.Encode(&signed, key.PrivateKey, nil)
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	r := Release{Suite: "noble", Archive: "https://archive.example.org/ubuntu"}
	if err := r.Verify([]byte(signed.String()), Keyring{other, key}, time.Now); err != nil {
		t.Fatal(err)
	}
	if !r.ByHash || r.Until.IsZero() || r.Files["main/binary-arm64/Packages.gz"] != (IndexFile{Size: 5, SHA256: digest}) || !slices.Equal(r.Archs(), []string{"arm64"}) {
		t.Errorf("read %+v", r)
	}
	var unknown *UnknownKeyError
	if err := r.Verify([]byte(signed.String()), Keyring{other}, time.Now); !errors.As(err, &unknown) || len(unknown.Keys) != 1 {
		t.Errorf("signed by another key: %v", err)
	}
	var wrong *SignatureError
	if err := r.Verify([]byte(strings.Replace(signed.String(), "arm64", "arm65", 1)), Keyring{key}, time.Now); !errors.As(err, &wrong) {
		t.Errorf("changed: %v", err)
	}
	if err := (&Release{Suite: "jammy"}).Verify([]byte(signed.String()), Keyring{key}, time.Now); err == nil {
		t.Error("another suite's file is accepted")
	}
}
