// Command bench measures what the service costs beside the DynamoDB calls it
// makes: make bench. Each figure is a ratio of two things measured in one run, in
// alternating blocks, and a median. It takes three minutes; with -full (make bench
// FULL=1) blocks are longer and there are more of them and more customers, which
// takes half an hour. With -run (RUN=) only what matches a regular expression is
// measured, and with -json (JSON=) the figures are written to a file, too.
package main

import (
	"context"
	"encoding/json"
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

// A size is how much is measured.
type size struct {
	blocks int
	// block is how long a block of operations is to take, about.
	block time.Duration
	// batchOf is how many profiles a batch has, measured in batchBlocks blocks of one
	// batch.
	batchOf, batchBlocks int
	// many is how many customers there are where it must not matter how many.
	many int
}

var (
	short = size{blocks: 7, block: 250 * time.Millisecond, batchOf: 400, batchBlocks: 3, many: 1000}
	full  = size{blocks: 11, block: time.Second, batchOf: 8000, batchBlocks: 3, many: 10_000}
)

// A bench measures and prints.
type bench struct {
	size
	only   *regexp.Regexp
	out    io.Writer // the table
	status io.Writer // what is being measured, on a line that the figure overwrites
	report report
}

// A report is all that a run has measured.
type report struct {
	Go      string    `json:"go"`
	System  string    `json:"system"`
	Cores   int       `json:"cores"`
	Time    time.Time `json:"time"`
	Full    bool      `json:"full"`
	Figures []figure  `json:"figures"`
}

// A figure is one line of the table: two medians in microseconds, and the median of
// the ratios of their rates.
type figure struct {
	What     string  `json:"what"`
	Ours     float64 `json:"ours_us"`
	Beside   float64 `json:"beside_us"`
	Ratio    float64 `json:"ratio"`
	Demanded float64 `json:"demanded,omitempty"`
}

func main() {
	log.SetFlags(0)
	wanted := flag.String("run", "", "measure only what matches this regular expression")
	all := flag.Bool("full", false, "measure at full size")
	file := flag.String("json", "", "write the figures to this file, too")
	flag.Parse()
	only, err := regexp.Compile(*wanted)
	if err != nil {
		log.Fatal(err)
	}
	debug.SetGCPercent(400) // GOGC of the functions, see template.yaml
	b := &bench{size: short, only: only, out: os.Stdout, status: io.Discard}
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		b.status = os.Stderr // a person looks
	}
	if *all {
		b.size = full
	}
	b.report = report{Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU(), Time: time.Now().UTC().Truncate(time.Second), Full: *all}
	if err := b.run(context.Background()); err != nil {
		log.Fatal(err)
	}
	if *file == "" {
		return
	}
	if err := writeJSON(*file, b.report); err != nil {
		log.Fatal(err)
	}
}

func writeJSON(file string, v any) error {
	document, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(document, '\n'), 0o666)
}

// row is a line of figures, printed as soon as they are known: what, the two times or
// rates, the ratio of the rates, and what it must be.
const row = "%-64v %12v %12v %6v %9v\n"

func (b *bench) run(ctx context.Context) error {
	root, err := dynamolocal.Root()
	if err != nil {
		return err
	}
	endpoint := os.Getenv("DYNAMODB_ENDPOINT")
	if endpoint == "" {
		return fmt.Errorf("DYNAMODB_ENDPOINT is not set; use make bench")
	}
	t := tables{ctx, endpoint, filepath.Join(root, "template.yaml")}
	fmt.Fprintf(b.out, row, "what", "ours", "beside", "ratio", "demanded")
	if err := b.besideCalls(t); err != nil {
		return err
	}
	if err := b.growth(t); err != nil {
		return err
	}
	if err := b.fromMemory(t); err != nil {
		return err
	}
	return b.startUp(ctx, root)
}

// The places of a measurement.
const (
	onLocal   = "DynamoDB Local"
	inMemory  = "memory, one core"
	overHTTP  = "over a socket"
	besideRaw = 0.9 // the demanded ratio to the same calls made raw, against DynamoDB Local
)

// tables makes tables in DynamoDB Local.
type tables struct {
	ctx                context.Context
	endpoint, template string
}

// subject is a service on a table of its own.
func (t tables) subject() (subject, error) {
	definition, err := dynamolocal.Definition(t.template)
	if err != nil {
		return subject{}, err
	}
	db, table := dynamolocal.Client(t.endpoint), fmt.Sprintf("bench-%d", time.Now().UnixNano())
	if err := dynamolocal.Create(t.ctx, db, table, definition); err != nil {
		return subject{}, err
	}
	l := newService(db, table)
	if err := l.Seed(t.ctx); err != nil {
		return subject{}, err
	}
	unlimited := map[string]any{"rate_limit": map[string]any{"size": 0}}
	if _, err := l.Registrar.ChangeSettings(t.ctx, devserver.Tenant, unlimited); err != nil {
		return subject{}, err
	}
	return subject{ctx: t.ctx, h: newService(db, table), db: db, table: table}, nil // one that has read the settings as they are now
}

