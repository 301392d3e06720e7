package catalog

import (
	"context"
	"slices"

	"regulars/shared/customer"
	"regulars/shared/outcome"
)

// A UserTask is a task that a customer has.
type UserTask struct {
	N    int
	Task Task
}

// UserTasks returns the customer and its enabled tasks by the tasks' numbers: what
// its active purchases cover. A task that a product got since the customer was
// given it gets its number here.
func (s *Service) UserTasks(ctx context.Context, u User) (customer.Customer, []UserTask, error) {
	numbers := s.numbers(u.Tenant)
	var account Account
	var covered []int
	err := outcome.Retry(ctx, func(int) (err error) {
		account, covered, err = s.userTasks(ctx, u, numbers)
		return err
	})
	if err != nil || len(covered) == 0 {
		return account.Customer.Customer, nil, err
	}
	found, err := s.read(ctx, u.Tenant, Wanted{Tasks: covered})
	if err != nil {
		return customer.Customer{}, nil, err
	}
	tasks := make([]UserTask, len(covered))
	for i, n := range covered {
		tasks[i] = UserTask{account.UserTasks[n], found.Tasks[n]}
	}
	return account.Customer.Customer, tasks, nil
}

// userTasks returns the account with a number for each task that it covers.
func (s *Service) userTasks(ctx context.Context, u User, numbers *numbers) (Account, []int, error) {
	found, err := s.existing(ctx, u, Wanted{})
	if err != nil || len(found.Account.Active) == 0 {
		return found.Account, nil, err
	}
	account := found.Account
	products, err := s.store.Read(ctx, u.Tenant, Wanted{Products: account.products()})
	if err != nil {
		return Account{}, nil, err
	}
	covered := account.covered(products.Products)
	fresh := account.unnumbered(products.Products)
	if len(fresh) == 0 {
		return account, covered, nil
	}
	drawn, err := numbers.draw(ctx, map[Sequence]int{UserTasks: len(fresh)})
	if err != nil {
		return Account{}, nil, err
	}
	account = account.number(fresh, drawn[UserTasks])
	return account, covered, s.keep(ctx, u, account, unchanged, nil, nil)
}

// A Run is a task that was run by a user.
type Run struct{ Execution, Purchase int }

// ErrNoPurchase refuses a run that no purchase covers.
var ErrNoPurchase = outcome.Refuse(outcome.Conflict, "no_purchase", "task_pk", "no_purchase")

// RunTask counts a run of a task, in the transaction that ends a purchase used up
// by it. It refuses with [ErrNoPurchase].
func (s *Service) RunTask(ctx context.Context, u User, task Ref) (Run, error) {
	numbers := s.numbers(u.Tenant)
	var run Run
	err := outcome.Retry(ctx, func(int) (err error) {
		run, err = s.runTask(ctx, u, task, numbers)
		return err
	})
	return run, err
}

func (s *Service) runTask(ctx context.Context, u User, task Ref, numbers *numbers) (Run, error) {
	found, err := s.existing(ctx, u, Wanted{Tasks: []int{task.N}})
	if err != nil {
		return Run{}, err
	}
	if _, ok := found.Tasks[task.N]; !ok {
		return Run{}, unknownTask(task)
	}
	products, err := s.store.Read(ctx, u.Tenant, Wanted{Products: found.Account.products()})
	if err != nil {
		return Run{}, err
	}
	next, on, ok := found.Account.run(task.N, products.Products, s.instant())
	if !ok {
		return Run{}, ErrNoPurchase
	}
	n, err := numbers.one(ctx, Executions)
	if err != nil {
		return Run{}, err
	}
	var ended []Purchase
	if !on.Ended.IsZero() {
		ended = []Purchase{on}
	}
	return Run{n, on.N}, s.keep(ctx, u, next, unchanged, nil, ended)
}

// A Holding is a purchase beside its product and the tasks of that.
type Holding struct {
	Purchase
	Of    Product
	Tasks []Task
}

// Holdings are what `GET /purchase` tells of a customer (section 3.5).
type Holdings struct {
	Customer customer.Customer
	// Offered are what the customer may buy: products of its category that are
	// not free, without subscriptions where it has one.
	Offered []Holding
	// Current are the active purchases, the newest first.
	Current []Holding
	// Ended are the last purchase that was bounded in tasks, and the last that
	// was bounded in days if that is another.
	Ended []Holding
}

// Holdings returns what a customer has and may buy.
func (s *Service) Holdings(ctx context.Context, u User) (Holdings, error) {
	var found Found
	err := outcome.Retry(ctx, func(int) (err error) {
		found, err = s.existing(ctx, u, Wanted{})
		return err
	})
	if err != nil {
		return Holdings{}, err
	}
	list, err := s.products(ctx, u.Tenant)
	if err != nil {
		return Holdings{}, err
	}
	products := make(map[int]Product, len(list))
	for _, p := range list {
		products[p.N] = p
	}
	h := found.Account.holdings(list, products)
	return h, s.addTasks(ctx, u.Tenant, h.Offered, h.Current, h.Ended)
}

func (a Account) holdings(list []Product, products map[int]Product) Holdings {
	h := Holdings{Customer: a.Customer.Customer}
	subscribed := false
	for _, p := range slices.Backward(a.Active) {
		h.Current = append(h.Current, Holding{Purchase: p, Of: products[p.Product]})
		subscribed = subscribed || products[p.Product].Subscription()
	}
	if category := CategoryOf(a.Customer.Customer); category != 0 {
		for _, p := range list {
			if p.Category == category && !p.Free && !(subscribed && p.Subscription()) {
				h.Offered = append(h.Offered, Holding{Of: p})
			}
		}
	}
	for _, p := range []*Purchase{a.LastLimited, a.LastDated} {
		if p != nil && (len(h.Ended) == 0 || h.Ended[0].N != p.N) {
			h.Ended = append(h.Ended, Holding{Purchase: *p, Of: products[p.Product]})
		}
	}
	return h
}

// addTasks reads the tasks of all the holdings.
func (s *Service) addTasks(ctx context.Context, tenant int, lists ...[]Holding) error {
	var wanted []int
	for _, h := range slices.Concat(lists...) {
		for _, l := range h.Of.Links {
			if !slices.Contains(wanted, l.Task) {
				wanted = append(wanted, l.Task)
			}
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	found, err := s.read(ctx, tenant, Wanted{Tasks: wanted})
	if err != nil {
		return err
	}
	for _, list := range lists {
		for i, h := range list {
			for _, l := range h.Of.Links {
				list[i].Tasks = append(list[i].Tasks, found.Tasks[l.Task])
			}
		}
	}
	return nil
}
