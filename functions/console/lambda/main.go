// Command lambda is the function that serves the console, everything below /console.
package main

import (
	"os"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"regulars/functions/console"
	"regulars/functions/imports/rows"
	"regulars/shared/access"
	"regulars/shared/audit"
	"regulars/shared/boot"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/history"
	"regulars/shared/httpapi"
	"regulars/shared/imports"
	"regulars/shared/jobs"
	"regulars/shared/lambdahttp"
	"regulars/shared/logusage"
	"regulars/shared/merge"
	"regulars/shared/points"
	"regulars/shared/privacy"
	"regulars/shared/s3bucket"
	"regulars/shared/session"
	"regulars/shared/sqsqueue"
)

func main() {
	environment, cfg := boot.Start(boot.WorkQueueURL, boot.ImportBucket, boot.ImportQueueURL)
	logger := boot.Logger()
	store := dynamo.New(environment.DynamoDB(cfg), environment.TableName, environment.Clock.Now)
	customers := customer.NewService(store, environment.Clock.Now)
	registrar := access.NewAdminService(store, environment.Clock.Now)
	files, texts := s3bucket.NewClient(cfg), rows.Texts()
	bucket := s3bucket.New(files, environment.ImportBucket)
	guard := access.NewAuthorizer(store, environment.Clock.Now, access.AuthorizerOptions{
		Remember: boot.Remember, LocalTokens: environment.EndpointOverridden(),
	})
	lambdahttp.Serve(console.New(console.Options{
		Customers: customers,
		Points:    points.NewService(store, environment.Clock.Now),
		List:      points.NewList(store, environment.Clock.Now, customer.Settling),
		Catalog:   catalog.NewService(store, customers, environment.Clock.Now),
		Merges:    merge.NewService(customers, store, environment.Clock.Now),
		Jobs:      jobs.NewService(store, sqsqueue.New(cfg, environment.WorkQueueURL), environment.Clock.Now, jobs.Wait),
		Histories: history.NewService(customers, store),
		Registrar: registrar,
		Privacy:   privacy.NewService(store, imports.Records{Store: store, Bucket: bucket}, registrar, environment.Clock.Now),
		Usage:     logusage.New(cloudwatchlogs.NewFromConfig(cfg), os.Getenv("LOG_GROUP"), environment.Clock.Now),
		Sessions:  session.NewService(store, guard, environment.Clock.Now),
		Imports: imports.NewService(imports.Parts{
			Store: store, Bucket: bucket, BucketName: environment.ImportBucket,
			Customers: store, Ledger: store, Settings: guard,
			Jobs:    jobs.NewService(store, sqsqueue.New(cfg, environment.ImportQueueURL), environment.Clock.Now, 0).WithTexts(texts),
			Dialect: rows.Dialect, Texts: texts, Now: environment.Clock.Now,
		}),
		Gate:  s3bucket.NewGate(files, environment.ImportBucket),
		Guard: guard,
		Log:   logger,
		Operating: httpapi.Operating{
			Metrics: environment.Metrics("console"), Audit: audit.New(logger),
			Budgets: access.NewBudgets(store, environment.Clock.Now), Uses: access.NewUses(store, environment.Clock.Now), Patience: environment.Patience,
		},
		Now:      environment.Clock.Now,
		Deadline: boot.Deadline,
		Insecure: environment.EndpointOverridden(),
	}))
}
