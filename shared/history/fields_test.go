package history_test

import (
	"reflect"
	"slices"

	"regulars/shared/customer"
)

// fieldsOf are the names of the fields of a customer.
func fieldsOf(c customer.Customer) (names []string) {
	for f := range reflect.TypeOf(c).Fields() {
		names = append(names, f.Name)
	}
	return names
}

// differing are the fields in which two customers differ.
func differing(a, b customer.Customer) (names []string) {
	for _, name := range fieldsOf(a) {
		if !reflect.DeepEqual(reflect.ValueOf(a).FieldByName(name).Interface(), reflect.ValueOf(b).FieldByName(name).Interface()) {
			names = append(names, name)
		}
	}
	return names
}

func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(name string) bool { return slices.Contains(some, name) })
}
