package exec

import "sync"

// memo computes each value once: all callers share the work, and its failure.
// The zero value is ready to use.
type memo[T any] struct {
	mu sync.Mutex
	m  map[string]*memoEntry[T]
}

type memoEntry[T any] struct {
	once  sync.Once
	value T
	err   error
}

func (s *memo[T]) get(key string, make func() (T, error)) (T, error) {
	s.mu.Lock()
	if s.m == nil {
		s.m = map[string]*memoEntry[T]{}
	}
	e := s.m[key]
	if e == nil {
		e = &memoEntry[T]{}
		s.m[key] = e
	}
	s.mu.Unlock()
	e.once.Do(func() { e.value, e.err = make() })
	return e.value, e.err
}

// each calls f for every value that was computed.
func (s *memo[T]) each(f func(T)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.m {
		if e.err == nil {
			f(e.value)
		}
	}
}
