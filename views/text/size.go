package text

import (
	"fmt"
	"strings"
)

// Size writes how large a file is, rounded up so that nothing over a limit reads as the limit: "214 KB", "5.1 MB".
func Size(bytes int64) string {
	const kb, mb = 1 << 10, 1 << 20
	if bytes <= 1023*kb {
		return fmt.Sprintf("%d KB", max(1, (bytes+kb-1)/kb))
	}
	tenths := (bytes*10 + mb - 1) / mb
	return strings.TrimSuffix(fmt.Sprintf("%d.%d", tenths/10, tenths%10), ".0") + " MB"
}
