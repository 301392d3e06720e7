package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// newHandler is the plain handler before PostgreSQL: one statement for each request.
func newHandler(pool *pgxpool.Pool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /accounts/{id}/add", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Point struct {
				Value  int64  `json:"value"`
				Reason string `json:"reason"`
				RefID  string `json:"ref_id"`
			} `json:"point"`
		}
		id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
		if err == nil {
			err = json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		p := body.Point
		var balance int64
		err = pool.QueryRow(r.Context(), "SELECT add_points($1, $2, $3, $4, $5)", id, p.Value, p.Reason, p.RefID, r.Header.Get("Idempotency-Key")).Scan(&balance)
		answer(w, map[string]any{"point_available": balance}, err)
	})
	mux.HandleFunc("GET /accounts/{id}", func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var balance int64
		err = pool.QueryRow(r.Context(), "SELECT balance FROM account WHERE id = $1", id).Scan(&balance)
		answer(w, map[string]any{"point_available": balance}, err)
	})
	mux.HandleFunc("POST /customers", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Email, Phone string
			Fields       json.RawMessage
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var id int64
		err := pool.QueryRow(r.Context(), "SELECT upsert($1, $2, $3)", body.Email, body.Phone, body.Fields).Scan(&id)
		answer(w, map[string]any{"id": id}, err)
	})
	mux.HandleFunc("GET /customers", func(w http.ResponseWriter, r *http.Request) {
		var id int64
		var fields json.RawMessage
		err := pool.QueryRow(r.Context(), "SELECT id, fields FROM contact JOIN customer ON customer.id = customer WHERE kind = 'email' AND value = $1",
			r.URL.Query().Get("email")).Scan(&id, &fields)
		answer(w, map[string]any{"id": id, "fields": fields}, err)
	})
	return mux
}

func answer(w http.ResponseWriter, what any, err error) {
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		http.Error(w, err.Error(), http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(what)
	}
}
