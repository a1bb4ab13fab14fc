package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"text/tabwriter"

	"parley/migrations"
)

// Version is `parley version`.
type Version struct {
	JSON bool `help:"Print a JSON object." name:"json"`
}

// Build is what a program was built from.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"` // "unknown" if the build did not tell
	Go      string `json:"go"`
	System  string `json:"system"` // such as linux/amd64
	// Schema is the last migration that the program knows: the database needs it and all before it.
	Schema string `json:"schema"`
}

// NewBuild returns the build of this program. Where the commit is empty, it is the one that the go command recorded.
func NewBuild(version, commit string) Build {
	b := Build{
		Version: version,
		Commit:  commit,
		Go:      runtime.Version(),
		System:  runtime.GOOS + "/" + runtime.GOARCH,
		Schema:  migrations.Latest(),
	}
	if info, ok := debug.ReadBuildInfo(); ok && b.Commit == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Commit = s.Value
			}
		}
	}
	if b.Commit == "" {
		b.Commit = "unknown"
	}
	return b
}

// Run prints the build.
func (v Version) Run(b Build, out io.Writer) error {
	if v.JSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(b)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "parley %s\ncommit\t%s\ngo\t%s %s\nschema\t%s\n", b.Version, b.Commit, b.Go, b.System, b.Schema)
	return w.Flush()
}
