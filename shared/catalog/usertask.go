package catalog

import (
	"context"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// A UserTask is a task that a customer has.
type UserTask struct {
	Number int
	Task   Task
}

// UserTasks returns the customer and its enabled tasks by the tasks' numbers: what
// its active purchases cover. A task that a product got since the customer was
// given it gets its number here.
func (s *Service) UserTasks(ctx context.Context, u User) (customer.Customer, []UserTask, error) {
	numbers := s.numbers(u.Tenant)
	var account Account
	var covered []int
	err := errs.Retry(ctx, func(int) (err error) {
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
	return account, covered, s.keep(ctx, u, account, nil)
}

// A Run is a task that was run by a user.
type Run struct{ Execution, Purchase int }

// ErrNoPurchase rejects a run that no purchase covers.
var ErrNoPurchase = errs.New(errs.FailedPrecondition, "no_purchase", "task_pk")

// RunTask counts a run of a task, in the transaction that ends a purchase used up
// by it. It rejects with [ErrNoPurchase].
func (s *Service) RunTask(ctx context.Context, u User, task Ref) (Run, error) {
	numbers := s.numbers(u.Tenant)
	var run Run
	err := errs.Retry(ctx, func(int) (err error) {
		run, err = s.runTask(ctx, u, task, numbers)
		return err
	})
	return run, err
}

func (s *Service) runTask(ctx context.Context, u User, task Ref, numbers *numbers) (Run, error) {
	found, err := s.existing(ctx, u, Wanted{Tasks: []int{task.Number}})
	if err != nil {
		return Run{}, err
	}
	if _, ok := found.Tasks[task.Number]; !ok {
		return Run{}, unknownTask(task)
	}
	products, err := s.store.Read(ctx, u.Tenant, Wanted{Products: found.Account.products()})
	if err != nil {
		return Run{}, err
	}
	next, on, ok := found.Account.run(task.Number, products.Products, s.instant())
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
	return Run{n, on.Number}, s.keep(ctx, u, next, ended, n, on.Number)
}
