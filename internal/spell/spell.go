// Package spell finds the known word that the user probably meant.
package spell

import (
	"cmp"
	"slices"
)

// Nearest returns the known word with the smallest edit distance to word, or ""
// if none is near. Ties go to the first.
func Nearest(word string, known []string) string {
	if near := Near(word, known); len(near) > 0 {
		return near[0]
	}
	return ""
}

// Near returns the known words that are near to word, nearest first: a third of
// the longer word, or two letters, may differ, but never all of it.
func Near(word string, known []string) []string {
	type candidate struct {
		word     string
		distance int
	}
	var all []candidate
	for _, k := range known {
		d, longer := distance(word, k), max(len(word), len(k))
		if d < longer && (d <= 2 || d <= longer/3) {
			all = append(all, candidate{k, d})
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	near := make([]string, len(all))
	for i, c := range all {
		near[i] = c.word
	}
	return near
}

// distance is the optimal string alignment distance: insertions, deletions,
// substitutions, and transpositions of neighbours, a typing error that plain
// edit distance counts twice.
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
