package shipment

import "github.com/lifeledger/lifeledger/chaincode/rules/measure"

// outside gives 1 (1000 thousandths) for a position outside the area, 0 for one
// inside or on its edge, and nothing for a reading without a position.
func (g Geofence) outside(r *measure.Reading) (int64, bool) {
	latitude, okLatitude := r.Value(measure.Latitude)
	longitude, okLongitude := r.Value(measure.Longitude)
	if !okLatitude || !okLongitude {
		return 0, false
	}
	if g.contains(Corner{latitude, longitude}) {
		return 0, true
	}
	return 1000, true
}

// contains counts how often a ray from p to the east crosses the edges: an odd
// number is inside. It is exact: the coordinates are integers, below 2^31, and
// their products below 2^62. Latitude and longitude are taken as a plane, as
// whoever draws the area on a map takes them.
func (g Geofence) contains(p Corner) bool {
	inside := false
	for i, a := range g.Corners {
		b := g.Corners[(i+1)%len(g.Corners)]
		// Positive when p is on the left of the way from a to b.
		side := (b.LongitudeMilli-a.LongitudeMilli)*(p.LatitudeMilli-a.LatitudeMilli) - (p.LongitudeMilli-a.LongitudeMilli)*(b.LatitudeMilli-a.LatitudeMilli)
		if side == 0 && between(a.LatitudeMilli, p.LatitudeMilli, b.LatitudeMilli) && between(a.LongitudeMilli, p.LongitudeMilli, b.LongitudeMilli) {
			return true
		}
		upward, downward := a.LatitudeMilli <= p.LatitudeMilli && p.LatitudeMilli < b.LatitudeMilli, b.LatitudeMilli <= p.LatitudeMilli && p.LatitudeMilli < a.LatitudeMilli
		if upward && side > 0 || downward && side < 0 {
			inside = !inside
		}
	}
	return inside
}

func between(a, v, b int64) bool { return min(a, b) <= v && v <= max(a, b) }
