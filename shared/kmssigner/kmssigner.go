// Package kmssigner signs with a key that never leaves AWS KMS.
package kmssigner

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"regulars/shared/anchor"
)

// attemptTimeout ends one call, which KMS answers within milliseconds or not at all.
const attemptTimeout = 3 * time.Second

// A Signer signs with one key.
type Signer struct {
	client *kms.Client
	key    string
}

var _ anchor.Signer = (*Signer)(nil)

// New makes the signer of a key: its id, ARN or alias.
func New(cfg aws.Config, key string) *Signer {
	client := kms.NewFromConfig(cfg, func(o *kms.Options) {
		o.HTTPClient = awshttp.NewBuildableClient().WithTimeout(attemptTimeout)
	})
	return &Signer{client, key}
}

// Sign implements [anchor.Signer].
func (s *Signer) Sign(ctx context.Context, message []byte) ([]byte, error) {
	out, err := s.client.Sign(ctx, &kms.SignInput{
		KeyId: &s.key, Message: message, MessageType: types.MessageTypeRaw, SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256,
	})
	if err != nil {
		return nil, err
	}
	return out.Signature, nil
}

// PublicKey implements [anchor.Signer].
func (s *Signer) PublicKey(ctx context.Context) ([]byte, error) {
	out, err := s.client.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &s.key})
	if err != nil {
		return nil, err
	}
	return out.PublicKey, nil
}
