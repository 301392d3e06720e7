package points

import (
	"reflect"
	"testing"
	"time"

	"regulars/shared/customer"
)

// The hash covers the account's number, the hash before and all members of an
// entry; texts and their salt by way of the digest.
func TestHashCoversAll(t *testing.T) {
	e := Entry{Seq: 3, Kind: KindOrder, Time: noon, PaidAt: noon.Add(-time.Hour), Expires: 20000, Peer: "peer", Salt: Salt{1}}
	hash := func(e Entry) Hash { e.Digest = e.digest(); return e.hash("number", Hash{7}) }
	was := hash(e)
	if e.Digest = e.digest(); e.hash("other", Hash{7}) == was || e.hash("number", Hash{8}) == was {
		t.Error("the hash does not cover the account's number, or the hash before")
	}
	members := 0
	alter := func(path string, v reflect.Value, of *Entry) {
		members++
		switch v.Interface().(type) {
		case string, Kind:
			v.SetString("other")
		case time.Time:
			v.Set(reflect.ValueOf(noon.Add(time.Microsecond)))
		case Salt:
			v.Set(reflect.ValueOf(Salt{2}))
		case customer.ID:
			v.SetUint(v.Uint() + 1)
		default:
			v.SetInt(v.Int() + 1)
		}
		if hash(*of) == was {
			t.Errorf("the hash does not cover %s", path)
		}
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Entry]()) {
		if field.Anonymous || field.Name == "Hash" || field.Name == "Digest" {
			continue
		}
		if field.Type == reflect.TypeFor[Figures]() {
			for i := range field.Type.NumField() {
				other := e
				alter(field.Name+"."+field.Type.Field(i).Name, reflect.ValueOf(&other).Elem().FieldByIndex(field.Index).Field(i), &other)
			}
			continue
		}
		other := e
		alter(field.Name, reflect.ValueOf(&other).Elem().FieldByIndex(field.Index), &other)
	}
	if members != 35 {
		t.Errorf("%d members were altered, want 35", members)
	}
}
