package inbound

import "github.com/prometheus/client_golang/prometheus"

// Counter returns the counter of a result.
func (r *Receiver) Counter(result Result) prometheus.Counter {
	return r.results.WithLabelValues(string(result))
}

// IsReceiving reports whether a mail is on its way.
func (s *Server) IsReceiving() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, busy := range s.sessions {
		if busy {
			return true
		}
	}
	return false
}
