//go:build goexperiment.jsonv2

package value_test

import (
	"bytes"
	"encoding/json/jsontext"
	"io"
	"testing"

	"regulars/shared/value"
)

// jsontext is an experiment in Go 1.26 and part of the standard library from Go 1.27 on:
//
//	GOEXPERIMENT=jsonv2 go test -run JSONText -bench Parse ./shared/value
func init() {
	readers = append(readers, struct {
		name string
		read func([]byte) (any, error)
	}{"jsontext", readJSONText})
}

// jsontext rejects by itself what encoding/json lets pass.
func TestJSONTextRejects(t *testing.T) {
	for _, document := range []string{
		`"\ud800"`, `"\udc00\ud800"`, `"\ud800\ud800"`, "\"\xff\"", "\ufeff{}", `+1`, `[01]`, `{} {}`, `{a:1}`, ``,
	} {
		_, parseErr := value.Parse([]byte(document))
		if _, err := readJSONText([]byte(document)); err == nil || parseErr == nil {
			t.Errorf("%q: jsontext error = %v, Parse error = %v, want both", document, err, parseErr)
		}
	}
}

func readJSONText(document []byte) (any, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(document), jsontext.AllowDuplicateNames(true))
	v, err := textValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return nil, errRejected
	}
	return v, nil
}

func textValue(d *jsontext.Decoder) (any, error) {
	t, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch t.Kind() {
	case '0':
		return value.Number(t.String())
	case '"':
		s := t.String()
		return s, check(s)
	case 't', 'f':
		return t.Bool(), nil
	case 'n':
		return nil, nil
	}
	if d.StackDepth() > value.MaxDepth {
		return nil, errRejected
	}
	if t.Kind() == '[' {
		list := []any{}
		for d.PeekKind() != ']' {
			v, err := textValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.ReadToken()
		return list, err
	}
	members := map[string]any{}
	for d.PeekKind() != '}' {
		t, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		name := t.String()
		if err := checkName(name); err != nil {
			return nil, err
		}
		if members[name], err = textValue(d); err != nil {
			return nil, err
		}
	}
	_, err = d.ReadToken()
	return members, err
}
