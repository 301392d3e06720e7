package altcraft

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
)

// handlerOn is the dialect on a table of customers, with a token "open".
func handlerOn(store customer.Store) http.Handler {
	now := func() time.Time { return noon }
	return New(Options{
		Customers: customer.NewService(store, now),
		Guard:     access.NewAuthorizer(doorkeeper{}, now, access.AuthorizerOptions{Remember: time.Minute, LocalTokens: true}),
		Jobs:      noJobs{},
		Worker:    noJobs{},
		Log:       slog.New(slog.DiscardHandler),
		Deadline:  time.Minute,
	})
}

// What a request costs beside the table.
func BenchmarkImport(b *testing.B) {
	benchmarkImport(b, "application/json", `{"token":"open","db_id":5,"matching":"email","email":"ada@example.com","data":{
		"email":"ada@example.com","_fname":"Ada","_lname":"Lovelace","_sex":"female","_bdate":"1990-01-15T12:00:00Z","_city":"London","phones":["+79000000007"],
		"subscriptions":[{"channel":"email","email":"ada@example.com","resource_id":1},{"channel":"sms","phone":"+79000000007","resource_id":1},
		{"channel":"push","provider":"Firefox","resource_id":1,"subscription_id":"abcdefghijklmnqrstuvwxyz"}]}}`)
}

func benchmarkImport(b *testing.B, kind, body string) {
	handler := handlerOn(blank{})
	document := []byte(body)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/api/v1.1/profiles/import", bytes.NewReader(document))
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Accept", "*/*")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("answer = %d %s", w.Code, w.Body)
		}
	}
}

func BenchmarkImportOfXML(b *testing.B) {
	benchmarkImport(b, "application/xml", `<xml><token>open</token><db_id>5</db_id><matching>email</matching><email>ada@example.com</email><data>
		<email>ada@example.com</email><_fname>Ada</_fname><_lname>Lovelace</_lname><_sex>female</_sex><_bdate>1990-01-15T12:00:00Z</_bdate><_city>London</_city>
		<phones array='true'>+79000000007</phones>
		<subscriptions array='true'><channel>email</channel><email>ada@example.com</email><resource_id>1</resource_id></subscriptions>
		<subscriptions array='true'><channel>sms</channel><phone>+79000000007</phone><resource_id>1</resource_id></subscriptions>
		<subscriptions array='true'><channel>push</channel><provider>Firefox</provider><resource_id>1</resource_id><subscription_id>abcdefghijklmnqrstuvwxyz</subscription_id></subscriptions>
		</data></xml>`)
}
