// Package image makes container images out of files, without Docker and without a
// registry: an archive as `docker load` takes it. It owns the format and the bill of
// materials; it builds no program.
// Invariant: the same files and settings give the same bytes, and so the same image id,
// on every machine.
package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// Image is what goes in.
type Image struct {
	Tags  []string // names under which it is loaded
	Files []File
	// Base is an archive as `docker save` writes one; empty is an empty image.
	Base       string
	Created    time.Time // told to whoever asks; of the sources, not of the build
	Entrypoint []string
	Cmd        []string
	Env        []string
	User       string // uid:gid
	WorkingDir string
	Labels     map[string]string
	Ports      []string // such as 8443/tcp
	Health     *Health
}

// Health is a command inside the image that ends with 0 when all is well.
type Health struct {
	Test                   []string
	Interval, Timeout, Lag time.Duration
	Retries                int
}

// File is a regular file, a link, or, with neither source nor content nor link, a directory.
type File struct {
	Path    string // inside the image, absolute
	Source  string // on this machine
	Content []byte
	Link    string // target of a symbolic link
	Mode    int64
	Owner   int // uid and gid
}

// config is the image's JSON, in Docker's spelling.
type config struct {
	Created      string    `json:"created"`
	Architecture string    `json:"architecture"`
	OS           string    `json:"os"`
	Config       settings  `json:"config"`
	RootFS       rootFS    `json:"rootfs"`
	History      []history `json:"history"`
}

type settings struct {
	User         string              `json:"User,omitempty"`
	ExposedPorts map[string]struct{} `json:"ExposedPorts,omitempty"`
	Env          []string            `json:"Env,omitempty"`
	Entrypoint   []string            `json:"Entrypoint,omitempty"`
	Cmd          []string            `json:"Cmd,omitempty"`
	WorkingDir   string              `json:"WorkingDir,omitempty"`
	Labels       map[string]string   `json:"Labels,omitempty"`
	Healthcheck  *healthcheck        `json:"Healthcheck,omitempty"`
}

type healthcheck struct {
	Test        []string      `json:"Test"`
	Interval    time.Duration `json:"Interval,omitempty"`
	Timeout     time.Duration `json:"Timeout,omitempty"`
	StartPeriod time.Duration `json:"StartPeriod,omitempty"`
	Retries     int           `json:"Retries,omitempty"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

type history struct {
	Created   string `json:"created,omitempty"`
	CreatedBy string `json:"created_by,omitempty"`
	Empty     bool   `json:"empty_layer,omitempty"`
}

// manifest is the entry of an archive's manifest.json.
type manifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// Write writes the archive and gives the image's id.
func (i Image) Write(w io.Writer) (id string, err error) {
	layer, err := i.layer()
	if err != nil {
		return "", err
	}
	base := &archive{config: config{OS: "linux", Architecture: "amd64"}}
	if i.Base != "" {
		if base, err = readArchive(i.Base); err != nil {
			return "", fmt.Errorf("base image: %w", err)
		}
	}
	c := i.config(base.config, digest(layer))
	text, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	id = digest(text)
	m := manifest{Config: id + ".json", RepoTags: i.Tags}
	files := []File{{Path: m.Config, Content: text}}
	for n, l := range append(base.layers, layer) {
		name := fmt.Sprintf("%s/layer.tar", strings.TrimPrefix(c.RootFS.DiffIDs[n], "sha256:"))
		m.Layers = append(m.Layers, name)
		files = append(files, File{Path: name, Content: l})
	}
	list, err := json.Marshal([]manifest{m})
	if err != nil {
		return "", err
	}
	return "sha256:" + id, writeTar(w, append(files, File{Path: "manifest.json", Content: list}), i.Created)
}

func (i Image) config(c config, layer string) config {
	created := i.Created.UTC().Format(time.RFC3339)
	c.Created = created
	c.RootFS = rootFS{Type: "layers", DiffIDs: append(c.RootFS.DiffIDs, "sha256:"+layer)}
	c.History = append(c.History, history{Created: created, CreatedBy: "lifeledger network images"})
	s := &c.Config
	s.User, s.WorkingDir, s.Entrypoint, s.Cmd = i.User, i.WorkingDir, i.Entrypoint, i.Cmd
	s.Env = append(s.Env, i.Env...)
	s.Labels = i.Labels
	s.ExposedPorts = map[string]struct{}{}
	for _, p := range i.Ports {
		s.ExposedPorts[p] = struct{}{}
	}
	s.Healthcheck = nil
	if h := i.Health; h != nil {
		s.Healthcheck = &healthcheck{Test: append([]string{"CMD"}, h.Test...), Interval: h.Interval, Timeout: h.Timeout, StartPeriod: h.Lag, Retries: h.Retries}
	}
	return c
}

// layer is the tar of all files, with the directories above them, in the order of their paths.
func (i Image) layer() ([]byte, error) {
	all := map[string]File{}
	for _, f := range i.Files {
		f.Path = strings.TrimPrefix(path.Clean(f.Path), "/")
		if f.Source != "" {
			content, err := os.ReadFile(f.Source)
			if err != nil {
				return nil, err
			}
			f.Content = content
		}
		all[f.Path] = f
		for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
			if _, ok := all[dir]; !ok {
				all[dir] = File{Path: dir, Mode: 0o755}
			}
		}
	}
	var files []File
	for _, f := range all {
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	var out bytes.Buffer
	err := writeTar(&out, files, i.Created)
	return out.Bytes(), err
}

func writeTar(w io.Writer, files []File, at time.Time) error {
	t := tar.NewWriter(w)
	for _, f := range files {
		h := &tar.Header{Name: f.Path, Mode: f.Mode, Uid: f.Owner, Gid: f.Owner, ModTime: at.Truncate(time.Second), Format: tar.FormatPAX, Typeflag: tar.TypeReg, Size: int64(len(f.Content))}
		switch {
		case f.Link != "":
			h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, f.Link, 0o777
		case f.Content == nil:
			h.Typeflag, h.Name = tar.TypeDir, f.Path+"/"
		}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if err := t.WriteHeader(h); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
		if _, err := t.Write(f.Content); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return t.Close()
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// archive is an image that was read.
type archive struct {
	config config
	layers [][]byte
}

// readArchive reads the one image of a file that `docker save` or [Image.Write] made.
func readArchive(name string) (*archive, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries := map[string][]byte{}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if entries[h.Name], err = io.ReadAll(r); err != nil {
			return nil, err
		}
	}
	var list []manifest
	if err := json.Unmarshal(entries["manifest.json"], &list); err != nil || len(list) != 1 {
		return nil, fmt.Errorf("%s holds %d images, want one (%v)", name, len(list), err)
	}
	a := new(archive)
	if err := json.Unmarshal(entries[list[0].Config], &a.config); err != nil {
		return nil, fmt.Errorf("%s: %w", list[0].Config, err)
	}
	for n, l := range list[0].Layers {
		if n >= len(a.config.RootFS.DiffIDs) || "sha256:"+digest(entries[l]) != a.config.RootFS.DiffIDs[n] {
			return nil, fmt.Errorf("layer %s is not the one that the image names", l)
		}
		a.layers = append(a.layers, entries[l])
	}
	return a, nil
}
