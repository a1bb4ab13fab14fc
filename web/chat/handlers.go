package chat

import (
	"os"
	"time"

	"parley/web/auth"
	"parley/web/files"
	"parley/web/kit"
)

// Config says where files go and how long they may take.
type Config struct {
	// Files stores what is sent; without it no files can be sent.
	Files files.Store
	// TempDir is a folder of this machine for files that are being received, the system's temporary folder if empty.
	TempDir string
	// UploadTimeout is how long a file may take to arrive, UploadIdle how long the sender may pause; 3 minutes and 20 s if they are zero.
	UploadTimeout, UploadIdleTimeout time.Duration
}

// Handlers answers the actions on chats that users, agents and supervisors have in common.
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
