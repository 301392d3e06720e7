package soak_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"regulars/functions/local/devserver"
	"regulars/shared/customer"
	"regulars/shared/s3bucket"
	"regulars/tests/client"
)

// patience is how long a client repeats a request.
const patience = 3 * time.Minute

// A crowd is the clients, and what they were told.
type crowd struct {
	t       *testing.T
	world   *world
	http    *http.Client
	pause   sync.RWMutex // held while nobody may speak
	all     []*person    // whom everybody speaks about
	product int          // that is sold

	mu    sync.Mutex
	own   []*person
	files map[string]*person // of imports, by e-mail

	requests, repeats, rows atomic.Int64
}

func (c *crowd) String() string {
	return fmt.Sprintf("%d requests, %d of them again; %d rows", c.requests.Load(), c.repeats.Load(), c.rows.Load())
}

// A person is a customer and what it must have, by what clients were told.
type person struct {
	email  string
	id     customer.ID
	name   string
	phones map[string]bool // records of the extension

	visits, points atomic.Int64
	purchases      atomic.Int64
	orders         int64
}

func newCrowd(t *testing.T, w *world) *crowd {
	t.Helper()
	c := &crowd{t: t, world: w, http: &http.Client{Transport: idle, Timeout: time.Minute}, files: map[string]*person{}}
	do := func(method, path string, body any) map[string]any {
		t.Helper()
		status, answer := c.say(t.Context(), method, path, body, c.key())
		if status != http.StatusOK {
			t.Fatalf("%s %s = %d %v", method, path, status, answer)
		}
		return answer
	}
	named := []any{map[string]any{"language_code": "en", "name": "x", "name_for_user": "x", "description_for_user": "x"}}
	do("PUT", "/product_category", map[string]any{"datetime": "", "label": "sales", "displayed_data": named, "emoji": "e", "implicit_goal": "goal", "visible": false})
	product := do("PUT", "/product", map[string]any{
		"datetime": "", "product_label": "trial", "displayed_data": named, "product_category_pk": 1, "is_free": false, "n_days_validity": 30, "n_tasks_limit": 5,
	})
	c.product = int(product["product_pk"].(float64))
	for n := range 2 {
		c.all = append(c.all, c.arrive(t.Context(), fmt.Sprintf("everybody%d@example.com", n)))
	}
	return c
}

// key is one that no request had before.
func (c *crowd) key() string { return fmt.Sprintf("%x", rand.Uint64()) }

// say sends a request, the same again until it is told what came of it: each time to some
// process. With a key it is carried out once.
func (c *crowd) say(ctx context.Context, method, path string, body any, key string) (status int, answer map[string]any) {
	text := ""
	if body != nil {
		document, err := json.Marshal(body)
		if err != nil {
			c.t.Error(err)
		}
		text = string(document)
	}
	c.requests.Add(1)
	last := ""
	for began := time.Now(); time.Since(began) < patience; c.repeats.Add(1) {
		addresses := c.world.addresses()
		status, answer, err := c.send(ctx, method, addresses[rand.IntN(len(addresses))]+path, text, key)
		if err == nil && status < 500 && status != http.StatusTooManyRequests && answer["error"] != 503. && answer["error"] != 500. {
			return status, answer
		}
		last = fmt.Sprint(status, answer, err)
		time.Sleep(50 * time.Millisecond)
	}
	c.t.Errorf("%s %s %.200s was never answered; the last time: %s", method, path, text, last)
	return 0, nil
}

func (c *crowd) send(ctx context.Context, method, address, body, key string) (int, map[string]any, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/profiles"):
		r.SetBasicAuth("any", devserver.DemoToken)
	case strings.HasPrefix(path, "/loy"), strings.HasPrefix(path, "/imports"):
		r.Header.Set("Authorization", "Bearer "+devserver.DemoToken)
	default:
		r.Header.Set("Authorization", devserver.DemoToken)
	}
	if strings.HasPrefix(r.URL.Path, "/api") {
		r.Header.Del("Authorization")
	}
	response, err := c.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, err
	}
	answer := map[string]any{}
	if len(text) > 0 {
		if text[0] == '[' {
			text = []byte(`{"list":` + string(text) + `}`)
		}
		err = json.Unmarshal(text, &answer)
	}
	return response.StatusCode, answer, err
}

