package customer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"regulars/shared/contact"
	"regulars/shared/errs"
)

// ParseEmail reads an address. Its errors are bad_email with the path field; the
// reasons are those of package contact. A text that equals one of stored byte for
// byte is accepted even if it would be rejected.
func ParseEmail(field, text string, stored ...string) (contact.Email, error) {
	email, err := contact.ParseEmail(text, stored...)
	return email, rejectContact("bad_email", field, err)
}

// ParsePhone returns the number in E.164. country is the tenant's calling code, or
// empty. Its errors are bad_phone with the path field; the reasons are those of
// package contact.
func ParsePhone(field, text, country string) (string, error) {
	number, err := contact.ParsePhone(text, country)
	return number, rejectContact("bad_phone", field, err)
}

func rejectContact(code, field string, err error) error {
	flaw, ok := errors.AsType[*contact.Error](err)
	if !ok {
		return err
	}
	var args []any
	if flaw.Char != 0 {
		args = append(args, fmt.Sprintf("%U", flaw.Char))
	}
	if flaw.Limit != 0 {
		args = append(args, flaw.Limit)
	}
	return errs.New(errs.Invalid, code+"/"+string(flaw.Reason), field, args...)
}

// Spelling is how an address is written on the customer: as it came, unless NFC made
// other characters of some. Such a spelling does not change one that is there.
func (c Customer) Spelling(address contact.Email) string {
	if address.Replaced {
		for _, e := range c.Emails {
			if contact.StoredEmailKey(e) == address.Key {
				return e
			}
		}
	}
	return address.Text
}

// HasEmail reports whether the customer or one of its subscriptions has just this
// spelling of an address.
func (c Customer) HasEmail(text string) bool {
	return slices.Contains(c.Emails, text) || slices.ContainsFunc(c.Subscriptions, func(s Subscription) bool {
		return s.Channel == ChannelEmail && s.Contact == text
	})
}

// shortHash is the first n bytes of the SHA-256 of s, in hex.
func shortHash(s string, n int) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:n])
}
