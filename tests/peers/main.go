// Command peers measures the service beside PostgreSQL: make bench-peers. A ledger
// and customers in PostgreSQL with the same promises, behind a plain handler of Go,
// are driven by the same clients over HTTP as the service on DynamoDB Local, in
// alternating blocks of one run; the figures are medians. Where PostgreSQL is not
// installed it says so and measures nothing. It takes two minutes and a half.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/dynamolocal"
)

//go:embed schema.sql
var schema string

func main() {
	log.SetFlags(0)
	block := flag.Duration("block", 4*time.Second, "how long a block takes")
	blocks := flag.Int("blocks", 3, "how many blocks each system has")
	only := flag.String("run", "", "measure the workloads whose names contain this")
	file := flag.String("json", "", "write the figures to this file, too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	debug.SetGCPercent(400) // GOGC of the functions, see template.yaml
	if err := run(ctx, *only, *blocks, *block, *file); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, only string, blocks int, block time.Duration, file string) error {
	database, err := startPostgres(ctx, schema)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Println("Skipped: PostgreSQL is not installed (apt-get install postgresql).")
		return nil
	}
	if err != nil {
		return err
	}
	defer database.stop()
	root, err := dynamolocal.Root()
	if err != nil {
		return err
	}
	local, err := dynamolocal.Start(ctx, dynamolocal.Options{Root: root})
	if err != nil {
		return err
	}
	defer local.Stop()
	service, calls, err := newService(ctx, local.Endpoint(), filepath.Join(root, "template.yaml"))
	if err != nil {
		return err
	}
	ours := httptest.NewServer(service)
	defer ours.Close()
	theirs := httptest.NewServer(newHandler(database.pool))
	defer theirs.Close()
	systems := []system{&regulars{newClient(ours.URL), calls, nil}, &peer{newClient(theirs.URL)}}
	for _, s := range systems {
		if err := s.fill(ctx, accounts); err != nil {
			return err
		}
	}
	var report []figure
	fmt.Printf(heading, "", "requests/s", "median", "99%", "Go, CPU", "database, CPU", "reads", "writes")
	for _, w := range workloads {
		if !strings.Contains(w.name, only) {
			continue
		}
		figures, err := measure(ctx, systems, w, blocks, block)
		if err != nil {
			return err
		}
		report = append(report, figures...)
	}
	for _, s := range systems {
		if err := s.addUp(ctx); err != nil {
			return err
		}
	}
	fmt.Println("The points of all accounts are those that were answered, in both.")
	if file == "" {
		return nil
	}
	document, err := json.MarshalIndent(map[string]any{
		"command": "make bench-peers", "go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH, "cores": runtime.NumCPU(),
		"time": time.Now().UTC().Truncate(time.Second), "figures": report,
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(document, '\n'), 0o666)
}

// newService makes the service on a table of its own, without a limit of requests.
func newService(ctx context.Context, endpoint, template string) (*devserver.Server, *counter, error) {
	definition, err := dynamolocal.Definition(template)
	if err != nil {
		return nil, nil, err
	}
	calls := &counter{}
	db := calls.client(dynamolocal.Client(endpoint))
	if err := dynamolocal.Create(ctx, db, "peers", definition); err != nil {
		return nil, nil, err
	}
	quiet := slog.New(slog.NewJSONHandler(io.Discard, nil))
	first := devserver.New(devserver.Options{DB: db, Table: "peers", Log: quiet})
	if err := first.Seed(ctx); err != nil {
		return nil, nil, err
	}
	_, err = first.Registrar.ChangeSettings(ctx, devserver.Tenant, map[string]any{"rate_limit": map[string]any{"size": 0}})
	return devserver.New(devserver.Options{DB: db, Table: "peers", Log: quiet}), calls, err // it reads the settings as they are now
}

// A figure is a line of the table.
type figure struct {
	What      string  `json:"what"`
	System    string  `json:"system"`
	PerSecond float64 `json:"per_second"`
	Median    float64 `json:"median_ms"`
	Late      float64 `json:"p99_ms"`
	// Go and Database are processor time a request, in milliseconds: of the clients
	// and the handler, and of the database.
	Go       float64 `json:"go_cpu_ms"`
	Database float64 `json:"database_cpu_ms"`
	// Reads and Writes are calls of DynamoDB a request.
	Reads  float64 `json:"reads,omitempty"`
	Writes float64 `json:"writes,omitempty"`
}

const (
	heading = "%-42s %10s %9s %9s %9s %14s %6s %6s\n"
	line    = "%-42s %10.0f %6.1f ms %6.1f ms %6.2f ms %11.2f ms %6.2f %6.2f\n"
	// What DynamoDB is assumed to take on AWS, in milliseconds, seen from a function in
	// its region.
	readTakes, writeTakes = 4, 14
)

// measure lets each system do the work in alternating blocks, and prints the medians.
func measure(ctx context.Context, systems []system, w workload, blocks int, block time.Duration) ([]figure, error) {
	measured := make([][]figure, len(systems))
	for n := range blocks + 1 {
		for i, s := range systems {
			f, err := w.block(ctx, s, block)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", w.name, s.name(), err)
			}
			if n > 0 { // the first one warms up
				measured[i] = append(measured[i], f)
			}
		}
	}
	var figures []figure
	for i, s := range systems {
		f := figure{What: w.name, System: s.name()}
		for _, field := range []func(*figure) *float64{
			func(f *figure) *float64 { return &f.PerSecond }, func(f *figure) *float64 { return &f.Median },
			func(f *figure) *float64 { return &f.Late }, func(f *figure) *float64 { return &f.Go },
			func(f *figure) *float64 { return &f.Database }, func(f *figure) *float64 { return &f.Reads },
			func(f *figure) *float64 { return &f.Writes },
		} {
			var all []float64
			for _, m := range measured[i] {
				all = append(all, *field(&m))
			}
			slices.Sort(all)
			*field(&f) = all[len(all)/2]
		}
		fmt.Printf(line, w.name+", "+s.name(), f.PerSecond, f.Median, f.Late, f.Go, f.Database, f.Reads, f.Writes)
		figures = append(figures, f)
	}
	if ours := figures[0]; ours.Database > 0 && !w.oneItem {
		takes := readTakes*ours.Reads + writeTakes*ours.Writes + ours.Go
		fmt.Printf("  DynamoDB Local is %.0f%% of the processor time; with %d ms a read and %d ms a write, as on AWS, %.0f ms a request of its own, %.0f requests/s\n",
			100*ours.Database/(ours.Database+ours.Go), readTakes, writeTakes, takes, 1000*float64(w.clients)/takes)
	}
	return figures, nil
}
