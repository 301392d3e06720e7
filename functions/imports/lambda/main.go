// Command lambda is the function of bulk imports: files of the bucket, parts, and
// everything below /imports.
package main

import (
	"maps"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"regulars/functions/imports"
	"regulars/functions/imports/rows"
	"regulars/shared/access"
	"regulars/shared/audit"
	"regulars/shared/boot"
	"regulars/shared/dynamo"
	"regulars/shared/httpapi"
	domain "regulars/shared/imports"
	"regulars/shared/jobs"
	"regulars/shared/lambdahttp"
	"regulars/shared/partqueue"
	"regulars/shared/s3bucket"
	"regulars/shared/sqsqueue"
)

func main() {
	environment, cfg := boot.Start(boot.ImportBucket, boot.ImportQueueURL)
	logger := boot.Logger()
	store := dynamo.New(environment.DynamoDB(cfg), environment.TableName, environment.Clock.Now)
	guard := access.NewAuthorizer(store, environment.Clock.Now, access.AuthorizerOptions{
		Remember: boot.Remember, LocalTokens: environment.EndpointOverridden(),
	})
	queue, texts := sqsqueue.New(cfg, environment.ImportQueueURL), rows.Texts()
	kinds := map[string]jobs.Kind{}
	worker := jobs.NewWorker(store, kinds, environment.Clock.Now).WithTexts(texts)
	service := domain.NewService(domain.Parts{
		Store: store, Bucket: s3bucket.New(s3bucket.NewClient(cfg), environment.ImportBucket),
		Customers: store, Ledger: store, Settings: guard,
		Jobs:    jobs.NewService(store, queue, environment.Clock.Now, 0).WithTexts(texts),
		Dialect: rows.Dialect, Texts: texts, Now: environment.Clock.Now,
	})
	maps.Copy(kinds, domain.Kinds(service))
	operating := httpapi.Operating{
		Metrics: environment.Metrics("imports"), Audit: audit.New(logger),
		Budgets: access.NewBudgets(store, environment.Clock.Now), Uses: access.NewUses(store, environment.Clock.Now), Patience: environment.Patience,
	}
	observer := partqueue.Observer{Metrics: operating.Metrics, Audit: operating.Audit}
	lambda.Start(imports.Function(
		imports.NewQueue(service, partqueue.NewMessages(worker, queue, observer)),
		lambdahttp.Handler(imports.New(imports.Options{
			Imports: service, Texts: texts, Guard: guard, Log: logger, Deadline: boot.Deadline, Operating: operating,
		}), os.Getenv(lambdahttp.BasePathVariable)),
	))
}
