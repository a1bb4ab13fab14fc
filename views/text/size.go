package text

import (
	"context"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// Size writes how large a file is in the language of ctx, rounded up so that nothing over a limit reads as the limit: "214 KB", "5.1 MB".
func Size(ctx context.Context, bytes int64) string {
	const kb, mb = 1 << 10, 1 << 20
	if bytes <= 1023*kb {
		return T(ctx, "ui.size.kilobytes", "Size", max(1, (bytes+kb-1)/kb))
	}
	tenths := (bytes*10 + mb - 1) / mb
	return T(ctx, "ui.size.megabytes", "Size", Number(ctx, float64(tenths)/10))
}

// Number writes a number with at most one decimal place in the language of ctx, with European digits as everywhere in Parley.
func Number(ctx context.Context, n float64) string {
	tag := language.MustParse(Lang(ctx) + "-u-nu-latn")
	return message.NewPrinter(tag).Sprint(number.Decimal(n, number.MaxFractionDigits(1)))
}
