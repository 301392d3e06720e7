package imports_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/imports"
	"regulars/shared/s3bucket"
	"regulars/tests/client"
	"regulars/tests/imports/generate"
)

// TestKilledImport imports a file through two processes that are killed.
func TestKilledImport(t *testing.T) {
	t.Parallel()
	importKilled(t, 100, 4, 500*time.Millisecond)
}

// TestProveKilledImport is the same with more rows and more kills.
func TestProveKilledImport(t *testing.T) {
	if !client.Proving() {
		t.Skip("PROVE=1 runs it")
	}
	importKilled(t, 1500, 50, 2*time.Second)
}

// importKilled imports a file through two processes on one table, of which the first
// also serves the bucket. One of them is killed again and again, each time some
// moment after the one before is back, at most pause. The file is imported again, as
// another version, until there were so many kills. In the end the rows count as in one
// clean run: the customers are as the last of their rows says, and each visit and each
// point counts once for each version.
func importKilled(t *testing.T, rows, kills int, pause time.Duration) {
	t.Helper()
	e := &engine{table: dynamotest.Table(t)}
	dir := t.TempDir()
	first := client.Start(t, e.table, "S3_PORT=0", "S3_ENDPOINT=", "DATA="+dir)
	endpoint, err := url.Parse(first.Bucket)
	if err != nil || endpoint.Port() == "" {
		t.Fatalf("the bucket is at %q", first.Bucket)
	}
	two := [2]struct {
		client.Process
		variables []string
	}{
		{first, []string{"S3_PORT=" + endpoint.Port(), "S3_ENDPOINT=", "DATA=" + dir}},
		{client.Process{}, []string{"S3_ENDPOINT=" + first.Bucket}},
	}
	two[1].Process = client.Start(t, e.table, two[1].variables...)
	bucket := s3bucket.NewClient(aws.Config{
		Region: "us-east-1", BaseEndpoint: &first.Bucket, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	})
	e.open(t, http.DefaultTransport, s3bucket.New(bucket, "imports"))

	var customers map[string]generate.Customer
	killed, versions := 0, 0
	for ; killed < kills; versions++ {
		var file bytes.Buffer
		want, err := generate.Write(&file, generate.Options{Rows: rows, Seed: 9, Functions: true, Before: customers})
		if err != nil {
			t.Fatal(err)
		}
		customers = want.Customers
		_, err = bucket.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: aws.String("imports"), Key: aws.String("imports/tenant=5/matching=email/people.csv"), Body: strings.NewReader(spaced(file.String(), rows)),
		})
		if err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(5 * time.Minute)
		p := e.state(t, versions)
		for ; p.State.Open() || p.Final.Rows() == 0; p = e.state(t, versions) {
			if time.Now().After(deadline) {
				t.Fatalf("not done after %d kills: %+v", killed, p)
			}
			time.Sleep(rand.N(pause))
			if killed == kills && p.Parked == 0 {
				continue
			}
			if killed < kills {
				killed++
			}
			n := rand.IntN(2)
			two[n].Command.Process.Kill()
			two[n].Command.Wait()
			if p.ID != "" { // deaths may have used up the attempts of its parts
				if _, err := e.service.Resume(t.Context(), tenant, p.ID); err != nil {
					t.Fatal(err)
				}
			}
			two[n].Process = client.Start(t, e.table, two[n].variables...)
		}
		got := fmt.Sprint(p.State, p.Tally.Created, p.Tally.Updated, p.Tally.Unchanged, p.Tally.Rejections())
		if wanted := fmt.Sprint(imports.Done, want.Created, want.Updated, want.Unchanged, len(want.Bad)); got != wanted {
			t.Errorf("created, updated, unchanged, rejected = %s, want %s", got, wanted)
		}
	}
	t.Logf("%d versions of %d rows, %d kills", versions, rows, killed)
	for key, want := range customers {
		got := e.find(t, key)
		checkGenerated(t, got, want)
		profile, err := e.ledger.Profile(t.Context(), tenant, got.ID)
		if err != nil || profile.Account.Available != want.Points {
			t.Errorf("%s: %d points, error %v, want %d", key, profile.Account.Available, err, want.Points)
		}
		if report, err := e.ledger.Verify(t.Context(), tenant, got.ID); want.Points > 0 && (err != nil || report.Mismatch != nil) {
			t.Errorf("%s: %+v, %v", key, report.Mismatch, err)
		}
	}
}

// state is the latest import, once there are more than so many.
func (e *engine) state(t *testing.T, before int) imports.Progress {
	t.Helper()
	list, err := e.service.List(t.Context(), tenant, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) <= before {
		return imports.Progress{Import: imports.Import{State: imports.Planning}}
	}
	p, err := e.service.Import(t.Context(), tenant, list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// spaced is the file with so many blank lines between its rows that it is cut into
// several ranges and its rows are in four groups.
func spaced(file string, rows int) string {
	const bytes = 9_000_000
	return strings.ReplaceAll(file, "\r\n", strings.Repeat("\r\n", 1+bytes/2/(rows+1)))
}
