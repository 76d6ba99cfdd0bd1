package vm

import "testing"

func TestKnownFaults(t *testing.T) {
	for _, c := range []struct {
		version, arch string
		want          int
	}{
		{"7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)", "amd64", 2},
		{"7.2.22", "riscv64", 1},
		{"7.2.22", "arm64", 1},
		{"8.0.0", "amd64", 1},
		{"8.1.5", "amd64", 1},
		{"8.2.0", "amd64", 0},
		{"9.2.0", "riscv64", 0},
		{"10.0.2 (Debian 1:10.0.2+ds-2+deb13u1~bpo12+1)", "amd64", 0},
		{"10.0.2", "riscv64", 0},
		{"a fork", "amd64", 0},
	} {
		if got := KnownFaults(c.version, c.arch); len(got) != c.want {
			t.Errorf("%s, %s: %v, want %d", c.version, c.arch, got, c.want)
		}
	}
}
