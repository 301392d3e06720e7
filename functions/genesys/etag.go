package genesys

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/errs"
)

// etag names the state of what an answer shows: the core attributes, and the
// extensions, of which it says which they are. So it can be held against a
// customer without knowing what the answer was asked for.
func etag(settings access.Settings, c customer.Customer, extensions []extension.Schema) (string, error) {
	core, err := coreTag(settings, c)
	if err != nil {
		return "", err
	}
	tag := core
	for _, schema := range extensions {
		tag += "." + extensionTag(c, schema.Number)
	}
	return `"` + tag + `"`, nil
}

// coreTag is a hash of what a query without extensions shows.
func coreTag(settings access.Settings, c customer.Customer) (string, error) {
	text, err := json.Marshal(show(settings, c, nil))
	if err != nil {
		return "", fmt.Errorf("tag: %w", err)
	}
	return shortHash(string(text)), nil
}

func extensionTag(c customer.Customer, number int) string {
	return strconv.Itoa(number) + "-" + shortHash(c.Extensions[number].Commit)
}

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// checkMatch rejects a customer that is in none of the states that If-Match names.
func (c *call) checkMatch(of customer.Customer) error {
	header := strings.Join(c.Header.Values("If-Match"), ",")
	if header == "" {
		return nil
	}
	core, err := coreTag(c.Settings, of)
	if err != nil {
		return err
	}
	weak := false
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" || names(tag, core, of) {
			return nil
		}
		weak = weak || strings.HasPrefix(tag, "W/")
	}
	if weak { // RFC 9110, 13.1.1: If-Match compares strongly
		return errs.New(errs.FailedPrecondition, codePrecondition+"/weak", "If-Match")
	}
	return errs.New(errs.FailedPrecondition, codePrecondition, "If-Match")
}

// names reports whether the tag names the state that the customer is in.
func names(tag, core string, c customer.Customer) bool {
	text, quoted := strings.CutPrefix(tag, `"`)
	text, closed := strings.CutSuffix(text, `"`)
	parts := strings.Split(text, ".")
	if !quoted || !closed || parts[0] != core {
		return false
	}
	for _, part := range parts[1:] {
		digits, _, _ := strings.Cut(part, "-")
		if number, err := strconv.Atoi(digits); err != nil || extensionTag(c, number) != part {
			return false
		}
	}
	return true
}
