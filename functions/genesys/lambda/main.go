// Command lambda is the function that serves /profiles and /metadata.
package main

import (
	"cmp"
	"os"
	"time"

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
	store := dynamo.New(environment.DynamoDB(cfg), environment.TableName, time.Now)
	lambdahttp.Serve(genesys.New(genesys.Options{
		Customers: customer.NewService(store, time.Now),
		Guard: access.NewAuthorizer(store, time.Now, access.AuthorizerOptions{
			Remember: boot.Remember, LocalTokens: environment.EndpointOverridden(),
		}),
		Registrar: access.NewAdminService(store, time.Now),
		Jobs:      jobs.NewService(store, sqsqueue.New(cfg, environment.WorkQueueURL), time.Now, jobs.Wait),
		Log:       logger,
		Operating: httpapi.Operating{
			Metrics: environment.Metrics("genesys"), Audit: audit.New(logger),
			Budgets: access.NewBudgets(store, time.Now), Patience: environment.Patience,
		},
		Deadline: boot.Deadline,
		Prefix:   cmp.Or(os.Getenv("GENESYS_PREFIX"), genesys.DefaultPrefix),
	}))
}
