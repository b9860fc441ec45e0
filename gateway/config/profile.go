package config

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
)

// profile is what the gateway reads of a Fabric connection profile, as Fabric's own
// samples and operators write one for each organisation. JSON is YAML, so both do.
type profile struct {
	Organizations map[string]struct {
		MSPID string   `yaml:"mspid"`
		Peers []string `yaml:"peers"`
	} `yaml:"organizations"`
	Peers map[string]struct {
		URL        string `yaml:"url"`
		TLSCACerts struct {
			PEM  string `yaml:"pem"`
			Path string `yaml:"path"`
		} `yaml:"tlsCACerts"`
		GRPCOptions map[string]any `yaml:"grpcOptions"`
	} `yaml:"peers"`
}

// fill takes from the profile what the file does not say itself.
func (p *Peer) fill(organisation string) error {
	if p.Profile == "" {
		return nil
	}
	text, err := os.ReadFile(p.Profile)
	if err != nil {
		return fmt.Errorf("peer.profile: %w", err)
	}
	var from profile
	if err := yaml.Unmarshal(text, &from); err != nil {
		return fmt.Errorf("peer.profile %s: %w", p.Profile, err)
	}
	for _, o := range from.Organizations {
		if o.MSPID != organisation || len(o.Peers) == 0 {
			continue
		}
		peer := from.Peers[o.Peers[0]]
		at, err := url.Parse(peer.URL)
		if err != nil || at.Host == "" {
			return fmt.Errorf("peer.profile %s: %s has no address", p.Profile, o.Peers[0])
		}
		if p.ServerName == "" {
			p.ServerName, _ = peer.GRPCOptions["ssl-target-name-override"].(string)
		}
		if p.Address == "" {
			p.Address = at.Host
		}
		if p.TLSRoots == "" {
			p.RootsPEM = []byte(peer.TLSCACerts.PEM)
			if peer.TLSCACerts.PEM == "" && peer.TLSCACerts.Path != "" {
				p.TLSRoots = filepath.Join(filepath.Dir(p.Profile), peer.TLSCACerts.Path)
			}
		}
		return nil
	}
	return fmt.Errorf("peer.profile %s names no peer of %s", p.Profile, organisation)
}
