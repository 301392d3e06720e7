// Command lambda is the function that works through the parts of jobs.
package main

import (
	"maps"

	"github.com/aws/aws-lambda-go/lambda"

	"regulars/functions/work"
	"regulars/shared/access"
	"regulars/shared/audit"
	"regulars/shared/boot"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/httpapi"
	"regulars/shared/imports"
	"regulars/shared/jobs"
	"regulars/shared/jobs/kinds"
	"regulars/shared/kmssigner"
	"regulars/shared/merge"
	"regulars/shared/partqueue"
	"regulars/shared/points"
	"regulars/shared/s3bucket"
	"regulars/shared/sqsqueue"
)

func main() {
	environment, cfg := boot.Start(boot.WorkQueueURL, boot.ImportQueueURL, boot.ImportBucket)
	logger := boot.Logger()
	store := dynamo.New(environment.DynamoDB(cfg), environment.TableName, environment.Clock.Now)
	registrar, customers := access.NewAdminService(store, environment.Clock.Now), customer.NewService(store, environment.Clock.Now)
	ledgers := points.NewService(store, environment.Clock.Now)
	merges := merge.NewService(customers, store, environment.Clock.Now)
	upkeep := kinds.NewUpkeep(store, registrar, catalog.NewService(store, customers, environment.Clock.Now), ledgers, merges).
		WithReconciliation(kinds.NewReconciliation(customers, ledgers, store, store, registrar))
	if environment.AnchorKey != "" {
		upkeep.WithAnchoring(kinds.NewAnchoring(store, store, store, registrar,
			kmssigner.New(cfg, environment.AnchorKey), environment.Clock.Now))
	}
	known := kinds.New(customers, merges, store, registrar, environment.Clock.Now)
	maps.Copy(known, upkeep.Kinds())
	files := imports.Records{Store: store, Bucket: s3bucket.New(s3bucket.NewClient(cfg), environment.ImportBucket)}
	maps.Copy(known, kinds.Erasing(upkeep, ledgers, store, files, customers, environment.Clock.Now))
	queue := sqsqueue.New(cfg, environment.WorkQueueURL)
	lambda.Start(work.NewFunction(
		jobs.NewWorker(store, known, environment.Clock.Now).WithTexts(httpapi.Texts),
		jobs.NewService(store, queue, environment.Clock.Now, jobs.Wait).
			WithQueue(jobs.ImportKinds, sqsqueue.New(cfg, environment.ImportQueueURL)),
		upkeep, queue, partqueue.Observer{Metrics: environment.Metrics("work"), Audit: audit.New(logger)},
		kinds.NewDuePoints(ledgers, registrar),
	).Handle)
}
