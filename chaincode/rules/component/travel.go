package component

import "github.com/lifeledger/lifeledger/chaincode/rules/measure"

// ScanPosition is where a scanner says it is, in millionths of a degree.
type ScanPosition struct {
	LatitudeMicro  int64 `json:"latitudeMicro"`
	LongitudeMicro int64 `json:"longitudeMicro"`
}

// MaxSpeed is the fastest way in metres a second that anything is carried, an
// airliner's; Slack is how far off, in metres, two positions may be together.
const (
	MaxSpeed = 300
	Slack    = 5_000
)

func (p ScanPosition) check() error {
	if p.LatitudeMicro < -90_000_000 || p.LatitudeMicro > 90_000_000 || p.LongitudeMicro < -180_000_000 || p.LongitudeMicro > 180_000_000 {
		return invalid("position", "position is not on the earth")
	}
	return nil
}

// impossible reports whether nothing can have been at both places at these times.
func impossible(a, b ScanPosition, at, then measure.Time) bool {
	ms := at.UnixMs() - then.UnixMs()
	if ms < 0 {
		ms = -ms
	}
	return metres(a, b) > ms/1000*MaxSpeed+MaxSpeed+Slack
}

// metres is how far two positions are apart at least: the chord, which is shorter
// than any way, on a sphere of the smallest radius of curvature of the earth, with
// sines that are never too large. All of it is integers, so every peer says the
// same; what it says is too far is too far.
func metres(a, b ScanPosition) int64 {
	const radius = 6_335_000
	turn := distance(a.LongitudeMicro, b.LongitudeMicro)
	turn = min(turn, 360_000_000-turn)
	across, along := 2*sine(distance(a.LatitudeMicro, b.LatitudeMicro)/2), 2*sine(turn/2)
	cosines := sine(90_000_000-distance(a.LatitudeMicro, 0)) * sine(90_000_000-distance(b.LatitudeMicro, 0)) / one
	return root(across*across+along*along/one*cosines) * radius / one
}

// one is the unit of sines and cosines.
const one = 1_000_000_000

// sine of 0 to 90 millions of microdegrees, between whole degrees along the
// straight line: the curve is above it.
func sine(micro int64) int64 {
	d, rest := micro/1_000_000, micro%1_000_000
	if rest == 0 {
		return sines[d]
	}
	return sines[d] + (sines[d+1]-sines[d])*rest/1_000_000
}

// root is the integer square root.
func root(n int64) int64 {
	if n < 2 {
		return n
	}
	x := int64(3_037_000_499) // of the largest int64
	for y := (x + n/x) / 2; y < x; y = (x + n/x) / 2 {
		x = y
	}
	return x
}

func distance(a, b int64) int64 { return max(a-b, b-a) }

// sines of 0 to 90 degrees, cut off.
var sines = [91]int64{
	0, 17_452_406, 34_899_496, 52_335_956, 69_756_473, 87_155_742, 104_528_463, 121_869_343, 139_173_100, 156_434_465,
	173_648_177, 190_808_995, 207_911_690, 224_951_054, 241_921_895, 258_819_045, 275_637_355, 292_371_704, 309_016_994, 325_568_154,
	342_020_143, 358_367_949, 374_606_593, 390_731_128, 406_736_643, 422_618_261, 438_371_146, 453_990_499, 469_471_562, 484_809_620,
	500_000_000, 515_038_074, 529_919_264, 544_639_035, 559_192_903, 573_576_436, 587_785_252, 601_815_023, 615_661_475, 629_320_391,
	642_787_609, 656_059_028, 669_130_606, 681_998_360, 694_658_370, 707_106_781, 719_339_800, 731_353_701, 743_144_825, 754_709_580,
	766_044_443, 777_145_961, 788_010_753, 798_635_510, 809_016_994, 819_152_044, 829_037_572, 838_670_567, 848_048_096, 857_167_300,
	866_025_403, 874_619_707, 882_947_592, 891_006_524, 898_794_046, 906_307_787, 913_545_457, 920_504_853, 927_183_854, 933_580_426,
	939_692_620, 945_518_575, 951_056_516, 956_304_755, 961_261_695, 965_925_826, 970_295_726, 974_370_064, 978_147_600, 981_627_183,
	984_807_753, 987_688_340, 990_268_068, 992_546_151, 994_521_895, 996_194_698, 997_564_050, 998_629_534, 999_390_827, 999_847_695,
	1_000_000_000,
}
