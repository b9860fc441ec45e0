package scenario

import (
	"fmt"
	"slices"
	"strings"
)

// Cast says which organisation, by MSP id, plays which part in the stories. They are
// written with the names of [DefaultCast]; on a network whose organisations are called
// otherwise, others play the parts.
type Cast struct{ Manufacturer, Service, Shipper string }

// DefaultCast are the organisations of the native network.
func DefaultCast() Cast {
	return Cast{Manufacturer: "ManufacturerMSP", Service: "ServiceMSP", Shipper: "ShipperMSP"}
}

// Organisations lists the cast. The first one founds the consortium.
func (c Cast) Organisations() []string { return []string{c.Manufacturer, c.Service, c.Shipper} }

// Announcement is the argument that announces one of the cast. The service company
// has vans of its own, so that there are two carriers.
func (c Cast) Announcement(org string) string {
	roles := map[string]string{c.Manufacturer: `"manufacturer"`, c.Service: `"service","shipper"`, c.Shipper: `"shipper"`}[org]
	return fmt.Sprintf(`{"mspId":%q,"name":%q,"roles":[%s]}`, org, org, roles)
}

// Rename puts the cast's names in the place of the default ones in a text.
func (c Cast) Rename(text string) string {
	d := DefaultCast()
	return strings.NewReplacer(d.Manufacturer, c.Manufacturer, d.Service, c.Service, d.Shipper, c.Shipper).Replace(text)
}

// With is the same story, played by another cast.
func (s *Scenario) With(c Cast) *Scenario {
	played := &Scenario{Name: s.Name, Story: s.Story, cast: c, script: slices.Clone(s.script)}
	for i, l := range played.script {
		l.words, l.json = slices.Clone(l.words), c.Rename(l.json)
		for k, w := range l.words {
			l.words[k] = c.Rename(w)
		}
		played.script[i] = l
	}
	return played
}

// Organisations are the default cast.
func Organisations() []string { return DefaultCast().Organisations() }

// Announcement is the argument that announces one of the default cast.
func Announcement(org string) string { return DefaultCast().Announcement(org) }