// altcraft calls a method of Altcraft and demands success.
func (c *crowd) altcraft(ctx context.Context, method string, body map[string]any, key string) map[string]any {
	full := map[string]any{"token": devserver.DemoToken, "db_id": devserver.Tenant}
	maps.Copy(full, body)
	status, answer := c.say(ctx, "POST", client.PathOf(method), full, key)
	if status != http.StatusOK || answer["error"] != 0. {
		c.t.Errorf("%s %v = %d %v", method, body, status, answer)
	}
	return answer
}

// must sends a request that must succeed.
func (c *crowd) must(ctx context.Context, method, path string, body any) map[string]any {
	status, answer := c.say(ctx, method, path, body, c.key())
	if status < 200 || status > 299 {
		c.t.Errorf("%s %s %v = %d %v", method, path, body, status, answer)
	}
	return answer
}

// arrive makes a customer.
func (c *crowd) arrive(ctx context.Context, email string) *person {
	answer := c.altcraft(ctx, "import", map[string]any{"email": email, "data": map[string]any{"email": email}}, "")
	text, _ := answer["profile_id"].(string)
	id, err := customer.ParseHex(text)
	if err != nil {
		c.t.Errorf("%s = %v, %v", email, answer, err)
	}
	return &person{email: email, id: id, phones: map[string]bool{}}
}

// speak is one client: it does something, then something else, until ctx is done. What it
// has begun it carries to its end.
func (c *crowd) speak(ctx context.Context, n int) {
	var mine []*person
	for turn := 0; ctx.Err() == nil; turn++ {
		c.pause.RLock()
		if len(mine) < 25 || rand.IntN(60) == 0 {
			p := c.arrive(context.Background(), fmt.Sprintf("c%d-%d@example.com", n, turn))
			mine = append(mine, p)
			c.mu.Lock()
			c.own = append(c.own, p)
			c.mu.Unlock()
		}
		switch p := mine[rand.IntN(len(mine))]; rand.IntN(12) {
		case 0:
			c.both(c.all[rand.IntN(len(c.all))])
		case 1, 2:
			c.visit(p)
		case 3:
			c.visitAll(mine)
		case 4:
			c.rename(p, fmt.Sprintf("Name %d", turn))
		case 5, 6:
			c.earn(p)
		case 7:
			c.hold(p)
		case 8:
			c.order(p)
		case 9:
			c.addPhone(p, fmt.Sprintf("%d%06d", n, turn))
		case 10:
			c.buy(p)
		case 11:
			c.lookAround(p)
		}
		c.pause.RUnlock()
	}
}

// count makes one visit more.
func count(n int) map[string]any {
	return map[string]any{"visits": client.Function("incr", n)}
}

func (c *crowd) visit(p *person) {
	c.altcraft(context.Background(), "update", map[string]any{"email": p.email, "data": count(1)}, c.key())
	p.visits.Add(1)
}

// visitAll counts for several, two of them the same, in a batch.
func (c *crowd) visitAll(mine []*person) {
	chosen := []*person{mine[0]}
	for range 5 {
		chosen = append(chosen, mine[rand.IntN(len(mine))])
	}
	chosen = append(chosen, mine[0])
	var data []any
	for _, p := range chosen {
		item := count(1)
		item["email"] = p.email
		data = append(data, item)
	}
	body := map[string]any{"matching": "email", "data": data}
	for key := c.key(); ; { // items may be busy; with the key the others are not done again
		answer := c.altcraft(context.Background(), "update_batch", body, key)
		busy := false
		items, _ := answer["result"].([]any)
		for _, item := range items {
			one, _ := item.(map[string]any)
			busy = busy || one["error"] == 503. || one["error"] == 500.
			if one["error"] != 0. && !busy {
				c.t.Errorf("item of a batch = %v", one)
			}
		}
		if !busy {
			break
		}
	}
	for _, p := range chosen {
		p.visits.Add(1)
	}
}

func (c *crowd) rename(p *person, name string) {
	c.altcraft(context.Background(), "import", map[string]any{"email": p.email, "data": map[string]any{"email": p.email, "_fname": name}}, "")
	p.name = name
}

func (c *crowd) profile(p *person) string { return "/loy/profiles/" + p.id.Decimal() }

