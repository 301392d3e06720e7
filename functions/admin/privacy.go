package admin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"regulars/shared/customer"
	"regulars/shared/privacy"
)

// Privacy shows everything of customers.
type Privacy interface {
	// Export returns everything of a customer. It rejects with [privacy.ErrUnknown].
	Export(ctx context.Context, tenant int, id customer.ID) (privacy.Document, error)
	// Keep puts a document into the bucket and returns its key.
	Keep(ctx context.Context, tenant int, id customer.ID, document []byte) (key string, err error)
	// Erasure returns that of a customer; there is none where its Rev is empty. Of one
	// that was merged into another it is that of the one that stays, and so is its ID.
	Erasure(ctx context.Context, tenant int, id customer.ID) (privacy.Erasure, error)
}

var _ Privacy = (*privacy.Service)(nil)

// maxAnswer is how many bytes a document of an answer may have: Lambda answers 6 MB.
const maxAnswer = 5_500_000

// A keptBody says where a document is that is too large for an answer.
type keptBody struct {
	// Document is its key in the bucket of imports.
	Document string `json:"document"`
	Bytes    int    `json:"bytes"`
	SHA256   string `json:"sha256"`
}

func exportCustomer(ctx context.Context, h *Handler, a arguments) (any, error) {
	id, err := profileID(a)
	if err != nil {
		return nil, err
	}
	tenant := arg[int](a, "tenant")
	export, err := h.privacy.Export(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	document, err := json.Marshal(export)
	if err != nil {
		return nil, err
	}
	if len(document) <= maxAnswer {
		return json.RawMessage(document), nil
	}
	key, err := h.privacy.Keep(ctx, tenant, id, document)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(document)
	return keptBody{key, len(document), hex.EncodeToString(sum[:])}, nil
}

// An erasureBody is what is told of an erasing. Once it has ended it is the certificate.
type erasureBody struct {
	privacy.Certificate
	Job string `json:"job,omitempty"`
}

func eraseCustomer(ctx context.Context, h *Handler, a arguments) (any, error) {
	id, err := profileID(a)
	if err != nil {
		return nil, err
	}
	tenant, plan := arg[int](a, "tenant"), arg[bool](a, "plan")
	e, err := h.privacy.Erasure(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	body := erasureBody{Certificate: e.Certificate()}
	if plan || !e.Ended.IsZero() {
		return body, nil
	}
	job, err := h.jobs.StartErase(ctx, tenant, e.ID, arg[string](a, callerMember))
	body.State, body.Job = privacy.Erasing, job.ID
	return body, err
}
