// Command lambda is the function that serves /profiles and /metadata.
package main

import (
	"cmp"
	"os"

	"regulars/functions/genesys"
	"regulars/shared/access"
	"regulars/shared/audit"
	"regulars/shared/boot"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/httpapi"
	"regulars/shared/jobs"
	"regulars/shared/lambdahttp"
	"regulars/shared/sqsqueue"
)

func main() {
	environment, cfg := boot.Start(boot.WorkQueueURL)
	logger := boot.Logger()
	store := dynamo.New(environment.DynamoDB(cfg), environment.TableName, environment.Clock.Now)
	lambdahttp.Serve(genesys.New(genesys.Options{
		Customers: customer.NewService(store, environment.Clock.Now).WithOwners(store),
		Guard: access.NewAuthorizer(store, environment.Clock.Now, access.AuthorizerOptions{
			Remember: boot.Remember, LocalTokens: environment.EndpointOverridden(),
		}),
		Registrar: access.NewAdminService(store, environment.Clock.Now),
		Jobs:      jobs.NewService(store, sqsqueue.New(cfg, environment.WorkQueueURL), environment.Clock.Now, jobs.Wait),
		Log:       logger,
		Operating: httpapi.Operating{
			Metrics: environment.Metrics("genesys"), Audit: audit.New(logger),
			Budgets: access.NewBudgets(store, environment.Clock.Now), Uses: access.NewUses(store, environment.Clock.Now), Patience: environment.Patience,
		},
		Deadline: boot.Deadline,
		Prefix:   cmp.Or(os.Getenv("GENESYS_PREFIX"), genesys.DefaultPrefix),
	}))
}
