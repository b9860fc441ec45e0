package httpapi

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is everything that the gateway counts. Names are an interface to those
// who operate it: a test holds them.
type Metrics struct {
	registry *prometheus.Registry

	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	inFlight  prometheus.Gauge
	admitted  atomic.Int64 // requests to /v1 that are under way

	pending     prometheus.Gauge
	finished    *prometheus.CounterVec
	operation   *prometheus.HistogramVec
	attempts    prometheus.Counter
	reendorsed  prometheus.Counter
	resubmitted prometheus.Counter
	queued      prometheus.Histogram

	peerCalls    *prometheus.HistogramVec
	peerInFlight prometheus.Gauge
	blocks       prometheus.Gauge
	stream       prometheus.Gauge
	fallbacks    prometheus.Counter
	questions    *prometheus.CounterVec

	ready *prometheus.GaugeVec

	modelHeight  prometheus.Gauge
	modelLag     prometheus.Histogram
	modelStuck   prometheus.Gauge
	modelParked  prometheus.Gauge
	modelUnknown prometheus.Counter
	sampled      prometheus.Counter
	differing    prometheus.Gauge
	differed     prometheus.Counter
}

// NewMetrics makes a set with a registry of its own.
func NewMetrics() *Metrics {
	fast := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Name: "lifeledger_gateway_" + name, Help: help}
	}
	gauge := func(name, help string) prometheus.GaugeOpts {
		return prometheus.GaugeOpts{Name: "lifeledger_gateway_" + name, Help: help}
	}
	histogram := func(name, help string) prometheus.HistogramOpts {
		return prometheus.HistogramOpts{Name: "lifeledger_gateway_" + name, Help: help, Buckets: fast}
	}
	m := &Metrics{
		registry:  prometheus.NewRegistry(),
		requests:  prometheus.NewCounterVec(counter("requests_total", "Requests answered."), []string{"method", "route", "status"}),
		durations: prometheus.NewHistogramVec(histogram("request_duration_seconds", "Time to answer a request."), []string{"method", "route", "status"}),
		inFlight:  prometheus.NewGauge(gauge("requests_in_flight", "Requests under way.")),

		pending:     prometheus.NewGauge(gauge("operations_pending", "Writes whose outcome is not yet known.")),
		finished:    prometheus.NewCounterVec(counter("operations_total", "Writes that reached their outcome; condition is empty for those that failed by none."), []string{"state", "condition"}),
		operation:   prometheus.NewHistogramVec(histogram("operation_duration_seconds", "Time from taking a write on to its outcome."), []string{"state"}),
		attempts:    prometheus.NewCounter(counter("operation_attempts_total", "Endorsements that were submitted.")),
		reendorsed:  prometheus.NewCounter(counter("reendorsements_total", "Writes endorsed anew because another was faster.")),
		resubmitted: prometheus.NewCounter(counter("resubmissions_total", "Times that the same signed bytes were sent again.")),
		queued:      prometheus.NewHistogram(histogram("operation_queue_seconds", "Time that a write waited for others on the same entity.")),

		peerCalls:    prometheus.NewHistogramVec(histogram("peer_call_duration_seconds", "Calls to the peer; condition is empty for those that went well."), []string{"stage", "condition"}),
		peerInFlight: prometheus.NewGauge(gauge("peer_calls_in_flight", "Calls to the peer under way.")),
		blocks:       prometheus.NewGauge(gauge("block_number", "The last block that the event stream brought.")),
		stream:       prometheus.NewGauge(gauge("block_stream_up", "1 while the block-event stream is up.")),
		questions:    prometheus.NewCounterVec(counter("ledger_questions_total", "Questions to the ledger; answer is kept for those that an earlier answer of the same height served."), []string{"answer"}),
		fallbacks:    prometheus.NewCounter(counter("endorser_fallbacks_total", "Writes endorsed by others than the usual organisations.")),

		ready: prometheus.NewGaugeVec(gauge("organisation_ready", "1 if the organisation answered the last check of readiness."), []string{"organisation"}),

		modelHeight:  prometheus.NewGauge(gauge("read_model_height", "Blocks that the read model has.")),
		modelLag:     prometheus.NewHistogram(histogram("read_model_lag_seconds", "Time from the arrival of a block until its rows can be read.")),
		modelStuck:   prometheus.NewGauge(gauge("read_model_stuck", "1 while blocks cannot be put into the read model.")),
		modelParked:  prometheus.NewGauge(gauge("read_model_parked", "Records and transactions that could not be turned into rows, and that nobody has accepted.")),
		modelUnknown: prometheus.NewCounter(counter("read_model_unknown_writes_total", "Writes of kinds of record that the gateway does not know.")),
		sampled:      prometheus.NewCounter(counter("read_model_sampled_rows_total", "Records of the read model that were held against the ledger.")),
		differing:    prometheus.NewGauge(gauge("read_model_differs", "1 if the last look found a record that is not as the ledger has it.")),
		differed:     prometheus.NewCounter(counter("read_model_differences_total", "Records that were not as the ledger has them.")),
	}
	m.registry.MustRegister(
		m.requests, m.durations, m.inFlight, m.pending, m.finished, m.operation, m.attempts, m.reendorsed, m.resubmitted, m.queued,
		m.peerCalls, m.peerInFlight, m.blocks, m.stream, m.fallbacks, m.questions, m.ready,
		m.modelHeight, m.modelLag, m.modelStuck, m.modelParked, m.modelUnknown, m.sampled, m.differing, m.differed,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, MaxRequestsInFlight: 4})
}

