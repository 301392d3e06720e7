// Command lambda is the function that serves everything below /api.
package main

import (
	"regulars/functions/altcraft"
	"regulars/shared/access"
	"regulars/shared/audit"
	"regulars/shared/boot"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/httpapi"
	"regulars/shared/jobs"
	"regulars/shared/jobs/kinds"
	"regulars/shared/lambdahttp"
	"regulars/shared/sqsqueue"
)

func main() {
	environment, cfg := boot.Start(boot.WorkQueueURL)
	logger := boot.Logger()
	store := dynamo.New(environment.DynamoDB(cfg), environment.TableName, environment.Clock.Now)
	customers := customer.NewService(store, environment.Clock.Now).WithOwners(store)
	if environment.EndpointOverridden() {
		customers = customers.WithSettling(0) // nobody waits on a development machine
	}
	queue := sqsqueue.New(cfg, environment.WorkQueueURL)
	guard := access.NewAuthorizer(store, environment.Clock.Now, access.AuthorizerOptions{
		Remember: boot.Remember, LocalTokens: environment.EndpointOverridden(),
	})
	lambdahttp.Serve(altcraft.New(altcraft.Options{
		Customers: customers,
		Guard:     guard,
		Jobs:      jobs.NewService(store, queue, environment.Clock.Now, jobs.Wait).WithTexts(httpapi.Texts),
		Worker:    jobs.NewWorker(store, kinds.Suspensions(store, guard.Settings, environment.Clock.Now), environment.Clock.Now).WithTexts(httpapi.Texts),
		Settle:    customer.Settling,
		Log:       logger,
		Operating: httpapi.Operating{
			Metrics: environment.Metrics("altcraft"), Audit: audit.New(logger),
			Budgets: access.NewBudgets(store, environment.Clock.Now), Uses: access.NewUses(store, environment.Clock.Now), Patience: environment.Patience,
		},
		Deadline: boot.Deadline,
	}))
}
