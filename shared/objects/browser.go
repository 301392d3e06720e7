package objects

import "context"

// A Form is that with which a browser sends a file to a bucket: its fields go before the
// file, which is called file.
type Form struct {
	URL    string            `json:"url"`
	Fields map[string]string `json:"fields"`
}

// A Gate lets browsers send and fetch single objects of a bucket themselves, for some
// minutes.
type Gate interface {
	// Origin is where they do so, as scheme, host and port.
	Origin(ctx context.Context) (string, error)
	// Form lets put an object with that key, of that many bytes at most.
	Form(ctx context.Context, key string, most int64) (Form, error)
	// Link is an address from which the object is downloaded under that name.
	Link(ctx context.Context, key, name string) (string, error)
}
