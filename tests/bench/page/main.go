// Command page writes the tables of docs/performance.md from what was measured last:
//
//	make bench JSON=docs/figures/bench.json
//	make bench-peers JSON=docs/figures/peers.json
//	go run ./tests/bench/page
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const performance = "performance.md"

func main() {
	log.SetFlags(0)
	old, err := os.ReadFile(filepath.Join("docs", performance))
	if err != nil {
		log.Fatal(err)
	}
	next, err := fill("docs", string(old))
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("docs", performance), []byte(next), 0o644); err != nil {
		log.Fatal(err)
	}
}

// fill writes the tables between their marks: <!-- name --> and <!-- end -->.
func fill(folder, text string) (string, error) {
	for name, table := range map[string]func(document []byte) (string, error){"bench": besideCalls, "peers": besidePeers} {
		document, err := os.ReadFile(filepath.Join(folder, "figures", name+".json"))
		if err != nil {
			return "", err
		}
		rows, err := table(document)
		if err != nil {
			return "", fmt.Errorf("%s.json: %w", name, err)
		}
		before, rest, begun := strings.Cut(text, "<!-- "+name+" -->\n")
		_, after, ended := strings.Cut(rest, "<!-- end -->\n")
		if !begun || !ended {
			return "", fmt.Errorf("%s has no place for %s", performance, name)
		}
		text = before + "<!-- " + name + " -->\n" + rows + "<!-- end -->\n" + after
	}
	return text, nil
}

// besideCalls is the table of make bench.
func besideCalls(document []byte) (string, error) {
	var report struct {
		Go, System string
		Cores      int
		Time       time.Time
		Figures    []struct {
			What            string
			Ours            float64 `json:"ours_us"`
			Beside          float64 `json:"beside_us"`
			Ratio, Demanded float64
		}
	}
	if err := json.Unmarshal(document, &report); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %d cores, %s:\n\n| what | ours | beside it | ratio of the rates | demanded |\n|---|---|---|---|---|\n",
		report.Time.Format(time.DateOnly), report.System, report.Cores, report.Go)
	for _, f := range report.Figures {
		demanded := ""
		if f.Demanded > 0 {
			demanded = fmt.Sprintf("%.2f", f.Demanded)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %.2f | %s |\n", f.What, duration(f.Ours), duration(f.Beside), f.Ratio, demanded)
	}
	return b.String(), nil
}

func duration(us float64) string {
	switch {
	case us >= 1e6:
		return fmt.Sprintf("%.1f s", us/1e6)
	case us >= 1e3:
		return fmt.Sprintf("%.1f ms", us/1e3)
	}
	return fmt.Sprintf("%.0f us", us)
}

// besidePeers is the table of make bench-peers.
func besidePeers(document []byte) (string, error) {
	var report struct {
		Command string
		Cores   int
		Figures []struct {
			What, System  string
			PerSecond     float64 `json:"per_second"`
			Median        float64 `json:"median_ms"`
			P99           float64 `json:"p99_ms"`
			GoCPU         float64 `json:"go_cpu_ms"`
			DatabaseCPU   float64 `json:"database_cpu_ms"`
			Reads, Writes float64
		}
	}
	if err := json.Unmarshal(document, &report); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "`%s`, %d cores; of a request: the median and the 99th of 100 of its time, the processor time of the Go process and\nof the database, round trips that read and that write:\n\n", report.Command, report.Cores)
	fmt.Fprint(&b, "| what | by | requests a second | median | 99% | Go | database | reads | writes |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, f := range report.Figures {
		fmt.Fprintf(&b, "| %s | %s | %.0f | %.1f ms | %.1f ms | %.2f ms | %.2f ms | %.2f | %.2f |\n",
			f.What, f.System, f.PerSecond, f.Median, f.P99, f.GoCPU, f.DatabaseCPU, f.Reads, f.Writes)
	}
	return b.String(), nil
}
