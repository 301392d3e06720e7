// Command lambda is the function that copies the audit trail into its log group.
package main

import (
	"context"
	"crypto/rand"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"regulars/functions/audit"
)

func main() {
	group := os.Getenv("AUDIT_LOG_GROUP")
	if group == "" {
		log.Fatal("environment variables are not set: AUDIT_LOG_GROUP")
	}
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(audit.NewFunction(cloudwatchlogs.NewFromConfig(cfg), group, rand.Text()).Handle)
}
