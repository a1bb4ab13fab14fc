package chat

import (
	"os"
	"time"

	"parley/web/auth"
	"parley/web/files"
	"parley/web/kit"
)

// Config sets where uploads are stored and how long they may take.
type Config struct {
	// Files stores uploads; without it they are refused.
	Files files.Store
	// TempDir is a local folder for uploads that are being received, the system's temporary folder if it is empty.
	TempDir string
	// UploadTimeout is how long an upload may take, UploadIdleTimeout how long it may pause; 3 minutes and 20 s if UploadTimeout is zero.
	UploadTimeout, UploadIdleTimeout time.Duration
}

// Handlers has the handlers of the actions that users, agents and supervisors share.
type Handlers struct {
	*kit.Kit
	*auth.Auth
	Config
	uploads uploadLimiter
}

// New returns the handlers with the defaults of the configuration filled in.
func New(k *kit.Kit, a *auth.Auth, config Config) *Handlers {
	if config.Files == nil {
		config.Files = files.None{}
	}
	if config.TempDir == "" {
		config.TempDir = os.TempDir()
	}
	if config.UploadTimeout == 0 {
		config.UploadTimeout, config.UploadIdleTimeout = defaultUploadTimeout, defaultUploadIdleTimeout
	}
	return &Handlers{Kit: k, Auth: a, Config: config}
}

// UploadsInProgress returns how many files are being received now.
func (h *Handlers) UploadsInProgress() int {
	h.uploads.mu.Lock()
	defer h.uploads.mu.Unlock()
	return h.uploads.total
}
