package s3bucket_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"regulars/shared/s3bucket"
)

// A browser puts a file by the form and fetches it by the link; the form is for that key
// and up to that size alone.
func TestGate(t *testing.T) {
	t.Parallel()
	c := client(t, func(h http.Handler) http.Handler { return h })
	gate := s3bucket.NewGate(c, bucket)
	form, err := gate.Form(t.Context(), "uploads/tenant=5/X/a.csv", 11)
	if err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range form.Fields {
		w.WriteField(name, value)
	}
	file, err := w.CreateFormFile("file", "anything.csv")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(file, "email\na@b.c")
	w.Close()
	answer, err := http.Post(form.URL, w.FormDataContentType(), &body)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode >= 300 {
		t.Errorf("sent = %d", answer.StatusCode)
	}
	link, err := gate.Link(t.Context(), "uploads/tenant=5/X/a.csv", "kept.csv")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(link, "X-Amz-Expires=60") || !strings.Contains(link, "kept.csv") || !strings.Contains(link, "X-Amz-Signature=") {
		t.Errorf("the link is %s", link)
	}
	if answer, err = http.Get(link); err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); err != nil || string(text) != "email\na@b.c" {
		t.Errorf("fetched %q, %v", text, err)
	}
	if origin, err := gate.Origin(t.Context()); err != nil || !strings.HasPrefix(form.URL, origin+"/") || strings.Count(origin, "/") != 2 {
		t.Errorf("the origin is %q, %v", origin, err)
	}

	policy, err := base64.StdEncoding.DecodeString(form.Fields["policy"])
	if err != nil {
		t.Fatal(err)
	}
	var says struct{ Conditions []any }
	if err := json.Unmarshal(policy, &says); err != nil {
		t.Fatal(err)
	}
	said := fmt.Sprint(says.Conditions)
	for _, want := range []string{"content-length-range 1 11", "uploads/tenant=5/X/a.csv", bucket} {
		if !strings.Contains(said, want) {
			t.Errorf("the form does not say %s: %s", want, said)
		}
	}
}
