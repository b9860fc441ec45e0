// Package parallel runs a small number of independent steps at the same time.
package parallel

import "sync"

// Each does something for every item at once and returns when all have ended. Of
// several errors it returns that of the first item, so that the answer is one line.
func Each[T any](items []T, do func(T) error) error {
	errs := make([]error, len(items))
	var wg sync.WaitGroup
	for i, item := range items {
		wg.Go(func() { errs[i] = do(item) })
	}
	wg.Wait()
	return first(errs)
}

// Do runs functions at once, as Each does.
func Do(steps ...func() error) error {
	return Each(steps, func(step func() error) error { return step() })
}

func first(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
