package kmssigner_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"regulars/shared/kmssigner"
)

// KMS is asked for what anchors are checked by: ECDSA over the SHA-256 of the message.
func TestSign(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var got map[string]string
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		switch target := r.Header.Get("X-Amz-Target"); {
		case got["KeyId"] != "alias/ours":
			t.Errorf("key = %v", got)
		case target == "TrentService.Sign":
			if got["Message"] != "bGluZQ==" || got["MessageType"] != "RAW" || got["SigningAlgorithm"] != "ECDSA_SHA_256" {
				t.Errorf("sign %v", got)
			}
			w.Write([]byte(`{"Signature": "c2lnbmVk"}`))
		case target == "TrentService.GetPublicKey":
			w.Write([]byte(`{"PublicKey": "a2V5"}`))
		default:
			t.Errorf("called %s", target)
		}
	}))
	defer server.Close()
	s := kmssigner.New(aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	}, "alias/ours")
	if got, err := s.Sign(t.Context(), []byte("line")); err != nil || string(got) != "signed" {
		t.Errorf("signature = %q, %v", got, err)
	}
	if got, err := s.PublicKey(t.Context()); err != nil || string(got) != "key" {
		t.Errorf("public key = %q, %v", got, err)
	}
}
