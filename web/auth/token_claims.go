package auth

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"

	"parley/models"
	"parley/web/kit"
)

// userClaims are the claims of a user token that Parley uses. An error in them is kept in err until the signature has been verified;
// Validate returns it then. A forger learns nothing about the claims.
type userClaims struct {
	Name, Email string
	Attributes  models.Attributes // nil without the claim
	jwt.RegisteredClaims
	err error
}

// claimError is the text of an error in a claim, for the developers of the site that signed it.
type claimError string

func (e claimError) Error() string { return string(e) }

// UnmarshalJSON reads the claims by their exact names. Text must be valid UTF-8, also in escapes: replacing invalid characters would turn
// two ids into one. It never fails; Validate does.
func (c *userClaims) UnmarshalJSON(data []byte) error {
	var claims map[string]jsontext.Value
	// Claims that are not used may hold anything.
	if err := json.Unmarshal(data, &claims, jsontext.AllowInvalidUTF8(true)); err != nil {
		c.err = claimError("The claims of this token are not one JSON object without duplicate names.")
		return nil //nolint:nilerr // Validate returns it
	}
	for name, into := range map[string]*string{"sub": &c.Subject, "name": &c.Name, "email": &c.Email} {
		if err := textClaim(name, claims[name], into); err != nil {
			c.err = err
			return nil //nolint:nilerr // Validate returns it
		}
	}
	for name, into := range map[string]**jwt.NumericDate{"exp": &c.ExpiresAt, "nbf": &c.NotBefore, "iat": &c.IssuedAt} {
		if err := timeClaim(name, claims[name], into); err != nil {
			c.err = err
			return nil //nolint:nilerr // Validate returns it
		}
	}
	c.Attributes, c.err = attributesClaim(claims["attributes"])
	return nil
}

func attributesClaim(value jsontext.Value) (models.Attributes, error) {
	if kind := value.Kind(); kind == 0 || kind == 'n' {
		return nil, nil
	}
	attributes, err := models.ParseAttributes(value)
	var refused *models.Error
	if errors.As(err, &refused) {
		return nil, claimError("This token cannot be used. " + refused.Detail)
	}
	return attributes, err
}

func textClaim(name string, value jsontext.Value, into *string) error {
	switch value.Kind() {
	case 0, 'n':
		return nil
	case '"':
	default:
		return claimError(
			fmt.Sprintf(`The claim %s of this token must be text in quotation marks, such as "42", not %s.`, name, kindOf(value)),
		)
	}
	if json.Unmarshal(value, into) != nil || !kit.Storable(*into) {
		return claimError(fmt.Sprintf("The claim %s of this token is not valid UTF-8 text without NUL characters.", name))
	}
	return nil
}

func timeClaim(name string, value jsontext.Value, into **jwt.NumericDate) error {
	switch value.Kind() {
	case 0, 'n':
		return nil
	case '0':
	default:
		return claimError(
			fmt.Sprintf("The claim %s of this token must be a number, the Unix time in seconds, not %s.", name, kindOf(value)),
		)
	}
	*into = new(jwt.NumericDate)
	if (*into).UnmarshalJSON(value) != nil {
		return claimError(fmt.Sprintf("The claim %s of this token is not a Unix time in seconds.", name))
	}
	return nil
}

func kindOf(value jsontext.Value) string {
	switch value.Kind() {
	case '0':
		return "a number"
	case '"':
		return "text"
	case '[':
		return "an array"
	case '{':
		return "an object"
	}
	return "true or false"
}

// Validate returns a claimError if the claims of a correctly signed token cannot be used. The jwt package calls it.
func (c *userClaims) Validate() error {
	switch sub := c.Subject; {
	case c.err != nil:
		return c.err
	case sub == "":
		return claimError("This token has no sub. Add a sub, the user's id.")
	case strings.TrimSpace(sub) != sub:
		return claimError("The claim sub of this token begins or ends with white space.")
	case utf8.RuneCountInString(sub) > 64:
		return claimError("The claim sub of this token is longer than 64 characters.")
	case models.IsAnonymousID(sub):
		return claimError("The claim sub of this token has the form of an anonymous user's id. Add a prefix.")
	}
	return nil
}
