package live

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadToken(t *testing.T) {
	for _, c := range []struct {
		content string
		mode    os.FileMode
		problem string
	}{
		{strings.Repeat("a", 32) + "\n", 0o600, ""},
		{strings.Repeat("a", 32), 0o644, "others may read"},
		{"short", 0o600, "too short"},
		{strings.Repeat("a b", 16), 0o600, "one word"},
		{strings.Repeat("a", 2000), 0o600, "more than a token"},
	} {
		path := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(path, []byte(c.content), c.mode); err != nil {
			t.Fatal(err)
		}
		token, err := ReadToken(path)
		switch {
		case c.problem == "" && (err != nil || token != strings.TrimSpace(c.content)):
			t.Errorf("%.20q: %q, %v", c.content, token, err)
		case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
			t.Errorf("%.20q: %v, want %q", c.content, err, c.problem)
		}
	}
	if token, err := ReadToken(""); token != "" || err != nil {
		t.Errorf("without a file: %q, %v", token, err)
	}
}

func TestPageAddress(t *testing.T) {
	got := PageAddress(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8417})
	if got != "http://127.0.0.1:8417/" {
		t.Error(got)
	}
}
