// Package dynamotest gives tests a table of their own in DynamoDB Local. All
// tests of a process share one server: the one that DYNAMODB_ENDPOINT names, or
// else one in memory that starts with the first test and ends with the process.
package dynamotest

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/shared/dynamolocal"
)

// Endpoint returns the address of the server.
func Endpoint(t testing.TB) string {
	t.Helper()
	endpoint, err := server()
	if err != nil {
		t.Fatal(err)
	}
	return endpoint
}

// Client returns a client of the server.
func Client(t testing.TB) *dynamodb.Client {
	t.Helper()
	return dynamolocal.Client(Endpoint(t))
}

// Table makes a table as template.yaml defines it, for this test alone, and
// returns its name. It is deleted when the test ends.
func Table(t testing.TB) string {
	t.Helper()
	definition, err := definition()
	if err != nil {
		t.Fatal(err)
	}
	client := Client(t)
	name := "test-" + strings.ToLower(rand.Text())
	if err := dynamolocal.Create(t.Context(), client, name, definition); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if _, err := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String(name)}); err != nil {
			t.Errorf("delete table: %v", err)
		}
	})
	return name
}

var server = sync.OnceValues(func() (string, error) {
	if endpoint := os.Getenv("DYNAMODB_ENDPOINT"); endpoint != "" {
		return endpoint, nil
	}
	root, err := dynamolocal.Root()
	if err != nil {
		return "", err
	}
	// Nobody stops it: it ends with this process.
	s, err := dynamolocal.Start(context.Background(), dynamolocal.Options{Root: root})
	if err != nil {
		return "", err
	}
	return s.Endpoint(), nil
})

var definition = sync.OnceValues(func() (dynamolocal.Table, error) {
	root, err := dynamolocal.Root()
	if err != nil {
		return dynamolocal.Table{}, err
	}
	return dynamolocal.Definition(filepath.Join(root, "template.yaml"))
})
