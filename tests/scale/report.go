package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// The sections of docs/scale.md that the simulator writes, by name.
var sections = map[string]func() string{
	"operations": reportOperations,
	"traffic":    reportTraffic,
	"headroom":   reportHeadroom,
	"import":     reportImport,
	"sale":       reportSale,
	"account":    reportAccount,
	"remembered": reportRemembered,
	"due":        reportDue,
	"money":      reportMoney,
	"month":      reportMonth,
}

// sizes are the numbers of customers that are looked at.
var sizes = []float64{1e3, 1e6, 100e6}

// tenantPart is the part of the traffic that one tenant has.
const tenantPart = 0.9

// A limit is one that is met at some rate.
type limit struct {
	name string
	at   float64
}

func nearest(a, b limit) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.name, b.name))
}

// keyLimits are where a tenant's rate of an operation alone meets the partitions of hotKey
// keys, the nearest first. A place's keys share what is written; what is read of an index
// is read of all its keys.
func keyLimits(o *operation) []limit {
	var all []limit
	for at, each := range demandOf(map[*operation]float64{o: 1}).at {
		if at.keys > 0 {
			all = append(all, limit{at.name, float64(at.keys) / each.of()})
		}
	}
	slices.SortFunc(all, nearest)
	return all
}

// quotaLimit is where the rate of an operation meets the quota of the table.
func quotaLimit(o *operation) limit {
	d := demandOf(map[*operation]float64{o: 1})
	if writes := tableUnits / d.write; d.write > 0 && d.write >= d.read {
		return limit{"writes", writes}
	}
	return limit{"reads", tableUnits / d.read}
}

func reportOperations() string {
	t := newText("operation", "write units, of indexes", "read units", "a tenant's hot keys, a second", "the table's quota, a second")
	for _, o := range operations {
		write, read := o.units()
		keys := "none"
		if all := keyLimits(o); len(all) > 0 {
			keys = count(all[0].at) + ": " + all[0].name
		}
		quota := quotaLimit(o)
		t.row(o.name, fmt.Sprintf("%v + %v", write[0], write[1]+write[2]), fmt.Sprint(read[0]+read[1]), keys, count(quota.at)+": "+quota.name)
	}
	return t.String()
}

// reportRemembered is about what each instance reads again every ten seconds: how many
// instances until the reads of one key fill a partition.
func reportRemembered() string {
	t := newText("what each instance reads every ten seconds", "read units", "instances that fill a partition")
	for _, c := range []struct {
		name string
		kb   float64
	}{{"a token, `TOKEN#`", 0.5}, {"a tenant's settings of up to 4 KB, `T#`", 4}, {"of 100 KB, the most that choices may have", 100}, {"of 400 KB, the largest item, with schemas and keys", 400}} {
		units := math.Ceil(c.kb / 4)
		t.row(c.name, count(units), count(partitionReads/units*10))
	}
	return t.String()
}

// peak is how many of each operation so many customers make in the busiest second of the
// month: a tenth of a day's in its busiest hour, and three times that in a second of it.
func peak(customers float64) map[*operation]float64 {
	rates := map[*operation]float64{}
	for _, o := range operations {
		rates[o] = o.perCustomer * customers / 30 * 0.1 / 3600 * 3
	}
	return rates
}

// A demand is what rates come to.
type demand struct {
	requests, write, read, busy float64
	at                          map[*place]load
}

// inOrder are the operations by name, so that sums come out the same each time.
func inOrder(rates map[*operation]float64) []*operation {
	return slices.SortedFunc(maps.Keys(rates), func(a, b *operation) int { return cmp.Compare(a.name, b.name) })
}

func demandOf(rates map[*operation]float64) demand {
	d := demand{at: map[*place]load{}}
	for _, o := range inOrder(rates) {
		rate := rates[o]
		write, read := o.units()
		d.requests += rate
		d.busy += rate * o.seconds()
		d.write += rate * (write[0] + write[1] + write[2])
		d.read += rate * (read[0] + read[1] + read[2])
		for _, u := range o.uses {
			d.at[u.at] = d.at[u.at].plus(load{u.write, u.read}.times(rate))
		}
	}
	return d
}

func reportTraffic() string {
	t := newText("customers", "requests a second", "write units a second", "read units a second", "instances busy", "fullest of the shards of U#")
	for _, n := range sizes {
		d := demandOf(peak(n))
		t.row(count(n), count(d.requests), count(d.write), count(d.read), count(math.Ceil(d.busy)),
			fmt.Sprintf("%.1f%%", 100*d.at[byChange].times(tenantPart/shards).of()))
	}
	return t.String()
}

// limitsOf are the limits in how many times the traffic is there until it meets them, the
// nearest first: ours by default, AWS's quotas, and those of the design's keys.
func limitsOf(rates map[*operation]float64) (ours, quotas, keys []limit) {
	d := demandOf(rates)
	ours = []limit{
		{"RequestsPerSecond of a path", pathRequests / (d.requests / 2)}, // most comes by two of the four APIs
		{"budget of requests", budgetRequests / (d.requests * tenantPart)},
		{"budget of write units", budgetWrites / (d.write * tenantPart)},
	}
	quotas = []limit{
		{"requests of the gateway", gatewayRequests / d.requests},
		{"instances of functions", instances / d.busy},
		{"write units of the table", tableUnits / d.write},
		{"read units of the table", tableUnits / d.read},
	}
	for at, l := range d.at {
		if at.keys > 0 {
			keys = append(keys, limit{at.name, float64(at.keys) / l.times(tenantPart).of()})
		}
	}
	for _, all := range [][]limit{ours, quotas, keys} {
		slices.SortFunc(all, nearest)
	}
	return ours, quotas, keys
}

func reportHeadroom() string {
	t := newText("customers", "what we set by default", "quotas of AWS", "a tenant's hot keys")
	for _, n := range sizes {
		ours, quotas, keys := limitsOf(peak(n))
		cell := func(all []limit) string {
			var texts []string
			for _, l := range all[:2] {
				texts = append(texts, times(l.at)+" "+l.name)
			}
			return strings.Join(texts, ", ")
		}
		t.row(count(n), cell(ours), cell(quotas), cell(keys))
	}
	return t.String()
}

// A text is a table of Markdown.
type text struct{ lines []string }

func newText(columns ...string) *text {
	t := &text{}
	t.row(columns...)
	t.lines = append(t.lines, "|"+strings.Repeat("---|", len(columns)))
	return t
}

func (t *text) row(cells ...string) { t.lines = append(t.lines, "| "+strings.Join(cells, " | ")+" |") }

func (t *text) String() string { return strings.Join(t.lines, "\n") + "\n" }

// count writes a number with two digits, or three where it begins with 1, and with commas.
func count(n float64) string {
	if n == 0 {
		return "0"
	}
	digits := math.Pow(10, math.Floor(math.Log10(n))-1)
	if n/digits < 20 {
		digits /= 10
	}
	n = math.Round(n/digits) * digits
	if n < 10 {
		return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.3f", n), "0"), ".")
	}
	whole := fmt.Sprintf("%.0f", n)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return whole
}

func times(n float64) string { return count(n) + "x" }

func percent(n float64) string { return fmt.Sprintf("%.0f%%", 100*n) }

func dollars(n float64) string { return fmt.Sprintf("$%.2f", n) }

func fine(n float64) string { return fmt.Sprintf("$%.3f", n) }
