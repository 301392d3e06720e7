package main

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"regulars/tests/runtimeapi"
)

// startUp compares the start of the altcraft binary with that of a bare function,
// from exec to the first poll for an event.
func (b *bench) startUp(ctx context.Context, root string) error {
	if !b.only.MatchString("start-up") {
		return nil
	}
	dir := filepath.Join(root, ".cache", "bench")
	binaries := map[string]string{"altcraft": "./functions/altcraft/lambda", "bare": "./tests/bench/bare"}
	for name, pkg := range binaries {
		binaries[name] = filepath.Join(dir, name)
		if err := runtimeapi.Build(ctx, pkg, binaries[name]); err != nil {
			return err
		}
	}
	starts, memory := map[string][]time.Duration{}, map[string][]int64{}
	var ratios []float64
	for range b.blocks {
		for name, path := range binaries {
			f, err := runtimeapi.Start(ctx, path, "TABLE_NAME=regulars", "WORK_QUEUE_URL=http://127.0.0.1:1/work")
			if err != nil {
				return err
			}
			rss, err := f.MaxRSS()
			f.Kill()
			if err != nil {
				return err
			}
			starts[name], memory[name] = append(starts[name], f.Startup()), append(memory[name], rss)
		}
		last := func(name string) float64 { return float64(starts[name][len(starts[name])-1]) }
		ratios = append(ratios, last("bare")/last("altcraft"))
	}
	b.print("start-up, beside a bare function", measured{median(starts["altcraft"]), median(starts["bare"]), median(ratios)}, 1/1.3)
	const mb = 1 << 20
	fmt.Fprintf(b.out, "memory after start: altcraft %.1f MiB, bare %.1f MiB\n",
		float64(median(memory["altcraft"]))/mb, float64(median(memory["bare"]))/mb)
	size, err := zipSize(filepath.Join(dir, "altcraft"))
	fmt.Fprintf(b.out, "zip: %.2f MB (under 5 is demanded)\n", float64(size)/1e6)
	return err
}

// zipSize is how large the zip of a binary is, in bytes.
func zipSize(path string) (int, error) {
	binary, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	var zipped bytes.Buffer
	archive := zip.NewWriter(&zipped)
	w, err := archive.Create("bootstrap")
	if err != nil {
		return 0, err
	}
	if _, err := w.Write(binary); err != nil {
		return 0, err
	}
	err = archive.Close()
	return zipped.Len(), err
}
