// Command bench measures what the service costs beside the DynamoDB calls it
// makes: make bench. Each figure is a ratio of two things measured in one run, in
// alternating blocks, and the median of 11. Handlers are called without a socket.
// With -run only what matches a regular expression is measured: -run batch.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/functions/local/devserver"
	"regulars/shared/dynamolocal"
)

const (
	blocks = 11
	// blockOf is how many operations a block has against DynamoDB Local, where
	// one takes milliseconds, and memoryBlockOf against memory.
	blockOf       = 200
	memoryBlockOf = 2000
	// row is a line of figures, printed as soon as they are known: what, the two
	// times or rates, the ratio of the rates, and what it must be.
	row = "%-64v %12v %12v %6v %9v\n"
)

func main() {
	log.SetFlags(0)
	wanted := flag.String("run", "", "measure only what matches this regular expression")
	flag.Parse()
	only, err := regexp.Compile(*wanted)
	if err != nil {
		log.Fatal(err)
	}
	debug.SetGCPercent(400) // GOGC of the functions, see template.yaml
	if err := run(context.Background(), only); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, only *regexp.Regexp) error {
	root, err := dynamolocal.Root()
	if err != nil {
		return err
	}
	fmt.Printf(row, "what", "ours", "calls alone", "ratio", "demanded")
	if err := against(ctx, os.Stdout, root, only); err != nil {
		return err
	}
	if !only.MatchString("start-up") {
		return nil
	}
	return startUp(ctx, os.Stdout, root)
}

// The places of a measurement.
const (
	onLocal  = "DynamoDB Local"
	inMemory = "memory, one core"
)

// against compares the whole handler with the same calls made raw: against
// DynamoDB Local, and on one core with answers from memory.
func against(ctx context.Context, out io.Writer, root string, only *regexp.Regexp) error {
	endpoint := os.Getenv("DYNAMODB_ENDPOINT")
	if endpoint == "" {
		return fmt.Errorf("DYNAMODB_ENDPOINT is not set; use make bench")
	}
	definition, err := dynamolocal.Definition(filepath.Join(root, "template.yaml"))
	if err != nil {
		return err
	}
	db, table := dynamolocal.Client(endpoint), fmt.Sprintf("bench-%d", time.Now().UnixNano())
	if err := dynamolocal.Create(ctx, db, table, definition); err != nil {
		return err
	}
	l := newService(db, table)
	if err := l.Seed(ctx); err != nil {
		return err
	}
	unlimited := map[string]any{"rate_limit": map[string]any{"size": 0}}
	if _, err := l.Registrar.ChangeSettings(ctx, devserver.Tenant, unlimited); err != nil {
		return err
	}
	local := subject{ctx: ctx, h: newService(db, table), db: db, table: table}
	for _, o := range slices.Concat(operations, backoffice) {
		if only.MatchString(o.name + ", " + onLocal) {
			ours, raw := o.ways(local)
			report(out, o.name+", "+onLocal, compare(ours, raw, blocks, blockOf), 0.9)
		}
	}
	if only.MatchString(batchName + ", " + onLocal) {
		reportBatch(out, local)
	}
	if only.MatchString(identifyName + ", " + onLocal) {
		if err := identify(ctx, out, root, endpoint); err != nil {
			return err
		}
	}

	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var m memory
	db = m.client(db)
	s := subject{ctx: ctx, h: newService(db, table), db: db, table: table}
	s.known()
	s.call("get", getBody()) // so that the memory hears of all that is read
	for range 2 {            // the second time the account that is read has a point
		s.point(s.known(), "add")
	}
	for _, name := range []string{"raw-add", "raw-subtract"} {
		s.account(name).rawPoint(1)
	}
	m.replay = true
	for _, o := range operations {
		if only.MatchString(o.name + ", " + inMemory) {
			ours, raw := o.ways(s)
			report(out, o.name+", "+inMemory, compare(ours, raw, blocks, memoryBlockOf), 0.6)
		}
	}
	return nil
}

func newService(db *dynamodb.Client, table string) *devserver.Server {
	return devserver.New(devserver.Options{DB: db, Table: table, Log: slog.New(slog.NewJSONHandler(io.Discard, nil))})
}

// A measured is one operation done in two ways.
type measured struct {
	ours, raw time.Duration // of one operation, medians
	ratio     float64       // of the rates, the median over the blocks
}

// A way does an operation; it ends the program where that fails.
type way func()

// compare alternates blocks of the two ways, of n operations each. Each goes first
// in every other pair, for a server gets faster as it warms and slower as it fills.
func compare(ours, raw way, blocks, n int) measured {
	block := func(do way) time.Duration {
		began := time.Now()
		for range n {
			do()
		}
		return time.Since(began) / time.Duration(n)
	}
	if n > 1 { // a block of one operation is long enough not to be warmed for
		block(ours)
		block(raw)
	}
	var mine, theirs []time.Duration
	var ratios []float64
	for i := range blocks {
		var a, b time.Duration
		runtime.GC()
		if i%2 == 0 {
			a = block(ours)
			runtime.GC()
			b = block(raw)
		} else {
			b = block(raw)
			runtime.GC()
			a = block(ours)
		}
		mine, theirs, ratios = append(mine, a), append(theirs, b), append(ratios, float64(b)/float64(a))
	}
	return measured{median(mine), median(theirs), median(ratios)}
}

func report(out io.Writer, what string, m measured, demanded float64) {
	fmt.Fprintf(out, row, what, m.ours.Round(time.Microsecond/10), m.raw.Round(time.Microsecond/10),
		fmt.Sprintf("%.2f", m.ratio), fmt.Sprintf("%.2f", demanded))
}

func median[T float64 | time.Duration | int64](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}
