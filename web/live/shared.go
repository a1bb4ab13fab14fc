package live

import "sync"

// Shared keeps what the receivers of one item compute, so that each thing is computed once for all of them. It lives as long as
// the item: nothing of it remains when the last stream has rendered it.
type Shared struct {
	mu      sync.Mutex
	results map[any]any // of type func() (T, error)
}

// Share returns what compute returned for the key, and calls compute once for each key; a second caller waits for the first. What compute
// returns must depend on the item and the key alone, and must not end with the context of the stream that asks first. With a nil Shared
// every call computes. A key may have one type of results only.
func Share[T any](s *Shared, key any, compute func() (T, error)) (T, error) {
	if s == nil {
		return compute()
	}
	s.mu.Lock()
	result, ok := s.results[key].(func() (T, error))
	if !ok {
		result = sync.OnceValues(compute)
		if s.results == nil {
			s.results = map[any]any{}
		}
		s.results[key] = result
	}
	s.mu.Unlock()
	return result()
}
