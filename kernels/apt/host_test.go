package apt

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

func newKey(t *testing.T) *openpgp.Entity {
	t.Helper()
	key, err := openpgp.NewEntity("Archive", "", "archive@example.org", nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAptSettings(t *testing.T) {
	var h Host
	h.settings("Acquire::Check-Valid-Until \"false\";\nAcquire::http::Proxy \"http://proxy.example.org:3128\";\nAcquire::https::Proxy \"DIRECT\";\nAcquire::http::Proxy::mirror.example.org \"DIRECT\";\n")
	if !h.IgnoreValidUntil || len(h.Proxies) != 1 || h.Proxies["http"] != "http://proxy.example.org:3128" {
		t.Errorf("%+v", h)
	}
	for _, dump := range []string{"", "Acquire::Check-Valid-Until \"true\";\n", "nonsense\n"} {
		var h Host
		if h.settings(dump); h.IgnoreValidUntil || len(h.Proxies) != 0 {
			t.Errorf("%q: %+v", dump, h)
		}
	}
}

// Keys may be in binary or armoured files, several per file, or embedded in the
// sources.
func TestKeyring(t *testing.T) {
	first, second := newKey(t), newKey(t)
	armoured := func(key *openpgp.Entity) string {
		var out bytes.Buffer
		w, err := armor.Encode(&out, openpgp.PublicKeyType, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := key.Serialize(w); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.String() + "\n"
	}
	var binary bytes.Buffer
	if err := first.Serialize(&binary); err != nil {
		t.Fatal(err)
	}
	inline := " " + strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(armoured(first)), "\n\n", "\n.\n"), "\n", "\n ")
	for name, c := range map[string]struct {
		text string
		keys int
	}{
		"binary":      {binary.String(), 1},
		"armoured":    {armoured(first), 1},
		"both in one": {armoured(first) + armoured(second), 2},
		"in a field":  {inline, 1},
	} {
		found, err := ReadKeys([]byte(c.text))
		if err != nil || len(found) != c.keys {
			t.Errorf("%s: %d keys, %v", name, len(found), err)
			continue
		}
		if found[0].PrimaryKey.KeyId != first.PrimaryKey.KeyId {
			t.Errorf("%s: another key", name)
		}
	}
	if _, err := ReadKeys([]byte(armourStart + "\n" + base64.StdEncoding.EncodeToString([]byte("nothing")))); err == nil {
		t.Error("no error for a corrupt key")
	}
}
