package httpapi

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/binding"

	"github.com/lifeledger/lifeledger/gateway/api"
	"github.com/lifeledger/lifeledger/gateway/kept"
)

// base is where the resources are.
const base = "/v1"

// Limits bound what one client, and all of them together, can make the gateway
// do. A zero value means the default that stands beside it.
type Limits struct {
	BodyBytes   int64   // 262144: of a request
	Concurrency int     // 1024: requests at the same time; more are answered 503
	PerSecond   float64 // 2000: requests of one principal; more are answered 429
	Burst       int     // 4000: requests that one principal may save up
	Principals  int     // 10000: how many are remembered
	Readers     int     // 64: requests of readers at the same time, and a quarter as many of those who may be some; more are answered 503
	// What those ask for who are no members, each second; they may save up twice as much.
	ReaderPerSecond    float64       // 20: one reader, of one component
	AddressPerSecond   float64       // 20: from one address, with tokens that are not known
	StrangersPerSecond float64       // 100: from all addresses, with such tokens; nothing is saved up
	ReadTime           time.Duration // 10 s: for a question
	WriteTime          time.Duration // 25 s: for a write; longer than operations wait
	ReadyTime          time.Duration // 5 s: for the check of readiness
}

// Config is what the REST layer is made of.
type Config struct {
	Organisation string // MSP id
	LedgerName   string // "<channel>/<chaincode>", as signed bytes name it
	Version      string // of the gateway, for /healthz
	Spec         []byte // openapi.yaml

	Ledger        Ledger
	Operations    Operations
	ReadModel     ReadModel
	Questions     Questions
	Passports     Passports
	SavedQueries  SavedQueries
	Authenticator Authenticator

	Limits  Limits
	Metrics *Metrics // nil: a new set
	Log     *slog.Logger

	// OperationsApart keeps readiness and metrics out of the API's handler.
	OperationsApart bool
}

// Handlers are what the gateway serves: the API with its documentation, and, for those
// who operate the gateway, health, readiness and metrics.
type Handlers struct{ API, Operations http.Handler }

// server implements the generated interface; its methods are in the files of
// their resources.
type server struct {
	config     Config
	ledger     Ledger
	operations Operations
	model      ReadModel
	questions  Questions
	passports  Passports
	saved      SavedQueries
	contract   *contract
	finished   *kept.Answers // whole, made of one timeless answer of the ledger and of nothing else
	metrics    *Metrics
	log        *slog.Logger

	gate      *gate        // for readers
	followers atomic.Int64 // of standing questions
}

var _ api.StrictServerInterface = (*server)(nil)

// New assembles the handlers of everything that the gateway serves.
func New(c Config) (*Handlers, error) {
	if c.Ledger == nil || c.Operations == nil || c.ReadModel == nil || c.Questions == nil || c.Passports == nil || c.SavedQueries == nil || c.Authenticator == nil || c.Organisation == "" || c.LedgerName == "" {
		return nil, errors.New("httpapi: organisation, name of the ledger, ledger, operations, read model, questions, passports, saved queries and authenticator must be given")
	}
	c.Limits = c.Limits.withDefaults()
	if c.Metrics == nil {
		c.Metrics = NewMetrics()
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	contract, err := readContract(c.Spec)
	if err != nil {
		return nil, fmt.Errorf("httpapi: openapi.yaml: %w", err)
	}
	return assemble(c, contract)
}

func assemble(c Config, contract *contract) (*Handlers, error) {
	s := &server{
		config: c, ledger: c.Ledger, operations: c.Operations, model: c.ReadModel, questions: c.Questions, passports: c.Passports, saved: c.SavedQueries,
		contract: contract, finished: kept.New(mostFinished, mostFinishedBytes), metrics: c.Metrics, log: c.Log, gate: newGate(c.Limits),
	}
	ready := &readiness{server: s}
	apart, err := s.engine()
	if err != nil {
		return nil, err
	}
	s.operational(apart, ready)
	e, err := s.engine()
	if err != nil {
		return nil, err
	}
	if c.OperationsApart {
		e.GET("/healthz", s.healthz)
	} else {
		s.operational(e, ready)
	}
	s.resources(e)
	return &Handlers{API: e, Operations: apart}, nil
}

// engine sets Gin up by hand: no proxy is trusted, nothing is guessed from a
// path that nearly fits, and the schema checks bodies, not struct tags.
func (s *server) engine() (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	binding.Validator = nil
	e := gin.New()
	if err := e.SetTrustedProxies(nil); err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	e.ContextWithFallback = true // handlers see the request's context
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash, e.RedirectFixedPath = false, false

	e.Use(s.begin, s.observe, s.recoverPanic, secure)
	e.NoRoute(s.noRoute)
	e.NoMethod(s.noMethod)
	return e, nil
}

func (s *server) resources(e *gin.Engine) {
	s.pages(e)
	v1 := e.Group(base, s.cap, s.authenticate, s.rateLimit(), s.permit, s.negotiate, s.recall, s.takeBody, s.validate, s.deadline)
	strict := api.NewStrictHandlerWithOptions(s, nil, api.StrictGinServerOptions{
		RequestErrorHandlerFunc:  func(c *gin.Context, err error) { s.fail(c, malformed(err)) },
		HandlerErrorFunc:         s.fail,
		ResponseErrorHandlerFunc: s.fail,
	})
	api.RegisterHandlersWithOptions(v1, strict, api.GinServerOptions{
		ErrorHandler: func(c *gin.Context, err error, _ int) { s.fail(c, malformed(err)) },
	})
}

func (l Limits) withDefaults() Limits {
	or(&l.BodyBytes, 256<<10)
	or(&l.Concurrency, 1024)
	or(&l.PerSecond, 2000)
	or(&l.Burst, 4000)
	or(&l.Principals, 10_000)
	or(&l.Readers, 64)
	or(&l.ReaderPerSecond, 20)
	or(&l.AddressPerSecond, 20)
	or(&l.StrangersPerSecond, 100)
	or(&l.ReadTime, 10*time.Second)
	or(&l.WriteTime, 25*time.Second)
	or(&l.ReadyTime, 5*time.Second)
	return l
}

func or[T comparable](field *T, byDefault T) {
	var zero T
	if *field == zero {
		*field = byDefault
	}
}
