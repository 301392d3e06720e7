package dynamo

import (
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Items with custom fields, and those that are in every request, are converted by
// hand, attribute by attribute; docs/decisions/json.md compares attributevalue.

// The set methods, other than setNumber, leave zero values out: an absent
// attribute is read as the zero value.

func (it attributes) setText(name, v string) {
	if v != "" {
		it[name] = &types.AttributeValueMemberS{Value: v}
	}
}

func (it attributes) setTexts(name string, v []string) {
	if len(v) == 0 {
		return
	}
	list := make([]types.AttributeValue, len(v))
	for i, s := range v {
		list[i] = &types.AttributeValueMemberS{Value: s}
	}
	it[name] = &types.AttributeValueMemberL{Value: list}
}

func (it attributes) setNumbers(name string, v []int64) {
	if len(v) == 0 {
		return
	}
	list := make([]types.AttributeValue, len(v))
	for i, n := range v {
		list[i] = &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
	}
	it[name] = &types.AttributeValueMemberL{Value: list}
}

func (it attributes) setNumber(name string, v int64) {
	it[name] = &types.AttributeValueMemberN{Value: strconv.FormatInt(v, 10)}
}

// setCount is setNumber, but leaves 0 out.
func (it attributes) setCount(name string, v int64) {
	if v != 0 {
		it.setNumber(name, v)
	}
}

func (it attributes) setBytes(name string, v []byte) {
	if len(v) > 0 {
		it[name] = &types.AttributeValueMemberB{Value: v}
	}
}

func (it attributes) setFlag(name string, v bool) {
	if v {
		it[name] = &types.AttributeValueMemberBOOL{Value: true}
	}
}

// setFields sets a map of custom fields, which are values of package value.
func (it attributes) setFields(name string, v map[string]any) error {
	if len(v) == 0 {
		return nil
	}
	members, err := fromValue(v)
	it[name] = members
	return err
}

func (it attributes) setPlaces(k key, places indexKeys) {
	it.setText(attrPK, k.PK)
	it.setText(attrSK, k.SK)
	it.setText(attrIndex1PK, places.GSI1PK)
	it.setText(attrIndex1SK, places.GSI1SK)
	it.setText(attrIndex2PK, places.GSI2PK)
	it.setText(attrIndex2SK, places.GSI2SK)
}

// attributes are those of an item, or of a map within one, that is being built.
type attributes item

// A reader reads an item, or a map within one. Its err is the first attribute that
// has another type than expected.
type reader struct {
	it  item
	err error
}

func (r *reader) wrong(name string, v types.AttributeValue) {
	if r.err == nil && v != nil {
		r.err = fmt.Errorf("attribute %s is a %T", name, v)
	}
}

func (r *reader) text(name string) string {
	s, ok := r.it[name].(*types.AttributeValueMemberS)
	if !ok {
		r.wrong(name, r.it[name])
		return ""
	}
	return s.Value
}

func (r *reader) flag(name string) bool {
	b, ok := r.it[name].(*types.AttributeValueMemberBOOL)
	if !ok {
		r.wrong(name, r.it[name])
		return false
	}
	return b.Value
}

func (r *reader) number(name string) int64 { return r.numberOf(name, r.it[name]) }

func (r *reader) numbers(name string) []int64 {
	list := r.list(name)
	if len(list) == 0 {
		return nil
	}
	numbers := make([]int64, len(list))
	for i, e := range list {
		numbers[i] = r.numberOf(name, e)
	}
	return numbers
}

func (r *reader) numberOf(name string, v types.AttributeValue) int64 {
	n, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		r.wrong(name, v)
		return 0
	}
	integer, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("attribute %s: %w", name, err)
	}
	return integer
}

func (r *reader) bytes(name string) []byte {
	b, ok := r.it[name].(*types.AttributeValueMemberB)
	if !ok {
		r.wrong(name, r.it[name])
		return nil
	}
	return b.Value
}

func (r *reader) list(name string) []types.AttributeValue {
	l, ok := r.it[name].(*types.AttributeValueMemberL)
	if !ok {
		r.wrong(name, r.it[name])
		return nil
	}
	return l.Value
}

func (r *reader) texts(name string) []string {
	list := r.list(name)
	if len(list) == 0 {
		return nil
	}
	texts := make([]string, len(list))
	for i, e := range list {
		s, ok := e.(*types.AttributeValueMemberS)
		if !ok {
			r.wrong(name, e)
			return nil
		}
		texts[i] = s.Value
	}
	return texts
}

func (r *reader) object(name string) item {
	m, ok := r.it[name].(*types.AttributeValueMemberM)
	if !ok {
		r.wrong(name, r.it[name])
		return nil
	}
	return m.Value
}

// fields reads a map of custom fields.
func (r *reader) fields(name string) map[string]any {
	members := r.object(name)
	if len(members) == 0 {
		return nil
	}
	v, err := toValue(&types.AttributeValueMemberM{Value: members})
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("attribute %s: %w", name, err)
	}
	fields, _ := v.(map[string]any)
	return fields
}