// besideCalls compares the service with the same calls made raw against DynamoDB
// Local: the handler, and over a socket.
func (b *bench) besideCalls(t tables) error {
	s, err := t.subject()
	if err != nil {
		return err
	}
	socket := s
	socket.h = newSocket(s.h)
	for _, o := range slices.Concat(operations, backoffice) {
		b.operation(o, s, onLocal, besideRaw)
	}
	for _, o := range operations {
		b.operation(o, socket, overHTTP+", "+onLocal, 0)
	}
	b.batch(s)
	return nil
}

// fromMemory compares them on one core, with answers from memory.
func (b *bench) fromMemory(t tables) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	s, err := t.played()
	if err != nil {
		return err
	}
	socket := s
	socket.h = newSocket(s.h)
	for _, o := range operations {
		b.operation(o, s, inMemory, 0.6)
	}
	for _, o := range operations {
		b.operation(o, socket, overHTTP+", "+inMemory, 0)
	}
	return nil
}

// played is a service that a memory answers, which has heard of all that operations read.
func (t tables) played() (subject, error) {
	s, err := t.subject()
	if err != nil {
		return subject{}, err
	}
	var m memory
	s.db = m.client(s.db)
	s.h = newService(s.db, s.table)
	s.known()
	s.call("get", getBody()) // so that the memory hears of all that is read
	for range 2 {            // the second time the account that is read has a point
		s.point(s.known(), "add")
	}
	for _, name := range []string{"raw-add", "raw-subtract"} {
		s.account(name).rawPoint(1)
	}
	m.replay = true
	return s, nil
}

func newService(db *dynamodb.Client, table string) *devserver.Server {
	return devserver.New(devserver.Options{DB: db, Table: table, Log: slog.New(slog.NewJSONHandler(io.Discard, nil))})
}

// operation measures an operation where that is wanted.
func (b *bench) operation(o operation, s subject, place string, demanded float64) {
	what := o.name + ", " + place
	if !b.only.MatchString(what) {
		return
	}
	ours, raw := o.ways(s)
	b.compare(what, ours, raw, demanded)
}

// A way does an operation; it ends the program where that fails.
type way func()

// compare measures two ways in blocks of as many operations as take the time of a
// block, and prints the figure. Where nothing is demanded that is 0.
func (b *bench) compare(what string, ours, beside way, demanded float64) {
	fmt.Fprintf(b.status, "... %s\r", what)
	ours()
	beside()
	began, n := time.Now(), 0
	for ; n < 20 || time.Since(began) < b.block; n++ { // warm, and how many a block has
		ours()
		beside()
	}
	b.print(what, alternate(ours, beside, b.blocks, n), demanded)
}

// A measured is one operation done in two ways.
type measured struct {
	ours, beside time.Duration // of one operation, medians
	ratio        float64       // of the rates, the median over the blocks
}

// alternate does blocks of n operations of the two ways in turn. Each goes first in
// every other pair, for a server gets faster as it warms and slower as it fills.
func alternate(ours, beside way, blocks, n int) measured {
	block := func(do way) time.Duration {
		runtime.GC()
		began := time.Now()
		for range n {
			do()
		}
		return time.Since(began) / time.Duration(n)
	}
	var mine, theirs []time.Duration
	var ratios []float64
	for i := range blocks {
		var a, b time.Duration
		if i%2 == 0 {
			a = block(ours)
			b = block(beside)
		} else {
			b = block(beside)
			a = block(ours)
		}
		mine, theirs, ratios = append(mine, a), append(theirs, b), append(ratios, float64(b)/float64(a))
	}
	return measured{median(mine), median(theirs), median(ratios)}
}

func (b *bench) print(what string, m measured, demanded float64) {
	must := ""
	if demanded > 0 {
		must = fmt.Sprintf("%.2f", demanded)
	}
	fmt.Fprintf(b.out, row, what, m.ours.Round(time.Microsecond/10), m.beside.Round(time.Microsecond/10), fmt.Sprintf("%.2f", m.ratio), must)
	microseconds := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
	b.report.Figures = append(b.report.Figures, figure{what, microseconds(m.ours), microseconds(m.beside), m.ratio, demanded})
}

func median[T float64 | time.Duration | int64](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}
