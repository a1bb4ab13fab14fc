package web_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
	"time"
)

// signedRaw signs claims byte for byte.
func signedRaw(claims, key string) string {
	part := base64.RawURLEncoding.EncodeToString
	text := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part([]byte(claims))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return text + "." + part(mac.Sum(nil))
}

func TestTheClaimsOfATokenAreTakenAsTheyWereSigned(t *testing.T) {
	t.Parallel()
	h := startServer(t)
	p := h.opensPanel()
	path := forUser + "/queue-status"
	soon := time.Now().Add(time.Hour).Unix()
	for claims, says := range map[string]string{
		"{\"sub\":\"a\xff\",\"exp\":EXP}":                               "claim sub of this token is not valid UTF-8",
		"{\"sub\":\"\xc0\xaf\",\"exp\":EXP}":                            "claim sub of this token is not valid UTF-8", // an overlong form
		"{\"sub\":\"\xed\xa0\x80\",\"exp\":EXP}":                        "claim sub of this token is not valid UTF-8", // a surrogate
		`{"sub":"a\ud800","exp":EXP}`:                                   "claim sub of this token is not valid UTF-8",
		`{"sub":"a\udc00b","exp":EXP}`:                                  "claim sub of this token is not valid UTF-8",
		`{"sub":"a\udc00\ud800","exp":EXP}`:                             "claim sub of this token is not valid UTF-8",
		`{"sub":"a\u0000","exp":EXP}`:                                   "claim sub of this token is not valid UTF-8",
		"{\"sub\":\"u-1\",\"name\":\"a\xff\",\"exp\":EXP}":              "claim name of this token is not valid UTF-8",
		`{"sub":"u-1","email":"a\ud83d@b.example","exp":EXP}`:           "claim email of this token is not valid UTF-8",
		`{"sub":42,"exp":EXP}`:                                          `claim sub of this token must be text in quotation marks, such as "42", not a number`,
		`{"sub":["42"],"exp":EXP}`:                                      "not an array",
		`{"sub":{"id":"42"},"exp":EXP}`:                                 "not an object",
		`{"sub":true,"exp":EXP}`:                                        "not true or false",
		`{"sub":"u-1","name":7,"exp":EXP}`:                              "claim name of this token must be text",
		`{"sub":"u-1","exp":"EXP"}`:                                     "claim exp of this token must be a number, the Unix time in seconds, not text",
		`{"sub":"u-1","exp":EXP000}`:                                    "exp is a Unix time in seconds, at most a day away",
		`{"sub":"u-1"}`:                                                 "has no exp",
		`{"exp":EXP}`:                                                   "has no sub",
		`{"SUB":"u-1","exp":EXP}`:                                       "has no sub",
		`{"sub":null,"exp":EXP}`:                                        "has no sub",
		`{"sub":"u-1","sub":"u-2","exp":EXP}`:                           "without duplicate names",
		`["u-1",EXP]`:                                                   "not one JSON object",
		`{"sub":"u-1","attributes":["a"],"exp":EXP}`:                    "attributes must be an object",
		`{"sub":"u-1","attributes":{"a":{}},"exp":EXP}`:                 "The value a in attributes must be text, a number, true or false",
		`{"sub":"u-1","attributes":{"a":"\u0000"},"exp":EXP}`:           "The text a in attributes is not valid UTF-8",
		`{"sub":"u-1","attributes":{"a b":1},"exp":EXP}`:                "The names in attributes",
		"{\"sub\":\"u-1\",\"attributes\":{\"a\":\"\xff\"},\"exp\":EXP}": "attributes must be one object in valid UTF-8",
	} {
		claims = strings.ReplaceAll(claims, "EXP", strconv.FormatInt(soon, 10))
		token := signedRaw(claims, secret)
		for _, got := range []answer{
			h.ask("GET", path, token, nil).refused(401, "unauthorized"),
			p.program("/widget/identify", map[string]string{"token": token}).refused(401, "unauthorized"),
		} {
			if !strings.Contains(got.str("detail"), says) {
				t.Errorf("%s is refused with %q", claims, got.str("detail"))
			}
		}
		// The error for a token with a wrong signature contains no details.
		if got := h.ask("GET", path, signedRaw(claims, "another key"), nil).
			refused(401, "unauthorized").
			str("detail"); !strings.Contains(
			got,
			"not signed with the key of Parley",
		) {
			t.Errorf("with another key %s is refused with %q", claims, got)
		}
	}
	for claims, id := range map[string]string{
		`{"sub":"\ud83d\ude00","exp":EXP}`:                                      "😀",
		"{\"sub\":\"\ufffd\",\"exp\":EXP}":                                      "\ufffd", // which is a character as any other
		`{"sub":"张伟","name":null,"iat":null,"exp":EXP}`:                         "张伟",
		"{\"sub\":\"u-2\",\"city\":\"\xff\",\"aud\":[\"\\ud800\"],\"exp\":EXP}": "u-2", // in claims that are not used
	} {
		h.ask("GET", path, signedRaw(strings.ReplaceAll(claims, "EXP", strconv.FormatInt(soon, 10)), secret), nil).want(200)
		if _, err := h.desk.UserByID(t.Context(), id); err != nil {
			t.Errorf("%s: there is no user %q: %v", claims, id, err)
		}
	}
}
