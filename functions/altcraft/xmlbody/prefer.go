package xmlbody

import (
	"mime"
	"strconv"
	"strings"
)

// Preferred reports whether an Accept header likes XML better than JSON. Where
// it likes both alike, or nothing is said, the answer is as the request was.
func Preferred(accept []string, asked bool) bool {
	header := strings.ToLower(strings.Join(accept, ","))
	if !asked && !strings.Contains(header, "xml") {
		return false
	}
	forXML := max(liking(header, "application/xml"), liking(header, "text/xml"))
	forJSON := max(liking(header, "application/json"), liking(header, "text/json"))
	if forXML == forJSON {
		return asked
	}
	return forXML > forJSON
}

// liking is the weight that an Accept header gives to a media type: that of the
// most specific of its ranges that covers it.
func liking(header, kind string) float64 {
	ranges := map[string]int{"*/*": 1, kind[:strings.Index(kind, "/")] + "/*": 2, kind: 3}
	most, weight := 0, 0.0
	for part := range strings.SplitSeq(header, ",") {
		named, parameters, err := mime.ParseMediaType(part)
		specific := ranges[named]
		if err != nil || specific <= most {
			continue
		}
		most, weight = specific, 1
		if q, ok := parameters["q"]; ok {
			if weight, err = strconv.ParseFloat(q, 64); err != nil {
				weight = 0
			}
		}
	}
	return weight
}
