// Package rights plays IAM: it reads what template.yaml allows each function to do to
// the table, and answers AccessDeniedException where a function calls for more. It
// also keeps what was called for, so that a right which nobody uses shows.
package rights

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"regulars/shared/dynamolocal"
)

// A Grant is one action on items whose partition keys match a pattern; that of an index
// where Index says so.
type Grant struct {
	Action string // without dynamodb:
	Index  bool
	Keys   string // pattern, as in dynamodb:LeadingKeys; * is any key
}

func (g Grant) String() string {
	if g.Index {
		return g.Action + " of an index, " + g.Keys
	}
	return g.Action + " " + g.Keys
}

// Granted are the grants of each function, by the folder below functions.
var Granted = sync.OnceValues(func() (map[string][]Grant, error) {
	root, err := dynamolocal.Root()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		return nil, err
	}
	return read(text)
})

type statement struct {
	Effect    string                         `yaml:"Effect"`
	Action    any                            `yaml:"Action"`
	Resource  any                            `yaml:"Resource"`
	Condition map[string]map[string][]string `yaml:"Condition"`
}

func read(text []byte) (map[string][]Grant, error) {
	var template struct {
		Resources map[string]struct {
			Type       string `yaml:"Type"`
			Properties any    `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		return nil, err
	}
	granted := map[string][]Grant{}
	for name, resource := range template.Resources {
		if resource.Type != "AWS::Serverless::Function" {
			continue
		}
		document, err := yaml.Marshal(resource.Properties)
		if err != nil {
			return nil, err
		}
		var function struct {
			CodeURI  string `yaml:"CodeUri"`
			Policies []struct {
				Statement []statement `yaml:"Statement"`
			} `yaml:"Policies"`
		}
		if err := yaml.Unmarshal(document, &function); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		folder := strings.TrimSuffix(strings.TrimPrefix(function.CodeURI, "functions/"), "/lambda")
		for _, policy := range function.Policies {
			for _, s := range policy.Statement {
				granted[folder] = append(granted[folder], s.grants()...)
			}
		}
	}
	return granted, nil
}

func (s statement) grants() (grants []Grant) {
	keys := s.Condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
	if len(keys) == 0 {
		keys = []string{"*"}
	}
	for _, action := range texts(s.Action) {
		action, ofTable := strings.CutPrefix(action, "dynamodb:")
		if !ofTable || s.Effect != "Allow" {
			continue
		}
		for _, resource := range texts(s.Resource) {
			if !strings.HasPrefix(resource, "arn:") {
				continue // what is put into the name
			}
			for _, k := range keys {
				grants = append(grants, Grant{action, strings.Contains(resource, "/index/"), k})
			}
		}
	}
	return grants
}

func texts(v any) (all []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, e := range v {
			all = append(all, texts(e)...)
		}
	}
	return all
}

type functionKey struct{}

// As returns a context in which calls are those of a function.
func As(ctx context.Context, function string) context.Context {
	return context.WithValue(ctx, functionKey{}, function)
}

// Around makes the calls of a handler those of a function.
func Around(function string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(As(r.Context(), function)))
	})
}

// used are the grants that calls made use of, by function.
var used = struct {
	sync.Mutex
	by map[string]map[Grant]bool
}{by: map[string]map[Grant]bool{}}

// class is what one statement of a policy grants together: reading, or writing under
// conditions. That a rare path needs one action more must not end in an outage.
func (g Grant) class() Grant {
	switch g.Action {
	case "GetItem", "BatchGetItem", "Query":
		g.Action = "read"
	case "PutItem", "DeleteItem", "ConditionCheckItem":
		g.Action = "write"
	}
	return g
}

// Unused are the rights of a function that no call of this process used: to read, to
// write or to count the items of a pattern of keys.
func Unused(function string) ([]string, error) {
	granted, err := Granted()
	if err != nil {
		return nil, err
	}
	used.Lock()
	defer used.Unlock()
	needed := map[Grant]bool{}
	for g := range used.by[function] {
		needed[g.class()] = true
	}
	var unused []string
	for _, g := range granted[function] {
		if text := g.class().String(); !needed[g.class()] && !slices.Contains(unused, text) {
			unused = append(unused, text)
		}
	}
	slices.Sort(unused)
	return unused, nil
}

// Transport lets calls pass that are allowed to the function of their context. Those
// without one are nobody's, and pass.
type Transport struct{ Next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	function, ok := r.Context().Value(functionKey{}).(string)
	if !ok {
		return t.Next.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	wanted, err := wantedBy(operation, body)
	if err != nil {
		return nil, err
	}
	granted, err := Granted()
	if err != nil {
		return nil, err
	}
	for _, w := range wanted {
		i := slices.IndexFunc(granted[function], func(g Grant) bool {
			matched, err := path.Match(g.Keys, w.Keys)
			return err == nil && matched && g.Action == w.Action && g.Index == w.Index
		})
		if i < 0 {
			fmt.Fprintf(os.Stderr, "functions/%s may not %v\n", function, w)
			return denied(r, fmt.Sprintf("functions/%s may not %v", function, w)), nil
		}
		note(function, granted[function][i])
	}
	return t.Next.RoundTrip(r)
}

func note(function string, g Grant) {
	used.Lock()
	defer used.Unlock()
	if used.by[function] == nil {
		used.by[function] = map[Grant]bool{}
	}
	used.by[function][g] = true
}

type text struct{ S string }

// wantedBy are the grants that a call needs, with the key itself as the pattern; a
// slash in it is written as a colon, since patterns know segments.
func wantedBy(operation string, body []byte) ([]Grant, error) {
	type keyed map[string]json.RawMessage
	var call struct {
		IndexName                 string
		Key, Item                 keyed
		KeyConditionExpression    string
		ExpressionAttributeNames  map[string]string
		ExpressionAttributeValues map[string]text
		RequestItems              map[string]struct{ Keys []keyed }
		TransactItems             []map[string]struct{ Key, Item keyed }
	}
	if err := json.Unmarshal(body, &call); err != nil && operation != "UpdateItem" {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	var wanted []Grant
	want := func(action string, key keyed) {
		var pk text
		_ = json.Unmarshal(key["pk"], &pk)
		wanted = append(wanted, Grant{Action: action, Keys: strings.ReplaceAll(pk.S, "/", ":")})
	}
	switch operation {
	case "BatchGetItem":
		for _, items := range call.RequestItems {
			for _, key := range items.Keys {
				want(operation, key)
			}
		}
	case "TransactWriteItems":
		for _, item := range call.TransactItems {
			for kind, w := range item {
				action := map[string]string{"Put": "PutItem", "Delete": "DeleteItem", "Update": "UpdateItem", "ConditionCheck": "ConditionCheckItem"}[kind]
				if w.Item != nil {
					want(action, w.Item)
				} else {
					want(action, w.Key)
				}
			}
		}
	case "Query":
		for _, m := range equals.FindAllStringSubmatch(call.KeyConditionExpression, -1) {
			if strings.HasSuffix(call.ExpressionAttributeNames[m[1]], "pk") {
				pk := call.ExpressionAttributeValues[m[2]].S
				wanted = append(wanted, Grant{operation, call.IndexName != "", strings.ReplaceAll(pk, "/", ":")})
			}
		}
	case "PutItem":
		want(operation, call.Item)
	default:
		want(operation, call.Key)
	}
	if len(wanted) == 0 {
		return nil, fmt.Errorf("%s: no key is found in %s", operation, body)
	}
	return wanted, nil
}

var equals = regexp.MustCompile(`(#\w+) = (:\w+)`)

func denied(r *http.Request, message string) *http.Response {
	body, _ := json.Marshal(map[string]string{"__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException", "message": message})
	return &http.Response{
		Status: "Bad Request", StatusCode: http.StatusBadRequest, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, Body: io.NopCloser(bytes.NewReader(body)),
		Request: r, ContentLength: int64(len(body)),
	}
}
