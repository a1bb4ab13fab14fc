package inbound

import (
	"regexp"
	"strings"

	"parley/models"
)

// withoutQuote returns what the sender of a plain text wrote: without the mail that it answers, as programs in English and Chinese
// quote it, and without the signature. Where the answer stands between quoted lines, all of it is returned.
func withoutQuote(whole string) string {
	lines := strings.Split(whole, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(strings.ReplaceAll(line, "\u00a0", " "), " \t\r")
	}
	if begins, ends, found := findQuote(lines); found {
		written := append(append([]string{}, withoutSignature(lines[:begins])...), lines[ends:]...)
		if begins == 0 || isBlankLines(lines[:begins]) { // the answer stands below
			written = withoutSignature(lines[ends:])
		}
		lines = written
	}
	return strings.TrimSpace(strings.Join(withoutSignature(lines), "\n"))
}

// findQuote returns the lines of the quoted mail. Without one, and where the answer stands between its lines, found is false.
func findQuote(lines []string) (begins, ends int, found bool) {
	for i := range lines {
		if isSeparator(lines, i) {
			return i, len(lines), true
		}
		n := attributionLines(lines, i)
		if n == 0 && !isQuoted(lines[i]) {
			continue
		}
		end := i + n
		for end < len(lines) && (isQuoted(lines[end]) || lines[end] == "") {
			end++
		}
		switch rest := lines[end:]; {
		case isBlankLines(rest):
			return i, len(lines), true
		case n > 0 && !hasQuoted(lines[i+n:end]): // the program marks no lines: all below is the quote
			return i, len(lines), true
		case hasQuoted(rest):
			return 0, 0, false // the answer stands between quoted lines
		case isBlankLines(lines[:i]) || isBlankLines(withoutSignature(rest)):
			return i, end, true
		default:
			return 0, 0, false
		}
	}
	return 0, 0, false
}

func isQuoted(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " "), ">") }

func hasQuoted(lines []string) bool {
	for _, line := range lines {
		if isQuoted(line) {
			return true
		}
	}
	return false
}

func isBlankLines(lines []string) bool {
	return models.IsBlank(strings.TrimSpace(strings.Join(lines, "")))
}

var (
	// The lines with which programs announce the original message.
	separator = regexp.MustCompile(`(?i)^[-_=*\s]{2,}(original message|original appointment|original|reply message|forwarded message|` +
		`原始邮件|原邮件|原始郵件|回复的原邮件|回复邮件|转发的邮件|转发邮件信息)[-_=*\s]{2,}$`)
	rule = regexp.MustCompile(`^[-_=]{5,}$`)
	// The header of the original message, as Outlook and Foxmail write it.
	fromField   = regexp.MustCompile(`(?i)^[*> ]*(from|发件人|寄件者|发件人)\s*[:：]\*?\s*\S`)
	secondField = regexp.MustCompile(`(?i)^[*> ]*(sent|date|to|subject|发送时间|日期|收件人|主题|傳送時間|收件者|主旨|抄送|cc)\s*[:：]`)
)

// maxAttributionLines is how many lines an attribution may take, because programs break long ones.
const maxAttributionLines = 4

// attributionLines returns how many lines the line above a quote takes at i, 0 for none.
func attributionLines(lines []string, i int) int {
	joined := ""
	for n := 1; n <= maxAttributionLines && i+n <= len(lines) && lines[i+n-1] != ""; n++ {
		if joined = strings.TrimSpace(joined + " " + lines[i+n-1]); len(joined) > 800 {
			return 0
		}
		if isAttribution(joined) {
			return n
		}
	}
	return 0
}

// isAttribution reports whether a line is the one above a quote, such as "On Mon, 2 Nov 2026 at 10:00, Maria <maria@example.org> wrote:",
// "Maria 于2026年11月2日周一 10:00写道：" or "Maria wrote on 2 Nov 2026 10:00:". It always has a date or an address.
func isAttribution(line string) bool {
	line = strings.TrimLeft(line, "> ")
	said, ends := strings.CutSuffix(line, ":")
	if !ends {
		said, ends = strings.CutSuffix(line, "：")
	}
	if !ends || !strings.ContainsAny(line, "0123456789@") {
		return false
	}
	said = strings.TrimSpace(said)
	for _, verb := range []string{" wrote", " writes", "写道", "寫道", "写到", "编写", "撰写"} {
		if strings.HasSuffix(said, verb) {
			return true
		}
	}
	return strings.Contains(said, " wrote on ")
}

// isSeparator reports whether the original message begins at i, below which all is quoted.
func isSeparator(lines []string, i int) bool {
	line := lines[i]
	if separator.MatchString(line) {
		return true
	}
	next := i
	if rule.MatchString(line) {
		for next++; next < len(lines) && lines[next] == ""; {
			next++
		}
	}
	if next >= len(lines) || !fromField.MatchString(lines[next]) {
		return false
	}
	for k := next + 1; k < len(lines) && k <= next+3; k++ {
		if secondField.MatchString(lines[k]) {
			return true
		}
	}
	return false
}

// mobileSignature is a line that a program adds below what was written.
var mobileSignature = regexp.MustCompile(`(?i)^(sent from (my|mail for|outlook|yahoo|proton|the) ?.{0,60}|get outlook for .{2,20}|` +
	`发自我的.{1,30}|發自我的.{1,30}|从我的.{1,20}发送|来自我的.{1,20}|发送自.{1,40}|发自.{1,20}(邮箱|手机|iphone|ipad)|获取 ?outlook ?for.{1,20})$`)

// withoutSignature returns the lines above the signature: the line "-- ", or at the end a line of a mail program.
func withoutSignature(lines []string) []string {
	for i, line := range lines {
		if i > 0 && (line == "--" || line == "—") {
			lines = lines[:i]
			break
		}
	}
	end := len(lines)
	for end > 0 && (lines[end-1] == "" || mobileSignature.MatchString(strings.TrimSpace(lines[end-1]))) {
		end--
	}
	if isBlankLines(lines[:end]) {
		return lines // it is all that there is
	}
	return lines[:end]
}
