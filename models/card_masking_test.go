package models_test

import (
	"strings"
	"testing"

	"parley/models"
)

// The numbers are those that the networks and payment providers publish for tests.
func TestCardNumbersAreMasked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"4111111111111111":                   "•••• •••• •••• 1111",
		"my card is 4111 1111 1111 1111.":    "my card is •••• •••• •••• 1111.",
		"4111-1111-1111-1111":                "•••• •••• •••• 1111",
		"4111 – 1111 – 1111 – 1111":          "•••• •••• •••• 1111",
		"4-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1":    "•••• •••• •••• 1111",
		"4111\u00a01111\u202f1111\u30001111": "•••• •••• •••• 1111",
		"我的卡号是4111111111111111，谢谢":           "我的卡号是•••• •••• •••• 1111，谢谢",
		"４１１１　１１１１　１１１１　１１１１":                "•••• •••• •••• 1111",
		"４１１１1111１１１１1111":                   "•••• •••• •••• 1111",
		"Visa 4222222222222":                 "Visa •••• •••• •••• 2222",
		"5555 5555 5555 4444":                "•••• •••• •••• 4444",
		"2223003122003222":                   "•••• •••• •••• 3222",
		"3782 822463 10005":                  "•••• •••• •••• 0005",
		"30569309025904":                     "•••• •••• •••• 5904",
		"6011111111111117":                   "•••• •••• •••• 1117",
		"3530111333300000":                   "•••• •••• •••• 0000",
		"6205500000000000004":                "•••• •••• •••• 0004",
		"6759649826438453":                   "•••• •••• •••• 8453",
		"4111111111111111 5555555555554444":  "•••• •••• •••• 1111 •••• •••• •••• 4444",
		"4111 1111 1111 1111 12/27 123":      "•••• •••• •••• 1111 12/27 123",
		"order 12 4111 1111 1111 1111":       "order 12 •••• •••• •••• 1111",
		"2026-11-24 4111111111111111":        "2026-11-24 •••• •••• •••• 1111",
		"4915112345678":                      "•••• •••• •••• 5678", // only the + identifies a telephone number
		"+4111111111111111":                  "+•••• •••• •••• 1111",
		"a•••• •••• •••• 4111 1111 1111 1111 then more":    "a•••• •••• •••• 4111 1111 1111 1111 then more",
		strings.Repeat("x", 3000) + " 378282246310005 end": strings.Repeat("x", 3000) + " •••• •••• •••• 0005 end",
	} {
		got := models.MaskCards(text)
		if got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
		if again := models.MaskCards(got); again != got {
			t.Errorf("%q masked again became %q", got, again)
		}
	}
}

func TestOtherNumbersStay(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "no digits at all", "order 1234567890", "order 4111111111111112", "order 4111 1111 1111 1112",
		"4111111111111111" + "0000", // 20 digits in one piece
		"411111111111",              // 12
		"1234567890123452",          // passes Luhn, but no network issues it
		"4111/1111/1111/1111", "4111.1111.1111.1111", "4111\n1111\n1111\n1111", "4111    1111    1111    1111",
		"+4915112345678", "+49 151 1234 5678", // Luhn holds, as it does for every tenth telephone number
		"DE89 3704 0044 0532 0130 00", "2026-11-24 10:15:30.123456", "0044 20 7946 0958",
		"٤١١١١١١١١١١١١١١١", "•••• •••• •••• 1111",
	} {
		if got := models.MaskCards(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func FuzzMaskCards(f *testing.F) {
	for _, seed := range []string{"4111 1111 1111 1111", "４１１１-1111 5555555555554444 1", "•••• •••• •••• 4111 1111 1111 1111", "+4111111111111111"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := models.MaskCards(text)
		if again := models.MaskCards(once); again != once {
			t.Fatalf("%q masked to %q, and again to %q", text, once, again)
		}
	})
}
