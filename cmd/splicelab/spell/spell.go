// Package spell finds the known word that somebody probably meant. It must
// not know whether the words are flags, commands or configuration keys.
package spell

// Nearest returns the known word with the smallest edit distance to word, or
// "" when none is near: at most a third of the longer word may differ, and
// two letters always may.
func Nearest(word string, known []string) string {
	best, bestDistance := "", -1
	for _, k := range known {
		d := distance(word, k)
		if d > 2 && d > max(len(word), len(k))/3 || d >= max(len(word), len(k)) {
			continue
		}
		if bestDistance < 0 || d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance is the optimal string alignment distance: insertions, deletions,
// substitutions, and transpositions of neighbours, which are the typing
// error that plain edit distance counts twice.
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
