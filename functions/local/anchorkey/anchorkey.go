// Package anchorkey signs anchors on a development machine, with a key in a file. On AWS
// the key is in KMS.
package anchorkey

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"regulars/shared/anchor"
)

// Name is that of the file in the folder of the data.
const Name = "anchor-key.pem"

// A Key signs.
type Key struct{ private *ecdsa.PrivateKey }

var _ anchor.Signer = Key{}

// New makes a key that ends with the process.
func New() (Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return Key{private}, err
}

// Read reads the key of a folder. Where there is none the error is [fs.ErrNotExist].
func Read(dir string) (Key, error) {
	text, err := os.ReadFile(filepath.Join(dir, Name))
	if err != nil {
		return Key{}, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return Key{}, fmt.Errorf("%s is no PEM file", filepath.Join(dir, Name))
	}
	private, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		return Key{}, fmt.Errorf("%s: %w", filepath.Join(dir, Name), err)
	}
	return Key{private}, nil
}

// Open reads the key of a folder, and makes one where there is none.
func Open(dir string) (Key, error) {
	key, err := Read(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = New(); err != nil {
		return Key{}, err
	}
	der, err := x509.MarshalECPrivateKey(key.private)
	if err != nil {
		return Key{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Key{}, err
	}
	return key, os.WriteFile(filepath.Join(dir, Name), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
}

// Sign implements [anchor.Signer].
func (k Key) Sign(_ context.Context, message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	return ecdsa.SignASN1(rand.Reader, k.private, sum[:])
}

// PublicKey implements [anchor.Signer].
func (k Key) PublicKey(context.Context) ([]byte, error) {
	return x509.MarshalPKIXPublicKey(&k.private.PublicKey)
}
