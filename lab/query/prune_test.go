package query

import (
	"testing"
	"time"
)

func TestParseAge(t *testing.T) {
	for text, want := range map[string]time.Duration{"30d": 30 * 24 * time.Hour, "36h": 36 * time.Hour, "36500d": 36500 * 24 * time.Hour} {
		if got, err := ParseAge(text); err != nil || got != want {
			t.Errorf("ParseAge(%q) = %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "0d", "-1d", "36501d", "-1h", "0s", "soon"} {
		if got, err := ParseAge(text); err == nil {
			t.Errorf("ParseAge(%q) = %s, want an error", text, got)
		}
	}
}
