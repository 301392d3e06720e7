package dynamo

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// schema is the number of the form in which items are written. Items bear it in
// attrSchema from 2 on; one without it is of the form 1, in which all were written so
// far. Whoever changes a form so that code before cannot read it raises the number,
// reads the forms before for ever, and adds items of the new one to
// tests/whole/testdata.
//
// Of the form 2 are customers that were merged and those into whom others were: code
// from before would drop whom they have been.
const schema = 2

// checkSchema rejects an item that later code has written: what it means is not known.
func checkSchema(it item) error {
	v, ok := it[attrSchema]
	if !ok {
		return nil
	}
	n, ok := v.(*types.AttributeValueMemberN)
	if ok && len(n.Value) == 1 && n.Value <= fmt.Sprint(schema) {
		return nil
	}
	return fmt.Errorf("%s is of a later schema than %d, which this code writes", PlaceOf(it).Name, schema)
}
