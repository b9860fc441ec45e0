package image

import (
	"debug/buildinfo"
	"encoding/json"
	"strings"
)

// component is one module in CycloneDX 1.5.
type component struct {
	Type    string     `json:"type"`
	BOMRef  string     `json:"bom-ref"`
	Name    string     `json:"name"`
	Version string     `json:"version,omitempty"`
	PURL    string     `json:"purl,omitempty"`
	Props   []property `json:"properties,omitempty"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// SBOM is the bill of materials of a Go program, as CycloneDX JSON: every module that is
// linked in, with the sum that Go's checksum database knows it by. It is read out of the
// binary itself, so it cannot differ from what runs, and has no time or serial number.
func SBOM(binary string) ([]byte, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	purl := func(path, version string) string { return "pkg:golang/" + path + "@" + version }
	main := component{Type: "application", BOMRef: info.Path, Name: info.Path, Version: info.Main.Version, PURL: purl(info.Main.Path, info.Main.Version)}
	parts := []component{{Type: "library", BOMRef: "std", Name: "std", Version: info.GoVersion, PURL: purl("std", strings.TrimPrefix(info.GoVersion, "go"))}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		parts = append(parts, component{
			Type: "library", BOMRef: m.Path, Name: m.Path, Version: m.Version, PURL: purl(m.Path, m.Version),
			Props: []property{{Name: "go:sum", Value: m.Sum}},
		})
	}
	for _, s := range info.Settings {
		main.Props = append(main.Props, property{Name: "go:build:" + s.Key, Value: s.Value})
	}
	text, err := json.MarshalIndent(map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
		"metadata": map[string]any{"component": main}, "components": parts,
	}, "", " ")
	return append(text, '\n'), err
}
