package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
)

// maxSocketPath is what the address of a Unix socket holds on Linux; macOS has four bytes less.
const maxSocketPath = 103

// longestSocket is the longest socket name of the servers.
const longestSocket = "/.s.PGSQL.5432"

// plainPath matches a path that needs no quoting in any of the configurations. PostgreSQL and libpq read a comma as the end of a path
// and a leading "@" as an abstract socket, and go-redis reads a URL.
var plainPath = regexp.MustCompile(`^[A-Za-z0-9/._+-]+$`)

// socketDir returns the folder for the sockets of dir: inside it, or a short one elsewhere when the path would be too
// long or is not plain. It is the same for every process that asks.
func socketDir(dir string) (string, error) {
	sockets := filepath.Join(dir, "run")
	if len(sockets)+len(longestSocket) > maxSocketPath || !plainPath.MatchString(sockets) {
		sum := sha256.Sum256([]byte(dir))
		sockets = filepath.Join("/tmp", fmt.Sprintf("parley-%d-%s", os.Getuid(), hex.EncodeToString(sum[:6])))
	}
	if err := os.Mkdir(sockets, 0o700); err != nil && !os.IsExist(err) {
		return "", err
	}
	return sockets, mine(sockets)
}

// mine refuses a folder of another user: a folder with a predictable name in a shared /tmp may be an attack.
func mine(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	owner := int(info.Sys().(*syscall.Stat_t).Uid)
	if !info.IsDir() || (owner != os.Getuid() && owner != nobody) {
		return fmt.Errorf("%s belongs to another account of this machine. Remove it", dir)
	}
	return nil
}
