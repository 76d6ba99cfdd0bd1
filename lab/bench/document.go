package bench

import (
	"math"
	"slices"
)

// Document is a Report for machines. Fields may be added, but are never renamed
// or missing.
type Document struct {
	Machine  []DocumentFact    `json:"machine"`
	Sections []DocumentSection `json:"sections"`
}

// DocumentFact is one line of the description of a machine.
type DocumentFact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// DocumentSection is a part of a Document.
type DocumentSection struct {
	Title string        `json:"title"`
	About string        `json:"about"`
	Rows  []DocumentRow `json:"rows"`
}

// DocumentRow is one measurement. Without samples, Note says why there are none.
type DocumentRow struct {
	What    string    `json:"what"`
	Unit    Unit      `json:"unit"`
	Samples []float64 `json:"samples"`
	Median  float64   `json:"median"`
	Least   float64   `json:"least"`
	Most    float64   `json:"most"`
	Goal    float64   `json:"goal"` // 0: none
	AtLeast bool      `json:"at_least"`
	Ratio   float64   `json:"ratio"` // 1 just meets the goal, 2 is twice as good; 0: none
	Note    string    `json:"note"`
}

// Document returns the report as a document.
func (r Report) Document() Document {
	d := Document{Machine: []DocumentFact{}, Sections: []DocumentSection{}}
	for _, f := range r.Machine {
		d.Machine = append(d.Machine, DocumentFact(f))
	}
	for _, s := range r.Sections {
		section := DocumentSection{Title: s.Title, About: s.About, Rows: []DocumentRow{}}
		for _, row := range s.Rows {
			one := DocumentRow{What: row.What, Unit: row.Unit, Samples: append([]float64{}, row.Samples...), Median: finite(median(row.Samples)),
				Goal: row.Goal, AtLeast: row.AtLeast, Ratio: finite(row.Ratio()), Note: row.Note}
			if len(row.Samples) > 0 {
				one.Least, one.Most = slices.Min(row.Samples), slices.Max(row.Samples)
			}
			section.Rows = append(section.Rows, one)
		}
		d.Sections = append(d.Sections, section)
	}
	return d
}

// finite is v, or 0 if JSON has no such number.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}
