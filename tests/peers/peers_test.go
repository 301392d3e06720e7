package main

import (
	"errors"
	"io/fs"
	"net/http/httptest"
	"os"
	"testing"
)

// The peer keeps the promises that it is compared by.
func TestProvePeer(t *testing.T) {
	if os.Getenv("PROVE") == "" {
		t.Skip("starts PostgreSQL; make prove")
	}
	database, err := startPostgres(t.Context(), schema)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("PostgreSQL is not installed")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer database.stop()
	server := httptest.NewServer(newHandler(database.pool))
	defer server.Close()
	s := &peer{newClient(server.URL)}
	if err := s.fill(t.Context(), accounts); err != nil {
		t.Fatal(err)
	}
	var chained bool
	for _, c := range []struct {
		key     string
		account int
		fails   bool
	}{{"first", 7, false}, {"second", 7, false}, {"second", 8, true}} {
		if err := s.add(t.Context(), c.account, c.key); (err != nil) != c.fails {
			t.Errorf("add %+v: %v", c, err)
		}
	}
	if err := s.addUp(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.add(t.Context(), 7, "first"); err != nil {
		t.Fatal(err)
	}
	if err := s.addUp(t.Context()); err == nil {
		t.Error("a key that came twice counted twice")
	}
	err = database.pool.QueryRow(t.Context(), `SELECT (SELECT hash FROM entry WHERE account = 8 AND version = 2) = head FROM account WHERE id = 8`).Scan(&chained)
	if err != nil || !chained {
		t.Errorf("the head of the account is not its last entry's hash: %v", err)
	}
	if err := s.upsert(t.Context(), 3, "Oslo"); err != nil {
		t.Error(err)
	}
	if _, err := database.pool.Exec(t.Context(), "SELECT upsert('n1@example.com', $1, '{}')", phone(2)); err == nil {
		t.Error("two customers have one phone")
	}
}
