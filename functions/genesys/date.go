package genesys

import (
	"strings"
)

// documentDate is a date as the document writes it: milliseconds and Z (CS-
// AttrSchema), as 1981-03-17T02:00:00.000Z. It takes a date, or a date and time
// in RFC 3339 with any offset and fraction of a second. Calendar date and time
// of day stay as written, so that a birthday never moves: the offset is left
// out, not reckoned in, and of the fraction what is below a millisecond. A date
// alone stays one.
func documentDate(stored string) string {
	const seconds = len("2006-01-02T15:04:05")
	if len(stored) < seconds {
		return stored
	}
	fraction := ""
	if rest, ok := strings.CutPrefix(stored[seconds:], "."); ok {
		fraction = rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	}
	return stored[:seconds] + "." + (fraction + "000")[:3] + "Z"
}
