package kernels

import (
	"strconv"
	"strings"

	"github.com/splicelab/splicelab/internal/kernelversion"
)

// CheckSelectors checks only the syntax of comma-separated selectors, not which
// kernels are available. The error is a *SelectorError.
func CheckSelectors(selectors string) error {
	parts, err := splitSelectors(selectors)
	if err != nil {
		return err
	}
	for _, part := range parts {
		named := strings.Contains(part, ":") && !strings.HasPrefix(part, "newest:")
		if !named {
			if part, _, err = CutFlavour(part); err != nil {
				return err
			}
		}
		switch {
		case strings.HasPrefix(part, fileSelector):
			_, err = parseFile(part)
		case strings.Contains(part, ".."):
			_, err = parseRange(part)
		case strings.HasPrefix(part, "newest:"):
			if n, aerr := strconv.Atoi(strings.TrimPrefix(part, "newest:")); aerr != nil || n < 1 {
				err = &SelectorError{Selector: part, Reason: "want a number from 1, as in newest:5"}
			}
		case part == "all", named: // only its source can check it
		default:
			if _, verr := kernelversion.Parse(part); verr != nil {
				err = &SelectorError{Selector: part, Reason: "not understood: " + selectorForms}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
