package haravan

import (
	"strconv"

	"regulars/shared/errs"
	"regulars/shared/points"
	"regulars/shared/value"
)

// maxLineItems is how many lines an order may have.
const maxLineItems = 200

// readItems reads the lines of an order, whose money is no more than its total.
func readItems(order map[string]any, total int64) ([]points.OrderItem, error) {
	v := order["line_items"]
	if v == nil {
		return nil, nil
	}
	list, ok := v.([]any)
	switch {
	case !ok:
		return nil, reject("wrong_type/array", "line_items", value.TypeName(v))
	case len(list) > maxLineItems:
		return nil, reject("too_many/items", "line_items", maxLineItems, len(list))
	}
	items := make([]points.OrderItem, len(list))
	left := total
	for i, v := range list {
		item, err := readOrderItem(v)
		if clientErr, rejected := errs.AsClient(err); rejected {
			path := "line_items[" + strconv.Itoa(i) + "]"
			if clientErr.Path != "" {
				path += "." + clientErr.Path
			}
			return nil, clientErr.At(path)
		}
		if item.Amount > left {
			return nil, reject("too_large/items", "line_items", total)
		}
		left -= item.Amount
		items[i] = item
	}
	return items, nil
}

func readOrderItem(v any) (item points.OrderItem, err error) {
	object, ok := v.(map[string]any)
	if !ok {
		return item, reject("wrong_type/line", "", value.TypeName(v))
	}
	if err := onlyMembers("an item", object, []string{"sku", "category", "amount"}); err != nil {
		return item, err
	}
	if item.SKU, err = text(object, "sku", maxText, true); err != nil {
		return item, err
	}
	if item.Category, err = text(object, "category", maxText, true); err != nil {
		return item, err
	}
	item.Amount, err = amount(object, "amount", 0)
	return item, err
}
