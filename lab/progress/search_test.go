package progress

import (
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

func TestSearchInWidths(t *testing.T) {
	s := Search{Good: "6.1.38", Bad: "6.1.90", Between: 6, Step: 4, Steps: 9, Confidence: 0.974, Subject: "6.1.52", Tried: 3, Need: 11, Low: 0.25, High: 0.75, At: 0.5}
	for width, want := range map[int]string{
		200: "6.1.38 [gggggg......?.....bbbbbb] 6.1.90: step 4 of about 9, 6 left, 97.4 % sure; trying 6.1.52 (3 of up to 11)",
		90:  "6.1.38 [gggggg......?.....bbbbbb] 6.1.90: step 4 of about 9, 6 left; trying 6.1.52",
		60:  "[gggggg......?.....bbbbbb] step 4 of about 9; trying 6.1.52",
		30:  "step 4 of about 9; trying 6.1."[:30],
	} {
		got := s.fitting(width)
		if w := runewidth.StringWidth(got); w > width {
			t.Errorf("%d columns in %d: %q", w, width, got)
		}
		if got != want {
			t.Errorf("in %d columns:\n%s\nwant\n%s", width, got, want)
		}
	}
}

func TestPictureOfASearch(t *testing.T) {
	for _, c := range []struct {
		s    Search
		want string
	}{
		{Search{Low: 0, High: 1, At: -1, Between: 90}, strings.Repeat(".", 24)},
		{Search{Low: 0, High: 1, At: 0, Between: 90}, "?" + strings.Repeat(".", 23)},
		{Search{Low: 0, High: 1, At: 1, Between: 90}, strings.Repeat(".", 23) + "?"},
		{Search{Low: 0.5, High: 0.51, At: -1, Between: 1}, strings.Repeat("g", 12) + "." + strings.Repeat("b", 11)},
		{Search{Low: 0.5, High: 0.5, At: -1}, strings.Repeat("g", 12) + strings.Repeat("b", 12)},
		{Search{Low: 1, High: 1, At: 1, Between: 1}, strings.Repeat("g", 23) + "?"},
	} {
		if got := c.s.picture(); got != "["+c.want+"]" {
			t.Errorf("%+v: %s, want [%s]", c.s, got, c.want)
		}
	}
}
