package rules_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

const module = "github.com/lifeledger/lifeledger"

// root is the directory of go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// pkg is what `go list` says of one package; test files are not part of it.
type pkg struct {
	ImportPath string
	Dir        string
	Export     string
	Standard   bool
	GoFiles    []string
	Imports    []string
	Deps       []string
}

func (p pkg) in(folder string) bool { return within(p.ImportPath, module+"/"+folder) }

// within says whether path is the folder or below it.
func within(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

// list asks the go command about a folder and everything that it needs. A
// folder that does not exist yet has no packages.
func list(t *testing.T, folder string, flags ...string) []pkg {
	t.Helper()
	dir := root(t)
	if _, err := os.Stat(filepath.Join(dir, folder)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	args := append([]string{"list", "-e", "-deps", "-json=ImportPath,Dir,Export,Standard,GoFiles,Imports,Deps"}, flags...)
	cmd := exec.Command("go", append(args, "./"+folder+"/...")...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var ps []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			return ps
		} else if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
}

func TestRulesImportNothingButTheStandardLibraryAndOneAnother(t *testing.T) {
	// With these a rule could read what is not in the transaction, or answer
	// differently on another peer.
	forbidden := []string{"os", "net", "log", "reflect", "math/rand", "crypto/rand", "testing", "unsafe", "syscall", "runtime", "plugin", "C"}
	standard := map[string]bool{}
	ps := list(t, "chaincode/rules")
	for _, p := range ps {
		standard[p.ImportPath] = p.Standard
	}
	for _, p := range ps {
		if !p.in("chaincode/rules") {
			continue
		}
		for _, i := range p.Imports {
			if !standard[i] && !within(i, module+"/chaincode/rules") {
				t.Errorf("%s imports %s: a rule is plain Go, so that a lawyer can be walked through it and no library can change its meaning", p.ImportPath, i)
			}
			for _, f := range forbidden {
				if within(i, f) {
					t.Errorf("%s imports %s: a rule decides from its arguments alone, the same on every peer for ever", p.ImportPath, i)
				}
			}
		}
	}
}

func TestWhoMayImportWhom(t *testing.T) {
	const (
		fabricGateway = "github.com/hyperledger/fabric-gateway"
		gin           = "github.com/gin-gonic/gin"
	)
	// Whatever folder imports, directly or through others, must not lie in any of not.
	for _, rule := range []struct {
		folder string
		not    []string
		reason string
	}{
		{"chaincode", []string{module + "/gateway", module + "/network"}, "the chaincode is the authority and stands on its own"},
		{"gateway", []string{module + "/chaincode/contract", module + "/chaincode/ledger"}, "a gateway reaches the ledger through a peer only"},
		{"network", []string{module + "/chaincode", module + "/gateway"}, "the network starts any chaincode and any gateway as programs"},
	} {
		for _, p := range list(t, rule.folder) {
			if !p.in(rule.folder) {
				continue
			}
			for _, d := range p.Deps {
				for _, not := range rule.not {
					if within(d, not) {
						t.Errorf("%s depends on %s: %s", p.ImportPath, d, rule.reason)
					}
				}
			}
		}
	}
	// Who may name a library in its own imports.
	for _, rule := range []struct {
		library string
		folders []string // these and what is below, except the gateway's main, which is alone
		reason  string
	}{
		{fabricGateway, []string{"gateway/fabric"}, "what a peer's client can do, and how it fails, is known in one place"},
		{gin, []string{"gateway/httpapi", "gateway/api"}, "HTTP stays at the edge, so that everything behind it can be tested and replaced without"},
	} {
		for _, p := range list(t, "gateway") {
			if !p.in("gateway") || rule.library == gin && p.ImportPath == module+"/gateway" {
				continue
			}
			if slices.ContainsFunc(rule.folders, p.in) {
				continue
			}
			for _, i := range p.Imports {
				if within(i, rule.library) {
					t.Errorf("%s imports %s: %s", p.ImportPath, i, rule.reason)
				}
			}
		}
	}
}

// What runs on an endorsing peer must come to the same bytes on every peer.
func TestEndorsingCodeIsDeterministic(t *testing.T) {
	folders := []string{"chaincode/rules", "chaincode/api", "chaincode/contract", "chaincode/ledger", "chaincode/dsse", "chaincode/segment"}
	ps := list(t, "chaincode", "-export")
	exports := map[string]string{}
	runs := map[string]bool{} // what the chaincode's program consists of; the rest is for tests
	for _, p := range ps {
		exports[p.ImportPath] = p.Export
		if p.ImportPath == module+"/chaincode" {
			for _, d := range p.Deps {
				runs[d] = true
			}
		}
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	checked := 0
	for _, p := range ps {
		if !slices.ContainsFunc(folders, p.in) || !runs[p.ImportPath] && !p.in("chaincode/rules") {
			continue
		}
		checked++
		var files []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		c := &checker{t: t, fset: fset, info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}}
		config := types.Config{Importer: imports, FakeImportC: true}
		var err error
		if c.pkg, err = config.Check(p.ImportPath, fset, files, c.info); err != nil {
			t.Errorf("%s cannot be checked: %v", p.ImportPath, err)
			continue
		}
		for _, f := range files {
			c.file(f)
		}
	}
	if checked < len(folders) {
		t.Errorf("only %d packages were looked at", checked)
	}
}

// checker looks through one package.
type checker struct {
	t      *testing.T
	fset   *token.FileSet
	info   *types.Info
	pkg    *types.Package
	sorted map[ast.Expr]bool // arguments of slices.Sorted…
}

func (c *checker) says(n ast.Node, what string) {
	at := c.fset.Position(n.Pos())
	name, err := filepath.Rel(root(c.t), at.Filename)
	if err != nil {
		name = at.Filename
	}
	c.t.Errorf("%s:%d: %s", filepath.ToSlash(name), at.Line, what)
}

func (c *checker) file(f *ast.File) {
	c.sorted = map[ast.Expr]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			c.says(n, "starts a goroutine: what runs at the same time may end in another order on another peer")
		case *ast.SelectStmt:
			c.says(n, "selects among channels: which one is ready first differs from peer to peer")
		case *ast.RangeStmt:
			if tv, ok := c.info.Types[n.X]; ok {
				if _, isMap := tv.Type.Underlying().(*types.Map); isMap {
					c.says(n, "ranges over a map: its order differs from peer to peer; sort the keys")
				}
			}
		case *ast.CallExpr:
			if strings.HasPrefix(c.called(n), "slices.Sorted") && len(n.Args) > 0 {
				c.sorted[n.Args[0]] = true
			}
			if name := c.called(n); (name == "maps.Keys" || name == "maps.Values" || name == "maps.All") && !c.sorted[n] {
				c.says(n, "iterates over a map: its order differs from peer to peer; put slices.Sorted around it")
			}
		case *ast.SelectorExpr:
			c.clock(n)
		case *ast.FuncDecl:
			if n.Recv != nil || n.Name.Name != "init" {
				c.writes(n)
			}
		}
		if e, ok := n.(ast.Expr); ok {
			c.float(e)
		}
		return true
	})
}

