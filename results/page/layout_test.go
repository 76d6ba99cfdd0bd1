package page

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

func TestLayout(t *testing.T) {
	none := Layout{Ranges: []Range{}}
	pages := map[string]string{"page_size": "4096", "folio_order": "2", "pipe_size": "65536", "hole": "2048+512"}
	for _, c := range []struct {
		detail     string
		covariates map[string]string
		want       Layout
	}{
		{"phantom-zero 0+2048, phantom-zero 2560+1536 of 16384", pages, Layout{16384, 4096, 16384, 16, []Range{{0, 2048, outcome.PhantomZero}, {2560, 1536, outcome.PhantomZero}}, Hole{2048, 512}}},
		{"expected live by construction: live 0+16384 of 16384", nil, Layout{Length: 16384, Ranges: []Range{{0, 16384, outcome.Live}}}},
		{"torn by the page: snapshot 0+4096, live 4096+4096 of 8192; at 5000: foreign (00)", nil, Layout{Length: 8192, Ranges: []Range{{0, 4096, outcome.Snapshot}, {4096, 4096, outcome.Live}}}},
		{"unchanged, 4096 bytes", map[string]string{"page_size": "4096", "folio_order": ""}, Layout{4096, 4096, 0, 0, []Range{{0, 4096, outcome.Snapshot}}, Hole{}}},
		{"unchanged, 4096 bytes", map[string]string{"hole": "1024+65536"}, Layout{Length: 4096, Ranges: []Range{{0, 4096, outcome.Snapshot}}, Hole: Hole{1024, 3072}}},
		{"unchanged, 4096 bytes", map[string]string{"hole": "4096+512"}, Layout{Length: 4096, Ranges: []Range{{0, 4096, outcome.Snapshot}}}},
		{"live 0+1, and 3 more runs of 10", nil, Layout{Length: 10, Ranges: []Range{{0, 1, outcome.Live}}}},
		{"live 8+4096 of 16", map[string]string{"page_size": "x", "folio_order": "99"}, Layout{Length: 16, Ranges: []Range{{8, 8, outcome.Live}}}},
		{"nonsense 0+4 of 16", nil, Layout{Length: 16, Ranges: []Range{}}},
		{"live 99+4 of 16", nil, Layout{Length: 16, Ranges: []Range{}}},
		{"live 0+4 of 99999999999999999999", nil, none},
		{"live 0+4 of 0", pages, none},
		{"3 of 4 trials", pages, none},
		{"", pages, none},
	} {
		got := newLayout(&results.Attempt{Detail: c.detail, Covariates: c.covariates})
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.detail, diff)
		}
	}
}
