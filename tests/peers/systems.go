package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"

	"regulars/functions/local/devserver"
	"regulars/shared/customer"
)

// A client sends requests to one of the systems.
type client struct {
	url    string
	client *http.Client
	points *atomic.Int64
}

func newClient(url string) client {
	return client{url, &http.Client{Transport: transport}, &atomic.Int64{}}
}

func (c client) added() *atomic.Int64 { return c.points }

// send sends a request, again where the answer asks for that (503), and decodes the
// answer. It fails where that is not 200.
func (c client) send(ctx context.Context, method, path, key string, body, answer any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	for {
		err := c.once(ctx, method, path, key, raw, answer)
		if status, ok := errors.AsType[errStatus](err); !ok || status.status != http.StatusServiceUnavailable {
			return err
		}
	}
}

func (c client) once(ctx context.Context, method, path, key string, body []byte, answer any) error {
	r, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+devserver.DemoToken)
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	got, err := c.client.Do(r)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	said, err := io.ReadAll(got.Body)
	if err != nil {
		return err
	}
	if got.StatusCode != http.StatusOK {
		return errStatus{got.StatusCode, string(said)}
	}
	return json.Unmarshal(said, answer)
}

// point is the body that adds a point, with the key as its reference, too.
func point(key string) any {
	return map[string]any{"point": map[string]any{"value": 1, "reason": "Mini game", "ref_id": key}}
}

func email(n int) string { return fmt.Sprintf("n%d@example.com", n) }
func phone(n int) string { return fmt.Sprintf("+79%09d", n) }

func fields(city string) map[string]any {
	return map[string]any{"_fname": "Ivan", "_lname": "Petrov", "_city": city}
}

// regulars is the service: points by its Haravan dialect, customers by Altcraft's.
type regulars struct {
	client
	counter *counter
	ids     []customer.ID
}

func (*regulars) name() string { return "Regulars on DynamoDB Local" }

func (s *regulars) calls() (reads, writes int64) {
	return s.counter.reads.Load(), s.counter.writes.Load()
}

func (s *regulars) fill(ctx context.Context, n int) error {
	for i := range n {
		id, err := s.put(ctx, i, "Rome")
		if err != nil {
			return err
		}
		s.ids = append(s.ids, id)
	}
	return nil
}

func (s *regulars) add(ctx context.Context, account int, key string) error {
	err := s.send(ctx, http.MethodPut, "/loy/profiles/"+s.ids[account].Decimal()+"/points/add.json", key, point(key), &struct{}{})
	if err == nil {
		s.points.Add(1)
	}
	return err
}

func (s *regulars) get(ctx context.Context, n int) error {
	return s.altcraft(ctx, "get", map[string]any{"email": email(n)}, nil)
}

func (s *regulars) upsert(ctx context.Context, n int, city string) error {
	_, err := s.put(ctx, n, city)
	return err
}

func (s *regulars) put(ctx context.Context, n int, city string) (id customer.ID, err error) {
	data := fields(city)
	data["email"], data["phones"] = email(n), []string{phone(n)}
	err = s.altcraft(ctx, "import", map[string]any{"email": email(n), "data": data}, &id)
	return id, err
}

// altcraft calls a method of that dialect, which answers client errors with 200, too.
func (s *regulars) altcraft(ctx context.Context, method string, body map[string]any, id *customer.ID) error {
	body["token"], body["db_id"], body["matching"] = devserver.DemoToken, devserver.Tenant, "email"
	var answer struct {
		Error     int
		ErrorText string `json:"error_text"`
		ID        string `json:"profile_id"`
	}
	err := s.send(ctx, http.MethodPost, "/api/v1.1/profiles/"+method, "", body, &answer)
	if err == nil && answer.Error != 0 {
		err = fmt.Errorf("%d %s", answer.Error, answer.ErrorText)
	}
	if err == nil && id != nil {
		*id, err = customer.ParseHex(answer.ID)
	}
	return err
}

func (s *regulars) addUp(ctx context.Context) error {
	sum := int64(0)
	for _, id := range s.ids {
		var answer struct {
			Profile struct {
				Available int64 `json:"point_available"`
			}
		}
		if err := s.send(ctx, http.MethodGet, "/loy/profiles/"+id.Decimal()+".json", "", nil, &answer); err != nil {
			return err
		}
		sum += answer.Profile.Available
	}
	return same(sum, s.points.Load())
}

// peer is the plain handler before PostgreSQL.
type peer struct{ client }

func (*peer) name() string { return "PostgreSQL" }

func (*peer) calls() (reads, writes int64) { return 0, 0 }

func (s *peer) fill(ctx context.Context, n int) error {
	for i := range n {
		if err := s.upsert(ctx, i, "Rome"); err != nil {
			return err
		}
	}
	return nil
}

func (s *peer) add(ctx context.Context, account int, key string) error {
	err := s.send(ctx, http.MethodPut, "/accounts/"+strconv.Itoa(account+1)+"/add", key, point(key), &struct{}{})
	if err == nil {
		s.points.Add(1)
	}
	return err
}

func (s *peer) get(ctx context.Context, n int) error {
	return s.send(ctx, http.MethodGet, "/customers?email="+email(n), "", nil, &struct{}{})
}

func (s *peer) upsert(ctx context.Context, n int, city string) error {
	return s.send(ctx, http.MethodPost, "/customers", "", map[string]any{"email": email(n), "phone": phone(n), "fields": fields(city)}, &struct{}{})
}

func (s *peer) addUp(ctx context.Context) error {
	sum := int64(0)
	for account := range accounts {
		var answer struct {
			Available int64 `json:"point_available"`
		}
		if err := s.send(ctx, http.MethodGet, "/accounts/"+strconv.Itoa(account+1), "", nil, &answer); err != nil {
			return err
		}
		sum += answer.Available
	}
	return same(sum, s.points.Load())
}

func same(sum, answered int64) error {
	if sum != answered {
		return fmt.Errorf("the accounts have %d points, %d were answered", sum, answered)
	}
	return nil
}
