package kernels

import (
	"strconv"
	"strings"
)

// CheckSelectors says whether the comma-separated selectors can be read,
// whatever there is to choose from. The error is a *SelectorError.
func CheckSelectors(selectors string) error {
	parts, err := splitSelectors(selectors)
	if err != nil {
		return err
	}
	for _, part := range parts {
		switch {
		case strings.HasPrefix(part, fileSelector):
			_, err = parseFile(part)
		case strings.Contains(part, ".."):
			if _, perr := ParseRange(part); perr != nil {
				err = &SelectorError{Selector: part, Reason: perr.Error()}
			}
		case strings.HasPrefix(part, "newest:"):
			if n, aerr := strconv.Atoi(strings.TrimPrefix(part, "newest:")); aerr != nil || n < 1 {
				err = &SelectorError{Selector: part, Reason: "want a number from 1, as in newest:5"}
			}
		case part == "all", strings.Contains(part, ":"): // a source knows what it names
		default:
			if _, _, verr := cutVersion(part); verr != nil {
				err = &SelectorError{Selector: part, Reason: "not understood: " + selectorForms}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
