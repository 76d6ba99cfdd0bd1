package kernelversion

import (
	"encoding/json"
	"slices"
	"testing"
)

func version(t *testing.T, s string) Version {
	t.Helper()
	v, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ in, want, series string }{
		{"6.12", "6.12", "6.12"},
		{"6.12.0", "6.12", "6.12"},
		{"6.12.9", "6.12.9", "6.12"},
		{"6.13-rc2", "6.13-rc2", "6.13"},
		{"6.13~rc2-1~exp1", "6.13-rc2", "6.13"},
		{"6.13.0-rc2+", "6.13-rc2", "6.13"},
		{"5.10.0-46-cloud-amd64", "5.10", "5.10"},
		{"6.12.117+deb12-cloud-amd64", "6.12.117", "6.12"},
		{"6.1.192-2", "6.1.192", "6.1"},
		{"7.3.4-1~bpo13+1", "7.3.4", "7.3"},
		{"2.6.32.71", "2.6.32.71", "2.6"},
		{"6.12.9-200.fc41.x86_64", "6.12.9", "6.12"},
	} {
		v, err := Parse(c.in)
		if err != nil || v.String() != c.want || v.Series() != c.series {
			t.Errorf("Parse(%q) = %q of series %q, %v; want %q of %q", c.in, v, v.Series(), err, c.want, c.series)
		}
	}
	for _, in := range []string{"", "6", "v6.12", "6.", "6.x", "6.12abc", "6.12.", "6.12-rc", "6.12-rc0", "1.2.3.4.5", "99999999999.1", "6.16777216", " 6.12", "6.12/3"} {
		if v, err := Parse(in); err == nil {
			t.Errorf("Parse(%q) = %q, want an error", in, v)
		}
	}
}

func TestVersionOrder(t *testing.T) {
	ordered := []string{"2.6.32", "2.6.32.71", "5.10.218", "5.10.262", "6.1.192", "6.9", "6.12-rc1", "6.12-rc2", "6.12-rc10",
		"6.12", "6.12.9", "6.12.10", "6.12.117", "6.13-rc7", "6.13", "7.0", "10.1"}
	for i, a := range ordered {
		for j, b := range ordered {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := version(t, a).Compare(version(t, b)); got != want {
				t.Errorf("%s compared with %s is %d, want %d", a, b, got, want)
			}
		}
	}
	if (Version{}).Compare(version(t, "2.6.32")) != -1 {
		t.Error("the zero version is not the oldest")
	}
}

func TestVersionText(t *testing.T) {
	in := []Version{version(t, "6.13-rc2"), {}, version(t, "6.1.192")}
	text, err := json.Marshal(in)
	if err != nil || string(text) != `["6.13-rc2","","6.1.192"]` {
		t.Fatalf("marshalled as %s, %v", text, err)
	}
	var out []Version
	if err := json.Unmarshal(text, &out); err != nil || !slices.Equal(in, out) {
		t.Fatalf("unmarshalled as %v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`["x"]`), &out); err == nil {
		t.Error("no error for an invalid version")
	}
}
