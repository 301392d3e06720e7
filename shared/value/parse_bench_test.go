package value_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/value"
)

// readers are Parse and what could stand in its place, with the checks it would need. A reader of the standard library
// reports only that a document is rejected, not where.
var readers = []struct {
	name string
	read func([]byte) (any, error)
}{
	{"Parse", value.Parse},
	{"json.Decode", decodeAll},
	{"json.Token", decodeTokens},
}

const importBody = `{"token":"reg_local_demo","db_id":5,"matching":"email","email":"i.petrov@example.com",
	"data":{"email":"i.petrov@example.com","_fname":"Ivan","_lname":"Petrov","_sex":"male","_bdate":"1990-01-15T12:00:00Z",
	"phones":["+79000000000"],"loyalty_score":500,"balance":1250.50,"subscriptions":[
	{"resource_id":1,"channel":"email","email":"i.petrov@example.com","priority":3},
	{"resource_id":1,"channel":"push","provider":"Firefox","subscription_id":"abcdefghijklmnqrstuvwxyz"}]}}`

// customerBody is a customer of at least size bytes.
func customerBody(size int) string {
	var b strings.Builder
	b.WriteString(`{"email":"i.petrov@example.com"`)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `,"field_%d":{"name":"Значение поля","amount":%d.5,"tags":["one","two"],"on":true}`, i, i)
	}
	return b.String() + "}"
}

func BenchmarkParse(b *testing.B) {
	bodies := []struct{ name, body string }{
		{"import", importBody},
		{"batch of 1000", "[" + strings.Repeat(importBody+",", 999) + importBody + "]"},
		{"customer of 3 KB", customerBody(3_000)},
		{"customer of 300 KB", customerBody(300_000)},
	}
	for _, body := range bodies {
		document := []byte(body.body)
		want, err := value.Parse(document)
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range readers {
			b.Run(body.name+"/"+r.name, func(b *testing.B) {
				if got, err := r.read(document); err != nil || !cmp.Equal(want, got) {
					b.Fatalf("%s reads another value than Parse, error %v", r.name, err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := r.read(document); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

var errRejected = errors.New("rejected")

// check rejects control characters; kept says what Parse keeps of a scalar.
func check(s string) error {
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' }) {
		return errRejected
	}
	return nil
}

func checkName(name string) error {
	if name == "" {
		return errRejected
	}
	return check(name)
}

func kept(v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		return value.Number(string(v))
	case string:
		return v, check(v)
	}
	return v, nil
}

func newDecoder(document []byte) *json.Decoder {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	return d
}

// decodeAll decodes the document and checks the value. It cannot see a repeated member, and replaces half of a
// surrogate pair.
func decodeAll(document []byte) (any, error) {
	d := newDecoder(document)
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errRejected
	}
	return checkValue(v, 0)
}

func checkValue(v any, depth int) (_ any, err error) {
	if depth > value.MaxDepth {
		return nil, errRejected
	}
	switch v := v.(type) {
	case []any:
		for i := range v {
			if v[i], err = checkValue(v[i], depth+1); err != nil {
				return nil, err
			}
		}
		return v, nil
	case map[string]any:
		for name := range v {
			if err := checkName(name); err != nil {
				return nil, err
			}
			if v[name], err = checkValue(v[name], depth+1); err != nil {
				return nil, err
			}
		}
		return v, nil
	}
	return kept(v)
}

// decodeTokens builds the value token by token. It replaces half of a surrogate pair.
func decodeTokens(document []byte) (any, error) {
	d := newDecoder(document)
	v, err := tokenValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errRejected
	}
	return v, nil
}

func tokenValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return kept(t)
	}
	if depth == value.MaxDepth {
		return nil, errRejected
	}
	list, members := []any{}, map[string]any{}
	for d.More() {
		var name string
		if delim == '{' {
			t, err := d.Token()
			if err != nil {
				return nil, err
			}
			name, _ = t.(string)
			if err := checkName(name); err != nil {
				return nil, err
			}
		}
		v, err := tokenValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		if delim == '{' {
			members[name] = v
		} else {
			list = append(list, v)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if delim == '{' {
		return members, nil
	}
	return list, nil
}
