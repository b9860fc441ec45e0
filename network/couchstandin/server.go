package couchstandin

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Version is the release of CouchDB that the stand-in takes as its model; peers ask for it.
const Version = "3.4.2"

// maxBody bounds a request: Fabric sends at most 1,000 documents of a block at once.
const maxBody = 256 << 20

// Options say where a stand-in keeps its databases and whom it answers.
type Options struct {
	// Dir keeps the databases; empty keeps them in memory only.
	Dir string
	// User and Password are asked of everybody when they are given.
	User, Password string
}

// Server is the stand-in. It is an [http.Handler].
type Server struct {
	opt Options

	mu  sync.RWMutex
	dbs map[string]*database
}

// Open reads the databases of the directory.
func Open(opt Options) (*Server, error) {
	s := &Server{opt: opt, dbs: map[string]*database{}}
	if opt.Dir == "" {
		return s, nil
	}
	if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
		return nil, err
	}
	names, err := databasesIn(opt.Dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := s.open(name); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// open makes a database, or finds it in its file. The caller holds mu, or is alone.
func (s *Server) open(name string) error {
	d := newDatabase(name)
	if s.opt.Dir != "" {
		if err := openLog(logPath(s.opt.Dir, name), d); err != nil {
			return err
		}
	}
	s.dbs[name] = d
	return nil
}

// Close closes the files. The server answers nothing afterwards.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, d := range s.dbs {
		d.mu.Lock()
		errs = append(errs, d.log.close())
		d.mu.Unlock()
	}
	clear(s.dbs)
	return errors.Join(errs...)
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "stand-in for CouchDB "+Version+", for tests only")
	if !s.admits(r) {
		writeFailure(w, errLogin)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	// The path is taken apart before it is unescaped: ids hold slashes and noughts.
	var path []string
	for _, part := range strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/") {
		p, err := url.PathUnescape(part)
		if err != nil {
			writeFailure(w, badRequest("bad_request", "path cannot be unescaped"))
			return
		}
		path = append(path, p)
	}
	if err := s.route(w, r, path); err != nil {
		writeFailure(w, err)
	}
}

// admits says whether the login is good. As with CouchDB, whether it is there and well
// can be asked without one, but not with a wrong one.
func (s *Server) admits(r *http.Request) bool {
	user, password, given := r.BasicAuth()
	if s.opt.User == "" || user == s.opt.User && password == s.opt.Password {
		return true
	}
	return !given && (r.URL.Path == "/" || r.URL.Path == "/_up")
}

func (s *Server) route(w http.ResponseWriter, r *http.Request, path []string) error {
	switch {
	case len(path) == 1 && path[0] == "":
		return s.welcome(w)
	case len(path) == 1 && path[0] == "_up":
		writeJSON(w, http.StatusOK, map[string]any{"status": "ok"})
		return nil
	case len(path) == 1 && path[0] == "_all_dbs":
		writeJSON(w, http.StatusOK, s.names())
		return nil
	case len(path) == 1:
		return s.database(w, r, path[0])
	}
	d, err := s.find(path[0])
	if err != nil {
		return err
	}
	return d.route(w, r, path[1:])
}

func (s *Server) welcome(w http.ResponseWriter) error {
	writeJSON(w, http.StatusOK, map[string]any{
		"couchdb": "Welcome", "version": Version, "features": []string{},
		"vendor": map[string]any{"name": "a stand-in for CouchDB, for tests only"},
	})
	return nil
}

func (s *Server) names() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	names := make([]string, 0, len(s.dbs))
	for name := range s.dbs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (s *Server) find(name string) (*database, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if d := s.dbs[name]; d != nil {
		return d, nil
	}
	return nil, errNoDatabase
}

// nameForm is what CouchDB takes as the name of a database.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_$()+/-]*$`)

var systemNames = []string{"_users", "_replicator", "_global_changes"}

func (s *Server) database(w http.ResponseWriter, r *http.Request, name string) error {
	switch r.Method {
	case http.MethodPut:
		return s.create(w, name)
	case http.MethodDelete:
		return s.remove(w, name)
	case http.MethodGet, http.MethodHead:
		d, err := s.find(name)
		if err != nil {
			return err
		}
		writeJSON(w, http.StatusOK, d.info())
		return nil
	}
	return notDone(r.Method + " of a database")
}

func (s *Server) create(w http.ResponseWriter, name string) error {
	if !nameForm.MatchString(name) && !slices.Contains(systemNames, name) {
		return badRequest("illegal_database_name", "Name: '"+name+"'. Only lowercase characters (a-z), digits (0-9), and any of the characters _, $, (, ), +, -, and / are allowed. Must begin with a letter.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dbs[name] != nil {
		return &failure{http.StatusPreconditionFailed, "file_exists", "The database could not be created, the file already exists."}
	}
	if err := s.open(name); err != nil {
		return err
	}
	writeJSON(w, http.StatusCreated, map[string]any{"ok": true})
	return nil
}

func (s *Server) remove(w http.ResponseWriter, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.dbs[name]
	if d == nil {
		return errNoDatabase
	}
	delete(s.dbs, name)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.log.close(); err != nil {
		return err
	}
	if s.opt.Dir != "" {
		if err := os.Remove(logPath(s.opt.Dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	d.log = nil
	writeJSON(w, http.StatusOK, map[string]any{"ok": true})
	return nil
}

// body reads a request's JSON; nothing at all is nil.
func body(r *http.Request) (any, error) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if len(strings.TrimSpace(string(b))) == 0 {
		return nil, nil
	}
	v, err := decodeJSON(b)
	if err != nil {
		return nil, badRequest("bad_request", "invalid UTF-8 JSON")
	}
	return v, nil
}

func objectBody(r *http.Request) (map[string]any, error) {
	v, err := body(r)
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, badRequest("bad_request", "Request body must be a JSON object")
	}
	return object, nil
}
