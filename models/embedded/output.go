package embedded

import (
	"io"
	"os"
	"strings"
)

const (
	keepLog = 10 << 20
	maxTail = 2 << 10
)

// output is a server's log and knows where the present run began in it.
type output struct {
	*os.File
	began int64
}

// openLog appends to the log at path, from the beginning when it has grown too long.
func openLog(path string) (output, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return output{}, err
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err == nil && end > keepLog {
		end, err = 0, f.Truncate(0)
	}
	if err != nil {
		_ = f.Close()
		return output{}, err
	}
	return output{File: f, began: end}, nil
}

// tail returns the end of the server's output in this run, indented for an error text, with the name of the log file.
func (o output) tail() string {
	text := make([]byte, maxTail)
	from := o.began
	if info, err := o.Stat(); err == nil && info.Size()-from > maxTail {
		from = info.Size() - maxTail
	}
	n, _ := o.ReadAt(text, from)
	return "\n  " + strings.ReplaceAll(strings.TrimSpace(string(text[:n])), "\n", "\n  ") + "\n  (from " + o.Name() + ")"
}
