package terminal

import (
	"bytes"
	"strings"

	"github.com/mattn/go-runewidth"
)

// writeCommand writes a shell command folded to width, such that it can still be
// copied and run: lines are continued with a backslash, before an option where
// that is possible. An argument that is too wide for a line is continued at the
// beginning of the next one, where a shell adds nothing to it.
func writeCommand(b *bytes.Buffer, indent, command string, width int) {
	line := indent
	flush := func(next string) {
		b.WriteString(line + "\n")
		line = next
	}
	for i, word := range withOptions(shellWords(command), width-len(indent)-4) {
		if i > 0 {
			if visible(line)+1+visible(word)+2 <= width {
				line += " " + word
				continue
			}
			line += " \\"
			flush(indent + "  ")
		}
		for visible(line)+visible(word)+2 > width {
			head, rest := splitWord(word, width-visible(line)-2)
			if rest == "" {
				break
			}
			line += head + "\\"
			flush("")
			word = rest
		}
		line += word
	}
	flush("")
}

// shellWords splits what shell.Join joined at its blanks outside quotes.
func shellWords(command string) (words []string) {
	word, quoted := "", false
	for part := range strings.SplitSeq(command, " ") {
		if word != "" {
			part = word + " " + part
		}
		// In `'it'\''s'` the escaped quote is outside the others.
		quoted = strings.Count(strings.ReplaceAll(part, `\'`, ""), "'")%2 == 1
		if word = part; !quoted {
			words, word = append(words, part), ""
		}
	}
	if word != "" {
		words = append(words, word)
	}
	return words
}

// withOptions joins options with their arguments, as far as both fit width.
func withOptions(words []string, width int) (units []string) {
	for i := 0; i < len(words); i++ {
		unit := words[i]
		if strings.HasPrefix(unit, "-") && !strings.Contains(unit, "=") && i+1 < len(words) && !strings.HasPrefix(words[i+1], "-") && visible(unit+" "+words[i+1]) <= width {
			i++
			unit += " " + words[i]
		}
		units = append(units, unit)
	}
	return units
}

// splitWord splits a word, as shell.Quote writes it, in two which, without anything
// between them, are the same word to a shell. The head is at most width columns
// wide; without a place to split, rest is empty.
func splitWord(word string, width int) (head, rest string) {
	quoted, escaped, used := false, false, 0
	at, inside := 0, false // the last place found, and whether it is within quotes
	for i, r := range word {
		end := 0
		if quoted {
			end = 1 // the quote that ends the head
		}
		// Nothing is between a backslash and its character, nor is a head of an
		// opening quote alone any progress.
		if used+end <= width && !escaped && i > 0 && (!quoted || word[i-1] != '\'' || i > 1 && word[i-2] == '\\') {
			at, inside = i, quoted
		}
		switch {
		case escaped:
			escaped = false
		case r == '\'':
			quoted = !quoted
		case r == '\\' && !quoted:
			escaped = true
		}
		used += runewidth.RuneWidth(r)
	}
	switch {
	case at == 0:
		return word, ""
	case inside:
		return word[:at] + "'", "'" + word[at:]
	}
	return word[:at], word[at:]
}
