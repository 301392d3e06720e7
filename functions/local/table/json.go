package table

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// toJSON is a value in DynamoDB's JSON: {"S": "text"}, {"N": "1.50"}, {"M": {...}}.
func toJSON(v types.AttributeValue) map[string]any {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *types.AttributeValueMemberN:
		return map[string]any{"N": v.Value}
	case *types.AttributeValueMemberB:
		return map[string]any{"B": v.Value}
	case *types.AttributeValueMemberBOOL:
		return map[string]any{"BOOL": v.Value}
	case *types.AttributeValueMemberNULL:
		return map[string]any{"NULL": v.Value}
	case *types.AttributeValueMemberL:
		list := make([]any, len(v.Value))
		for i, e := range v.Value {
			list[i] = toJSON(e)
		}
		return map[string]any{"L": list}
	case *types.AttributeValueMemberM:
		members := make(map[string]any, len(v.Value))
		for name, e := range v.Value {
			members[name] = toJSON(e)
		}
		return map[string]any{"M": members}
	}
	panic(fmt.Sprintf("a %T is no value of ours", v)) // sets are not used
}

// readItem reads what toJSON writes of an item.
func readItem(line []byte) (map[string]types.AttributeValue, error) {
	v, err := fromJSON(map[string]json.RawMessage{"M": line})
	if err != nil {
		return nil, err
	}
	return v.(*types.AttributeValueMemberM).Value, nil
}

func fromJSON(v map[string]json.RawMessage) (types.AttributeValue, error) {
	if len(v) != 1 {
		return nil, fmt.Errorf("a value has %d types, want one", len(v))
	}
	for kind, raw := range v {
		switch kind {
		case "S":
			m := new(types.AttributeValueMemberS)
			return m, json.Unmarshal(raw, &m.Value)
		case "N":
			m := new(types.AttributeValueMemberN)
			return m, json.Unmarshal(raw, &m.Value)
		case "B":
			m := new(types.AttributeValueMemberB)
			return m, json.Unmarshal(raw, &m.Value)
		case "BOOL":
			m := new(types.AttributeValueMemberBOOL)
			return m, json.Unmarshal(raw, &m.Value)
		case "NULL":
			m := new(types.AttributeValueMemberNULL)
			return m, json.Unmarshal(raw, &m.Value)
		case "L":
			var list []map[string]json.RawMessage
			if err := json.Unmarshal(raw, &list); err != nil {
				return nil, err
			}
			m := &types.AttributeValueMemberL{Value: make([]types.AttributeValue, len(list))}
			for i, e := range list {
				var err error
				if m.Value[i], err = fromJSON(e); err != nil {
					return nil, err
				}
			}
			return m, nil
		case "M":
			var members map[string]map[string]json.RawMessage
			decoder := json.NewDecoder(bytes.NewReader(raw))
			if err := decoder.Decode(&members); err != nil {
				return nil, err
			}
			m := &types.AttributeValueMemberM{Value: make(map[string]types.AttributeValue, len(members))}
			for name, e := range members {
				var err error
				if m.Value[name], err = fromJSON(e); err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
			}
			return m, nil
		}
	}
	return nil, fmt.Errorf("there is no such type as that of %v", v)
}