// told demands that an answer tells of as many points as there must be, where the client
// alone speaks about the customer.
func (c *crowd) told(p *person, answer map[string]any) {
	if got, _ := answer["point_available"].(float64); int64(got) != p.points.Load() {
		c.t.Errorf("%s is told to have %v points, and has %d", p.email, answer["point_available"], p.points.Load())
	}
}

// earn gives points and takes some of them.
func (c *crowd) earn(p *person) {
	n := 1 + rand.Int64N(100)
	answer := c.must(context.Background(), "PUT", c.profile(p)+"/points/add.json", map[string]any{"point": map[string]any{"value": n}})
	p.points.Add(n)
	c.told(p, answer)
	less := 1 + rand.Int64N(n)
	answer = c.must(context.Background(), "PUT", c.profile(p)+"/points/subtract.json", map[string]any{"point": map[string]any{"value": less}})
	p.points.Add(-less)
	c.told(p, answer)
}

// both gives a customer points and a visit, of whom others speak as well.
func (c *crowd) both(p *person) {
	c.must(context.Background(), "PUT", c.profile(p)+"/points/add.json", map[string]any{"point": map[string]any{"value": 3}})
	p.points.Add(3)
	c.visit(p)
}

// hold sets points aside, and spends some of them or none.
func (c *crowd) hold(p *person) {
	if p.points.Load() < 2 {
		return
	}
	answer := c.must(context.Background(), "POST", c.profile(p)+"/points/holds.json", map[string]any{"hold": map[string]any{"points": 2, "expires_in": 3600}})
	hold, _ := answer["hold"].(map[string]any)
	path := fmt.Sprintf("%s/points/holds/%v", c.profile(p), hold["id"])
	if rand.IntN(2) == 0 {
		answer = c.must(context.Background(), "POST", path+"/void.json", map[string]any{"void": map[string]any{}})
	} else {
		answer = c.must(context.Background(), "POST", path+"/commit.json", map[string]any{"commit": map[string]any{"points": 1}})
		p.points.Add(-1)
	}
	if profile, ok := answer["profile"].(map[string]any); ok {
		c.told(p, profile)
	}
}

// order takes an order in, which earns a point for each 1,000, and has it given back at
// times. An order's id is what makes it one.
func (c *crowd) order(p *person) {
	p.orders++
	id := fmt.Sprintf("%s-%d", p.id.Decimal(), p.orders)
	amount := 1000 * (1 + rand.Int64N(20))
	order := map[string]any{"order": map[string]any{"id": id, "total": amount, "paid_at": "2024-03-05T07:08:09Z"}}
	status, answer := c.say(context.Background(), "POST", c.profile(p)+"/orders.json", order, "")
	if status != http.StatusOK {
		c.t.Errorf("%v = %d %v", order, status, answer)
	}
	p.points.Add(amount / 1000)
	c.told(p, answer)
	if rand.IntN(2) == 0 {
		answer = c.must(context.Background(), "POST", c.profile(p)+"/orders/"+id+"/return.json", map[string]any{"return": map[string]any{"amount": amount}})
		p.points.Add(-amount / 1000)
		c.told(p, answer)
	}
}

func (c *crowd) addPhone(p *person, number string) {
	if len(p.phones) > 10 {
		return
	}
	c.must(context.Background(), "POST", "/profiles/"+p.id.Base36()+"/extensions", map[string]any{
		"Phone": []any{map[string]any{"PhoneType": 2, "prefix": "+1", "PhoneNumber": number}},
	})
	p.phones[number] = true
}

// buy gives a product, of which a customer has as many as it was given.
func (c *crowd) buy(p *person) {
	if p.purchases.Load() > 10 {
		return
	}
	c.must(context.Background(), "PUT", "/manual_purchase", map[string]any{"datetime": "", "product_pk": c.product, "user_id": p.id.Hex(), "custom_purchase_id": c.key()})
	p.purchases.Add(1)
}

