// Command lambda is the function that copies the audit trail into its log group.
package main

import (
	"crypto/rand"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"regulars/functions/audit"
	"regulars/shared/boot"
)

func main() {
	group := os.Getenv("AUDIT_LOG_GROUP")
	if group == "" {
		log.Fatal("environment variables are not set: AUDIT_LOG_GROUP")
	}
	cfg, err := boot.Environment{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID")}.Config()
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(audit.NewFunction(cloudwatchlogs.NewFromConfig(cfg), group, rand.Text()).Handle)
}
