package estimate

import (
	"cmp"
	"slices"
	"time"
)

// usage is how many of the slots are used. Slots are empty while the next cell's
// VM is not restored yet.
type usage struct {
	now    int     // slots in use
	busy   float64 // seconds of slots that were used until the last change
	at     time.Time
	points []point
	every  time.Duration // between two points; doubled when there are many
}

type point struct {
	at   time.Time
	busy float64
}

// mostPoints bounds the points of a long run.
const mostPoints = 512

// used reports whether a slot was ever used.
func (u *usage) used() bool { return len(u.points) > 0 }

// until is the seconds of slots that were used until now.
func (u *usage) until(now time.Time) float64 {
	return u.busy + float64(u.now)*now.Sub(u.at).Seconds()
}

func (u *usage) change(now time.Time, by int) {
	if u.at.IsZero() {
		u.at = now
	}
	u.busy, u.at = u.until(now), now
	u.now += by
	if n := len(u.points); n > 0 && now.Sub(u.points[n-1].at) < u.every {
		return
	}
	if u.points = append(u.points, point{now, u.busy}); len(u.points) < mostPoints {
		return
	}
	kept := u.points[:0]
	for i, p := range u.points {
		if i%2 == 0 {
			kept = append(kept, p)
		}
	}
	u.points, u.every = kept, max(2*u.every, time.Second)
}

// leastShare keeps an estimate finite.
const leastShare = 0.1

// share is how much of n slots was used in the later half of the time since the
// first was: a run starts slowly, because templates are made first.
func (u *usage) share(now time.Time, n int) float64 {
	if len(u.points) == 0 || now.Sub(u.points[0].at) < 2*time.Second {
		return 1
	}
	half := u.points[0].at.Add(now.Sub(u.points[0].at) / 2)
	from := slices.MinFunc(u.points, func(a, b point) int { return cmp.Compare(a.at.Sub(half).Abs(), b.at.Sub(half).Abs()) })
	span := now.Sub(from.at).Seconds() * float64(n)
	if span <= 0 {
		return 1
	}
	return min(1, max(leastShare, (u.until(now)-from.busy)/span))
}