// lookAround finds a customer by each dialect, and reads lists.
func (c *crowd) lookAround(p *person) {
	ctx := context.Background()
	answer := c.altcraft(ctx, "get", map[string]any{"matching": "profile_id", "profile_id": p.id.Hex()}, "")
	if data, _ := answer["data"].(map[string]any); data["email"] != p.email {
		c.t.Errorf("%s is %v", p.email, answer)
	}
	c.must(ctx, "GET", "/loy/profiles.json?limit=20&since_id="+p.id.Decimal(), nil)
	c.must(ctx, "GET", c.profile(p)+"/points/entries.json?limit=5", nil)
	c.must(ctx, "GET", "/user_task?user_id="+p.id.Hex(), nil)
	for number := range p.phones {
		answer := c.must(ctx, "GET", "/profiles?Phone.prefix=%2B1&Phone.PhoneNumber="+number, nil)
		if text, _ := json.Marshal(answer); !strings.Contains(string(text), p.id.Base36()) {
			c.t.Errorf("the number of %s leads to %s", p.email, text)
		}
		break
	}
}

// importFiles imports a file after another, about customers of its own, until ctx is done.
func (c *crowd) importFiles(ctx context.Context) {
	files := s3bucket.NewClient(aws.Config{
		Region: "us-east-1", BaseEndpoint: &c.world.uploads, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	})
	for n := 0; ctx.Err() == nil; n++ {
		var file strings.Builder
		file.WriteString("email,_fname,visits:incr,points.add\n")
		for range 300 {
			email := fmt.Sprintf("f%d@example.com", rand.IntN(100))
			points := 1 + rand.Int64N(9)
			fmt.Fprintf(&file, "%s,Name %d,1,%d\n", email, n, points)
			if c.files[email] == nil {
				c.files[email] = &person{email: email}
			}
			p := c.files[email]
			p.name = fmt.Sprintf("Name %d", n)
			p.visits.Add(1)
			p.points.Add(points)
		}
		key := fmt.Sprintf("imports/tenant=5/matching=email/file%d.csv", n)
		if _, err := files.PutObject(context.Background(), &s3.PutObjectInput{Bucket: aws.String("imports"), Key: &key, Body: strings.NewReader(file.String())}); err != nil {
			c.t.Error(err)
		}
		c.await(key)
		c.rows.Add(300)
	}
}

// await waits until the import of a key has ended. It resumes it at times: the messages of
// its parts die with the process that has them, where SQS would bring them again.
func (c *crowd) await(key string) {
	ctx := context.Background()
	for turn := 1; turn < 600; turn++ {
		time.Sleep(500 * time.Millisecond)
		list, _ := c.must(ctx, "GET", "/imports?limit=20", nil)["imports"].([]any)
		for _, v := range list {
			one, _ := v.(map[string]any)
			switch {
			case one["key"] != key:
			case one["state"] == "done":
				return
			case turn%20 == 0:
				c.say(ctx, "POST", fmt.Sprintf("/imports/%v/resume", one["id"]), nil, "") // it may have ended by now
			}
		}
	}
	c.t.Errorf("%s was not imported", key)
}

// check demands that each customer is as clients were told.
func (c *crowd) check() {
	ctx := context.Background()
	for _, p := range slices.Concat(c.all, c.own, slices.Collect(maps.Values(c.files))) {
		data, _ := c.altcraft(ctx, "get", map[string]any{"email": p.email}, "")["data"].(map[string]any)
		id, _ := data["id"].(string)
		if p.id == 0 {
			var err error
			if p.id, err = customer.ParseHex(id); err != nil {
				c.t.Errorf("%s is %v", p.email, data)
				continue
			}
		}
		visits, _ := data["visits"].(float64)
		name, _ := data["_fname"].(string)
		if int64(visits) != p.visits.Load() || name != p.name {
			c.t.Errorf("%s is %q with %v visits, want %q with %d", p.email, name, visits, p.name, p.visits.Load())
		}
		c.told(p, c.must(ctx, "GET", c.profile(p)+".json", nil)["profile"].(map[string]any))
		had, _ := c.must(ctx, "GET", "/profiles/"+p.id.Base36()+"?extensions=Phone", nil)["Phone"].([]any)
		if len(had) != len(p.phones) {
			c.t.Errorf("%s has %d phones, want %d", p.email, len(had), len(p.phones))
		}
		bought, _ := c.must(ctx, "GET", "/purchase?user_id="+p.id.Hex(), nil)["current_purchases"].([]any)
		if int64(len(bought)) != p.purchases.Load() {
			c.t.Errorf("%s has %d purchases, want %d", p.email, len(bought), p.purchases.Load())
		}
	}
}
