package main

import (
	"fmt"
	"maps"
	"math"
)

// The import's part of a row, from docs/performance.md: 31 creates in 0.12 seconds a part.
const (
	rowsPerSecond = 31 / 0.12
	rowWrites     = 8.0 // docs/costs.md: creates with an e-mail and a phone
)

// importRow is a row of an import that creates a customer. docs/costs.md has its units,
// those of the indexes among them.
var importRow = &operation{name: "row of an import", uses: []use{
	{at: customers, write: 2}, {at: matchKeys, write: rowWrites - 4, read: 2.57}, {at: byID, write: 1}, {at: byChange, write: 1},
}}

// An importRun is what became of an import beside traffic.
type importRun struct {
	minutes float64
	// throttled is what part of the traffic's calls the table threw back, at most and in
	// all.
	most, all float64
}

// runImport imports rows of one tenant beside traffic, with so many parts at once. What
// the table throws back is sent again, so the import takes longer.
func runImport(t *table, rows float64, parts int, traffic map[*operation]float64) importRun {
	rates := maps.Clone(traffic)
	rates[importRow] = rowsPerSecond * float64(parts)
	asked := demandOf(traffic).requests
	var r importRun
	second := 0.0
	for done := 0.0; done < rows; second++ {
		served := t.second(rates, tenantPart)
		done += rates[importRow] * served[importRow]
		back := 0.0
		for _, o := range inOrder(traffic) {
			back += traffic[o] * (1 - served[o]) / asked
		}
		r.most, r.all = math.Max(r.most, back), r.all+back
	}
	r.minutes, r.all = second/60, r.all/second
	return r
}

// grown is a table that has taken so many write units a second before.
func grown(writes float64) int { return max(newTable, int(math.Ceil(writes/partitionWrites))) }

func reportImport() string {
	t := newText("customers", "rows", "table", "parts at once", "minutes", "calls of others thrown back, in all", "at most")
	for _, c := range []struct {
		customers, rows float64
		partitions      int
		table           string
	}{
		{1e3, 1e3, newTable, "new"}, {1e6, 1e6, newTable, "new"}, {1e6, 1e6, grown(40_000), "grown to 40,000 writes"},
		{100e6, 10e6, newTable * 4, "grown to 16,000 writes"}, {100e6, 10e6, grown(40_000), "grown to 40,000 writes"},
	} {
		for _, parts := range []int{5, 20} {
			if c.rows < 1e4 && parts > 5 {
				continue
			}
			r := runImport(newTableOf(c.partitions), c.rows, parts, peak(c.customers))
			t.row(count(c.customers), count(c.rows), c.table, fmt.Sprint(parts), count(r.minutes), percent(r.all), percent(r.most))
		}
	}
	return t.String()
}

// A saleRun is what became of a flash sale.
type saleRun struct {
	requests float64 // a second, once all have come
	// started is how many instances started, turnedAway what part of the requests found
	// none.
	started, turnedAway float64
	// thrown is what part of the calls the table threw back in the first ten minutes, and
	// after half an hour.
	thrown, thrown30 float64
}

// runSale lets the traffic rise to so many times within ten seconds, and stay there for
// 40 minutes.
func runSale(t *table, f *fleet, traffic map[*operation]float64, rise float64) saleRun {
	var r saleRun
	for second := range 2400 {
		factor := 1 + (rise-1)*min(1, float64(second)/10)
		rates := map[*operation]float64{}
		for o, rate := range traffic {
			rates[o] = rate * factor
		}
		d := demandOf(rates)
		served, started := f.second(d.requests, d.busy/d.requests)
		r.requests = d.requests
		if second > 0 {
			r.started += started
		}
		away := 1 - served/d.requests
		for o := range rates {
			rates[o] *= served / d.requests
		}
		back := 0.0
		done := t.second(rates, tenantPart)
		for _, o := range inOrder(rates) {
			back += rates[o] * (1 - done[o]) / served
		}
		r.turnedAway += away / 2400
		switch {
		case second < 600:
			r.thrown += back / 600
		case second >= 1800:
			r.thrown30 += back / 600
		}
	}
	return r
}

func reportSale() string {
	t := newText("customers", "rise", "requests a second", "table", "instances, quota", "started", "turned away", "thrown back by the table, first 10 minutes", "after 30")
	for _, c := range []struct {
		customers, rise float64
		partitions      int
		quota           float64
	}{
		{1e6, 20, newTable, instances}, {1e6, 100, newTable, instances}, {1e6, 100, grown(40_000), instances},
		{100e6, 3, 16, instances}, {100e6, 3, grown(40_000), instances}, {100e6, 10, grown(40_000), 10 * instances},
	} {
		r := runSale(newTableOf(c.partitions), newFleet(c.quota), peak(c.customers), c.rise)
		t.row(count(c.customers), times(c.rise), count(r.requests), fmt.Sprintf("%d partitions", c.partitions), count(c.quota), count(r.started),
			percent(r.turnedAway), percent(r.thrown), percent(r.thrown30))
	}
	return t.String()
}

func reportAccount() string {
	t := newText("writers at once", "changes a second", "the longest, in seconds")
	for _, n := range []int{1, 2, 4, 16, 64} {
		rate, longest := contend(n, 60)
		t.row(fmt.Sprint(n), fmt.Sprintf("%.0f", rate), fmt.Sprintf("%.1f", longest))
	}
	return t.String()
}

// settled is how many accounts a second are settled where all is done that can be: four of
// each shard side by side, for 55 of each 300 seconds, and no more than the processor of
// the function does.
func settled() float64 {
	each := math.Min(4*shards/(readTime+writeTime), processors/(cpuTime/2))
	return each * 55 / 300
}

func reportDue() string {
	t := newText("customers", "accounts of which something is due at midnight", "hours until all are settled")
	for _, n := range sizes {
		accounts := n * 0.3 * 0.1
		t.row(count(n), count(accounts), fmt.Sprintf("%.1f", accounts/settled()/3600))
	}
	return t.String()
}

func reportMoney() string {
	t := newText("a million of", "floor", "units", "function", "gateway, logs, traces", "in all", "units beside the floor")
	for _, o := range operations {
		p := o.price()
		t.row(o.name, dollars(p.floor*1e6), dollars(p.units*1e6), dollars(p.function*1e6), dollars(p.around*1e6), dollars(p.all()*1e6), fmt.Sprintf("%.1f", p.units/p.floor))
	}
	return t.String()
}

// A month is what 1,000 customers cost in a month, after a year.
func month() (p price, storage float64) {
	entries := 0.0
	for _, o := range operations {
		each, n := o.price(), o.perCustomer*1000
		p.floor, p.units = p.floor+each.floor*n, p.units+each.units*n
		p.function, p.around = p.function+each.function*n, p.around+each.around*n
		if write, _ := o.units(); write[0] >= 4 {
			entries += o.perCustomer
		}
	}
	return p, (bytesOfCustomer + 12*entries*bytesOfEntry) * 1000 / 1e9 * (pricePerGB + priceOfRecovery)
}

func reportMonth() string {
	p, storage := month()
	t := newText("1,000 customers, a month", "")
	t.row("DynamoDB's units", fine(p.units)+", of which the floor is "+fine(p.floor))
	t.row("storage and its recovery, after a year", fine(storage))
	t.row("functions", fine(p.function))
	t.row("gateway, logs, traces, audit trail", fine(p.around))
	t.row("**in all**", "**"+fine(p.all()+storage)+"**")
	return t.String()
}
