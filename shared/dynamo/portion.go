package dynamo

import (
	"encoding/json"
	"slices"
)

// The SDK decodes an answer as a whole, and what it makes of small values takes many
// times their bytes: an answer of 16 MB can become a gigabyte. So the items of a
// large answer are weighed before they are decoded, and only the first are.

const (
	// maxDecoded is how much of an answer is decoded, as [weigh] has it: as many
	// bytes of memory, or one item of whatever size.
	maxDecoded = 40_000_000
	// weightOfObject is what the weight of each array or object in an answer is
	// beside its bytes: what decoding it takes of memory.
	weightOfObject = 256
	// maxBatchAnswer bounds an answer as it is sent: DynamoDB answers 16 MB of items,
	// which escapes and names of types make larger.
	maxBatchAnswer = 128_000_000
)

// A portion is the part of a BatchGetItem's answer that is decoded.
type portion struct {
	// order is that of the keys asked for: the first ones are decoded, the least
	// however much they weigh.
	order []key
	least int
	// left are the keys of items that were answered and not decoded, and units what
	// reading them cost, in halves of a read unit.
	left  []key
	units int64
}

// look takes the items that are too many out of an answer before it is decoded.
func (p *portion) look(body []byte) []byte {
	if len(body) <= maxDecoded/weightOfObject { // it weighs less than is too much, whatever it holds
		return body
	}
	return p.take(body)
}

// take returns body without the items that are too many.
func (p *portion) take(body []byte) []byte {
	items := weigh(body)
	ranks := make(map[key]int, len(p.order))
	for i, k := range p.order {
		ranks[k] = i
	}
	byOrder := slices.Clone(items)
	slices.SortFunc(byOrder, func(a, b rawItem) int { return ranks[a.key] - ranks[b.key] })
	decoded, weight := map[key]bool{}, 0
	for i, it := range byOrder {
		if weight += it.weight; i >= p.least && weight > maxDecoded {
			p.left = append(p.left, it.key)
			p.units += halfReadUnits(it.end - it.start) // as sent it is somewhat larger
			continue
		}
		decoded[it.key] = true
	}
	if len(p.left) == 0 {
		return body
	}
	kept := append([]byte(nil), body[:items[0].start]...)
	for _, it := range items {
		if decoded[it.key] {
			if len(kept) > items[0].start {
				kept = append(kept, ',')
			}
			kept = append(kept, body[it.start:it.end]...)
		}
	}
	return append(kept, body[items[len(items)-1].end:]...)
}

// A rawItem is an item in an answer that is not decoded.
type rawItem struct {
	key        key
	start, end int // in the answer
	weight     int
}

// weigh finds the items in the answer of a BatchGetItem, {"Responses": {"table":
// [{...}, ...]}}: they are the objects in arrays three levels below it. Keys that were
// not processed lie a level deeper. The answer is JSON, as its checksum vouches.
func weigh(body []byte) []rawItem {
	const (
		levelOfItem  = 4
		levelOfValue = 5
	)
	var items []rawItem
	var open [levelOfItem]byte // what is open at the levels above items
	var it *rawItem
	var name string // of the attribute at hand
	level, isName := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; c {
		case '{', '[':
			if level >= 0 && level < levelOfItem {
				open[level] = c
			}
			if level++; c == '{' && level == levelOfItem && open[levelOfItem-2] == '[' {
				items = append(items, rawItem{start: i})
				it = &items[len(items)-1]
			}
			if it != nil {
				it.weight += weightOfObject
			}
			isName = c == '{'
		case '}', ']':
			if level--; it != nil && level == levelOfItem-1 {
				it.end = i + 1
				it.weight += it.end - it.start
				it = nil
			}
		case ',':
			isName = true
		case ':':
			isName = false
		case '"':
			end := endOfString(body, i)
			switch {
			case end < 0:
				end = len(body) // the SDK will say so
			case it == nil:
			case isName && level == levelOfItem:
				name = string(body[i+1 : end-1])
			case !isName && level == levelOfValue && name == attrPK:
				it.key.PK = unquoted(body[i:end])
			case !isName && level == levelOfValue && name == attrSK:
				it.key.SK = unquoted(body[i:end])
			}
			i = end - 1
		}
	}
	if it != nil { // it has no end
		items = items[:len(items)-1]
	}
	return items
}

// endOfString is behind the string that begins at start, or -1 where it has no end.
func endOfString(body []byte, start int) int {
	for i := start + 1; i < len(body); i++ {
		switch body[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

func unquoted(literal []byte) string {
	var s string
	if json.Unmarshal(literal, &s) != nil {
		return "" // the SDK will say what is wrong with the answer
	}
	return s
}
