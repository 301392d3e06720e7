package main

import (
	"bytes"
	"fmt"
	"log"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	// batchAtOnce is how many items the handler has under way at a time, and
	// batchKeys how many keys it reads by one call.
	batchAtOnce = 32
	batchKeys   = 100
)

// batch measures a batch of new customers by phone.
func (b *bench) batch(s subject) {
	what := fmt.Sprintf("import_batch, creates %d, %s", b.batchOf, onLocal)
	if !b.only.MatchString(what) {
		return
	}
	fmt.Fprintf(b.status, "... %s\r", what)
	from := 10_000_000
	next := func() int { from += b.batchOf; return from }
	ours := func() { s.batch(next(), b.batchOf) }
	raw := func() { s.rawBatch(next(), b.batchOf) }
	s.batch(next(), b.batchOf/8)
	s.rawBatch(next(), b.batchOf/8) // warm
	m := alternate(ours, raw, b.batchBlocks, 1)
	b.print(what, m, besideRaw)
	rate := func(n int, took time.Duration) int { return int(float64(n) / took.Seconds()) }
	calls := b.batchOf + 2*b.batchOf/batchKeys // a write for each, and the keys of phone and e-mail
	fmt.Fprintf(b.out, row, "  items/s", rate(b.batchOf, m.ours), rate(b.batchOf, m.beside), "", "")
	fmt.Fprintf(b.out, row, "  DynamoDB requests/s", rate(calls, m.ours), rate(calls, m.beside), "", "")
}

// batch imports n new customers through the handler.
func (s subject) batch(from, n int) {
	var body strings.Builder
	body.WriteString(`{"token": "reg_local_demo", "db_id": 5, "matching": "phone", "data": [`)
	for i := range n {
		if i > 0 {
			body.WriteByte(',')
		}
		body.WriteString(profile(from+i, "Paris"))
	}
	body.WriteString(`]}`)
	answer := s.call("import_batch", body.String())
	if created := bytes.Count(answer, []byte(`"created":true`)); created != n {
		log.Fatalf("%d created, want %d: %.500s", created, n, answer)
	}
}

// rawBatch reads and writes what batch does, as many at a time.
func (s subject) rawBatch(from, n int) {
	var keys []string
	for i := range n {
		keys = append(keys, keysOf(from + i)[:2]...)
	}
	chunks := (len(keys) + batchKeys - 1) / batchKeys
	sideBySide(chunks, func(i int) { s.getKeys(keys[i*batchKeys : min((i+1)*batchKeys, len(keys))]) })
	sideBySide(n, func(i int) { s.rawCreate(from + i) })
}

func (s subject) getKeys(pks []string) {
	ask := types.KeysAndAttributes{ConsistentRead: aws.Bool(true)}
	for _, pk := range pks {
		ask.Keys = append(ask.Keys, map[string]types.AttributeValue{"pk": text(pk), "sk": text("KEY")})
	}
	out, err := s.db.BatchGetItem(s.ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{s.table: ask}})
	check(err)
	if len(out.UnprocessedKeys) > 0 {
		log.Fatal("keys were left unprocessed")
	}
}

func sideBySide(n int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, batchAtOnce) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	workers.Wait()
}