// called names a function of another package that is called: "slices.Sorted".
func (c *checker) called(call *ast.CallExpr) string {
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if f, ok := c.info.Uses[s.Sel].(*types.Func); ok && f.Pkg() != nil {
		return f.Pkg().Path() + "." + f.Name()
	}
	return ""
}

func (c *checker) clock(s *ast.SelectorExpr) {
	f, ok := c.info.Uses[s.Sel].(*types.Func)
	if !ok || f.Pkg() == nil || f.Pkg().Path() != "time" || f.Signature().Recv() != nil {
		return
	}
	switch f.Name() {
	case "Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Sleep":
		c.says(s, "uses time."+f.Name()+": the only clock is the transaction's time, which every peer sees alike")
	}
}

func (c *checker) float(e ast.Expr) {
	tv, ok := c.info.Types[e]
	if !ok || tv.Type == nil {
		return
	}
	if b, ok := tv.Type.Underlying().(*types.Basic); ok && b.Info()&(types.IsFloat|types.IsComplex) != 0 {
		c.says(e, "computes with floating point: measures and money are integers (thousandths, minor units)")
	}
}

// writes finds assignments to variables of the package in a function.
func (c *checker) writes(f *ast.FuncDecl) {
	target := func(e ast.Expr) {
		for {
			switch x := e.(type) {
			case *ast.IndexExpr:
				e = x.X
				continue
			case *ast.ParenExpr:
				e = x.X
				continue
			case *ast.StarExpr:
				e = x.X
				continue
			case *ast.SelectorExpr:
				if v, ok := c.info.Uses[x.Sel].(*types.Var); ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
					c.says(x, "writes to a variable of a package: a transaction leaves nothing behind but its write set")
				}
				e = x.X
				continue
			case *ast.Ident:
				if v, ok := c.info.Uses[x].(*types.Var); ok && v.Parent() == c.pkg.Scope() {
					c.says(x, "writes to a variable of the package: a transaction leaves nothing behind but its write set")
				}
			}
			return
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, e := range n.Lhs {
					target(e)
				}
			}
		case *ast.IncDecStmt:
			target(n.X)
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "delete" || id.Name == "clear" || id.Name == "copy") && len(n.Args) > 0 {
				target(n.Args[0])
			}
		}
		return true
	})
}

