package bisect

// Detection is the observed rate at which a bad subject shows the bad mark: it
// did so in Bad of Tries attempts. The prior is uniform, so a mark that showed in
// each of ten attempts is not yet assumed to show always.
type Detection struct {
	Bad   int `json:"bad"`
	Tries int `json:"tries"`
}

// Miss is the probability that a bad subject shows nothing bad in n attempts.
// It is the mean of (1-p)^n over the posterior of p, a Beta distribution.
func (d Detection) Miss(n int) float64 {
	a, b := float64(d.Bad+1), float64(d.Tries-d.Bad+1)
	miss := 1.0
	for i := range n {
		miss *= (b + float64(i)) / (a + b + float64(i))
	}
	return miss
}

// Rate is the most likely share of attempts in which a bad subject shows the
// bad mark.
func (d Detection) Rate() float64 {
	if d.Tries == 0 {
		return 0
	}
	return float64(d.Bad) / float64(d.Tries)
}

// Need is the least number of attempts after which a bad subject has been
// missed with a probability of at most risk. It is at least 1, and at most
// limit even if that is not enough.
func (d Detection) Need(risk float64, limit int) int {
	for n := 1; n < limit; n++ {
		if d.Miss(n) <= risk {
			return n
		}
	}
	return limit
}

// rule is the rate above which a mark would have shown in n attempts, with the
// given confidence.
func rule(n int, confidence float64) float64 {
	low, high := 0.0, 1.0
	for range 40 {
		p := (low + high) / 2
		if pow(1-p, n) > 1-confidence {
			low = p
		} else {
			high = p
		}
	}
	return high
}

func pow(x float64, n int) float64 {
	y := 1.0
	for range n {
		y *= x
	}
	return y
}
