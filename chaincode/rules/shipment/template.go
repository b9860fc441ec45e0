package shipment

// Template is a set of limits to begin with: what guidance and standards say, as
// data. The parties copy it into their terms, change what they need, and put the
// prices in, which are zero here.
type Template struct {
	TemplateID string  `json:"templateId"`
	Says       string  `json:"says"`
	Source     string  `json:"source"` // of the bounds; tolerances are a beginning unless it names them
	Limits     []Limit `json:"limits"`
}

// Units of the templates' limits.
const (
	degree  = 1_000 // thousandths of the unit; of angle and of temperature
	percent = 1_000
	lux     = 1_000
	gravity = 1_000
	minute  = 60_000 // milliseconds, which are thousandths of a second
	hour    = 60 * minute
)

// Frozen is SH8: a bound of 0 °C, at once.
var Frozen = Template{
	TemplateID: "frozen",
	Says:       "frozen goods, never warmer than 0 °C",
	Source:     "SH8; a colder bound, such as -20 °C, stands on the product's label (WHO TRS 961, annex 9)",
	Limits: []Limit{
		{LimitID: "frozen", Rule: TemperatureHigh.ID, Milli: 0},
		{LimitID: "opened", Rule: IlluminanceHigh.ID, Milli: 10 * lux, OffDelayMs: 5 * minute},
		{LimitID: "silent", Rule: MissingData.ID, Milli: 30 * minute},
	},
}

// Refrigerated is the cold chain of medicines and vaccines.
var Refrigerated = Template{
	TemplateID: "refrigerated-2-8",
	Says:       "refrigerated goods, 2 to 8 °C with half an hour of tolerance, never frozen",
	Source:     "2 to 8 °C: WHO TRS 961, annex 9, and USP general chapter 659; half an hour is a beginning, the product's stability decides",
	Limits: []Limit{
		{LimitID: "warm", Rule: TemperatureHigh.ID, Milli: 8 * degree, OnDelayMs: 30 * minute, OffDelayMs: 5 * minute},
		{LimitID: "cold", Rule: TemperatureLow.ID, Milli: 2 * degree, OnDelayMs: 30 * minute, OffDelayMs: 5 * minute},
		{LimitID: "freezing", Rule: TemperatureLow.ID, Milli: 0, OffDelayMs: 5 * minute},
		{LimitID: "silent", Rule: MissingData.ID, Milli: 30 * minute},
	},
}

// RoomTemperature is controlled room temperature: the usual range may be left for
// a while, never by much, and not on the whole.
var RoomTemperature = Template{
	TemplateID: "controlled-room-temperature",
	Says:       "15 to 25 °C; up to 30 °C for 24 hours in all, above that never; a mean kinetic temperature of 25 °C at most",
	Source:     "15 to 25 °C: WHO TRS 961, annex 9; excursions to 30 °C and the mean of 25 °C: USP general chapter 659, over 30 days: 1079.2; 24 hours in all are a beginning",
	Limits: []Limit{
		{LimitID: "warm", Rule: TemperatureHigh.ID, Milli: 25 * degree, Cumulative: true, OnDelayMs: 24 * hour},
		{LimitID: "hot", Rule: TemperatureHigh.ID, Milli: 30 * degree, OffDelayMs: 5 * minute},
		{LimitID: "cold", Rule: TemperatureLow.ID, Milli: 15 * degree, OnDelayMs: 30 * minute, OffDelayMs: 5 * minute},
		{LimitID: "mean", Rule: MeanKineticTemperature.ID, Milli: 25 * degree, WindowMs: 30 * 24 * hour},
		{LimitID: "silent", Rule: MissingData.ID, Milli: 30 * minute},
	},
}

// Electronics are dry-packed assemblies that must neither be dropped nor opened.
var Electronics = Template{
	TemplateID: "electronics",
	Says:       "electronic assemblies in dry packs: shocks, tilting, damp, heat, and light inside the closed package",
	Source:     "40 °C and 90 % in dry packs: IPC/JEDEC J-STD-033; shocks of 15 g: IEC 60068-2-27; this way up: ISO 780, with an angle to begin with; light and fast changes of temperature: a beginning",
	Limits: []Limit{
		{LimitID: "shock", Rule: Shock.ID, Milli: 15 * gravity, OffDelayMs: 2_000},
		{LimitID: "damp", Rule: HumidityHigh.ID, Milli: 90 * percent, OnDelayMs: hour, OffDelayMs: 5 * minute},
		{LimitID: "hot", Rule: TemperatureHigh.ID, Milli: 40 * degree, OnDelayMs: 10 * minute, OffDelayMs: 5 * minute},
		{LimitID: "opened", Rule: IlluminanceHigh.ID, Milli: 100 * lux, OffDelayMs: 5_000},
		{LimitID: "tilted", Rule: Tilt.ID, Milli: 45 * degree, OnDelayMs: 10_000, OffDelayMs: 10_000},
		{LimitID: "stress", Rule: TemperatureRate.ID, Milli: 5 * degree, WindowMs: minute},
		{LimitID: "silent", Rule: MissingData.ID, Milli: 15 * minute},
	},
}

// Templates lists every template.
func Templates() []Template { return []Template{Frozen, Refrigerated, RoomTemperature, Electronics} }