// sources are the Go files under a folder, in order, without tests; paths are
// relative to the root, with slashes.
func sources(t *testing.T, folder string) []string {
	t.Helper()
	dir := root(t)
	var files []string
	err := filepath.WalkDir(filepath.Join(dir, folder), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != dir && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata"):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		rel, err := filepath.Rel(dir, path)
		files = append(files, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	return files
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A stranger who asks the sources what a violation is must land where it is decided.
func TestAStrangerFindsWhatAViolationIs(t *testing.T) {
	const home = "chaincode/rules/shipment/"
	found := 0
	for _, file := range sources(t, "chaincode") {
		text := read(t, file)
		if found == 0 && strings.Contains(strings.ToLower(text), "violation") {
			if found++; !strings.HasPrefix(file, home) {
				t.Errorf("the first file that says violation is %s: a stranger's search must begin under %s; call it an excursion elsewhere", file, home)
			}
		}
		if strings.Contains(text, `"shipment.violation.`) && file != home+"violation.go" {
			t.Errorf("%s names a rule's id: what counts as a violation is declared in %sviolation.go alone", file, home)
		}
	}
	if found == 0 {
		t.Error("nothing says what a violation is")
	}
}

// A code that nothing uses says something that is not true of the product.
func TestEveryFaultCodeIsUsed(t *testing.T) {
	use := regexp.MustCompile(`\bfault\.(Code[A-Za-z]+)\b`)
	used := map[string]bool{}
	for _, file := range sources(t, "chaincode") {
		for _, m := range use.FindAllStringSubmatch(read(t, file), -1) {
			used[m[1]] = true
		}
	}
	for _, folder := range []string{"gateway", "network", "scripts"} {
		if _, err := os.Stat(filepath.Join(root(t), folder)); err != nil {
			continue
		}
		for _, file := range sources(t, folder) {
			for _, m := range use.FindAllStringSubmatch(read(t, file), -1) {
				used[m[1]] = true
			}
		}
	}
	file, err := parser.ParseFile(token.NewFileSet(), "fault/codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for _, name := range v.Names {
			if !strings.HasPrefix(name.Name, "Code") {
				continue
			}
			declared++
			if !used[name.Name] && name.Name != "CodeInternal" { // which package fault gives to what is no fault
				t.Errorf("fault.%s is used nowhere: remove it, and never use its text for anything else", name.Name)
			}
		}
		return true
	})
	if declared != len(fault.Catalogue()) {
		t.Errorf("%d codes are declared, the catalogue has %d", declared, len(fault.Catalogue()))
	}
}
