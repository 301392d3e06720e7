package table

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"regulars/shared/dynamo"
)

// An export is a text of lines: a head, an item in DynamoDB's JSON each, and an end that
// counts them and has the SHA-256 of all lines before.
type head struct {
	Export int    `json:"regulars_export"` // version of the form
	Tenant int    `json:"tenant"`
	At     string `json:"at"`
}

type end struct {
	Items  *int   `json:"items"`
	SHA256 string `json:"sha256"`
}

// exportVersion is the only form there is.
const exportVersion = 1

// Export writes the items of a tenant. They are read while others may write: for a state
// of one moment, export from a table that was restored to a point in time.
func Export(ctx context.Context, store *dynamo.Store, tenant int, w io.Writer) (n int, err error) {
	sum := sha256.New()
	lines := json.NewEncoder(io.MultiWriter(w, sum))
	lines.SetEscapeHTML(false)
	if err := lines.Encode(head{exportVersion, tenant, time.Now().UTC().Format(time.RFC3339)}); err != nil {
		return 0, err
	}
	err = store.Scan(ctx, func(it map[string]types.AttributeValue) error {
		if !dynamo.OfTenant(it, tenant) {
			return nil
		}
		n++
		return lines.Encode(toJSON(&types.AttributeValueMemberM{Value: it})["M"])
	})
	if err == nil && n == 0 {
		err = fmt.Errorf("there is nothing of tenant %d", tenant)
	}
	if err != nil {
		return n, err
	}
	return n, lines.Encode(end{&n, hex.EncodeToString(sum.Sum(nil))})
}

// Restore puts the items of an export into a table that has none of the tenant. It reads
// all of them first; a file that is not whole changes nothing. One that broke off may be
// restored again. The settings come last, so the tenant is there when all of it is.
func Restore(ctx context.Context, store *dynamo.Store, r io.Reader) (tenant, n int, err error) {
	tenant, items, err := readExport(r)
	if err != nil {
		return 0, 0, err
	}
	if _, found, err := store.Settings(ctx, tenant); err != nil || found {
		return 0, 0, errors.Join(err, fmt.Errorf("tenant %d is in the table already", tenant))
	}
	var last []map[string]types.AttributeValue
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(sideBySide)
	for _, it := range items {
		if dynamo.PlaceOf(it).Kind == "SETTINGS" {
			last = append(last, it)
			continue
		}
		group.Go(func() error { return store.Restore(groupCtx, it) })
	}
	if err := group.Wait(); err != nil {
		return 0, 0, err
	}
	for _, it := range last {
		if err := store.Restore(ctx, it); err != nil {
			return 0, 0, err
		}
	}
	return tenant, len(items), nil
}

// readExport reads and checks a whole file.
func readExport(r io.Reader) (tenant int, items []map[string]types.AttributeValue, err error) {
	lines, sum := bufio.NewReader(r), sha256.New()
	var first head
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return 0, nil, fmt.Errorf("line %d: the file ends before its end: %w", number, err)
		}
		var last end
		switch {
		case number == 1:
			if err := json.Unmarshal(line, &first); err != nil || first.Export != exportVersion {
				return 0, nil, errors.New("line 1: this is no export, or one of a later form")
			}
		case json.Unmarshal(line, &last) == nil && last.Items != nil:
			if *last.Items != len(items) || last.SHA256 != hex.EncodeToString(sum.Sum(nil)) {
				return 0, nil, fmt.Errorf("line %d: the file is not as it was written", number)
			}
			return first.Tenant, items, nil
		default:
			it, err := readItem(line)
			if err != nil {
				return 0, nil, fmt.Errorf("line %d: %w", number, err)
			}
			if !dynamo.OfTenant(it, first.Tenant) {
				return 0, nil, fmt.Errorf("line %d: %s is not of tenant %d", number, dynamo.PlaceOf(it).Name, first.Tenant)
			}
			items = append(items, it)
		}
		sum.Write(line)
	}
}
