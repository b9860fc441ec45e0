package query

import "encoding/json"

// MarshalJSON is the page as the API shows it: rows with the place to go on, or groups.
func (p Page) MarshalJSON() ([]byte, error) {
	if p.Groups != nil {
		return json.Marshal(struct {
			Height uint64    `json:"height"`
			Time   string    `json:"time,omitempty"`
			Groups []Grouped `json:"groups"`
			More   bool      `json:"more"`
		}{p.Height, p.Time, p.Groups, p.More})
	}
	items := p.Items
	if items == nil {
		items = []Row{}
	}
	return json.Marshal(struct {
		Height uint64 `json:"height"`
		Time   string `json:"time,omitempty"`
		Items  []Row  `json:"items"`
		Next   string `json:"next"`
	}{p.Height, p.Time, items, p.Next})
}
