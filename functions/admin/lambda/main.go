// Command lambda is the function for administrators. It has no route: whoever may
// invoke it may do everything.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"regulars/functions/admin"
	"regulars/shared/access"
	"regulars/shared/audit"
	"regulars/shared/boot"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/history"
	"regulars/shared/imports"
	"regulars/shared/jobs"
	"regulars/shared/merge"
	"regulars/shared/points"
	"regulars/shared/privacy"
	"regulars/shared/s3bucket"
	"regulars/shared/sqsqueue"
)

func main() {
	environment, cfg := boot.Start(boot.WorkQueueURL, boot.ImportBucket)
	logger := boot.Logger()
	store := dynamo.New(environment.DynamoDB(cfg), environment.TableName, environment.Clock.Now)
	registrar := access.NewAdminService(store, environment.Clock.Now)
	files := imports.Records{Store: store, Bucket: s3bucket.New(s3bucket.NewClient(cfg), environment.ImportBucket)}
	customers := customer.NewService(store, environment.Clock.Now)
	lambda.Start(admin.New(
		registrar,
		jobs.NewService(store, sqsqueue.New(cfg, environment.WorkQueueURL), environment.Clock.Now, jobs.Wait),
		points.NewService(store, environment.Clock.Now),
		privacy.NewService(store, files, registrar, environment.Clock.Now),
		merge.NewService(customers, store, environment.Clock.Now),
		history.NewService(customers, store),
	).WithObserver(environment.Metrics("admin"), audit.New(logger)).Handle)
}
