package s3bucket

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"regulars/shared/objects"
)

const (
	// formTime is how long a form may be sent, linkTime how long a link leads somewhere.
	formTime = 15 * time.Minute
	linkTime = time.Minute
)

// A gate signs forms and links for a bucket.
type gate struct {
	client *s3.PresignClient
	name   string
}

// NewGate makes the gate of a bucket. What it signs may do what the credentials of the
// client may.
func NewGate(client *s3.Client, bucket string) objects.Gate {
	return &gate{s3.NewPresignClient(s3.New(client.Options(), func(o *s3.Options) {
		o.APIOptions = nil // those of attempts, of which signing makes none
	})), bucket}
}

func (g *gate) Origin(ctx context.Context) (string, error) {
	form, err := g.Form(ctx, "origin", 1)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(form.URL)
	if err != nil {
		return "", err
	}
	return u.Scheme + "://" + u.Host, nil
}

func (g *gate) Form(ctx context.Context, key string, most int64) (objects.Form, error) {
	signed, err := g.client.PresignPostObject(ctx, &s3.PutObjectInput{Bucket: &g.name, Key: &key}, func(o *s3.PresignPostOptions) {
		o.Expires = formTime
		o.Conditions = []any{[]any{"content-length-range", 1, most}}
	})
	if err != nil {
		return objects.Form{}, fmt.Errorf("form for object %s: %w", key, err)
	}
	return objects.Form{URL: signed.URL, Fields: signed.Values}, nil
}

func (g *gate) Link(ctx context.Context, key, name string) (string, error) {
	disposition := fmt.Sprintf("attachment; filename=%q", name)
	signed, err := g.client.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &g.name, Key: &key, ResponseContentDisposition: &disposition},
		s3.WithPresignExpires(linkTime))
	if err != nil {
		return "", fmt.Errorf("link to object %s: %w", key, err)
	}
	return signed.URL, nil
}