// Certificate adds the end of the gateway's certificate, as notAfter reads it at each scrape.
func (m *Metrics) Certificate(notAfter func() time.Time) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "lifeledger_gateway_certificate_expiry_timestamp_seconds", Help: "When the certificate of the gateway's identity ends; 0 if it cannot be read.",
	}, func() float64 {
		if at := notAfter(); !at.IsZero() {
			return float64(at.Unix())
		}
		return 0
	}))
}

// OperationFinished counts a write that reached its outcome; condition is "" if
// it was committed.
func (m *Metrics) OperationFinished(condition string, attempts int, took time.Duration) {
	state := "committed"
	if condition != "" {
		state = "failed"
	}
	m.finished.WithLabelValues(state, condition).Inc()
	m.operation.WithLabelValues(state).Observe(took.Seconds())
	m.attempts.Add(float64(attempts))
}

// OperationsPending follows how many writes are under way.
func (m *Metrics) OperationsPending(delta int) { m.pending.Add(float64(delta)) }

// Queued is how long a write waited for others on the same entity.
func (m *Metrics) Queued(took time.Duration) { m.queued.Observe(took.Seconds()) }

// Reendorsed counts a write that another was faster than.
func (m *Metrics) Reendorsed() { m.reendorsed.Inc() }

// Resubmitted counts the same bytes sent again.
func (m *Metrics) Resubmitted() { m.resubmitted.Inc() }

// PeerCall is one call to the peer that is over; condition is "" if it went well.
func (m *Metrics) PeerCall(stage, condition string, took time.Duration) {
	m.peerCalls.WithLabelValues(stage, condition).Observe(took.Seconds())
}

// PeerInFlight follows the calls to the peer that are under way.
func (m *Metrics) PeerInFlight(delta int) { m.peerInFlight.Add(float64(delta)) }

// Block is the last block that was seen.
func (m *Metrics) Block(number uint64) { m.blocks.Set(float64(number)) }

// Stream says whether the block-event stream is up.
func (m *Metrics) Stream(up bool) { m.stream.Set(number(up)) }

// Asked counts a question to the ledger; kept: an earlier answer served it.
func (m *Metrics) Asked(kept bool) {
	if kept {
		m.questions.WithLabelValues("kept").Inc()
	} else {
		m.questions.WithLabelValues("peer").Inc()
	}
}

// Fallback counts a write that others than the usual organisations endorsed.
func (m *Metrics) Fallback() { m.fallbacks.Inc() }

func (m *Metrics) answered(method, route string, status int, took time.Duration) {
	labels := []string{known(method), route, strconv.Itoa(status)}
	m.requests.WithLabelValues(labels...).Inc()
	m.durations.WithLabelValues(labels...).Observe(took.Seconds())
}

func (m *Metrics) enter() int64 { return m.admitted.Add(1) }
func (m *Metrics) leave()       { m.admitted.Add(-1) }

func (m *Metrics) readiness(organisation string, ok bool) {
	m.ready.WithLabelValues(organisation).Set(number(ok))
}

// known keeps a method of the client's invention from becoming a label.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions:
		return method
	}
	return "other"
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// ModelHeight is how many blocks the read model has.
func (m *Metrics) ModelHeight(height uint64) { m.modelHeight.Set(float64(height)) }

// ModelApplied is how long the newest of some blocks waited for its rows.
func (m *Metrics) ModelApplied(took time.Duration) { m.modelLag.Observe(took.Seconds()) }

// ModelStuck says whether blocks can be put into the read model.
func (m *Metrics) ModelStuck(is bool) { m.modelStuck.Set(number(is)) }

// ModelParked is how much could not be turned into rows.
func (m *Metrics) ModelParked(n int) { m.modelParked.Set(float64(n)) }

// ModelUnknown counts writes of kinds that the gateway does not know.
func (m *Metrics) ModelUnknown(n int64) { m.modelUnknown.Add(float64(n)) }

// ModelSampled counts records that were held against the ledger.
func (m *Metrics) ModelSampled(records, differ int) {
	m.sampled.Add(float64(records))
	m.differed.Add(float64(differ))
	m.differing.Set(number(differ > 0))
}
