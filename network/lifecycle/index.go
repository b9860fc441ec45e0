package lifecycle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// indexDir is where Fabric looks for the indexes of a chaincode, beside its source and in
// its package.
const indexDir = "META-INF/statedb/couchdb/indexes"

// Index is one index of the state database, which a peer makes when the chaincode's
// package is installed and approved. LevelDB has no use for it.
type Index struct {
	Name    string // of the file, such as owner.json
	Content []byte
}

// ReadIndexes reads the indexes that stand beside a chaincode's source, in the order of
// their names. A chaincode without any is no error.
func ReadIndexes(source string) ([]Index, error) {
	dir := filepath.Join(source, filepath.FromSlash(indexDir))
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Index
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, err
		}
		if filepath.Ext(f.Name()) != ".json" || !json.Valid(b) {
			return nil, fmt.Errorf("%s in %s is no index: a peer would refuse the package", f.Name(), dir)
		}
		all = append(all, Index{Name: f.Name(), Content: b})
	}
	return all, nil
}

// WriteIndexes puts copies of the indexes into a directory of their own.
func WriteIndexes(dir string, all []Index) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, x := range all {
		if err := os.WriteFile(filepath.Join(dir, x.Name), x.Content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
