package dynamo

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/value"
)

// fromValue and toValue convert the values of package value to attributes and
// back: string, number, boolean, null, list, map. attributevalue would not keep
// them exactly (docs/decisions/json.md).

func fromValue(v any) (types.AttributeValue, error) {
	switch v := v.(type) {
	case nil:
		return &types.AttributeValueMemberNULL{Value: true}, nil
	case bool:
		return &types.AttributeValueMemberBOOL{Value: v}, nil
	case string:
		return &types.AttributeValueMemberS{Value: v}, nil
	case json.Number:
		return &types.AttributeValueMemberN{Value: string(v)}, nil
	case []any:
		list := make([]types.AttributeValue, len(v))
		for i, e := range v {
			var err error
			if list[i], err = fromValue(e); err != nil {
				return nil, err
			}
		}
		return &types.AttributeValueMemberL{Value: list}, nil
	case map[string]any:
		members := make(item, len(v))
		for name, e := range v {
			var err error
			if members[name], err = fromValue(e); err != nil {
				return nil, err
			}
		}
		return &types.AttributeValueMemberM{Value: members}, nil
	}
	return nil, fmt.Errorf("a %T is no value", v)
}

func toValue(av types.AttributeValue) (any, error) {
	switch av := av.(type) {
	case *types.AttributeValueMemberNULL:
		return nil, nil
	case *types.AttributeValueMemberBOOL:
		return av.Value, nil
	case *types.AttributeValueMemberS:
		return av.Value, nil
	case *types.AttributeValueMemberN:
		return value.Number(av.Value)
	case *types.AttributeValueMemberL:
		list := make([]any, len(av.Value))
		for i, e := range av.Value {
			var err error
			if list[i], err = toValue(e); err != nil {
				return nil, err
			}
		}
		return list, nil
	case *types.AttributeValueMemberM:
		members := make(map[string]any, len(av.Value))
		for name, e := range av.Value {
			var err error
			if members[name], err = toValue(e); err != nil {
				return nil, err
			}
		}
		return members, nil
	}
	return nil, fmt.Errorf("a %T is no value", av)
}
