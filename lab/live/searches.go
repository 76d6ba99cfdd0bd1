package live

import (
	"path/filepath"
	"strconv"
	"time"

	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/results/page"
)

// shownSearches is how many bisections the page lists.
const shownSearches = 20

// searches reads the bisections whose journals are in the state directory. They
// are searched by other processes.
func searches(state string) ([]page.Search, error) {
	stored, err := bisect.ReadStored(filepath.Join(state, "bisect"), shownSearches)
	if err != nil {
		return nil, err
	}
	all := []page.Search{}
	for _, s := range stored {
		wanted, _ := strconv.ParseFloat(s.Question["confidence"], 64) // 0: written by hand
		st := s.State
		one := page.Search{
			ID: s.ID, Kind: s.Question["kind"], Test: s.Question["test"], FS: s.Question["filesystem"],
			Begun: s.Begun.UTC().Format(time.RFC3339), Changed: s.Changed.Format(time.RFC3339), Running: s.Running, Finished: s.Finished,
			GoodMark: string(s.Terms.Good), BadMark: string(s.Terms.Bad),
			Good: st.Good, Bad: st.Bad, Between: st.Between, Step: st.Step, Steps: st.Steps, Confidence: st.Sureness, Wanted: wanted,
			Subject: st.Subject, Tried: st.Tried, Need: st.Need, Low: st.Low, High: st.High, At: st.At, Runs: s.Runs,
		}
		for _, tried := range s.Subjects {
			one.Subjects = append(one.Subjects, page.SearchSubject{Subject: tried.Name, Attempts: tried.Tally.Tries(),
				Good: tried.Tally.Of(s.Terms.Good), Bad: tried.Tally.Of(s.Terms.Bad), Untestable: tried.Untestable})
		}
		all = append(all, one)
	}
	return all, nil
}
