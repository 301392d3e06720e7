package customer_test

import (
	"reflect"
	"testing"
	"time"

	"regulars/shared/customer"
)

// Whatever a customer is made of, Clone keeps it and Same looks at it: a field
// that Same forgot would never be written.
func TestEveryFieldCounts(t *testing.T) {
	for name, all := range map[string]func(c *customer.Customer) reflect.Value{
		"customer": func(c *customer.Customer) reflect.Value { return reflect.ValueOf(c).Elem() },
		"subscription": func(c *customer.Customer) reflect.Value {
			c.Subscriptions = []customer.Subscription{{}}
			return reflect.ValueOf(&c.Subscriptions[0]).Elem()
		},
	} {
		var blank customer.Customer
		for i := range all(&blank).NumField() {
			field := all(&blank).Type().Field(i).Name
			var c, d customer.Customer
			all(&c)
			set(t, all(&d).Field(i))
			if clone := d.Clone(); !reflect.DeepEqual(clone, d) {
				t.Errorf("Clone() of a %s with %s = %+v, want %+v", name, field, clone, d)
			}
			if same := c.Same(d) || d.Same(c); same != (field == "Changed") {
				t.Errorf("Same() of a %s with another %s = %t", name, field, same)
			}
		}
	}
}

// set makes v something else than nothing.
func set(t *testing.T, v reflect.Value) {
	t.Helper()
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(noon))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64, reflect.Uint64:
		v.Set(reflect.ValueOf(7).Convert(v.Type()))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		element := reflect.New(v.Type().Elem()).Elem()
		if element.Kind() == reflect.Interface {
			element.Set(reflect.ValueOf("x"))
		}
		key := reflect.New(v.Type().Key()).Elem()
		set(t, key)
		v.SetMapIndex(key, element)
	default:
		t.Fatalf("a field of the kind %s: say how it is set", v.Kind())
	}
}
