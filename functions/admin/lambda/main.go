// Command lambda is the function for administrators. It has no route: whoever may
// invoke it may do everything.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"regulars/functions/admin"
	"regulars/shared/access"
	"regulars/shared/audit"
	"regulars/shared/boot"
	"regulars/shared/dynamo"
	"regulars/shared/jobs"
	"regulars/shared/points"
	"regulars/shared/sqsqueue"
)

func main() {
	environment, cfg := boot.Start(boot.WorkQueueURL)
	logger := boot.Logger()
	store := dynamo.New(environment.DynamoDB(cfg), environment.TableName, environment.Clock.Now)
	lambda.Start(admin.New(
		access.NewAdminService(store, environment.Clock.Now),
		jobs.NewService(store, sqsqueue.New(cfg, environment.WorkQueueURL), environment.Clock.Now, jobs.Wait),
		points.NewService(store, environment.Clock.Now),
	).WithObserver(environment.Metrics("admin"), audit.New(logger)).Handle)
}
