package operation

// Abandon stops the service as kill -9 would: nothing that is queued is written,
// and no goroutine does anything more.
func (s *Service) Abandon() {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	closed := make(chan struct{})
	go func() { // drop first: what is under way may try to write
		s.outbox.writer.close(false)
		close(closed)
	}()
	<-s.outbox.writer.closing
	s.cancel()
	s.running.Wait()
	<-closed
	if err := s.outbox.close(false); err != nil {
		panic(err)
	}
}

// Lanes is the number of entities that somebody holds or waits for.
func (s *Service) Lanes() int {
	s.lanes.mu.Lock()
	defer s.lanes.mu.Unlock()
	return len(s.lanes.byName)
}

// InMemory is the number of operations that the service holds in memory.
func (s *Service) InMemory() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byKey)
}

// Prune forgets what is older than the retention.
var Prune = (*Service).prune

// LedgerKey is the key that the ledger sees.
var LedgerKey = ledgerKey
