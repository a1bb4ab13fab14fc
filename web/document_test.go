package web_test

import (
	"net/http"
	"testing"
)

func checkAgainstDocument(t *testing.T, r *http.Request, got *http.Response, body []byte) {
	t.Helper()
}
